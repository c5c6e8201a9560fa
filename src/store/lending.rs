//! The connections that reads share, and on PostgreSQL what writes beside commits, each handed on as the last of them has
//! left it.
//!
//! The driver's own pool asks every connection that comes back whether it is still there: a round trip for every read,
//! or a turn of SQLite's thread, and a task of its own. So reads borrow from those that are kept out of it, and give
//! back to it only one whose read failed or was given up, which is what its question is good for.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::store::{PoolState, share};
use crate::telemetry::metrics::metrics;

/// How long a read waits for a connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a connection is kept: what a server has remembered for it goes with it.
const KEPT_FOR: Duration = Duration::from_secs(30 * 60);

/// Lends connections.
pub(super) struct Lender<M: Manager>(Pool<M>);

impl<M: Manager> Clone for Lender<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A connection for one read. Dropped before the read has ended well, it goes back to where it came from.
pub(super) struct Lent<M: Manager> {
    connection: Option<Object<M>>,
    /// Given back after the connection.
    _turn: Option<OwnedSemaphorePermit>,
}

impl<M: Manager<Error = sqlx::Error>> Lender<M> {
    /// Lends so many at a time; the last one to come back first, since it remembers the most statements.
    pub(super) fn of(maker: M, most: u32) -> Self {
        let pool = Pool::builder(maker)
            .max_size(most as usize)
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(PATIENCE), ..Timeouts::new() });
        Self(pool.build().expect("a time-out has its runtime"))
    }

    /// A connection, when it is the asker's turn and there is one.
    pub(super) async fn lend(&self) -> Result<Lent<M>, sqlx::Error> {
        let turn = share::turn().await;
        let began = Instant::now();
        let lent = self.0.get().await;
        metrics().database_acquire.observe(began.elapsed().as_secs_f64());
        match lent {
            Ok(lent) => Ok(Lent { connection: Some(lent), _turn: turn }),
            Err(PoolError::Backend(error)) => Err(error),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Lends none any more.
    pub(super) fn close(&self) {
        self.0.close();
    }

    /// What makes them.
    pub(super) fn maker(&self) -> &M {
        self.0.manager()
    }

    /// Those that are lent and those that wait for it, of so many, where no pool of the driver counts them.
    pub(super) fn state(&self, limit: u32) -> PoolState {
        let status = self.0.status();
        let in_use = status.size.saturating_sub(status.available);
        let [in_use, idle, waiting] = [in_use, status.available, status.waiting].map(count);
        PoolState { in_use, idle, limit, waiting }
    }

    /// With those that the driver's pool counts as in use and that nobody has borrowed.
    pub(super) fn counted_in(&self, state: PoolState) -> PoolState {
        let status = self.0.status();
        let [idle, waiting] = [status.available, status.waiting].map(count);
        PoolState {
            in_use: state.in_use.saturating_sub(idle),
            idle: state.idle + idle,
            waiting: state.waiting + waiting,
            ..state
        }
    }
}

impl<M: Manager> Lent<M> {
    /// What to read on.
    pub(super) fn reader(&mut self) -> &mut M::Type {
        self.connection.as_mut().expect("it is lent until its read has ended")
    }

    /// Gives it back, now that the read has ended so.
    pub(super) fn ended<T>(mut self, outcome: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match &outcome {
            Ok(_) => drop(self.connection.take()),
            // The others may be as dead.
            Err(sqlx::Error::Io(_)) => {
                if let Some(lender) = self.connection.as_ref().and_then(Object::pool) {
                    drop(lender.retain(|_, _| false));
                }
            }
            Err(_) => {}
        }
        outcome
    }
}

impl<M: Manager> Drop for Lent<M> {
    fn drop(&mut self) {
        drop(self.connection.take().map(Object::take));
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a connection is young enough to be lent again.
pub(super) fn is_young(metrics: &Metrics) -> RecycleResult<sqlx::Error> {
    if metrics.age() < KEPT_FOR { Ok(()) } else { Err(RecycleError::message("kept long enough")) }
}
