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
mod migrating;
mod news;
mod parts;
mod planted;
mod reader;
mod roles;
pub(super) mod sql;
mod stream;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use cqrs_es::persist::PersistenceError;
use postgres_es::PostgresEventRepository;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgExecutor};
use sqlx::{ConnectOptions, Connection, Executor, FromRow, Postgres, Row, Transaction};
use tokio::sync::{Mutex, watch};

use crate::store::backend::Backend;
use crate::store::known::{Asked, Known};
use crate::store::line::Lines;
use crate::store::opening::{Schema, has_log};
use crate::store::plan::Plan;
use crate::store::postgres::assumed::Memory;
use crate::store::postgres::migrating::{has_schema, migrate};
pub(super) use crate::store::postgres::migrating::{has_no_mark, migrate_for};
use crate::store::postgres::news::News;
use crate::store::postgres::reader::Connections;
use crate::store::row::ROWS_VERSION;
use crate::store::row_writes::RowWrites;
use crate::store::sql::{HEAD, SET_ROWS_VERSION, keep_rebuild};
use crate::store::statement::{Statement, bound};
use crate::store::stored::{Decoded, HeadRow, Scanned};
use crate::store::texts::IndexDialect;
use crate::store::{Append, PoolState, RebuildOutcome, RowDifference, StoreError, StreamEvent, StreamId, time_limit};
use crate::telemetry::causes::with_causes;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// An opened and migrated PostgreSQL database.
pub(super) struct PostgresBackend {
    unlimited: Connections,
    options: PgConnectOptions,
    /// For reads with a limit, by the limit: a connection gets its `statement_timeout` when it is made, so that no read
    /// has to set it. A process has one limit.
    limited: std::sync::Mutex<HashMap<Duration, Connections>>,
    writer_options: PgConnectOptions,
    /// Held for the length of a commit.
    writer: Mutex<Writer>,
    news: News,
}

/// What commits keep between them.
#[derive(Default)]
struct Writer {
    /// It is not of the pool, which would ping it after every use. Empty before the first commit and after a failed
    /// one.
    connection: Option<PgConnection>,
    memory: Memory,
}

impl PostgresBackend {
    /// Connects, and migrates where that is asked for.
    pub(super) async fn open(url: &str, options: PgConnectOptions, schema: Schema) -> Result<Self, StoreError> {
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
        let mut first = PgConnection::connect_with(&migrating).await.map_err(unreachable)?;
        encoding::is_utf8(&mut first, url).await?;
        if schema != Schema::Restored {
            has_no_mark(&mut first, url).await?;
        }
        if matches!(schema, Schema::Existing | Schema::AsItIs) {
            let logs = sqlx::query_scalar(sql::LOGS).fetch_one(&mut first).await;
            has_log(logs.map_err(StoreError::during("look for a log"))?, url)?;
        }
        match schema {
            Schema::Migrated | Schema::Existing => migrate(&mut first).await?,
            Schema::Restored => {
                migrate(&mut first).await?;
                roles::close_steps(&mut first).await?;
            }
            Schema::AsItIs => has_schema(&mut first).await?,
        }
        first.close().await.map_err(unreachable)?;
        let unlimited = Connections::open(options.clone()).await.map_err(unreachable)?;
        // Each statement of a commit looks up a few keys. Planning it anew costs as much as running it, and the length
        // of its arrays, which PostgreSQL would plan it anew for, changes nothing. Plans are made when tables may still
        // be empty and are kept when they are not: they must use the indexes from the start. The time-out frees the
        // head if this process stops answering in the middle of a commit.
        let writer_options = options.clone().options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            // What is switched off makes a plan look dear enough to be compiled, for longer than it runs.
            ("jit", "off"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        let (limited, writer, news) = (std::sync::Mutex::default(), Mutex::default(), News::default());
        Ok(Self { unlimited, options, limited, writer_options, writer, news })
    }

    /// The connections to read with for whoever asks. A statement whose asker has gone runs on until its limit.
    fn readers(&self) -> Connections {
        let Some(limit) = time_limit::limit() else { return self.unlimited.clone() };
        let mut limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        let readers = limited.entry(limit).or_insert_with(|| {
            // Zero would be no limit at all.
            let timeout = limit.as_millis().max(1).to_string();
            let options = self.options.clone().options([("statement_timeout", timeout)]);
            Connections::lazy(options)
        });
        readers.clone()
    }

    /// Locks the head of the log on the kept connection, or on a new one if there is none or it
    /// was lost meanwhile, as by a restart of the server. Nothing is written yet, so trying
    /// twice does no harm.
    async fn lock_head(&self, kept: Option<PgConnection>) -> Result<PgConnection, sqlx::Error> {
        if let Some(mut connection) = kept
            && connection.execute(sql::BEGIN).await.is_ok()
        {
            return Ok(connection);
        }
        let mut connection = PgConnection::connect_with(&self.writer_options).await?;
        connection.execute(sql::BEGIN).await?;
        Ok(connection)
    }

    /// A transaction for a step of the rebuild of whoever holds its lease.
    async fn begin_step(
        &self,
        begin: &'static str,
        holder: &str,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begun = async {
            let mut transaction = self.unlimited.pool.begin_with(begin).await?;
            let kept = execute_on(&mut *transaction, &keep_rebuild(holder)).await?;
            Ok((transaction, kept))
        };
        match begun.await.map_err(StoreError::during("keep the lease of a rebuild"))? {
            (transaction, 1) => Ok(transaction),
            _ => Err(StoreError::TakenOver),
        }
    }
}

impl Backend for PostgresBackend {
    const INDEX: IndexDialect = sql::INDEX;
    const TERMS: Option<Lines> = Some(sql::TERMS);

    async fn unlike_terms(&self) -> Result<Vec<RowDifference>, sqlx::Error> {
        Ok(Vec::new())
    }

    fn lines(columns: &str, source: &str) -> String {
        format!("select cast(json_build_array({columns}) as text) as line from {source} r")
    }

    /// The database puts the lines together: one text comes instead of a value for each column of each row.
    async fn read_lines(&self, statement: &Statement, _: usize) -> Result<Vec<u8>, sqlx::Error> {
        let text = format!("select coalesce(string_agg(line || chr(10), ''), '') as lines from ({}) l", statement.sql);
        let mut texts: Vec<OneText> = self.fetch(&Statement { sql: text, ..statement.clone() }).await?;
        Ok(texts.pop().map_or_else(Vec::new, |text| text.lines.into_bytes()))
    }

    async fn scan<T: Scanned>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        self.fetch(statement).await
    }

    async fn fetch<T: Decoded>(&self, statement: &Statement) -> Result<Vec<T>, sqlx::Error> {
        let query = sqlx::query_as(&statement.sql).persistent(!statement.is_planned_anew);
        let query = bound!(query, statement);
        let mut lent = self.readers().lender.lend().await?;
        let rows = query.fetch_all(&mut **lent.reader()).await;
        lent.ended(rows)
    }

    async fn explain(&self, statement: &Statement) -> Result<Vec<String>, sqlx::Error> {
        let text = format!("explain {}", statement.sql);
        let query = bound!(sqlx::query(&text), statement);
        let steps = query.fetch_all(&self.unlimited.pool).await?;
        steps.iter().map(|step| step.try_get(0)).collect()
    }

    async fn execute(&self, statement: &Statement) -> Result<u64, sqlx::Error> {
        execute_on(&self.unlimited.pool, statement).await
    }

    async fn execute_together(&self, guards: usize, statements: &[Statement]) -> Result<bool, sqlx::Error> {
        let mut transaction = self.unlimited.pool.begin().await?;
        for (place, statement) in statements.iter().enumerate() {
            if execute_on(&mut *transaction, statement).await? != 1 && place < guards {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn load(&self, stream: StreamId, after_version: u64) -> Result<Vec<StreamEvent>, PersistenceError> {
        stream::load(&PostgresEventRepository::new(self.readers().pool), stream, after_version).await
    }

    async fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan + Send + Sync + 'static,
    ) -> Result<Plan, StoreError> {
        let mut writer = self.writer.lock().await;
        let Writer { connection: slot, memory } = &mut *writer;
        // A connection is kept only after it went well: losing it ends its transaction.
        let mut kept = slot.take();
        if let Some(connection) = &mut kept
            && memory.outgrows_plans()
            && let Err(error) = connection.execute(sql::PLAN_ANEW).await
        {
            tracing::warn!(error = %with_causes(&error), "the statements of a commit are not planned anew");
            kept = None;
        }
        let assumed = kept.as_ref().and_then(|_| memory.assume(&batch));
        if let (Some(connection), Some((known, assumed))) = (&mut kept, assumed) {
            let plan = decide(batch.clone(), known);
            if write::is_one_statement(&plan) {
                match write::if_so(connection, &plan, &assumed).await {
                    Ok(true) => {
                        memory.remember(&plan);
                        *slot = kept;
                        return Ok(plan);
                    }
                    Ok(false) => {}
                    // If it was committed all the same, the keys of its commands are found under the lock.
                    Err(error) => {
                        tracing::warn!(error = %with_causes(&error), "a commit is tried again");
                        kept = None;
                    }
                }
            }
        }
        let lock = StoreError::during("lock the head of the log");
        let mut connection = self.lock_head(kept).await.map_err(lock)?;
        let known = known(&mut connection, &batch).await?;
        memory.learn(&known);
        let plan = decide(batch, known);
        let ended = async {
            if plan.writes_nothing() {
                connection.execute("rollback").await?;
            } else {
                write::under_lock(&mut connection, &plan).await?;
                connection.execute("commit").await?;
                memory.remember(&plan);
            }
            Ok(())
        };
        ended.await.map_err(StoreError::during("commit a batch"))?;
        *slot = Some(connection);
        Ok(plan)
    }

    /// What a deleted row leaves behind until a vacuum, and in the files of the WAL, is ciphertext without a key.
    async fn scrub(&self) -> Result<bool, sqlx::Error> {
        Ok(true)
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.news.hear(&self.unlimited.pool)
    }

    fn pool(&self) -> PoolState {
        let limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        limited.values().map(Connections::state).fold(self.unlimited.state(), PoolState::and)
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
            self.unlimited.pool.execute(sql::INDEX_REBUILT).await
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
    let query = bound!(sqlx::query(&statement.sql), statement);
    Ok(query.execute(executor).await?.rows_affected())
}

async fn known(connection: &mut PgConnection, batch: &[Append]) -> Result<Known, StoreError> {
    let asked = Asked::of(batch);
    let rows = sqlx::query_as(sql::KNOWN)
        .bind(&asked.actors)
        .bind(&asked.idempotency_keys)
        .bind(&asked.aggregate_types)
        .bind(&asked.aggregate_ids)
        .bind(&asked.series)
        .fetch_all(connection)
        .await
        .map_err(StoreError::during("look up what a batch builds on"))?;
    Known::from_rows(rows)
}

#[derive(FromRow)]
struct OneText {
    lines: String,
}
