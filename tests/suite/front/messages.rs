//! Messages of WebSockets that are no messages, or take room and time: they are held to what bodies are.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::following::subscriber::{Socket, connected, greeted, say};
use crate::front::Front;
use crate::front::bodies::ARRIVING;
use crate::front::room::OPEN;
use crate::front::streams::is;
use crate::store::support::Database;
use crate::support::server::Installation;

const PROTOCOL: &str = "graphql-transport-ws";

/// How a socket is closed: the code and the reason. `None` where it is cut off.
async fn closed(mut socket: Socket) -> Option<(u16, String)> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => return Some((frame.code.into(), frame.reason.to_string())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}

/// The next message that is one of the protocol.
async fn next(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.expect("it goes on").expect("it reads") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

/// The beginning of a text that goes on.
fn beginning(bytes: usize) -> Message {
    Message::Frame(Frame::message(vec![b' '; bytes], OpCode::Data(Data::Text), false))
}

#[tokio::test]
async fn what_is_no_message_is_called_what_it_is() {
    let front = Front::start();
    let table: [(&[u8], u16); 5] = [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x81\x01x", 1002),
        (b"\xc1\x81\0\0\0\0x", 1002),
        (b"\x83\x81\0\0\0\0x", 1002),
        (b"\x80\x81\0\0\0\0x", 1002),
    ];
    for (frame, code) in table {
        let mut socket = greeted(&front.server.graphql, &front.token).await.expect("it is acknowledged");
        socket.get_mut().write_all(frame).await.expect("it is sent");
        assert_eq!(closed(socket).await.map(|(code, _)| code), Some(code), "{frame:?}");
    }
}

#[tokio::test]
async fn who_has_not_said_who_is_asking_has_no_room_for_a_long_message() {
    let front = Front::start();
    let mut socket = connected(&front.server.graphql, PROTOCOL).await.expect("it is there");
    // Nobody reads all of it, so the last words may be lost with it.
    let _ = socket.send(beginning(1_000_000)).await;
    let told = "a message has at most 65536 bytes (longestGreeting)".to_owned();
    assert!([None, Some((1009, told))].contains(&closed(socket).await));
}

#[tokio::test]
async fn a_long_message_has_its_room_and_its_time() {
    let front = Front::with(&[
        ("ETALON_ARRIVING_LIMIT_BYTES", "8388608"),
        ("ETALON_BODY_TIMEOUT_MS", "5000"),
        ("ETALON_METRICS_LISTEN", "127.0.0.1:0"),
    ]);
    let open = async || greeted(&front.server.graphql, &front.token).await.expect("it is acknowledged");
    let (mut first, mut second) = (open().await, open().await);
    first.send(beginning(1_900_000)).await.expect("it is sent");
    second.send(beginning(1_900_000)).await.expect("it is sent");
    let (one, other) = tokio::join!(closed(first), closed(second));
    let mut codes = [one, other].map(|closed| closed.expect("it is closed in words"));
    codes.sort();
    assert_eq!(codes[0], (1008, "the message has not come within 5000 ms (bodyTimeoutMs)".to_owned()));
    assert_eq!(
        codes[1],
        (1013, r#"{"code":"TOO_MANY_LONG_BODIES"}"#.to_owned()),
        "a quarter of the room is one actor's"
    );
    is(&front, ARRIVING, 0).await;
}

#[tokio::test]
async fn a_long_message_has_its_room_until_the_answer_to_it_is_made() {
    let database = Database::sqlite();
    let front = Front::of(Installation::on(&database.url), &[("ETALON_METRICS_LISTEN", "127.0.0.1:0")]);
    let mut socket = greeted(&front.server.graphql, &front.token).await.expect("it is acknowledged");
    // A command that cannot be committed, since another process is in the middle of a commit.
    let raw = database.raw().await;
    let held = raw.hold_head().await;
    let order = json!({ "id": "long", "type": "subscribe", "payload": { "query": OPEN } });
    let message = format!("{order}{}", " ".repeat(1_000_000));
    let bytes = message.len() as u64;
    socket.send(Message::text(message)).await.expect("it is sent");
    // What comes behind it is heard when it is whole.
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(next(&mut socket).await["type"], "pong");
    is(&front, ARRIVING, bytes).await;
    held.release().await;
    let answer = next(&mut socket).await;
    assert_eq!(answer["payload"]["data"]["openCampaign"]["userErrors"], json!([]), "{answer}");
    is(&front, ARRIVING, 0).await;
}

#[tokio::test]
async fn messages_that_ask_for_nothing_are_paid_for() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "2000")]);
    let mut socket = greeted(&front.server.graphql, &front.token).await.expect("it is acknowledged");
    let ping = format!(r#"{{"type":"ping"{}}}"#, " ".repeat(200_000));
    for _ in 0..3 {
        let _ = socket.send(Message::text(ping.clone())).await;
    }
    let told = r#"{"code":"ACTOR_RATE_LIMIT_EXCEEDED"}"#;
    assert_eq!(closed(socket).await, Some((1013, told.to_owned())));
}
