//! The end of a server, whoever is slow.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::following::subscriber::{Got, Subscriber, Transport};
use crate::front::room::OPEN;
use crate::front::{Front, JSON};
use crate::store::support::Database;
use crate::support::server::Installation;

/// Longer than anybody waits for a test.
const NEVER: &str = "600000";

/// How often something that is about to happen is looked for.
const LOOKS: usize = 10_000;

/// A server that is told to end waits for nobody for long, and would wait for ever before that.
const HASTY: [(&str, &str); 4] = [
    ("ETALON_SHUTDOWN_TIMEOUT_MS", "100"),
    ("ETALON_BODY_TIMEOUT_MS", NEVER),
    ("ETALON_HEADER_TIMEOUT_MS", NEVER),
    ("ETALON_METRICS_LISTEN", "127.0.0.1:0"),
];

/// A request of which the server has the head and waits for the body.
async fn half_a_request(front: &Front) -> TcpStream {
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
    stream
}

/// Comes back when one request by `POST` and one over a WebSocket are as far as the figure tells.
async fn both_are_there(front: &Front, figure: &str) {
    for _ in 0..LOOKS {
        if front.figure(figure).await == 2.0 {
            return;
        }
    }
    panic!("they are not there");
}

/// What comes of an operation over a WebSocket.
async fn by_socket(front: &Front, operation: &str) -> Got {
    let (url, token) = (&front.server.graphql, &front.token);
    let asked = Subscriber::open(Transport::WebSocket, url, token, operation, json!({})).await;
    asked.expect("it is there").next().await
}

#[tokio::test]
async fn a_request_that_never_comes_whole_keeps_no_server_from_ending() {
    let front = Front::with(&HASTY);
    let _stream = half_a_request(&front).await;
    assert!(front.server.stop(), "{}", front.server.log());
    front.server.says("cut off at the end of the server").await;
    assert!(front.server.log().contains("connections=1"), "{}", front.server.log());
    front.server.says("every accepted command is committed").await;
}

/// Here they wait for a position that the log does not have.
#[tokio::test]
async fn a_query_that_goes_on_keeps_no_server_from_ending() {
    let front = Front::with(&HASTY);
    let query = "{ campaigns(first: 1, minPosition: \"9000000000000000000\") { nodes { id } } }";
    let request = front.request(Method::POST).json(&json!({ "query": query }));
    let told_to_end = async {
        both_are_there(&front, "etalon_waiting_requests").await;
        assert!(front.server.tell("TERM"));
    };
    let (by_post, by_socket, ()) = tokio::join!(request.send(), by_socket(&front, query), told_to_end);
    assert!(by_post.is_err(), "{by_post:?}");
    assert_eq!(by_socket, Got::Cut);
    assert!(front.server.stop(), "{}", front.server.log());
    front.server.says("cut off at the end of the server").await;
    assert!(front.server.log().contains("connections=2"), "{}", front.server.log());
}

/// They cannot be committed before the server has cut somebody else off.
#[tokio::test]
async fn a_command_that_is_being_carried_out_is_answered_however_long_that_takes() {
    let database = Database::sqlite();
    let front = Front::of(Installation::on(&database.url), &HASTY);
    let mut slow = half_a_request(&front).await;
    let raw = database.raw().await;
    let held = raw.hold_head().await;
    let told_to_end = async {
        both_are_there(&front, "etalon_answering_requests").await;
        assert!(front.server.tell("TERM"));
        // To its end, whichever way it ends.
        let _ = slow.read_to_end(&mut Vec::new()).await;
        held.release().await;
    };
    let (by_post, by_socket, ()) = tokio::join!(front.ask(OPEN), by_socket(&front, OPEN), told_to_end);
    let Got::Update(by_socket) = by_socket else { panic!("it is carried out: {by_socket:?}") };
    for opened in [&by_post["data"]["openCampaign"], &by_socket] {
        assert!(opened["receipt"]["position"].is_string() && opened["userErrors"] == json!([]), "{opened}");
    }
    assert!(front.server.stop(), "{}", front.server.log());
    front.server.says("every accepted command is committed").await;
}
