//! What can be seen of the database from outside: the connections that reads share, and how long one waits for one.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::time::Instant;

use crate::store::backend::{Backend, SqlStore};
use crate::telemetry::metrics::metrics;

/// What the store tells of itself.
pub trait ObservedStore: Send + Sync {
    /// The connections that reads share.
    fn pool(&self) -> PoolState;
}

impl<B: Backend> ObservedStore for SqlStore<B> {
    fn pool(&self) -> PoolState {
        self.backend.pool()
    }
}

/// Connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// Those that somebody uses.
    pub in_use: u32,
    /// Those that wait to be used.
    pub idle: u32,
    /// How many there may be.
    pub limit: u32,
    /// Reads that wait for one.
    pub waiting: u32,
}

impl PoolState {
    pub(super) fn of<D: Database>(pool: &Pool<D>) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        Self { in_use: pool.size().saturating_sub(idle), idle, limit: pool.options().get_max_connections(), waiting: 0 }
    }

    /// These and others.
    pub(super) fn and(self, others: Self) -> Self {
        Self {
            in_use: self.in_use + others.in_use,
            idle: self.idle + others.idle,
            limit: self.limit + others.limit,
            waiting: self.waiting + others.waiting,
        }
    }

    /// With those who wait.
    pub(super) fn awaited_by(self, waiting: &Waiting) -> Self {
        Self { waiting: waiting.0.load(Ordering::Relaxed), ..self }
    }
}

/// How many reads wait for a connection.
#[derive(Default)]
pub(super) struct Waiting(AtomicU32);

/// One that waits until this is dropped, whether it got a connection or has gone.
struct Waits<'a>(&'a Waiting);

impl<'a> Waits<'a> {
    fn among(waiting: &'a Waiting) -> Self {
        waiting.0.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection, when there is one.
pub(super) async fn acquire<D: Database>(pool: &Pool<D>, waiting: &Waiting) -> Result<PoolConnection<D>, sqlx::Error> {
    let began = Instant::now();
    let waits = Waits::among(waiting);
    let connection = pool.acquire().await;
    drop(waits);
    metrics().database_acquire.observe(began.elapsed().as_secs_f64());
    connection
}
