//! SQLite: one machine, one file. One connection writes; readers see the last commit (WAL) and
//! never wait for it. Two processes may share the file: `begin immediate` is what orders them.

mod catalogue;
mod connecting;
mod driver;
mod file;
mod insert;
mod reader;
mod rebuild;
mod scan;
pub(super) mod sql;
mod terms;
mod write;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::persist::PersistenceError;
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::sync::watch;

use crate::blocking::blocking;
use crate::store::backend::Backend;
use crate::store::copy::draft_of;
use crate::store::known::{Asked, Known, KnownRow};
use crate::store::lending::Lender;
use crate::store::line::Lines;
use crate::store::opening::{SCHEMA_VERSION, Schema, has_log, is_current, is_unmarked, last_of};
use crate::store::plan::Plan;
use crate::store::row_writes::RowWrites;
use crate::store::seen::{Loaded, Seen};
use crate::store::sql::{EVENTS_TO_FOLD, keep_rebuild};
use crate::store::statement::{Statement, bound};
use crate::store::stored::{Decoded, EventToFoldRow, Scanned};
use crate::store::texts::IndexDialect;
use crate::store::{Append, PoolState, RebuildOutcome, RowDifference, StoreError, StreamEvent, StreamId, time_limit};

use driver::{Failed, driver_error, execute_on};
use file::OpenFile;
use reader::Readers;
use scan::Scanner;
use writer::{SECURE_DELETE, Writer, begin};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for another process that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How often it is tried to empty the WAL: as often as lets the short reads of requests end. Who reads for longer is not
/// waited for.
const SCRUBS: u32 = 20;

/// How long until it is tried again.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Readers of one process, and as many again that go through tables and load streams; more than cores do not read
/// faster.
const READERS: u32 = 8;

/// An opened and migrated SQLite file.
pub(super) struct SqliteBackend {
    file: Arc<OpenFile>,
    writer: Writer,
    readers: Lender<Readers>,
    scanner: Scanner,
    /// Stays silent: SQLite tells no other process of a commit.
    heard: watch::Sender<u64>,
}

impl SqliteBackend {
    /// Opens the file. One that a log may be begun in is made with its folder if missing.
    pub(super) async fn open(url: &str, path: &Path, schema: Schema) -> Result<Self, StoreError> {
        let unreachable = |source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) };
        // A restore that was interrupted before it had a copy goes on where nothing was begun in its place.
        if schema != Schema::Restored && !path.exists() && draft_of(path).exists() {
            return Err(StoreError::Restoring { url: url.to_owned() });
        }
        let may_begin = connecting::may_begin(schema);
        if may_begin {
            let path = path.to_owned();
            blocking(move || connecting::make(&path)).await.map_err(|error| unreachable(error.into()))?;
        }
        let options = connecting::options(path, schema);
        let mut first = connecting::first(&options).await.map_err(unreachable)?;
        if schema != Schema::Restored {
            is_unmarked(sqlx::query_scalar(sql::RESTORING).fetch_one(&mut first).await, url)?;
        }
        if !may_begin {
            let logs = sqlx::query_scalar(sql::LOGS).fetch_one(&mut first).await;
            has_log(logs.map_err(StoreError::during("look for a log"))?, url)?;
        }
        match schema {
            Schema::Migrated | Schema::Existing | Schema::Restored => connecting::migrate(&mut first).await?,
            Schema::AsItIs => {
                let found = sqlx::query_scalar(SCHEMA_VERSION).fetch_one(&mut first).await;
                let found = found.map_err(StoreError::during("look at the schema"))?;
                is_current(found, last_of(&MIGRATIONS))?;
            }
        }
        let file = Arc::new(OpenFile::at(path));
        let writer = Writer::open(path).await.map_err(|error| unreachable(driver_error(error)))?;
        let options = options.pragma("query_only", "on");
        let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
        // Under load every wait would be a line of the log; the figure `database_acquire_seconds` tells them all.
        let pool = pool.acquire_slow_threshold(Duration::MAX);
        let pool = pool.connect_with(options).await.map_err(unreachable)?;
        let readers = Lender::of(Readers(pool), READERS);
        first.close().await.map_err(unreachable)?;
        let scanner = Scanner::of(path);
        Ok(Self { file, writer, readers, scanner, heard: watch::Sender::new(0) })
    }

    /// Empties the WAL, if nobody reads from it: SQLite would wait for every reader, and keep every writer waiting
    /// meanwhile.
    async fn empty_wal(&self) -> rusqlite::Result<bool> {
        let emptied = self.writer.work(|connection| {
            connection.busy_timeout(Duration::ZERO)?;
            let is_busy: bool = connection.query_row(sql::EMPTY_WAL, (), |row| row.get("busy"))?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(!is_busy)
        });
        emptied.await
    }

    /// A step of the rebuild of whoever holds its lease, in one transaction; it is committed if all went well. The pages
    /// of tables that are dropped are not overwritten, which would keep commits waiting for as long as that takes: read
    /// rows say nothing that the log does not say, and of what is personal they have the sealed form at most.
    async fn rebuild<T: Send + 'static>(
        &self,
        operation: &'static str,
        holder: &str,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let keep = keep_rebuild(holder);
        let done = self.writer.work(move |connection| {
            // Where this ends with an error, so does the connection.
            connection.pragma_update(None, SECURE_DELETE, false)?;
            let transaction = begin(connection)?;
            if execute_on(&transaction, &keep)? != 1 {
                return Err(Failed::from(StoreError::TakenOver));
            }
            let done = step(&transaction)?;
            transaction.commit()?;
            connection.pragma_update(None, SECURE_DELETE, true)?;
            Ok(done)
        });
        done.await.map_err(Failed::during(operation))
    }
}

impl Backend for SqliteBackend {
    const INDEX: IndexDialect = sql::INDEX;
    const TERMS: Option<Lines> = None;
    const IS_READ_ONLY: &'static str = "0";

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
        let explained = Statement { sql: format!("explain query plan {}", statement.sql), ..statement.clone() };
        self.scanner.read(&explained, |rows| rows.mapped(|row| row.get("detail")).collect()).await
    }

    async fn execute(&self, statement: &Statement) -> Result<u64, sqlx::Error> {
        let statement = statement.clone();
        let touched = self.writer.work(move |connection| execute_on(connection, &statement));
        touched.await.map_err(driver_error)
    }

    async fn execute_together(
        &self,
        operation: &'static str,
        guards: usize,
        statements: &[Statement],
        _: &Seen,
    ) -> Result<bool, StoreError> {
        let statements = statements.to_vec();
        let done = self.writer.work(move |connection| {
            let transaction = begin(connection)?;
            for (place, statement) in statements.iter().enumerate() {
                if execute_on(&transaction, statement)? != 1 && place < guards {
                    return Ok(false);
                }
            }
            transaction.commit().map_err(Failed::of_commit(operation))?;
            Ok(true)
        });
        done.await.map_err(Failed::during(operation))
    }

    async fn load(&self, stream: StreamId, after_version: u64) -> Result<Loaded, PersistenceError> {
        let StreamId { aggregate_type, aggregate_id } = stream;
        let mut statement = Statement::new(EVENTS_TO_FOLD);
        statement.push(" where aggregate_type = ");
        statement.push_text(aggregate_type.as_str());
        statement.push(" and aggregate_id = ");
        statement.push_text(&aggregate_id.to_string());
        statement.push(" and sequence > ");
        statement.push_integer(after_version.cast_signed());
        statement.push(" order by sequence");
        let events: Vec<EventToFoldRow> = self.scan(&statement).await.map_err(|error| match error {
            sqlx::Error::Decode(source) => PersistenceError::DeserializationError(source),
            error => PersistenceError::ConnectionError(error.into()),
        })?;
        let stored = events.into_iter().map(|row| row.of(aggregate_type).map(StreamEvent::Stored));
        let loaded = stored.collect::<Result<_, _>>().map(|events| Loaded { events, last: None });
        loaded.map_err(|error| PersistenceError::DeserializationError(error.into()))
    }

    async fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan + Send + Sync + 'static,
        _: &Seen,
    ) -> Result<Plan, StoreError> {
        let file = self.file.clone();
        let committed = self.writer.work(move |connection| {
            file.must_be_in_place()?;
            let transaction = begin(connection)?;
            let known = known(&transaction, &batch)?;
            let plan = decide(batch, known);
            if !plan.writes_nothing() {
                write::planned(&transaction, &plan)?;
                transaction.commit().map_err(Failed::of_commit("commit a batch"))?;
            }
            Ok(plan)
        });
        committed.await.map_err(Failed::during("commit a batch"))
    }

    async fn scrub(&self) -> Result<bool, sqlx::Error> {
        for _ in 0..SCRUBS {
            if self.empty_wal().await.map_err(driver_error)? {
                return Ok(true);
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
        Ok(false)
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    fn pool(&self) -> PoolState {
        self.readers.counted_in(self.readers.maker().state()).and(self.scanner.state())
    }

    async fn start_rebuild(&self, holder: &str) -> Result<(), StoreError> {
        self.rebuild("start a rebuild", holder, rebuild::start).await
    }

    async fn write_rebuilt(&self, holder: &str, rows: RowWrites) -> Result<(), StoreError> {
        self.rebuild("write rebuilt rows", holder, move |transaction| write::rebuilt(transaction, &rows)).await
    }

    /// Commits go on between one index and the next.
    async fn index_rebuilt(&self, holder: &str) -> Result<(), StoreError> {
        while self.rebuild("index rebuilt rows", holder, rebuild::index_one).await? {}
        Ok(())
    }

    async fn finish_rebuild(&self, holder: &str, expected_head: u64) -> Result<RebuildOutcome, StoreError> {
        self.rebuild("finish a rebuild", holder, move |transaction| rebuild::finish(transaction, expected_head)).await
    }
}

fn known(connection: &Connection, batch: &[Append]) -> Result<Known, Failed> {
    let asked = Asked::of(batch);
    let mut look = connection.prepare_cached(sql::KNOWN)?;
    let rows = look.query_map(
        (
            json(&pairs(&asked.actors, &asked.idempotency_keys)),
            json(&pairs(&asked.aggregate_types, &asked.aggregate_ids)),
            json(&asked.series),
        ),
        KnownRow::scanned,
    )?;
    Ok(Known::from_rows(rows.collect::<Result<_, _>>()?)?)
}

/// A list as SQLite takes it apart again.
fn json<T: Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).expect("texts always serialise")
}

fn pairs<'a, A, B>(left: &'a [A], right: &'a [B]) -> Vec<(&'a A, &'a B)> {
    left.iter().zip(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::REBUILD_LEASE;
    use crate::store::sql::TRY_LEASE;
    use crate::store::stored::Count;

    /// What the connection that writes is set to.
    async fn set_to(backend: &SqliteBackend, name: &'static str) -> i64 {
        let asked = backend.writer.work(move |on| on.pragma_query_value(None, name, |row| row.get(0)));
        asked.await.expect("it tells")
    }

    #[tokio::test]
    async fn what_is_committed_outlives_a_loss_of_power() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = SqliteBackend::open("x", &folder.path().join("etalon.db"), Schema::Migrated).await;
        assert_eq!(set_to(&opened.expect("it opens"), "synchronous").await, 2, "FULL");
    }

    #[tokio::test]
    async fn what_a_rebuild_drops_is_not_overwritten_and_everything_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = SqliteBackend::open("x", &folder.path().join("etalon.db"), Schema::Migrated).await;
        let backend = opened.expect("it opens");
        let lease = Statement::new(TRY_LEASE).text(REBUILD_LEASE).text("holder").integer(2).integer(1);
        backend.execute(&lease).await.expect("it is free");
        let asked = |on: &Transaction<'_>| on.pragma_query_value(None, SECURE_DELETE, |row| row.get::<_, i64>(0));
        assert_eq!(backend.rebuild("look", "holder", asked).await.expect("it is held"), 0);
        assert_eq!(set_to(&backend, SECURE_DELETE).await, 1);
        backend.rebuild("look", "another", asked).await.expect_err("it is not held");
        assert_eq!(set_to(&backend, SECURE_DELETE).await, 1);
        assert!(backend.scrub().await.expect("nobody reads"));
        assert_eq!(set_to(&backend, "busy_timeout").await, BUSY_TIMEOUT.as_millis() as i64, "as for everything else");
    }

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
