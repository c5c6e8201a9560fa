//! Who is slow on purpose holds a connection for a while and no longer, and a head that does not end is not read to its end.

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, timeout};

use crate::front::{Front, JSON, QUERY};

/// Long after every time of these settings, and soon enough for a test.
const PATIENCE: Duration = Duration::from_secs(20);

fn impatient() -> Front {
    Front::with(&[
        ("ETALON_HEADER_TIMEOUT_MS", "500"),
        ("ETALON_BODY_TIMEOUT_MS", "500"),
        ("ETALON_HEADER_LIMIT_BYTES", "8192"),
    ])
}

/// Sends the beginning and then a piece now and then, until the server has said all that it says.
async fn dribbled(front: &Front, beginning: &str, piece: &str) -> String {
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    stream.write_all(beginning.as_bytes()).await.expect("it is sent");
    let (mut reads, mut writes) = stream.split();
    let mut said = Vec::new();
    let mut pieces = interval(Duration::from_millis(100));
    let dribbling = async {
        loop {
            pieces.tick().await;
            if writes.write_all(piece.as_bytes()).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let reading = async {
        // A connection that is cut off has ended as well.
        let _ = reads.read_to_end(&mut said).await;
    };
    let ended = async {
        tokio::select! {
            () = reading => {}
            () = dribbling => {}
        }
    };
    timeout(PATIENCE, ended).await.expect("the server hangs up");
    String::from_utf8(said).expect("text")
}

#[tokio::test]
async fn a_head_that_never_ends_is_hung_up_on() {
    let front = impatient();
    let began = Instant::now();
    for (beginning, piece) in [
        ("", ""),
        ("POST /graphql HTTP/1.1\r\nhost: localhost\r\n", "x-slow: loris\r\n"),
        ("G", "E"),
        // The next one on a connection that was good until now.
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", ""),
    ] {
        let said = dribbled(&front, beginning, piece).await;
        let is_answered = said.starts_with("HTTP/1.1 200") && said.ends_with("alive\n");
        assert_eq!(is_answered, beginning.contains("/healthz"), "{said}");
    }
    assert!(began.elapsed() >= Duration::from_millis(4 * 400), "each of them had its time");
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_by_the_name_of_its_time() {
    let front = impatient();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\n{AUTHORIZATION}: Bearer {}\r\ncontent-type: {JSON}\r\n",
        front.token
    );
    for (how, piece) in
        [("content-length: 100000\r\n\r\n{\"query\"", " "), ("transfer-encoding: chunked\r\n\r\n", "1\r\n \r\n")]
    {
        let said = dribbled(&front, &format!("{head}{how}"), piece).await;
        let (head, body) = said.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 408 "), "{said}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let expected = json!({ "code": "BODY_TIMED_OUT", "limit": "bodyTimeoutMs", "maximum": 500 });
        assert_eq!(body["errors"][0]["extensions"], expected);
    }
    // Nobody's body is not waited for at all.
    let said =
        dribbled(&front, "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n", " ").await;
    assert!(said.starts_with("HTTP/1.1 401 "), "{said}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_by_the_name_of_its_limit() {
    let front = impatient();
    let long = |length: usize| {
        let request = front.client.post(&front.server.graphql).bearer_auth(&front.token).header("content-type", JSON);
        request.header("x-long", "x".repeat(length)).body(QUERY).send()
    };
    assert_eq!(long(6_000).await.expect("an answer").status(), 200);
    let refused = long(9_000).await.expect("an answer");
    assert_eq!(refused.status(), 431);
    let body: Value = refused.json().await.expect("JSON");
    let expected = json!({ "code": "HEAD_TOO_LARGE", "limit": "largestHeaderBytes", "maximum": 8_192 });
    assert_eq!(body["errors"][0]["extensions"], expected);
    let many = |fields: usize| {
        let request = front.client.post(&front.server.graphql).bearer_auth(&front.token).header("content-type", JSON);
        let request = (0..fields).fold(request, |request, field| request.header(format!("x-{field}"), "x"));
        request.body(QUERY).send()
    };
    assert_eq!(many(90).await.expect("an answer").status(), 200);
    let refused = many(101).await.expect("an answer");
    assert_eq!(refused.status(), 431);
    let body: Value = refused.json().await.expect("JSON");
    let expected = json!({ "code": "HEAD_TOO_LARGE", "limit": "mostHeaderFields", "maximum": 100 });
    assert_eq!(body["errors"][0]["extensions"], expected);
    assert_eq!(many(300).await.expect("an answer").status(), 431, "so many are not even looked at");
    // One that goes on and on is not read to its end.
    let endless = format!("x-long: {}\r\n", "x".repeat(4_000));
    let said = dribbled(&front, "POST /graphql HTTP/1.1\r\nhost: localhost\r\n", &endless).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
}

#[tokio::test]
async fn the_times_and_lengths_are_told_by_the_service() {
    let front = impatient();
    let told = front.ask(
        "{ serviceConfig {
            headerTimeoutMs bodyTimeoutMs largestHeaderBytes mostHeaderFields databaseQueue
            concurrentRequests concurrentRequestsPerActor
            connections connectionsPerAddress arrivingBytes arrivingBytesPerActor
            unsentBytes unsentBytesPerActor slowReaderTimeoutMs
        } }",
    );
    let expected = json!({
        "headerTimeoutMs": 500, "bodyTimeoutMs": 500, "largestHeaderBytes": 8_192, "mostHeaderFields": 100,
        "concurrentRequests": 1_000, "concurrentRequestsPerActor": 250, "databaseQueue": 1_000, "connections": 4_096, "connectionsPerAddress": 4_096,
        "arrivingBytes": 268_435_456, "arrivingBytesPerActor": 67_108_864,
        "unsentBytes": 268_435_456, "unsentBytesPerActor": 67_108_864, "slowReaderTimeoutMs": 30_000,
    });
    assert_eq!(told.await["data"]["serviceConfig"], expected);
}
