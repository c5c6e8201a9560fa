//! PostgreSQL: any number of servers over one database. The row lock on `log_head` is what orders their commits.
//!
//! Nearly every commit is one statement that is a transaction of its own: it takes the lock, sees whether what this
//! process takes for granted is so, writes, and is durable when it is answered. Otherwise nothing was written, and the
//! commit locks the head first, asks, and writes what is right then.

mod assumed;
mod catalogue;
mod columns;
pub(super) mod encoding;
mod expected;
mod indexes;
mod migrating;
mod news;
mod parts;
mod planted;
mod reader;
mod roles;
pub(super) mod serving;
mod silence;
pub(super) mod sql;
mod stream;
mod write;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::persist::PersistenceError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgExecutor};
use sqlx::{ConnectOptions, Connection, Executor, FromRow, Postgres, Row, Transaction};
use tokio::sync::watch;

use crate::store::backend::Backend;
use crate::store::known::Known;
use crate::store::line::Lines;
use crate::store::opening::{Schema, has_log};
use crate::store::plan::Plan;
pub(super) use crate::store::postgres::migrating::{has_no_mark, migrate_for};
use crate::store::postgres::migrating::{has_schema, migrate};
use crate::store::postgres::news::News;
use crate::store::postgres::reader::{Connections, Kinds};
use crate::store::postgres::silence::Silence;
use crate::store::postgres::writer::{Writer, look_back, not_committed};
use crate::store::row::ROWS_VERSION;
use crate::store::row_writes::RowWrites;
use crate::store::seen::{InPlace, Loaded, Seen};
use crate::store::sql::{HEAD, SET_ROWS_VERSION, keep_rebuild};
use crate::store::statement::{Statement, bound};
use crate::store::stored::{Decoded, HeadRow, Scanned};
use crate::store::texts::IndexDialect;
use crate::store::{Append, PoolState, RebuildOutcome, RowDifference, StoreError, StreamId, share, time_limit};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// An opened and migrated PostgreSQL database.
pub(super) struct PostgresBackend {
    connections: Kinds,
    options: PgConnectOptions,
    /// How long the server may say nothing.
    patience: Duration,
    writer: Writer,
    news: News,
}

impl PostgresBackend {
    /// Connects, and migrates where that is asked for.
    pub(super) async fn open(
        url: &str,
        options: PgConnectOptions,
        patience: Duration,
        schema: Schema,
    ) -> Result<Self, StoreError> {
        let unreachable = |source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) };
        // Whoever takes a database as it is, only reads.
        let read_only = if schema == Schema::AsItIs { "on" } else { "off" };
        let options = options.application_name("etalon").statement_cache_capacity(256).options([
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read\\ committed"),
            ("default_transaction_read_only", read_only),
            ("client_min_messages", "warning"),
        ]);
        // A migration may take its time, and needs no word of every statement that does.
        let migrating = options.clone().disable_statement_logging();
        // A pool would hide why the server cannot be reached behind its time-out.
        let looked = async {
            let mut first = PgConnection::connect_with(&migrating).await.map_err(unreachable)?;
            encoding::is_utf8(&mut first, url).await?;
            if schema != Schema::Restored {
                has_no_mark(&mut first, url).await?;
            }
            if matches!(schema, Schema::Existing | Schema::AsItIs) {
                let logs = sqlx::query_scalar(sql::LOGS).fetch_one(&mut first).await;
                has_log(logs.map_err(StoreError::during("look for a log"))?, url)?;
            }
            Ok::<_, StoreError>(first)
        };
        let mut first = Silence::default().answer(patience, looked).await.map_err(unreachable)??;
        match schema {
            Schema::Migrated | Schema::Existing => migrate(&mut first).await?,
            Schema::Restored => {
                migrate(&mut first).await?;
                roles::close_steps(&mut first).await?;
            }
            Schema::AsItIs => has_schema(&mut first).await?,
        }
        first.close().await.map_err(unreachable)?;
        let writer = Writer::of(options.clone(), patience);
        let connections = Kinds::of(options.clone(), patience);
        Ok(Self { connections, options, patience, writer, news: News::default() })
    }

    /// The connections to read with for whoever asks.
    fn readers(&self) -> Connections {
        self.connections.limited(time_limit::limit())
    }

    async fn fetch_on<T: Decoded>(
        &self,
        connections: &Connections,
        statement: &Statement,
    ) -> Result<Vec<T>, sqlx::Error> {
        let query = sqlx::query_as(&statement.sql).persistent(!statement.is_planned_anew);
        let query = bound!(query, statement);
        let mut lent = connections.lend().await?;
        let rows = connections.answer(query.fetch_all(&mut **lent.reader())).await.flatten();
        lent.ended(rows)
    }

    /// A transaction for a step of the rebuild of whoever holds its lease.
    async fn begin_step(
        &self,
        begin: &'static str,
        holder: &str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let unlimited = self.connections.unlimited();
        let begun = async {
            let mut transaction = unlimited.pool.begin_with(begin).await?;
            let kept = execute_on(&mut *transaction, &keep_rebuild(holder)).await?;
            Ok((transaction, kept))
        };
        match unlimited.answer(begun).await.flatten().map_err(StoreError::during("keep the lease of a rebuild"))? {
            (transaction, 1) => Ok(transaction),
            _ => Err(StoreError::TakenOver),
        }
    }
}

impl InPlace for PostgresBackend {
    /// Only what was seen tells of another one under its name.
    async fn must_be_in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Backend for PostgresBackend {
    const INDEX: IndexDialect = sql::INDEX;
    const TERMS: Option<Lines> = Some(sql::TERMS);
    const IS_READ_ONLY: &'static str = "case current_setting('transaction_read_only') when 'on' then 1 else 0 end";

    async fn unlike_terms(&self) -> Result<Vec<RowDifference>, sqlx::Error> {
        Ok(Vec::new())
    }

    fn lines(columns: &str, source: &str) -> String {
        format!("select cast(json_build_array({columns}) as text) as line from {source} r")
    }

    /// The database puts the lines together: one text comes instead of a value for each column of each row.
    async fn read_lines(&self, statement: &Statement, _: usize) -> Result<Vec<u8>, sqlx::Error> {
        let text = format!("select coalesce(string_agg(line || chr(10), ''), '') as lines from ({}) l", statement.sql);
        let statement = Statement { sql: text, ..statement.clone() };
        let mut texts: Vec<OneText> = self.fetch_on(&self.connections.going_through(), &statement).await?;
        Ok(texts.pop().map_or_else(Vec::new, |text| text.lines.into_bytes()))
    }

    async fn scan<T: Scanned>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        self.fetch_on(&self.connections.going_through(), statement).await
    }

    async fn fetch<T: Decoded>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        self.fetch_on(&self.readers(), statement).await
    }

    async fn explain(&self, statement: &Statement) -> Result<Vec<String>, sqlx::Error> {
        let text = format!("explain {}", statement.sql);
        let query = bound!(sqlx::query(&text), statement);
        let unlimited = self.connections.unlimited();
        let steps = unlimited.answer(query.fetch_all(&unlimited.pool)).await.flatten()?;
        steps.iter().map(|step| step.try_get(0)).collect()
    }

    async fn execute(&self, statement: &Statement) -> Result<u64, sqlx::Error> {
        let unlimited = self.connections.unlimited();
        let mut lent = unlimited.lend().await?;
        let touched = unlimited.answer(execute_on(&mut **lent.reader(), statement)).await.flatten();
        lent.ended(touched)
    }

    async fn execute_together(
        &self,
        operation: &'static str,
        guards: usize,
        statements: &[Statement],
        seen: &Seen,
    ) -> Result<bool, StoreError> {
        let unlimited = self.connections.unlimited();
        let mut lent = unlimited.lend().await.map_err(StoreError::during(operation))?;
        let mut is_committing = false;
        let done = async {
            let mut transaction = lent.reader().begin().await?;
            // Whichever server this connection leads to, it is the one that is written to.
            let sightings = seen.sightings();
            let found = look_back(&mut transaction, &sightings).await?;
            if let Err(went_back) = seen.compare(&sightings, &found) {
                transaction.rollback().await?;
                return Ok(Err(went_back));
            }
            for (place, statement) in statements.iter().enumerate() {
                if execute_on(&mut *transaction, statement).await? != 1 && place < guards {
                    transaction.rollback().await?;
                    return Ok(Ok(false));
                }
            }
            is_committing = true;
            transaction.commit().await?;
            Ok(Ok(true))
        };
        let done = unlimited.answer(done).await.flatten();
        match lent.ended(done) {
            Ok(done) => done,
            Err(error) if is_committing => Err(not_committed(operation)(error)),
            Err(error) => Err(StoreError::during(operation)(error)),
        }
    }

    async fn load(&self, stream: StreamId, after_version: u64) -> Result<Loaded, PersistenceError> {
        // The driver's own pool lends the repository its connection.
        let _turn = share::turn().await;
        let readers = self.readers();
        let loaded = readers.answer(stream::load(readers.pool.clone(), stream, after_version)).await;
        loaded.unwrap_or_else(|silent| Err(PersistenceError::ConnectionError(silent.into())))
    }

    async fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan + Send + Sync + 'static,
        seen: &Seen,
    ) -> Result<Plan, StoreError> {
        self.writer.commit(batch, decide, self.connections.silence(), seen).await
    }

    /// What a deleted row leaves behind until a vacuum, and in the files of the WAL, is ciphertext without a key.
    async fn scrub(&self) -> Result<bool, sqlx::Error> {
        Ok(true)
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.news.hear(&self.options, self.patience)
    }

    fn pool(&self) -> PoolState {
        self.connections.state()
    }

    async fn start_rebuild(&self, holder: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin_step("begin", holder).await?;
        roles::may_rebuild(&mut transaction).await?;
        let started = async {
            transaction.execute(sql::START_REBUILD).await?;
            transaction.commit().await
        };
        started.await.map_err(StoreError::during("start a rebuild"))
    }

    async fn write_rebuilt(&self, holder: &str, rows: RowWrites) -> Result<(), StoreError> {
        let mut transaction = self.begin_step("begin", holder).await?;
        let written = async {
            write::rebuilt(&mut transaction, &rows).await?;
            transaction.commit().await
        };
        written.await.map_err(StoreError::during("write rebuilt rows"))
    }

    async fn index_rebuilt(&self, holder: &str) -> Result<(), StoreError> {
        // The lease is looked at and let go: it has to be prolonged while the indexes are made.
        let mut look = self.begin_step("begin", holder).await?;
        roles::may_rebuild(&mut look).await?;
        let indexed = async {
            look.commit().await?;
            self.connections.unlimited().pool.execute(sql::INDEX_REBUILT).await
        };
        indexed.await.map(drop).map_err(StoreError::during("index rebuilt rows"))
    }

    async fn finish_rebuild(&self, holder: &str, expected_head: u64) -> Result<RebuildOutcome, StoreError> {
        let mut transaction = self.begin_step(sql::BEGIN_SWAP, holder).await?;
        roles::may_rebuild(&mut transaction).await?;
        let swapped = async {
            let row: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut *transaction).await?;
            let head = row.head();
            if head.next_position == expected_head {
                transaction.execute(sql::FINISH_REBUILD).await?;
                let form = sqlx::query(SET_ROWS_VERSION).bind(ROWS_VERSION.cast_signed());
                transaction.execute(form).await?;
                transaction.commit().await?;
                return Ok(RebuildOutcome::Swapped);
            }
            transaction.rollback().await?;
            Ok(RebuildOutcome::Behind(head))
        };
        match swapped.await {
            Err(error) if is_kept_waiting(&error) => Ok(RebuildOutcome::Held),
            ended => ended.map_err(StoreError::during("finish a rebuild")),
        }
    }
}

/// Whether a lock was not had in its time: `lock_not_available`.
pub(super) fn is_kept_waiting(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}

async fn execute_on(executor: impl PgExecutor<'_>, statement: &Statement) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(&statement.sql).persistent(!statement.is_planned_anew);
    let query = bound!(query, statement);
    Ok(query.execute(executor).await?.rows_affected())
}

#[derive(FromRow)]
struct OneText {
    lines: String,
}
