//! The connections that everything but commits goes on.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleResult};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};

use crate::store::PoolState;
use crate::store::lending::{Lender, is_young};

/// Connections for everything but commits, and as many again for reads with a limit.
const POOL_CONNECTIONS: u32 = 16;

/// How many of these reads keep; the others are for what the driver's pool does itself, such as the loading of streams.
const LENT_CONNECTIONS: u32 = 12;

/// Connections of one kind.
#[derive(Clone)]
pub(super) struct Connections {
    pub(super) pool: PgPool,
    pub(super) lender: Lender<Kept>,
}

impl Connections {
    /// Connects.
    pub(super) async fn open(options: PgConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self::of(pool_options().connect_with(options).await?))
    }

    /// Connects when they are used.
    pub(super) fn lazy(options: PgConnectOptions) -> Self {
        Self::of(pool_options().connect_lazy_with(options))
    }

    fn of(pool: PgPool) -> Self {
        Self { lender: Lender::of(Kept(pool.clone()), LENT_CONNECTIONS), pool }
    }

    pub(super) fn state(&self) -> PoolState {
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

fn pool_options() -> PgPoolOptions {
    let options = PgPoolOptions::new().max_connections(POOL_CONNECTIONS).test_before_acquire(false);
    // Under load every wait would be a line of the log; the figure `database_acquire_seconds` tells them all.
    options.acquire_slow_threshold(Duration::MAX)
}
