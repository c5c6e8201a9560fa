//! Whoever sends all of a request before they look for an answer learns why it was refused before it was read.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::{Front, JSON};

static PIECE: [u8; 1 << 20] = [b' '; 1 << 20];

/// More than a body may have, and more than the kernels on the way take.
const PIECES: usize = 9;

/// More than is read of a body that was refused, and than the kernels take besides.
const TOO_MANY_PIECES: usize = 48;

async fn begun(front: &Front, fields: &str) -> TcpStream {
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    let head = format!("POST /graphql HTTP/1.1\r\n{fields}\r\n");
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    stream
}

/// What is said to one who has sent everything.
async fn said_at_last(front: &Front, fields: &str) -> (String, String) {
    let length = PIECES * PIECE.len();
    let mut stream = begun(front, &format!("{fields}content-length: {length}\r\n")).await;
    for _ in 0..PIECES {
        stream.write_all(&PIECE).await.expect("it is taken");
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("it ends in order");
    let (head, body) = said.split_once("\r\n\r\n").expect("an answer");
    assert!(head.contains("\r\nconnection: close"), "nobody sends another request on it: {head}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let status = head.split(' ').nth(1).expect("a status");
    (status.to_owned(), body["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn a_refusal_reaches_whoever_is_still_sending() {
    let front = Front::start();
    let known = format!("authorization: Bearer {}\r\n", front.token);
    for (fields, status, code) in [
        (format!("host: localhost\r\n{known}content-type: {JSON}\r\n"), "413", "BODY_TOO_LARGE"),
        (format!("host: localhost\r\n{known}content-type: text/plain\r\n"), "415", "UNSUPPORTED_MEDIA_TYPE"),
        (format!("host: localhost\r\ncontent-type: {JSON}\r\n"), "401", "TOKEN_MISSING"),
        (format!("host: evil.example\r\n{known}content-type: {JSON}\r\n"), "421", "HOST_UNKNOWN"),
    ] {
        assert_eq!(said_at_last(&front, &fields).await, (status.to_owned(), code.to_owned()));
    }
    assert!(front.server.stop(), "it ends in order");
}

#[tokio::test]
async fn so_does_that_of_one_connection_too_many() {
    let front = Front::with(&[("ETALON_CONNECTIONS", "1")]);
    let _open = TcpStream::connect(front.address()).await.expect("it is there");
    let refused = said_at_last(&front, "host: localhost\r\n").await;
    assert_eq!(refused, ("503".to_owned(), "TOO_MANY_CONNECTIONS".to_owned()));
}

/// So much is read, and no more.
#[tokio::test]
async fn who_sends_on_and_on_is_cut_off() {
    let front = Front::start();
    let mut stream = begun(&front, "host: localhost\r\ntransfer-encoding: chunked\r\n").await;
    let mut taken = 0;
    while stream.write_all(format!("{:x}\r\n", PIECE.len()).as_bytes()).await.is_ok()
        && stream.write_all(&PIECE).await.is_ok()
        && stream.write_all(b"\r\n").await.is_ok()
    {
        taken += 1;
        assert!(taken < TOO_MANY_PIECES, "it is read for ever");
    }
    assert!(taken >= PIECES, "{taken} MiB were taken");
}
