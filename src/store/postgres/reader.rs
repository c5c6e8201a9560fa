//! The connections that everything but commits goes on.
//!
//! Once a server was silent, all of them are let go, and others made: the driver's pool would ask each one that comes
//! back whether it is still there, and wait for its word without an end.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleResult};
use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};

use crate::store::PoolState;
use crate::store::lending::{Lender, Lent, is_young};
use crate::store::postgres::silence::Silence;

/// Connections for everything but commits, and as many again for reads with a limit.
const POOL_CONNECTIONS: u32 = 16;

/// How many of these reads keep; the others are for what the driver's pool does itself, such as the loading of streams.
const LENT_CONNECTIONS: u32 = 12;

/// How long a page of a table that is gone through may take, on top of what anything may: nobody waits for it who would
/// go away.
const GOING_THROUGH: Duration = Duration::from_secs(10 * 60);

/// The connections of a process, by the limit that the server has for their statements: a connection gets its
/// `statement_timeout` when it is made, so that no read has to set it. A process has one limit.
pub(super) struct Kinds {
    options: PgConnectOptions,
    /// How long the server may say nothing, beyond that limit.
    patience: Duration,
    made: Mutex<Made>,
}

/// Those that were made since the server was silent last.
#[derive(Default)]
struct Made {
    kinds: HashMap<Option<Duration>, Connections>,
    silence: Silence,
}

impl Kinds {
    /// None yet: each is made when it is used.
    pub(super) fn of(options: PgConnectOptions, patience: Duration) -> Self {
        Self { options, patience, made: Mutex::default() }
    }

    /// Those whose statements have that limit.
    pub(super) fn limited(&self, limit: Option<Duration>) -> Connections {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.silence.was_noticed() {
            std::mem::take(&mut *made).kinds.values().for_each(Connections::let_go);
        }
        let Made { kinds, silence } = &mut *made;
        let connections = kinds.entry(limit).or_insert_with(|| {
            let options = limit.map_or_else(
                || self.options.clone(),
                // Zero would be no limit at all.
                |limit| self.options.clone().options([("statement_timeout", limit.as_millis().max(1).to_string())]),
            );
            Connections::lazy(options, self.patience, limit.unwrap_or_default(), silence.clone())
        });
        connections.clone()
    }

    /// Those for what takes the time that it takes.
    pub(super) fn unlimited(&self) -> Connections {
        self.limited(None)
    }

    /// As [`Kinds::unlimited`], for reads that go through a table.
    pub(super) fn going_through(&self) -> Connections {
        let unlimited = self.unlimited();
        Connections { waits: unlimited.waits + GOING_THROUGH, ..unlimited }
    }

    /// What is known of the connections of now.
    pub(super) fn silence(&self) -> Silence {
        self.unlimited().silence
    }

    pub(super) fn state(&self) -> PoolState {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.kinds.values().map(Connections::state).fold(PoolState::default(), PoolState::and)
    }
}

/// Connections of one kind.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) pool: PgPool,
    lender: Lender<Kept>,
    /// How long one is listened to.
    waits: Duration,
    silence: Silence,
}

impl Connections {
    /// Connects when they are used.
    fn lazy(options: PgConnectOptions, patience: Duration, limit: Duration, silence: Silence) -> Self {
        let waits = patience + limit;
        let asked = silence.clone();
        let pool = PgPoolOptions::new().max_connections(POOL_CONNECTIONS).test_before_acquire(false);
        let pool = pool.acquire_timeout(patience).after_release(move |connection, _| {
            // A statement whose asker has gone runs on until its limit, and keeps its place until then.
            let asked = asked.clone();
            Box::pin(async move { asked.answer(waits, connection.ping()).await.flatten().map(|()| true) })
        });
        // Under load every wait would be a line of the log; the figure `database_acquire_seconds` tells them all.
        let pool = pool.acquire_slow_threshold(Duration::MAX).connect_lazy_with(options);
        Self { lender: Lender::of(Kept(pool.clone()), LENT_CONNECTIONS), pool, waits, silence }
    }

    /// A connection for one piece of work.
    pub(super) async fn lend(&self) -> Result<Lent<Kept>, sqlx::Error> {
        self.lender.lend().await
    }

    /// Waits for what is done on one of them, for as long as it is listened to.
    ///
    /// # Errors
    /// When there was no answer.
    pub(super) async fn answer<T>(&self, answer: impl Future<Output = T>) -> Result<T, sqlx::Error> {
        let mut answer = pin!(answer);
        let heard = self.silence.answer(self.waits, answer.as_mut()).await;
        if heard.is_err() {
            // Before the connection comes back, which is closed then and asked nothing.
            self.let_go();
        }
        heard
    }

    /// Closes those that nobody uses, and each of the others when it comes back.
    fn let_go(&self) {
        self.lender.close();
        drop(self.pool.close());
    }

    fn state(&self) -> PoolState {
        self.lender.counted_in(PoolState::of(&self.pool))
    }
}

/// Keeps connections out of the pool.
pub(super) struct Kept(PgPool);

impl Manager for Kept {
    type Type = PoolConnection<Postgres>;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.0.acquire().await
    }

    async fn recycle(&self, _: &mut PoolConnection<Postgres>, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        is_young(metrics)
    }
}
