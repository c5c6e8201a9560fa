//! Whether there is room for an answer is looked at twice: before it is made, and again when it is known how long it became.
//! It is so whichever way a query has come.

use futures::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::following::subscriber::{greeted, say};
use crate::front::readers::{LOOKS, ROOM_OF_ACTOR, narrow_in, unread, waits};
use crate::front::size::schema;
use crate::front::{Front, JSON};
use crate::store::support::{Database, Raw};
use crate::support::server::{Installation, Who};

const CAMPAIGNS: &str = "{ campaigns(first: 1) { nodes { id } } }";
const EVENT_STREAM: &str = "text/event-stream";

/// What is told by the first error of an answer over HTTP; nothing where there is none.
async fn asked(front: &Front, token: &str, accept: &str, query: &str) -> Value {
    let request = front.client.post(&front.server.graphql).bearer_auth(token).header("accept", accept);
    let answer = request.json(&json!({ "query": query })).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let text = text.strip_prefix("event: next\ndata: ").unwrap_or(&text).lines().next().unwrap_or_default();
    let answer: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    answer["errors"][0]["extensions"].clone()
}

/// The same over a WebSocket.
async fn asked_over_socket(front: &Front, token: &str, query: &str) -> Value {
    let mut socket = greeted(&front.server.graphql, token).await.expect("there is room");
    say(&mut socket, json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    loop {
        let message = socket.next().await.expect("it goes on").expect("a message");
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        match message["type"].as_str().expect("a type") {
            "error" => return message["payload"][0]["extensions"].clone(),
            "complete" => return Value::Null,
            _ => {}
        }
    }
}

/// Queries wait for the database while their asker's part of the room is taken by an answer that is not read.
#[tokio::test]
async fn what_has_taken_the_room_meanwhile_is_noticed() {
    let database = Database::postgres();
    let patient = [("ETALON_STATEMENT_TIMEOUT_MS", "600000"), ("ETALON_QUERY_TIMEOUT_MS", "600000")];
    let patient = [&patient[..], &[("ETALON_SLOW_READER_TIMEOUT_MS", "600000")]].concat();
    let front = narrow_in(Installation::on(&database.url), &patient);
    let raw = database.raw().await;
    let Raw::Postgres(pool) = &raw else { unreachable!("it is one of PostgreSQL") };
    let lock = "begin; lock table register_versions in access exclusive mode";
    let held = pool.begin_with(lock).await.expect("nobody reads it");
    let wait = async {
        const WAITING: &str =
            "select count(*)::text from pg_locks where not granted and relation = 'register_versions'::regclass";
        for _ in 0..LOOKS {
            let waiting = raw.texts(WAITING).await;
            if waiting[0].parse::<usize>().expect("a number") >= 3 {
                break;
            }
        }
        let unread = unread(&front, &front.token).await;
        waits(&front, |bytes| bytes >= ROOM_OF_ACTOR).await;
        held.rollback().await.expect("it is given back");
        unread
    };
    let (by_post, by_events, by_socket, _unread) = tokio::join!(
        asked(&front, &front.token, JSON, CAMPAIGNS),
        asked(&front, &front.token, EVENT_STREAM, CAMPAIGNS),
        asked_over_socket(&front, &front.token, CAMPAIGNS),
        wait,
    );
    for refused in [by_post, by_events, by_socket] {
        assert_eq!(refused["code"], "TOO_MANY_UNSENT_ANSWERS", "{refused}");
        assert_eq!((&refused["limit"], &refused["retryAfterSeconds"]), (&json!("unsentBytesPerActor"), &json!(1)));
    }
}

#[tokio::test]
async fn long_answers_are_paid_for_whichever_way_they_are_asked_for() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "20000")]);
    let query = schema(20);
    for (actor, way) in [("by-post", JSON), ("by-events", EVENT_STREAM), ("by-socket", "a WebSocket")] {
        let token = front.installation.token(&Who::new(actor, "MANAGER", "CN"));
        let mut answered = 0;
        let refused = loop {
            let told = match way {
                JSON | EVENT_STREAM => asked(&front, &token, way, &query).await,
                _ => asked_over_socket(&front, &token, &query).await,
            };
            if !told.is_null() {
                break told;
            }
            answered += 1;
            assert!(answered < 20, "by {way} they cost nothing");
        };
        assert_eq!(refused["code"], "ACTOR_RATE_LIMIT_EXCEEDED", "{way}");
    }
}
