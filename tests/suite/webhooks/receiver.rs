//! A receiver on a port of its own: it checks every signature with a library that is not ours, answers as the test says, and keeps what it acknowledged.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::Listener;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How a message is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// With the header `Retry-After`.
    RetryAfter(u16, &'static str),
    /// Taken, and the answer never comes.
    TakenInSilence,
    /// Never, and not taken.
    Silence,
    /// Not before it is told to.
    Told(u16, CancellationToken),
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Bytes,
    pub event: Value,
}

impl Message {
    pub fn position(&self) -> u64 {
        self.event["position"].as_str().expect("a position").parse().expect("a number")
    }

    pub fn subject(&self) -> String {
        self.event["subject"].as_str().expect("a subject").to_owned()
    }

    /// Whether one of its signatures is that of the secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        let expected = webhook.sign(&self.id, self.timestamp, &self.body).expect("signed");
        self.signature.split(' ').any(|signature| signature == expected)
    }
}

type Answering = Box<dyn FnMut(&Message) -> Answer + Send>;

#[derive(Default)]
struct Heard {
    /// Every message, in the order of arrival.
    all: Vec<Message>,
    /// Those that were taken.
    taken: Vec<Message>,
}

struct Shared {
    heard: Mutex<Heard>,
    answering: Mutex<Answering>,
    secrets: Mutex<Vec<String>>,
    changed: Notify,
}

pub struct Receiver {
    shared: Arc<Shared>,
    pub url: String,
    _stop: DropGuard,
}

impl Receiver {
    /// One that answers as the function says.
    pub async fn answering(answering: impl FnMut(&Message) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/events", listener.local_addr().expect("an address"));
        Self::at(url, listener, answering)
    }

    /// One at this address, that takes what comes by this way.
    pub fn at(
        url: String,
        listener: impl Listener<Addr = SocketAddr>,
        answering: impl FnMut(&Message) -> Answer + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            answering: Mutex::new(Box::new(answering)),
            secrets: Mutex::default(),
            changed: Notify::new(),
        });
        let stop = CancellationToken::new();
        let routes = Router::new().route(
            "/events",
            post({
                let shared = shared.clone();
                async move |headers: HeaderMap, body: Bytes| receive(&shared, &headers, body).await
            }),
        );
        let ends = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, routes) => served.expect("it serves"),
                () = ends.cancelled() => {}
            }
        });
        Self { shared, url, _stop: stop.drop_guard() }
    }

    /// From now on every message has to be signed with one of these.
    pub fn expect_signed_with(&self, secrets: &[&str]) {
        *self.shared.secrets.lock().unwrap() = secrets.iter().map(|secret| (*secret).to_owned()).collect();
    }

    pub fn answer(&self, answering: impl FnMut(&Message) -> Answer + Send + 'static) {
        *self.shared.answering.lock().unwrap() = Box::new(answering);
    }

    pub fn all(&self) -> Vec<Message> {
        self.shared.heard.lock().unwrap().all.clone()
    }

    pub fn taken(&self) -> Vec<Message> {
        self.shared.heard.lock().unwrap().taken.clone()
    }

    /// Waits until as many different messages were taken.
    pub async fn has_taken(&self, count: usize) {
        let different = || self.taken().into_iter().map(|message| message.id).collect::<HashSet<_>>().len();
        self.until(|| different() >= count).await;
    }

    /// Waits until as many messages came.
    pub async fn has_heard(&self, count: usize) {
        self.until(|| self.all().len() >= count).await;
    }

    /// Waits until such a message was taken; the first of them.
    pub async fn has_taken_one(&self, is_it: impl Fn(&Message) -> bool) -> Message {
        let first = || self.taken().into_iter().find(&is_it);
        self.until(|| first().is_some()).await;
        first().expect("it was taken")
    }

    async fn until(&self, is_so: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            // From here on, so that no change is missed between the look and the wait.
            changed.as_mut().enable();
            if is_so() {
                return;
            }
            changed.await;
        }
    }
}

async fn receive(shared: &Shared, headers: &HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let event: Value = serde_json::from_slice(&body).expect("JSON");
    let message = Message {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().expect("seconds"),
        signature: header("webhook-signature"),
        body,
        event,
    };
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(message.event["specversion"], "1.0");
    assert_eq!(message.event["id"], message.id.as_str());
    {
        let secrets = shared.secrets.lock().unwrap();
        let is_signed = secrets.is_empty() || secrets.iter().any(|secret| message.is_signed_with(secret));
        if !is_signed {
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    let answer = (shared.answering.lock().unwrap())(&message);
    let is_taken = matches!(answer, Answer::Status(200..300) | Answer::TakenInSilence);
    {
        let mut heard = shared.heard.lock().unwrap();
        if is_taken {
            heard.taken.push(message.clone());
        }
        heard.all.push(message);
    }
    shared.changed.notify_waiters();
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Answer::RetryAfter(status, value) => {
            (StatusCode::from_u16(status).expect("a status"), [("retry-after", value)]).into_response()
        }
        Answer::TakenInSilence | Answer::Silence => std::future::pending().await,
        Answer::Told(status, told) => {
            told.cancelled().await;
            StatusCode::from_u16(status).expect("a status").into_response()
        }
    }
}

/// Asserts that of every subject each event was first taken after all earlier ones of it, and answers the positions.
pub fn in_order(taken: &[Message]) -> std::collections::BTreeSet<u64> {
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut positions = std::collections::BTreeSet::new();
    for message in taken {
        let position = message.position();
        if positions.insert(position) {
            let before = last.insert(message.subject(), position);
            assert!(
                before.is_none_or(|before| before < position),
                "{position} of {} came after {before:?}",
                message.subject()
            );
        }
    }
    positions
}
