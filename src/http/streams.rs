//! What the front keeps of its streams, WebSockets and event streams alike: how many there are, whose they are, and the
//! word to end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::domain::actor::ActorId;
use crate::graphql::{NamedLimit, StreamLimits};
use crate::http::answer::Refused;
use crate::tally::{Count, Counted, Tally};
use crate::telemetry::metrics::{Refusal, metrics};

/// When one of those that are open may have ended.
pub(super) const LATER: Duration = Duration::from_secs(10);

/// The streams of the server.
pub(super) struct Streams {
    /// What they are held to.
    pub(super) limits: StreamLimits,
    /// Cancelled when the server is told to end.
    pub(super) stop: CancellationToken,
    /// Every task that serves one, so that the server ends after them.
    pub(super) tasks: TaskTracker,
    connections: Arc<Semaphore>,
    /// How many subscriptions an actor has.
    subscriptions: Tally<ActorId>,
    /// How many WebSockets an actor has, whether anything is subscribed to on them or not.
    sockets: Tally<ActorId>,
}

/// What the answer that begins a stream carries: its connection is one of the streams, and counts there until it is
/// closed, whenever the stream itself ends.
#[derive(Clone, Debug)]
pub(super) struct Streaming {
    _connected: Arc<Connected>,
    /// Cancelled when the stream has ended, and only what is left of it has to be read.
    ended: CancellationToken,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
struct Connected {
    _room: OwnedSemaphorePermit,
}

impl Streams {
    /// None yet.
    pub(super) fn new(limits: StreamLimits) -> Self {
        Self {
            limits,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            connections: Arc::new(Semaphore::new(limits.connections)),
            subscriptions: Tally::new(&metrics().subscriptions),
            sockets: Tally::new(&Gauge::default()),
        }
    }

    /// Room for one more connection, held until it is dropped.
    ///
    /// # Errors
    /// 503 when the server holds as many as it may, or is about to end.
    pub(super) fn connect(&self) -> Result<Streaming, Refused> {
        let room = self.connections.clone().try_acquire_owned().ok().filter(|_| !self.stop.is_cancelled());
        let connected = room.map(|room| {
            metrics().streams.inc();
            Streaming { _connected: Arc::new(Connected { _room: room }), ended: CancellationToken::new() }
        });
        connected.ok_or_else(|| {
            let message = "the server holds as many streams as it may; try again later or at another one";
            Refused::over(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_CONNECTIONS", self.limits.of_server(), message)
                .again_in(LATER)
        })
    }

    /// Counts one more subscription of that actor; `None` when it has as many as it may.
    pub(super) fn subscribe(&self, actor: &ActorId) -> Option<Counted<ActorId>> {
        one_more(&self.subscriptions, actor, self.limits.of_actor())
    }

    /// Counts one more WebSocket of that actor.
    ///
    /// # Errors
    /// 429 when it has as many as it may.
    pub(super) fn open_socket(&self, actor: &ActorId) -> Result<Counted<ActorId>, Refused> {
        let limit = self.limits.of_server_of_actor();
        one_more(&self.sockets, actor, limit).ok_or_else(|| {
            let message = format!("an actor has at most {} WebSockets at once", limit.maximum);
            Refused::over(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_CONNECTIONS", limit, message).again_in(LATER)
        })
    }

    /// Comes back when every stream has ended.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Counts one more of that actor's; `None` when there are as many as may be.
fn one_more(tally: &Tally<ActorId>, actor: &ActorId, limit: NamedLimit) -> Option<Counted<ActorId>> {
    let has_room = |there: Count| if there.of_owner < limit.maximum { Ok(()) } else { Err(()) };
    tally.add_if(actor, 1, has_room).ok()
}

impl Streaming {
    /// What is held while the stream goes on.
    pub(super) fn going_on(&self) -> DropGuard {
        self.ended.clone().drop_guard()
    }

    /// Whether the stream has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        metrics().streams.dec();
    }
}

/// Why a stream that was under way ends before the client has asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The server ends.
    ShuttingDown,
    /// The token's time is over.
    TokenExpired,
    /// The token was revoked.
    TokenRevoked,
    /// The reader did not read.
    SlowReader,
    /// The log cannot be read at the moment.
    Unavailable,
    /// An update took too long to be made.
    TimedOut,
}

impl Farewell {
    /// Counts a stream that ends so.
    pub(super) fn count(self) {
        metrics().streams_ended.get_or_create(&Refusal { code: self.code().into() }).inc();
    }

    /// What a program can act on.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::ShuttingDown => "SHUTTING_DOWN",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::TokenRevoked => "TOKEN_REVOKED",
            Self::SlowReader => "SLOW_READER",
            Self::Unavailable => "UNAVAILABLE",
            Self::TimedOut => "TIMED_OUT",
        }
    }

    /// What is to be done, for people.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::ShuttingDown => "the server ends: go on at another one, or here later",
            Self::TokenExpired => "the bearer token has expired: go on with a new one",
            Self::TokenRevoked => "the bearer token was revoked: go on with a new one",
            Self::SlowReader => "answers were not read in time: go on when there is time to read them",
            Self::Unavailable => "the log cannot be read at the moment: go on a little later",
            Self::TimedOut => {
                "the next update took too long, each time that it was tried: go on later, or ask for less"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_has_so_many_subscriptions_and_no_more() {
        let limits = StreamLimits { subscriptions_per_actor: 2, connections: 1, ..StreamLimits::default() };
        let streams = Streams::new(limits);
        let [one, other] = ["one", "other"].map(|id| ActorId::parse(id).expect("an id"));
        let first = streams.subscribe(&one).expect("room");
        let _second = streams.subscribe(&one).expect("room");
        assert!(streams.subscribe(&one).is_none());
        assert!(streams.subscribe(&other).is_some());
        drop(first);
        assert!(streams.subscribe(&one).is_some());
        assert_eq!(streams.subscriptions.owners(), 1, "who has none is forgotten");
    }

    #[test]
    fn an_actor_has_so_many_websockets_and_leaves_the_others_to_others() {
        let streams = Streams::new(StreamLimits { connections: 4, ..StreamLimits::default() });
        let [one, other] = ["one", "other"].map(|id| ActorId::parse(id).expect("an id"));
        let first = streams.open_socket(&one).expect("room");
        assert_eq!(streams.open_socket(&one).err().map(|refused| refused.status), Some(StatusCode::TOO_MANY_REQUESTS));
        assert!(streams.open_socket(&other).is_ok());
        drop(first);
        assert!(streams.open_socket(&one).is_ok());
    }

    #[test]
    fn the_server_has_so_many_connections_and_no_more() {
        let streams = Streams::new(StreamLimits { connections: 1, ..StreamLimits::default() });
        let first = streams.connect().expect("room");
        assert_eq!(streams.connect().unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
        drop(first);
        let again = streams.connect().expect("room");
        drop(again.going_on());
        assert!(
            again.has_ended() && streams.connect().is_err(),
            "what has ended counts until its connection is closed"
        );
        drop(again);
        assert!(streams.connect().is_ok());
        streams.stop.cancel();
        assert!(streams.connect().is_err(), "no new ones when the server ends");
    }
}
