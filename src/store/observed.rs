//! What can be seen of the database from outside: the connections that reads share.

use sqlx::{Database, Pool};

use crate::store::backend::{Backend, SqlStore};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}
