//! Subscriptions: the same document, executed once for every piece of news.
//!
//! The root's fields are resolved in two kinds of [`Turn`]: once to hear what is asked for, and then anew for whatever
//! has come. Between the turns a subscription is its document, its asker and a [`Follower`](crate::app::Follower): one
//! that waits costs no query and little memory, and no turn leaves anything behind for the next.
//!
//! Every answer says the position that it reaches to. A client that subscribes again with the last one it got, at
//! whichever server, misses nothing and gets nothing twice.

pub(crate) mod filter;
mod root;
mod source;
mod stream;
mod update;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Context, Result};

use crate::app::{Interest, LogEvent, Moment, Start};
use crate::graphql::context::app;
use crate::graphql::{NamedLimit, errors};
pub(super) use root::Subscription;
pub use stream::{Delivery, Ended, Subscribed};

/// How many bytes the id of an operation may have: it comes back with every answer.
const LONGEST_OPERATION_ID: u64 = 255;

/// How many bytes may come on a WebSocket before it is known who is asking: a token has its place in them.
const LONGEST_GREETING: u64 = 64 * 1024;

/// What streams are held to.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// How many WebSockets and event streams the server holds open.
    pub connections: usize,
    /// How many subscriptions one WebSocket carries.
    pub subscriptions_per_connection: usize,
    /// How many queries and mutations may be under way on one WebSocket.
    pub operations_per_connection: usize,
    /// How many subscriptions an actor has, over all connections of the server.
    pub subscriptions_per_actor: usize,
    /// How long a WebSocket may take to say who is asking.
    pub init_timeout: Duration,
    /// How often a subscription tells how far it is when nothing else has told it.
    pub heartbeat: Duration,
    /// How long an answer waits for a reader who does not read.
    pub patience: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            subscriptions_per_connection: 100,
            operations_per_connection: 20,
            subscriptions_per_actor: 1_000,
            init_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(15),
            patience: Duration::from_secs(30),
        }
    }
}

impl StreamLimits {
    /// How many WebSockets and event streams there are.
    #[must_use]
    pub fn of_server(&self) -> NamedLimit {
        NamedLimit { name: "streamingConnections", maximum: self.connections as u64 }
    }

    /// How many of them one actor's WebSockets are at most, so that nobody has all of them.
    #[must_use]
    pub fn of_server_of_actor(&self) -> NamedLimit {
        NamedLimit { name: "streamingConnectionsPerActor", maximum: (self.connections as u64 / 4).max(1) }
    }

    /// How many subscriptions a WebSocket carries.
    #[must_use]
    pub fn of_connection(&self) -> NamedLimit {
        NamedLimit { name: "subscriptionsPerConnection", maximum: self.subscriptions_per_connection as u64 }
    }

    /// How many queries and mutations are under way on a WebSocket.
    #[must_use]
    pub fn of_operations(&self) -> NamedLimit {
        NamedLimit { name: "operationsPerConnection", maximum: self.operations_per_connection as u64 }
    }

    /// How long the id of an operation is.
    #[must_use]
    pub fn of_operation_id() -> NamedLimit {
        NamedLimit { name: "longestOperationId", maximum: LONGEST_OPERATION_ID }
    }

    /// How much a WebSocket may say before it is known who is asking.
    #[must_use]
    pub fn of_greeting() -> NamedLimit {
        NamedLimit { name: "longestGreeting", maximum: LONGEST_GREETING }
    }

    /// How many subscriptions an actor has.
    #[must_use]
    pub fn of_actor(&self) -> NamedLimit {
        NamedLimit { name: "subscriptionsPerActor", maximum: self.subscriptions_per_actor as u64 }
    }
}

/// What one execution of a subscription's document is for.
pub(super) enum Turn {
    /// To hear what is asked for.
    Opening(Arc<Mutex<Option<Wanted>>>),
    /// To show what has come.
    Showing(News),
}

/// What is asked for.
pub(super) enum Wanted {
    /// Events.
    Events { start: Start, interest: Box<Interest>, pieces: Pieces },
    /// Checkpoints, behind that position or from the latest on.
    Checkpoints { after: Option<u64> },
}

/// How events are put into pieces.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pieces {
    /// Each is one.
    Single,
    /// Those of one command are one.
    ByCommand,
}

/// What is shown in one turn.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// Where in the log it reaches to.
    position: u64,
    /// What has happened; nothing when it only tells the position.
    events: Vec<Arc<LogEvent>>,
}

impl News {
    /// As of when it shows what it is about: just after the command, for nobody ever saw half of one.
    async fn then(&self, ctx: &Context<'_>) -> Result<Moment> {
        let Some(last) = self.events.last() else { return Ok(Moment::Position(self.position)) };
        let end = app(ctx).end_of_command(last).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Moment::Position(end))
    }
}
