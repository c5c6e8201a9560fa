//! SQLite: one machine, one file. One connection writes; readers see the last commit (WAL) and
//! never wait for it. Two processes may share the file: `begin immediate` is what orders them.

mod insert;
mod reader;
mod scan;
mod script;
mod sql;
mod terms;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use sqlite_es::SqliteEventRepository;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, Row, Sqlite, Transaction};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, watch};

use crate::store::backend::Backend;
use crate::store::known::{Asked, Known};
use crate::store::lending::Lender;
use crate::store::line::Lines;
use crate::store::opening::{SCHEMA_VERSION, Schema, is_current, is_unmarked, last_of};
use crate::store::plan::Plan;
use crate::store::row::ROWS_VERSION;
use crate::store::row_writes::RowWrites;
use crate::store::sql::{HEAD, ROW_TABLES, SET_ROWS_VERSION, keep_rebuild};
use crate::store::statement::{Statement, bound};
use crate::store::stored::{Decoded, HeadRow, Scanned};
use crate::store::texts::IndexDialect;
use crate::store::{Append, PoolState, RebuildOutcome, RowDifference, StoreError, migration_error, time_limit};

use reader::Readers;
use scan::Scanner;
use write::json;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for another process that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How a file is opened that another process is making: SQLite waits for no lock when it turns a new one to WAL.
const WHILE_BUSY: ConstantBuilder = ConstantBuilder::new()
    .with_delay(BUSY_PAUSE)
    .with_max_times((BUSY_TIMEOUT.as_millis() / BUSY_PAUSE.as_millis()) as usize);

/// How long until it is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Readers of one process, as many again that load streams, and as many that go through tables; more than cores do not
/// read faster.
const READERS: u32 = 8;

/// How many rows SQLite's thread may be ahead of who reads them: two threads that wait for each other at every few rows
/// do little else.
const ROWS_AHEAD: usize = 256;

/// An opened and migrated SQLite file.
pub(super) struct SqliteBackend {
    /// The connection that writes. Held for the length of a transaction; empty after a commit that failed or was given
    /// up.
    writer: Mutex<Option<SqliteConnection>>,
    writer_options: SqliteConnectOptions,
    readers: Lender<Readers>,
    /// For what the driver's pool does itself, such as the loading of streams.
    pool: SqlitePool,
    scanner: Scanner,
    /// Stays silent: SQLite tells no other process of a commit.
    heard: watch::Sender<u64>,
}

impl SqliteBackend {
    /// Opens the file. One whose schema is migrated is created with its folder if missing.
    pub(super) async fn open(url: &str, path: &Path, schema: Schema) -> Result<Self, StoreError> {
        let unreachable = |source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) };
        let is_migrated = schema != Schema::AsItIs;
        if let Some(folder) = path.parent().filter(|_| is_migrated) {
            tokio::fs::create_dir_all(folder).await.map_err(|error| unreachable(error.into()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(is_migrated)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is overwritten, so that no free page keeps what was erased.
            .pragma("secure_delete", "on")
            // In pages of 4 KiB. Most of what a checkpoint writes back is changed by every commit: so it is written
            // less often.
            .pragma("wal_autocheckpoint", "4000")
            .statement_cache_capacity(256)
            .row_buffer_size(ROWS_AHEAD);
        // In KiB: the pages that one commit after the other changes stay in memory.
        let writer_options = options.clone().pragma("cache_size", "-16384");
        // A migration may take its time, and needs no word of every statement that does.
        let migrating = writer_options.clone().disable_statement_logging();
        let connect = || SqliteConnection::connect_with(&migrating);
        let mut first = connect.retry(WHILE_BUSY).when(is_busy).await.map_err(unreachable)?;
        if schema != Schema::Restored {
            let marks = sqlx::query_scalar(sql::RESTORING).fetch_one(&mut first).await;
            is_unmarked(marks.map_err(StoreError::during("look whether the database is being restored"))?, url)?;
        }
        match schema {
            Schema::Migrated | Schema::Restored => migrate(&mut first).await?,
            Schema::AsItIs => {
                let found = sqlx::query_scalar(SCHEMA_VERSION).fetch_one(&mut first).await;
                let found = found.map_err(StoreError::during("look at the schema"))?;
                is_current(found, last_of(&MIGRATIONS))?;
            }
        }
        let writer = SqliteConnection::connect_with(&writer_options).await.map_err(unreachable)?;
        let options = options.pragma("query_only", "on");
        let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
        // Under load every wait would be a line of the log; the figure `database_acquire_seconds` tells them all.
        let pool = pool.acquire_slow_threshold(Duration::MAX);
        let readers = Lender::of(Readers(pool.clone().connect_lazy_with(options.clone())), READERS);
        let pool = pool.connect_with(options).await.map_err(unreachable)?;
        first.close().await.map_err(unreachable)?;
        let scanner = Scanner::of(path);
        let (writer, heard) = (Mutex::new(Some(writer)), watch::Sender::new(0));
        Ok(Self { writer, writer_options, readers, pool, scanner, heard })
    }

    /// The connection that writes, outside of any transaction.
    async fn writer(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, sqlx::Error> {
        let mut slot = self.writer.lock().await;
        let connection = self.taken(&mut slot).await?;
        Ok(MutexGuard::map(slot, |slot| slot.insert(connection)))
    }

    /// The kept connection, or a new one.
    ///
    /// Where a write fails, as on a full disk, SQLite may end the transaction by itself. The driver hears nothing of it
    /// and would never begin another on that connection: a new one takes its place.
    async fn taken(&self, slot: &mut Option<SqliteConnection>) -> Result<SqliteConnection, sqlx::Error> {
        match slot.take().filter(|kept| !kept.is_in_transaction()) {
            Some(kept) => Ok(kept),
            None => SqliteConnection::connect_with(&self.writer_options).await,
        }
    }
}

/// A transaction for a step of the rebuild of whoever holds its lease.
async fn begin_step<'c>(writer: &'c mut SqliteConnection, holder: &str) -> Result<Transaction<'c, Sqlite>, StoreError> {
    let begun = async {
        let mut transaction = writer.begin_with(sql::BEGIN).await?;
        let kept = execute_on(&mut transaction, &keep_rebuild(holder)).await?;
        Ok((transaction, kept))
    };
    match begun.await.map_err(during_lease())? {
        (transaction, 1) => Ok(transaction),
        _ => Err(StoreError::TakenOver),
    }
}

fn during_lease() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::during("keep the lease of a rebuild")
}

/// Whether another process holds a lock: `SQLITE_BUSY`, whatever stands above its eight bits.
fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// Migrates inside one immediate transaction, since sqlx takes no lock of its own here and two
/// processes may open a new file at once.
async fn migrate(writer: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with(sql::BEGIN).await.map_err(StoreError::during("lock the database"))?;
    MIGRATIONS.run_direct(&mut *transaction).await.map_err(migration_error)?;
    transaction.commit().await.map_err(StoreError::during("commit the migration"))
}

impl Backend for SqliteBackend {
    const INDEX: IndexDialect = sql::INDEX;
    const TERMS: Option<Lines> = None;

    fn lines(columns: &str, source: &str) -> String {
        format!("select {columns} from {source} r")
    }

    async fn read_lines(&self, statement: &Statement, room: usize) -> Result<Vec<u8>, sqlx::Error> {
        self.scanner.read(statement, move |rows| scan::lines(rows, room)).await
    }

    async fn unlike_terms(&self) -> Result<Vec<RowDifference>, sqlx::Error> {
        self.scanner.look(terms::unlike).await
    }

    async fn scan<T: Scanned>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        self.scanner.read(statement, |rows| rows.mapped(T::scanned).collect()).await
    }

    async fn fetch<T: Decoded>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        let query = sqlx::query_as(&statement.sql).persistent(!statement.is_planned_anew);
        let query = bound!(query, statement);
        let mut lent = self.readers.lend().await?;
        let (connection, time) = lent.reader().parts();
        let reading = time.begin(time_limit::limit());
        let rows = query.fetch_all(connection).await;
        drop(reading);
        lent.ended(rows)
    }

    async fn explain(&self, statement: &Statement) -> Result<Vec<String>, sqlx::Error> {
        let text = format!("explain query plan {}", statement.sql);
        let query = bound!(sqlx::query(&text), statement);
        let steps = query.fetch_all(&self.pool).await?;
        steps.iter().map(|step| step.try_get("detail")).collect()
    }

    async fn execute(&self, statement: &Statement) -> Result<u64, sqlx::Error> {
        execute_on(&mut *self.writer().await?, statement).await
    }

    async fn execute_together(&self, guards: usize, statements: &[Statement]) -> Result<bool, sqlx::Error> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin_with(sql::BEGIN).await?;
        for (place, statement) in statements.iter().enumerate() {
            if execute_on(&mut transaction, statement).await? != 1 && place < guards {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn load<A: Aggregate>(
        &self,
        aggregate_id: &str,
        after_version: u64,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let repository = SqliteEventRepository::new(self.pool.clone());
        match after_version {
            0 => repository.get_events::<A>(aggregate_id).await,
            _ => repository.get_last_events::<A>(aggregate_id, after_version as usize).await,
        }
    }

    async fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan + Send + Sync,
    ) -> Result<Plan, StoreError> {
        let lock = StoreError::during("lock the head of the log");
        let write = StoreError::during("commit a batch");
        let mut slot = self.writer.lock().await;
        // A connection is kept only after it went well: closing it ends its transaction, so that nobody waits for that.
        let mut connection = self.taken(&mut slot).await.map_err(lock)?;
        let known = known(&mut connection, &batch).await?;
        let plan = decide(batch, known);
        let ended = async {
            match plan.writes_nothing() {
                true => connection.execute(sql::ROLLBACK).await.map(drop),
                false => write::commit(&mut connection, &plan).await,
            }
        };
        ended.await.map_err(write)?;
        *slot = Some(connection);
        Ok(plan)
    }

    async fn scrub(&self) -> Result<bool, sqlx::Error> {
        let row = self.writer().await?.fetch_one(sql::EMPTY_WAL).await?;
        Ok(row.try_get::<i64, _>("busy")? == 0)
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    fn pool(&self) -> PoolState {
        let of_driver = PoolState::of(&self.pool).and(self.readers.maker().state());
        self.readers.counted_in(of_driver).and(self.scanner.state())
    }

    async fn start_rebuild(&self, holder: &str) -> Result<(), StoreError> {
        let mut writer = self.writer().await.map_err(during_lease())?;
        let mut transaction = begin_step(&mut writer, holder).await?;
        let started = async {
            // Nothing is left of a rebuild that did not end.
            transaction.execute(sqlx::raw_sql("drop table if exists rebuild_search_index")).await?;
            for table in ROW_TABLES {
                transaction.execute(sqlx::raw_sql(&format!("drop table if exists rebuild_{table}"))).await?;
                let served: String =
                    sqlx::query_scalar(sql::DEFINITION).bind(table).fetch_one(&mut *transaction).await?;
                // From the bracket on there is no name in it.
                let columns = &served[served.find('(').unwrap_or_default()..];
                transaction.execute(sqlx::raw_sql(&format!("create table rebuild_{table} {columns}"))).await?;
            }
            transaction.execute(sqlx::raw_sql(sql::START_REBUILD)).await?;
            transaction.commit().await
        };
        started.await.map_err(StoreError::during("start a rebuild"))
    }

    async fn write_rebuilt(&self, holder: &str, rows: &RowWrites) -> Result<(), StoreError> {
        let mut writer = self.writer().await.map_err(during_lease())?;
        let mut transaction = begin_step(&mut writer, holder).await?;
        let written = async {
            write::rebuilt(&mut transaction, rows).await?;
            transaction.commit().await
        };
        written.await.map_err(StoreError::during("write rebuilt rows"))
    }

    /// They are made with the swap, under the names that they keep.
    async fn index_rebuilt(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn finish_rebuild(&self, holder: &str, expected_head: u64) -> Result<RebuildOutcome, StoreError> {
        let mut writer = self.writer().await.map_err(during_lease())?;
        let mut transaction = begin_step(&mut writer, holder).await?;
        let swapped = async {
            let row: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut *transaction).await?;
            let head = row.head();
            if head.next_position == expected_head {
                // Readers go on with the snapshot they have; commits wait while the indexes are made, which takes a
                // fraction of what putting each row in its place in every one does.
                let mut indexes: Vec<String> = Vec::new();
                for table in ROW_TABLES {
                    indexes.extend(sqlx::query_scalar(sql::INDEXES).bind(table).fetch_all(&mut *transaction).await?);
                    let swap = format!("drop table {table}; alter table rebuild_{table} rename to {table}");
                    transaction.execute(sqlx::raw_sql(&swap)).await?;
                }
                transaction.execute(sqlx::raw_sql(sql::FINISH_REBUILD)).await?;
                for definition in &indexes {
                    transaction.execute(sqlx::raw_sql(definition)).await?;
                }
                let form = sqlx::query(SET_ROWS_VERSION).bind(ROWS_VERSION.cast_signed());
                transaction.execute(form).await?;
                transaction.commit().await?;
                return Ok(RebuildOutcome::Swapped);
            }
            transaction.rollback().await?;
            Ok(RebuildOutcome::Behind(head))
        };
        swapped.await.map_err(StoreError::during("finish a rebuild"))
    }
}

async fn execute_on(connection: &mut SqliteConnection, statement: &Statement) -> Result<u64, sqlx::Error> {
    let query = bound!(sqlx::query(&statement.sql), statement);
    Ok(query.execute(connection).await?.rows_affected())
}

async fn known(connection: &mut SqliteConnection, batch: &[Append]) -> Result<Known, StoreError> {
    let asked = Asked::of(batch);
    let rows = sqlx::query_as(sql::BEGIN_KNOWN)
        .bind(json(&pairs(&asked.actors, &asked.idempotency_keys)))
        .bind(json(&pairs(&asked.aggregate_types, &asked.aggregate_ids)))
        .bind(json(&asked.series))
        .fetch_all(connection)
        .await
        .map_err(StoreError::during("look up what a batch builds on"))?;
    Known::from_rows(rows)
}

fn pairs<'a, A, B>(left: &'a [A], right: &'a [B]) -> Vec<(&'a A, &'a B)> {
    left.iter().zip(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stored::Count;

    #[tokio::test]
    async fn a_statement_that_is_planned_anew_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = SqliteBackend::open("x", &folder.path().join("etalon.db"), Schema::Migrated).await;
        let backend = opened.expect("it opens");
        for (is_planned_anew, kept) in [(true, 0), (false, 1)] {
            let statement = Statement { is_planned_anew, ..Statement::new("select 7 as count") };
            let rows: Vec<Count> = backend.fetch(&statement).await.expect("it reads");
            assert_eq!(rows[0].count, 7);
            // One read after the other goes on the same connection.
            let mut lent = backend.readers.lend().await.expect("lent");
            assert_eq!(lent.reader().parts().0.cached_statements_size(), kept);
            lent.ended(Ok(())).expect("back");
        }
    }
}
