//! Somebody who subscribes, over either transport.

use std::collections::VecDeque;

use futures::{SinkExt, StreamExt};
use reqwest::header::{ACCEPT, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub const EVENTS: &str = "subscription Events($after: Position, $fromStart: Boolean! = false) {
    events(after: $after, fromStart: $fromStart) { position caseEvent { type position } registerEvent { type position } } }";

#[derive(Clone, Copy, Debug)]
pub enum Transport {
    WebSocket,
    EventStream,
}

pub const TRANSPORTS: [Transport; 2] = [Transport::WebSocket, Transport::EventStream];

/// What a subscriber gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// The root field of an answer.
    Update(Value),
    /// Errors, before anything else or at the end: the extensions of the first.
    Error(Value),
    /// The connection was closed in words: with a code of WebSocket, or by `complete`.
    Closed(u16, String),
    /// The connection broke.
    Cut,
}

/// An open subscription.
pub enum Subscriber {
    WebSocket(Box<Socket>),
    EventStream { answer: reqwest::Response, bytes: Vec<u8>, got: VecDeque<Got> },
}

impl Subscriber {
    /// Subscribes; errors are got like everything else.
    pub async fn open(transport: Transport, url: &str, token: &str, query: &str, variables: Value) -> Option<Self> {
        let payload = json!({ "query": query, "variables": variables });
        Self::open_by(&reqwest::Client::new(), transport, url, token, payload).await
    }

    /// The same, with a client for those whose transport needs one.
    pub async fn open_by(
        client: &reqwest::Client,
        transport: Transport,
        url: &str,
        token: &str,
        payload: Value,
    ) -> Option<Self> {
        match transport {
            Transport::WebSocket => {
                let mut socket = greeted(url, token).await?;
                say(&mut socket, json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
                Some(Self::WebSocket(Box::new(socket)))
            }
            Transport::EventStream => {
                let request = client.post(url).bearer_auth(token).header(ACCEPT, "text/event-stream");
                let answer = request.json(&payload).send().await.ok()?;
                Some(Self::EventStream { answer, bytes: Vec::new(), got: VecDeque::new() })
            }
        }
    }

    pub async fn next(&mut self) -> Got {
        match self {
            Self::WebSocket(socket) => from_socket(socket).await,
            Self::EventStream { answer, bytes, got } => loop {
                if let Some(got) = got.pop_front() {
                    return got;
                }
                if answer.status() != 200 {
                    let body = answer.chunk().await.ok().flatten().unwrap_or_default();
                    let body: Value = serde_json::from_slice(&body).expect("JSON");
                    return Got::Error(body["errors"][0]["extensions"].clone());
                }
                match answer.chunk().await {
                    Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                    Ok(None) | Err(_) => return Got::Cut,
                }
                // A piece may end in the middle of a character; an event does not.
                while let Some(end) = bytes.windows(2).position(|pair| pair == b"\n\n") {
                    let event: Vec<u8> = bytes.drain(..end + 2).collect();
                    got.extend(from_event(std::str::from_utf8(&event[..end]).expect("an event is text")));
                }
            },
        }
    }

    /// The next update; everything else is a failure.
    pub async fn update(&mut self) -> Value {
        match self.next().await {
            Got::Update(update) => update,
            other => panic!("an update is expected, not {other:?}"),
        }
    }

    /// Hangs up without a word.
    pub fn cut(self) {
        drop(self);
    }
}

/// A socket that was made and not used yet.
pub async fn connected(url: &str, protocol: &str) -> Option<Socket> {
    let mut request = url.replacen("http", "ws", 1).into_client_request().expect("a URL");
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(protocol).expect("a name"));
    connect_async(request).await.ok().map(|(socket, _)| socket)
}

/// A socket whose server knows who is asking.
pub async fn greeted(url: &str, token: &str) -> Option<Socket> {
    let mut socket = connected(url, "graphql-transport-ws").await?;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    say(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
    match socket.next().await {
        Some(Ok(Message::Text(text))) if text.contains("connection_ack") => Some(socket),
        _ => None,
    }
}

/// Sends a message; one that cannot be sent is noticed at the next read.
pub async fn say(socket: &mut Socket, message: Value) {
    let _ = socket.send(Message::text(message.to_string())).await;
}

async fn from_socket(socket: &mut Socket) -> Got {
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(Some(frame)))) => return Got::Closed(frame.code.into(), frame.reason.to_string()),
            Some(Ok(Message::Close(None)) | Err(_)) | None => return Got::Cut,
            Some(Ok(_)) => continue,
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        match message["type"].as_str().expect("a type") {
            "next" => return of_answer(&message["payload"]),
            "error" => return Got::Error(message["payload"][0]["extensions"].clone()),
            "complete" => return Got::Closed(0, "complete".to_owned()),
            _ => {}
        }
    }
}

fn from_event(event: &str) -> Option<Got> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match field("event:")? {
        "complete" => Some(Got::Closed(0, "complete".to_owned())),
        _ => {
            let got = of_answer(&serde_json::from_str(field("data:")?).expect("JSON"));
            if let Got::Update(update) = &got {
                assert_eq!(update["position"].as_str(), field("id:"), "an event's id is its position");
            }
            Some(got)
        }
    }
}

fn of_answer(answer: &Value) -> Got {
    match answer["errors"].get(0) {
        Some(error) => Got::Error(error["extensions"].clone()),
        None => {
            let fields = answer["data"].as_object().expect("data");
            Got::Update(fields.values().next().expect("one root field").clone())
        }
    }
}

/// The position of an update.
pub fn position(update: &Value) -> u64 {
    update["position"].as_str().expect("a position").parse().expect("a number")
}

/// Whether something has happened, or the position is told alone.
pub fn is_event(update: &Value) -> bool {
    update["caseEvent"].is_object() || update["registerEvent"].is_object()
}
