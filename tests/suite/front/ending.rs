//! The end of a server, whoever is slow.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::{Front, JSON};

/// Longer than anybody waits for a test.
const NEVER: &str = "600000";

#[tokio::test]
async fn a_request_that_never_comes_whole_keeps_no_server_from_ending() {
    let front = Front::with(&[
        ("ETALON_SHUTDOWN_TIMEOUT_MS", "100"),
        ("ETALON_BODY_TIMEOUT_MS", NEVER),
        ("ETALON_HEADER_TIMEOUT_MS", NEVER),
    ]);
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: {JSON}\r\n\
         content-length: 100\r\nexpect: 100-continue\r\n\r\n",
        front.token
    );
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let mut told = [0; 12];
    stream.read_exact(&mut told).await.expect("the server waits for the body");
    assert_eq!(&told, b"HTTP/1.1 100");
    stream.write_all(b"{\"query\"").await.expect("it is sent");
    assert!(front.server.stop(), "{}", front.server.log());
    front.server.says("cut off at the end of the server").await;
    assert!(front.server.log().contains("connections=1"), "{}", front.server.log());
    front.server.says("every accepted command is committed").await;
}
