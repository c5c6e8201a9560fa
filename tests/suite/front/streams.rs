//! A stream counts, with all that it keeps, until its connection is closed; what is left of one that has ended is read like
//! every answer.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::faults::{COMMENT, coordinator, report_a_case};
use crate::following::resuming::OPEN;
use crate::following::subscriber::{Got, Socket, Subscriber, TRANSPORTS, greeted, say};
use crate::front::readers::{
    LOOKS, PATIENCE, ROOM_OF_ACTOR, UNSENT, connected, dribbled, narrow_in, request, unread, waits,
};
use crate::front::{Front, code_of};
use crate::life::scene::campaign;
use crate::support::server::{Installation, Who, ask};

const OPEN_STREAMS: &str = "etalon_streams_open";
const EVENTS: &str = "subscription { events { position registerEvent { type } } }";
const EVENT_STREAM: &str = "text/event-stream";

/// Comes back when a figure is such a number.
pub(super) async fn is(front: &Front, figure: &str, expected: u64) {
    for _ in 0..LOOKS {
        if front.figure(figure).await as u64 == expected {
            return;
        }
    }
    panic!("{figure} is {}", front.figure(figure).await);
}

/// How many bytes such a comment has.
const LONG: usize = 15_000;

/// A case with four comments that take long to read.
pub(super) async fn talk(front: &Front, token: &str) -> String {
    let case = report_a_case(&front.installation, &front.server.graphql).await;
    for _ in 0..4 {
        say_at_length(front, token, &case).await;
    }
    case
}

async fn say_at_length(front: &Front, token: &str, case: &str) {
    let input = json!({ "input": { "caseId": case, "text": "长".repeat(LONG / 3) } });
    let answer = ask(&front.client, &front.server.graphql, token, COMMENT, input).await.expect("an answer");
    assert_eq!(answer["addComment"]["userErrors"], json!([]), "{answer}");
}

#[tokio::test]
async fn what_is_left_of_a_stream_is_no_stream() {
    let settings = [("ETALON_STREAMING_CONNECTIONS", "1"), ("ETALON_SLOW_READER_TIMEOUT_MS", "500")];
    let front = narrow_in(Installation::embedded(), &settings);
    let token = front.installation.token(&coordinator());
    talk(&front, &token).await;
    let payloads: String = (0..90).map(|number| format!("p{number}: payload ")).collect();
    let large = format!("subscription {{ events(fromStart: true) {{ position caseEvent {{ {payloads} }} }} }}");
    let mut stream = connected(&front, 4_096).await;
    request(&mut stream, &token, EVENT_STREAM, &large).await;

    // It has ended, and somebody still has to be waited for.
    is(&front, "etalon_streams_ended_total{code=\"SLOW_READER\"}", 1).await;
    is(&front, OPEN_STREAMS, 1).await;
    waits(&front, |bytes| bytes > 1_000_000).await;
    let another = || {
        let another = front.client.post(&front.server.graphql).bearer_auth(&token).header("accept", EVENT_STREAM);
        another.json(&json!({ "query": EVENTS })).send()
    };
    let refused = code_of(another().await.expect("an answer")).await;
    assert_eq!(refused, (503, "TOO_MANY_CONNECTIONS".to_owned()));

    // Who begins to read goes on, and at no snail's pace.
    stream.read_exact(&mut vec![0; 256 << 10]).await.expect("there is more");
    dribbled(&mut stream, async {
        is(&front, OPEN_STREAMS, 0).await;
        waits(&front, |bytes| bytes == 0).await;
    })
    .await;
    is(&front, OPEN_STREAMS, 0).await;
    assert_eq!(another().await.expect("an answer").status(), 200);
}

/// What nobody reads counts whichever way it was asked for, so an actor's streams end where an actor's part is taken.
#[tokio::test]
async fn who_reads_nothing_is_told_nothing_more() {
    let front = narrow_in(Installation::embedded(), &[("ETALON_SLOW_READER_TIMEOUT_MS", "600000")]);
    let other = front.installation.token(&Who::new("manager", "MANAGER", "44"));
    let opens = async || {
        let input = json!({ "input": campaign("计量服务") });
        ask(&front.client, &front.server.graphql, &other, OPEN, input).await.expect("an answer")
    };
    opens().await;
    let mut streams = Vec::new();
    for transport in TRANSPORTS {
        let url = &front.server.graphql;
        let stream = Subscriber::open(transport, url, &front.token, EVENTS, json!({})).await;
        let mut stream = stream.expect("there is room");
        // It is told where it begins.
        stream.update().await;
        streams.push(stream);
    }
    let _unread = unread(&front, &front.token).await;
    waits(&front, |bytes| bytes >= ROOM_OF_ACTOR).await;
    opens().await;
    for stream in &mut streams {
        match stream.next().await {
            Got::Error(told) => assert_eq!(told["code"], "SLOW_READER"),
            Got::Closed(code, reason) => assert!(code == 1013 && reason.contains("SLOW_READER"), "{code} {reason}"),
            other => panic!("it ends, and not with {other:?}"),
        }
    }
}

/// A socket with so many subscriptions to a case, each of which has told where it begins.
async fn with_subscriptions(front: &Front, token: &str, case: &str, shown: &str) -> Socket {
    let mut socket = greeted(&front.server.graphql, token).await.expect("there is room");
    for number in 0..SUBSCRIPTIONS {
        let query = format!("subscription {{ caseChanged(id: \"{case}\") {{ position case {{ {shown} }} }} }}");
        say(&mut socket, json!({ "id": number.to_string(), "type": "subscribe", "payload": { "query": query } })).await;
    }
    told(&mut socket, |update| update["case"].is_null()).await;
    socket
}

/// Comes back when each subscription of a socket has told such an update, and each no more than one.
async fn told(socket: &mut Socket, such: impl Fn(&Value) -> bool) {
    let mut ids = BTreeSet::new();
    while ids.len() < SUBSCRIPTIONS {
        let Message::Text(text) = socket.next().await.expect("it goes on").expect("a message") else { continue };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(message["type"], "next", "{message}");
        if such(&message["payload"]["data"]["caseChanged"]) {
            assert!(ids.insert(message["id"].to_string()), "{} is told twice", message["id"]);
        }
    }
}

const SUBSCRIPTIONS: usize = 40;

/// However many subscriptions a reader has who does not read, one update waits; the others are not made.
#[tokio::test]
async fn one_update_of_a_socket_waits_for_its_reader() {
    const TIMES: usize = 90;
    const UPDATE: u64 = (TIMES * 5 * LONG) as u64;
    let front = Front::with(&[("ETALON_SLOW_READER_TIMEOUT_MS", "5000"), ("ETALON_METRICS_LISTEN", "127.0.0.1:0")]);
    let token = front.installation.token(&coordinator());
    let case = talk(&front, &token).await;
    let texts: String = (0..TIMES).map(|number| format!("t{number}: text ")).collect();
    let mut read = with_subscriptions(&front, &token, &case, "version").await;
    let _unread = with_subscriptions(&front, &token, &case, &format!("comments {{ {texts} }}")).await;
    let before = front.server.resident_bytes();
    say_at_length(&front, &token, &case).await;
    told(&mut read, |update| update["case"]["version"].is_u64()).await;

    let (mut most_unsent, mut most_resident) = (0, before);
    let mut looks = interval(Duration::from_millis(10));
    let ends = async {
        while front.figure("etalon_streams_ended_total{code=\"SLOW_READER\"}").await == 0.0 {
            looks.tick().await;
            most_unsent = most_unsent.max(front.figure(UNSENT).await as u64);
            most_resident = most_resident.max(front.server.resident_bytes());
        }
    };
    timeout(3 * PATIENCE, ends).await.expect("it is not waited for");
    assert!((UPDATE..2 * UPDATE).contains(&most_unsent), "{most_unsent} bytes are unsent");
    let grown = most_resident - before;
    assert!(grown < UPDATE * SUBSCRIPTIONS as u64 / 2, "{grown} bytes of memory for what is not read");
}
