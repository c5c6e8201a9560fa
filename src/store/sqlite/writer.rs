//! The connection that writes, for one piece of work after the other.
//!
//! A commit is some twenty statements of a few microseconds each. Handed to another thread one by one, with a copy of
//! each value, they took several times as long as SQLite needs for them: so a whole transaction is run on one thread
//! that may be kept waiting.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Mutex;
use tracing::Span;

use crate::blocking::blocking;
use crate::store::sqlite::driver;

/// Whether what is deleted is overwritten.
pub(super) const SECURE_DELETE: &str = "secure_delete";

/// Lends the connection.
pub(super) struct Writer {
    path: PathBuf,
    /// Held for the length of the work; empty after work that has failed.
    slot: Arc<Mutex<Option<Connection>>>,
}

impl Writer {
    /// Opens a file that is there.
    pub(super) async fn open(path: &Path) -> rusqlite::Result<Self> {
        let writer = Self { path: path.to_owned(), slot: Arc::default() };
        writer.work(|_| Ok(())).await.map(|()| writer)
    }

    /// Does work on the connection, and goes on to the end of it even when nobody waits any more. What ends with an
    /// error has left its transaction, and its connection is closed: where a write fails, as on a full disk, nobody
    /// can say what state that is in.
    pub(super) async fn work<T, E>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
    {
        let mut slot = self.slot.clone().lock_owned().await;
        let (path, span) = (self.path.clone(), Span::current());
        blocking(move || {
            let _of_whoever_waits = span.enter();
            let mut connection = slot.take().map_or_else(|| open(&path), Ok)?;
            let done = work(&mut connection)?;
            *slot = Some(connection);
            Ok(done)
        })
        .await
    }
}

/// Takes the write lock at once: a deferred transaction would fail when it has to upgrade. It is rolled back unless it
/// is committed.
pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    /// More than there are statements that write.
    const KEPT_STATEMENTS: usize = 256;
    let connection = driver::open(path)?;
    connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten, so that no free page keeps what was erased.
    connection.pragma_update(None, SECURE_DELETE, true)?;
    // In pages of 4 KiB. Most of what a checkpoint writes back is changed by every commit: so it is written less often.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    // In KiB: the pages that one commit after the other changes stay in memory.
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}
