//! What can be seen of the database from outside: the connections that reads share, and whether it takes commands.

use async_trait::async_trait;
use sqlx::{Database, FromRow, Pool};

use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::clocks::{must_not_be_ahead, shown};
use crate::store::listing::headless;
use crate::store::row::ROWS_VERSION;
use crate::store::statement::Statement;

/// What the store tells of itself.
#[async_trait]
pub trait ObservedStore: Send + Sync {
    /// The connections that reads share.
    fn pool(&self) -> PoolState;

    /// Whether the database answers, and takes what this program would write: one statement.
    ///
    /// # Errors
    /// [`StoreError::OtherRows`], [`StoreError::ReadOnly`] and [`StoreError::ClockAhead`], and when the database does not
    /// answer.
    async fn takes_commands(&self) -> Result<(), StoreError>;

    /// Whether the clock of this process is not ahead of that of the database.
    ///
    /// # Errors
    /// [`StoreError::ClockAhead`], and when the database does not answer.
    async fn goes_with_its_clock(&self) -> Result<(), StoreError>;
}

#[async_trait]
impl<B: Backend> ObservedStore for SqlStore<B> {
    fn pool(&self) -> PoolState {
        self.backend.pool()
    }

    async fn takes_commands(&self) -> Result<(), StoreError> {
        let asked = format!(
            "select rows_version, cast({} as bigint) as is_read_only, ({}) as time from log_head where id = 1",
            B::IS_READ_ONLY,
            B::TIME
        );
        // Looked at first: the answer may take its time.
        let shown = shown(&*self.clock);
        let asked = Statement::new(&asked);
        let standing = self.one::<StandingRow, StandingRow>("see whether the database takes commands", asked).await?;
        let standing = standing.ok_or_else(headless)?;
        let stored = standing.rows_version.cast_unsigned();
        match (stored == ROWS_VERSION, standing.is_read_only) {
            (false, _) => Err(StoreError::OtherRows { stored, ours: ROWS_VERSION }),
            (true, 0) => must_not_be_ahead(shown, standing.time),
            (true, _) => Err(StoreError::ReadOnly),
        }
    }

    async fn goes_with_its_clock(&self) -> Result<(), StoreError> {
        let shown = shown(&*self.clock);
        let time = self.count("look at the clock of the database", Statement::new(B::TIME)).await?;
        must_not_be_ahead(shown, time.cast_signed())
    }
}

/// How the database stands to commands.
#[derive(FromRow)]
struct StandingRow {
    rows_version: i64,
    is_read_only: i64,
    /// By its clock, in microseconds since the Unix epoch.
    time: i64,
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
