//! Whoever announces long bodies and sends little of them keeps nobody else's out.

use reqwest::Response;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::readers::refusal;
use crate::front::streams::is;
use crate::front::{Front, JSON};
use crate::support::server::Who;

pub(super) const ARRIVING: &str = "etalon_arriving_body_bytes";
const ROOM: u64 = 8 << 20;
const ROOM_OF_ACTOR: u64 = ROOM / 4;
const LONG: u64 = 1_500_000;

/// Announces a long body and sends its first byte.
async fn begun(front: &Front, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: {JSON}\r\n\
         content-length: {LONG}\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    stream
}

/// What a whole body of a megabyte and a half is answered with.
async fn sent(front: &Front, token: &str) -> Response {
    let asked = json!({ "query": "{ viewer { id } }", "variables": { "text": "x".repeat(LONG as usize) } });
    let request = front.client.post(&front.server.graphql).bearer_auth(token).json(&asked);
    request.send().await.expect("an answer")
}

/// Sends a head and what follows it, and reads the status of the answer. Nothing more is sent.
async fn status_of(front: &Front, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: {JSON}\r\n{headers}\r\n\r\n{body}",
        front.token
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn a_body_is_judged_by_its_head_and_no_fault_of_it_is_taken_for_another() {
    let front = Front::with(&[("ETALON_BODY_TIMEOUT_MS", "600000")]);
    let too_long = "content-length: 90000000";
    assert_eq!(status_of(&front, too_long, "").await, "413", "none of it has to come");
    assert_eq!(status_of(&front, &format!("{too_long}\r\nexpect: 100-continue"), "").await, "413");
    let chunked = "transfer-encoding: chunked";
    assert_eq!(status_of(&front, chunked, "2\r\n{}\r\nnone\r\n").await, "400", "a chunk that is none");
    let viewer = json!({ "query": "{ viewer { id } }" }).to_string();
    let chunks = format!("{:x}\r\n{viewer}\r\n0\r\n\r\n", viewer.len());
    let small = futures::future::join_all((0..64).map(|_| status_of(&front, chunked, &chunks)));
    assert_eq!(small.await, vec!["200"; 64], "small ones have room, though they do not say that they are");
}

#[tokio::test]
async fn who_announces_much_keeps_nobody_else_out() {
    let room = ROOM.to_string();
    let front = Front::with(&[
        ("ETALON_ARRIVING_LIMIT_BYTES", room.as_str()),
        ("ETALON_BODY_TIMEOUT_MS", "600000"),
        ("ETALON_METRICS_LISTEN", "127.0.0.1:0"),
    ]);
    let other = front.installation.token(&Who::new("somebody-else", "MANAGER", "CN"));
    let first = begun(&front, &front.token).await;
    is(&front, ARRIVING, LONG).await;
    let refused = refusal(sent(&front, &front.token).await).await;
    assert_eq!(refused, (429, json!(["TOO_MANY_LONG_BODIES", "arrivingBytesPerActor", ROOM_OF_ACTOR])));
    assert_eq!(sent(&front, &other).await.status(), 200, "another actor's has room");

    let mut all = vec![first];
    for number in 2..=5 {
        let token = front.installation.token(&Who::new(format!("sender-{number}"), "MANAGER", "CN"));
        all.push(begun(&front, &token).await);
        is(&front, ARRIVING, LONG * number).await;
    }
    let refused = refusal(sent(&front, &other).await).await;
    assert_eq!(refused, (503, json!(["SERVER_BUSY", "arrivingBytes", ROOM])));
    drop(all);
    is(&front, ARRIVING, 0).await;
    assert_eq!(sent(&front, &front.token).await.status(), 200);
}
