//! What can be seen of the database from outside: the connections that reads share, and how long one waits for one.

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
}

impl PoolState {
    pub(super) fn of<D: Database>(pool: &Pool<D>) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        Self { in_use: pool.size().saturating_sub(idle), idle, limit: pool.options().get_max_connections() }
    }

    /// These and others.
    pub(super) fn and(self, others: Self) -> Self {
        Self { in_use: self.in_use + others.in_use, idle: self.idle + others.idle, limit: self.limit + others.limit }
    }
}

/// A connection, when there is one.
pub(super) async fn acquire<D: Database>(pool: &Pool<D>) -> Result<PoolConnection<D>, sqlx::Error> {
    let began = Instant::now();
    let connection = pool.acquire().await;
    metrics().database_acquire.observe(began.elapsed().as_secs_f64());
    connection
}
