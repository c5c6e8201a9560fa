//! How many connections may be open, at the server and from one address, and what becomes of those beyond.
//!
//! One too many is answered, with 503 and when to come again, instead of being left to wait unaccepted: whoever asks
//! can turn to another server at once, and whoever looks after this one still sees that it lives. There is room for so
//! many of these answers; what comes beyond is hung up on.
//!
//! A connection that carries a stream has its place among the streams instead, of which there are so many as well.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::graphql::{Limits, NamedLimit};
use crate::http::admission::Peer;
use crate::http::answer::Refused;
use crate::http::incoming::Incoming;
use crate::http::streams::{LATER, Streaming};
use crate::tally::{Count, Counted, Tally};
use crate::telemetry::metrics::metrics;

/// What a program can act on.
const TOO_MANY_CONNECTIONS: &str = "TOO_MANY_CONNECTIONS";

/// How many connections may be refused in words at once.
const REFUSALS_AT_ONCE: usize = 64;

/// Lets connections in.
pub(super) struct Gate {
    most: NamedLimit,
    most_of_address: NamedLimit,
    open: Tally<Peer>,
    refusals: Arc<Semaphore>,
}

/// The seat of a connection, for as long as it is open.
pub(super) struct Seat {
    /// Where it comes from.
    pub(super) peer: Peer,
    place: Mutex<Place>,
    /// Whether more of a request may come than was read of it.
    is_unread: AtomicBool,
    /// What has come in on it, should it become a WebSocket.
    pub(super) incoming: Arc<Incoming>,
    /// The mutation that is being carried out on it.
    pub(super) mutations: TaskTracker,
}

/// What a connection counts as.
enum Place {
    /// One of those that may be open.
    Taken { _counted: Counted<Peer> },
    /// One of those that are refused.
    OneTooMany { limit: NamedLimit, _room: OwnedSemaphorePermit },
    /// One that carries a stream, and is counted there.
    OfStream(Streaming),
}

/// What a request of a refused connection carries: the limit that there is one too many for.
#[derive(Clone, Copy)]
pub(super) struct OneTooMany(NamedLimit);

impl Gate {
    /// Nobody yet; the figure tells how many there are.
    pub(super) fn new(limits: &Limits, figure: &Gauge) -> Self {
        Self {
            most: limits.of_connections(),
            most_of_address: limits.of_connections_of_address(),
            open: Tally::new(figure),
            refusals: Arc::new(Semaphore::new(REFUSALS_AT_ONCE)),
        }
    }

    /// A seat for a connection from there; `None` where there is not even room to refuse it.
    pub(super) fn enter(&self, peer: Peer) -> Option<Seat> {
        let place = match self.count(peer) {
            Ok(counted) => Place::Taken { _counted: counted },
            Err(limit) => match self.refusals.clone().try_acquire_owned() {
                Ok(room) => Place::OneTooMany { limit, _room: room },
                Err(_) => {
                    metrics().count_refusal(TOO_MANY_CONNECTIONS);
                    return None;
                }
            },
        };
        let (place, is_unread) = (Mutex::new(place), AtomicBool::new(false));
        Some(Seat { peer, place, is_unread, incoming: Arc::default(), mutations: TaskTracker::new() })
    }

    /// Counts one more connection, or tells the limit that it would be over.
    fn count(&self, peer: Peer) -> Result<Counted<Peer>, NamedLimit> {
        self.open.add_if(&peer, 1, |there| match there {
            Count { all, .. } if all >= self.most.maximum => Err(self.most),
            Count { of_owner, .. } if of_owner >= self.most_of_address.maximum => Err(self.most_of_address),
            Count { .. } => Ok(()),
        })
    }
}

impl Seat {
    /// Gives its place to somebody else: the connection carries a stream from now on, and nothing after it.
    pub(super) fn becomes_stream(&self, streaming: Streaming) {
        *locked(&self.place) = Place::OfStream(streaming);
    }

    /// Whether a stream goes on on the connection.
    pub(super) fn is_streaming(&self) -> bool {
        matches!(&*locked(&self.place), Place::OfStream(streaming) if !streaming.has_ended())
    }

    /// Notes whether more of a request may come than was read of it.
    pub(super) fn note_unread(&self, is_unread: bool) {
        self.is_unread.store(is_unread, Ordering::Relaxed);
    }

    /// Whether more of a request may come than was read of it.
    pub(super) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// Whether the connection is one too many.
    pub(super) fn one_too_many(&self) -> Option<OneTooMany> {
        match *locked(&self.place) {
            Place::OneTooMany { limit, .. } => Some(OneTooMany(limit)),
            Place::Taken { .. } | Place::OfStream(_) => None,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses what comes by one connection too many.
pub(super) async fn hold(request: Request, next: Next) -> Response {
    let Some(OneTooMany(limit)) = request.extensions().get().copied() else { return next.run(request).await };
    let message = "as many connections are open as may be; try again later or at another server";
    Refused::over(StatusCode::SERVICE_UNAVAILABLE, TOO_MANY_CONNECTIONS, limit, message).again_in(LATER).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::graphql::StreamLimits;
    use crate::http::streams::Streams;

    fn peer(text: &str) -> Peer {
        Peer::of(SocketAddr::new(text.parse().expect("an address"), 1))
    }

    fn refused_for(seat: Option<Seat>) -> Option<&'static str> {
        seat.expect("there is room to refuse it").one_too_many().map(|OneTooMany(limit)| limit.name)
    }

    #[test]
    fn so_many_may_be_open_and_so_many_from_one_address() {
        let gate =
            Gate::new(&Limits { connections: 3, connections_per_address: 2, ..Limits::default() }, &Gauge::default());
        let (one, other) = (peer("192.0.2.1"), peer("192.0.2.2"));
        let first = gate.enter(one);
        let _second = gate.enter(one);
        assert_eq!(refused_for(gate.enter(one)), Some("connectionsPerAddress"));
        let third = gate.enter(other).expect("another address has its own");
        assert_eq!(refused_for(gate.enter(other)), Some("connections"));
        let streaming = Streams::new(StreamLimits::default()).connect().expect("there is room");
        let going_on = streaming.going_on();
        third.becomes_stream(streaming);
        assert!(third.is_streaming() && third.one_too_many().is_none());
        drop(going_on);
        assert!(!third.is_streaming() && third.one_too_many().is_none());
        let fourth = gate.enter(other);
        assert_eq!(refused_for(gate.enter(peer("192.0.2.3"))), Some("connections"));
        drop((first, fourth));
        assert_eq!(refused_for(gate.enter(one)), None, "whoever goes makes room");
    }

    #[test]
    fn who_would_wait_for_a_refusal_is_hung_up_on() {
        let gate = Gate::new(&Limits { connections: 1, ..Limits::default() }, &Gauge::default());
        let _open = gate.enter(peer("192.0.2.1"));
        let mut refused: Vec<_> = (0..REFUSALS_AT_ONCE).map(|_| gate.enter(peer("192.0.2.1"))).collect();
        assert!(gate.enter(peer("192.0.2.1")).is_none());
        refused.pop();
        assert_eq!(refused_for(gate.enter(peer("192.0.2.1"))), Some("connections"));
    }
}
