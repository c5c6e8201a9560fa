//! Connections that read, and the time that a read may take.
//!
//! SQLite asks now and then whether a statement may go on. What is asked stays with the connection, and each read sets
//! the time: to attach the question anew for each of them would take SQLite's thread another turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, RecycleResult};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};

use crate::store::PoolState;
use crate::store::lending::is_young;

/// After how many steps of its machine SQLite asks whether a statement may go on: some tens of microseconds.
const STEPS: i32 = 1_000;

/// Makes readers of the connections of a pool that nobody else uses: the question that they bring would end a statement
/// of others.
pub(super) struct Readers(pub(super) SqlitePool);

impl Readers {
    pub(super) fn state(&self) -> PoolState {
        PoolState::of(&self.0)
    }
}

impl Manager for Readers {
    type Type = Reader;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Reader, sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        let time = ReadTime::new();
        let asked = time.clone();
        connection.lock_handle().await?.set_progress_handler(STEPS, move || asked.goes_on());
        Ok(Reader { connection, time })
    }

    async fn recycle(&self, _: &mut Reader, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        is_young(metrics)
    }
}

/// A connection that reads.
pub(super) struct Reader {
    connection: PoolConnection<Sqlite>,
    time: ReadTime,
}

impl Reader {
    pub(super) fn parts(&mut self) -> (&mut SqliteConnection, &ReadTime) {
        (&mut self.connection, &self.time)
    }
}

/// Until when the read of a connection may go on.
#[derive(Clone)]
pub(super) struct ReadTime {
    /// What is counted from.
    origin: Instant,
    /// In microseconds; zero when nobody reads any more, and all of them where a read has no limit.
    until: Arc<AtomicU64>,
}

/// A read that goes on; without it its statement ends.
pub(super) struct Reading<'a>(&'a AtomicU64);

const NOBODY_READS: u64 = 0;
const NO_LIMIT: u64 = u64::MAX;

impl ReadTime {
    fn new() -> Self {
        Self { origin: Instant::now(), until: Arc::new(AtomicU64::new(NOBODY_READS)) }
    }

    /// Begins a read with that limit.
    pub(super) fn begin(&self, limit: Option<Duration>) -> Reading<'_> {
        let until = limit.map_or(NO_LIMIT, |limit| self.passed().saturating_add(micros(limit)));
        self.until.store(until, Ordering::Relaxed);
        Reading(&self.until)
    }

    fn goes_on(&self) -> bool {
        match self.until.load(Ordering::Relaxed) {
            NO_LIMIT => true,
            until => self.passed() < until,
        }
    }

    fn passed(&self) -> u64 {
        micros(self.origin.elapsed())
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.store(NOBODY_READS, Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(NO_LIMIT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_goes_on_until_its_time_is_over_or_nobody_reads() {
        let time = ReadTime::new();
        assert!(!time.goes_on());
        let reading = time.begin(None);
        assert!(time.goes_on());
        drop(reading);
        assert!(!time.goes_on());
        let reading = time.begin(Some(Duration::MAX));
        assert!(time.goes_on());
        drop(reading);
        let reading = time.begin(Some(Duration::ZERO));
        assert!(!time.goes_on());
        drop(reading);
    }
}
