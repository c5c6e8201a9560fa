//! Operations over server-sent events (graphql-sse, distinct connections mode): every answer is an event `next`, the
//! end is an event `complete`.
//!
//! The id of an event is the position that it reaches to, so a client that comes back with `Last-Event-ID` goes on
//! where it was. Whatever is wrong before the stream begins is an HTTP error.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Response as Answer, ServerError};
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::DropGuard;

use crate::domain::actor::ActorId;
use crate::graphql::{Document, Session, is_request_error};
use crate::http::Front;
use crate::http::accept::{EVENT_STREAM, MediaType};
use crate::http::answer::{self, Refused};
use crate::http::authentication;
use crate::http::streams::{Farewell, LATER};
use crate::http::unsent::until_sent;
use crate::http::updates::{Update, Updates};
use crate::identity::credential::Credential;
use crate::tally::Counted;

/// What is answered once, as a stream of one event.
pub(super) fn once(answer: &Answer) -> Response {
    match is_request_error(answer) {
        true => answer::of_graphql(MediaType::GraphqlResponse, answer),
        false => stream_of(Body::from(format!("{}{COMPLETE}", next(&answer::body(answer), None)))),
    }
}

/// Subscribes: a stream of events.
///
/// # Errors
/// When there are too many streams, the token has ended, or `Last-Event-ID` is no position. One that the log does not
/// have yet is refused as `after` is.
pub(super) async fn subscribe(
    front: &Arc<Front>,
    headers: &HeaderMap,
    document: Document,
    session: Session,
) -> Result<Response, Refused> {
    let resume = last_event_id(headers)?;
    authentication::may_begin(session.expires_at, front).map_err(authentication::refused)?;
    let streaming = front.streams.connect()?;
    let counted = front.streams.subscribe(&session.actor.id).ok_or_else(|| {
        let limit = front.streams.limits.of_actor();
        let message = format!("an actor has at most {} subscriptions at once", limit.maximum);
        Refused::over(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_SUBSCRIPTIONS", limit, message).again_in(LATER)
    })?;
    let (expires_at, credential) = (front.instant_of(session.expires_at), session.credential.clone());
    let updates = match Updates::open(front.clone(), document, session, resume, Updates::turns()).await {
        Ok(updates) => updates,
        Err(refused) => return Ok(answer::refused(&refused)),
    };
    let (chunks, body) = mpsc::channel(1);
    let last_words = Arc::new(Mutex::new(None));
    let pump = Pump {
        front: front.clone(),
        chunks,
        told: updates.position(),
        last_words: last_words.clone(),
        expires_at,
        credential,
        _counted: counted,
        _going_on: streaming.going_on(),
    };
    front.streams.tasks.spawn(pump.run(updates));
    let mut response = stream_of(Body::from_stream(futures::stream::unfold((body, last_words), read)));
    // Nothing follows it on its connection, which is not counted among the others any more.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.extensions_mut().insert(streaming);
    Ok(response)
}

/// The next piece of the body: what the pump has sent, and at the end what it said last.
async fn read(
    (mut body, last_words): (mpsc::Receiver<Bytes>, LastWords),
) -> Option<(Result<Bytes, std::convert::Infallible>, (mpsc::Receiver<Bytes>, LastWords))> {
    let chunk = match body.recv().await {
        Some(chunk) => chunk,
        None => last_words.lock().unwrap_or_else(PoisonError::into_inner).take()?,
    };
    Some((Ok(chunk), (body, last_words)))
}

/// What is said when the body has taken everything else.
type LastWords = Arc<Mutex<Option<Bytes>>>;

/// Carries answers from the subscription to the body, at the reader's pace.
struct Pump {
    front: Arc<Front>,
    /// Holds one piece: a reader who does not read makes the pump wait.
    chunks: mpsc::Sender<Bytes>,
    /// The position to go on from: of the last answer that the body has taken, or where the subscription began.
    told: Option<u64>,
    last_words: LastWords,
    expires_at: Instant,
    credential: Credential,
    _counted: Counted<ActorId>,
    _going_on: DropGuard,
}

impl Pump {
    async fn run(mut self, updates: Updates) {
        let limits = self.front.streams.limits;
        let mut alive = tokio::time::interval(limits.heartbeat);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let front = self.front.clone();
        let credential = self.credential.clone();
        let revoked = front.app.revoked(&credential);
        tokio::pin!(revoked);
        let mut coming: BoxFuture<'static, _> = Box::pin(updates.next());
        let farewell = loop {
            let (chunk, position) = tokio::select! {
                // Whoever may hear no more is told nothing else, however much there is to tell.
                biased;
                () = self.front.streams.stop.cancelled() => break Farewell::ShuttingDown,
                () = tokio::time::sleep_until(self.expires_at) => break Farewell::TokenExpired,
                () = &mut revoked => break Farewell::TokenRevoked,
                () = self.chunks.closed() => return,
                // The first tick comes at once: the client sees that the stream is open. Where there is no room for one,
                // there is something to read. Nobody waits for it: what is coming may stand before others in a queue.
                _ = alive.tick() => {
                    let _ = self.chunks.try_send(Bytes::from_static(b":\n\n"));
                    continue;
                }
                (updates, outcome) = &mut coming => {
                    coming = Box::pin(updates.next());
                    match outcome {
                        Ok(Update { body, position, unsent, .. }) => {
                            (until_sent(next(&body, Some(position)).into(), unsent), position)
                        }
                        Err(farewell) => break farewell,
                    }
                }
            };
            match timeout(limits.patience, self.chunks.send(chunk)).await {
                Ok(Ok(())) => self.told = Some(position),
                Ok(Err(_)) => return,
                Err(_) => break Farewell::SlowReader,
            }
        };
        farewell.count();
        let words = format!("{}{COMPLETE}", next(&answer::body(&farewell_answer(farewell, self.told)), None));
        *self.last_words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words.into());
    }
}

const COMPLETE: &str = "event: complete\ndata:\n\n";

fn next(body: &str, position: Option<u64>) -> String {
    // JSON has no line breaks of its own, so it is one line of data.
    match position {
        Some(position) => format!("event: next\nid: {position}\ndata: {body}\n\n"),
        None => format!("event: next\ndata: {body}\n\n"),
    }
}

/// The answer that tells why there are no more, and where to go on.
fn farewell_answer(farewell: Farewell, told: Option<u64>) -> Answer {
    let mut error = ServerError::new(farewell.message(), None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", farewell.code());
    extensions.set("retryable", true);
    if let Some(position) = told {
        extensions.set("position", position.to_string());
    }
    Answer::from_errors(vec![error])
}

/// The position to go on behind. An empty one is none: it is what readers have as the last id before there is one (HTML,
/// 9.2), and some send it.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let position = value.to_str().ok().and_then(|text| text.parse().ok());
    position.filter(|position| i64::try_from(*position).is_ok()).map(Some).ok_or_else(|| {
        let message = "`Last-Event-ID` is the position of the last event, such as 41";
        Refused::new(StatusCode::BAD_REQUEST, "LAST_EVENT_ID_INVALID", message)
    })
}

fn stream_of(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold answers back until it has a page of them.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_position_as_its_id() {
        let body = r#"{"data":{"events":{"position":"7"}}}"#;
        let expected = "event: next\nid: 7\ndata: {\"data\":{\"events\":{\"position\":\"7\"}}}\n\n";
        assert_eq!(next(body, Some(7)), expected);
        let last = next(&answer::body(&farewell_answer(Farewell::SlowReader, Some(7))), None);
        assert!(last.contains("\"code\":\"SLOW_READER\"") && last.contains("\"position\":\"7\""), "{last}");
    }
}
