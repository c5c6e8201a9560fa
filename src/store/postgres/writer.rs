//! The connection that commits.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgSeverity};
use sqlx::{Connection, Executor};
use tokio::sync::Mutex;

use crate::store::known::{Asked, Known};
use crate::store::plan::Plan;
use crate::store::postgres::assumed::Memory;
use crate::store::postgres::silence::Silence;
use crate::store::postgres::{sql, write};
use crate::store::seen::{Seen, SightedRow, Sighting, sighted};
use crate::store::statement::bound;
use crate::store::{Append, StoreError};
use crate::telemetry::causes::with_causes;

/// Commits one batch after the other.
pub(super) struct Writer {
    options: PgConnectOptions,
    /// How long the server may say nothing.
    patience: Duration,
    /// Held for the length of a commit.
    kept: Mutex<Kept>,
}

/// What commits keep between them.
#[derive(Default)]
struct Kept {
    /// It is not of the pool, which would ping it after every use. Empty before the first commit and after a failed
    /// one.
    connection: Option<PgConnection>,
    /// What is known of the connections of when it was used last.
    silence: Silence,
    memory: Memory,
}

impl Writer {
    /// Connects when it commits.
    pub(super) fn of(options: PgConnectOptions, patience: Duration) -> Self {
        // Each statement of a commit looks up a few keys. Planning it anew costs as much as running it, and the length
        // of its arrays, which PostgreSQL would plan it anew for, changes nothing. Plans are made when tables may still
        // be empty and are kept when they are not: they must use the indexes from the start. The time-out frees the
        // head if this process stops answering in the middle of a commit.
        let options = options.options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            // What is switched off makes a plan look dear enough to be compiled, for longer than it runs.
            ("jit", "off"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        Self { options, patience, kept: Mutex::default() }
    }

    /// As [`Backend::commit`](crate::store::backend::Backend::commit), with what is known of the connections of now.
    pub(super) async fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan,
        now: Silence,
        seen: &Seen,
    ) -> Result<Plan, StoreError> {
        let mut between = self.kept.lock().await;
        let Kept { connection: slot, silence, memory } = &mut *between;
        // A connection is kept only after it went well: losing it ends its transaction.
        let mut kept = slot.take().filter(|_| !silence.was_noticed());
        *silence = now;
        if let Some(connection) = &mut kept
            && memory.outgrows_plans()
            && let Err(error) = silence.answer(self.patience, connection.execute(sql::PLAN_ANEW)).await.flatten()
        {
            tracing::warn!(error = %with_causes(&error), "the statements of a commit are not planned anew");
            kept = None;
        }
        // Whether an attempt may have stored the batch.
        let mut is_unsettled = false;
        let assumed = kept.as_ref().and_then(|_| memory.assume(&batch));
        if let (Some(connection), Some((known, assumed))) = (&mut kept, assumed) {
            let plan = decide(batch.clone(), known);
            if write::is_one_statement(&plan) {
                match silence.answer(self.patience, write::if_so(connection, &plan, &assumed)).await.flatten() {
                    Ok(true) => {
                        memory.remember(&plan);
                        *slot = kept;
                        return Ok(plan);
                    }
                    Ok(false) => {}
                    // If it was committed all the same, the keys of its commands are found under the lock.
                    Err(error) => {
                        tracing::warn!(error = %with_causes(&error), "a commit is tried again");
                        is_unsettled = !is_refusal(&error);
                        kept = None;
                    }
                }
            }
        }
        let under_lock = async {
            let mut connection = self.lock_head(kept, silence, seen).await?;
            let looked = silence.answer(self.patience, known(&mut connection, &batch)).await;
            let known = looked.map_err(StoreError::during("look up what a batch builds on"))??;
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
            silence.answer(self.patience, ended).await.flatten().map_err(not_committed("commit a batch"))?;
            *slot = Some(connection);
            Ok::<_, StoreError>(plan)
        };
        under_lock.await.map_err(|error| if is_unsettled { error.unsettled() } else { error })
    }

    /// Locks the head of the log on the kept connection, or on a new one if there is none or it
    /// was lost meanwhile, as by a restart of the server. Nothing is written yet, so trying
    /// twice does no harm. Another server may have its name by now: a new connection is asked for what was seen of the
    /// log, while nobody else can add to it.
    async fn lock_head(
        &self,
        kept: Option<PgConnection>,
        silence: &Silence,
        seen: &Seen,
    ) -> Result<PgConnection, StoreError> {
        if let Some(mut connection) = kept
            && silence.answer(self.patience, connection.execute(sql::BEGIN)).await.flatten().is_ok()
        {
            return Ok(connection);
        }
        let locked = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            connection.execute(sql::BEGIN).await?;
            // What was read from whichever had the name before has been told by now.
            let sightings = seen.sightings();
            let found = look_back(&mut connection, &sightings).await?;
            Ok((connection, sightings, found))
        };
        let locked = silence.answer(self.patience, locked).await.flatten();
        let (connection, sightings, found) = locked.map_err(StoreError::during("lock the head of the log"))?;
        seen.compare(&sightings, &found)?;
        Ok(connection)
    }
}

/// What the database of that connection has of what was seen.
pub(super) async fn look_back(
    connection: &mut PgConnection,
    sightings: &[Sighting],
) -> Result<Vec<SightedRow>, sqlx::Error> {
    let statement = sighted(sightings);
    let found = bound!(sqlx::query_as(&statement.sql).persistent(false), statement);
    found.fetch_all(connection).await
}

/// How the end of a transaction has failed; made for `map_err`.
pub(super) fn not_committed(operation: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| {
        let is_refusal = is_refusal(&error);
        let error = StoreError::during(operation)(error);
        if is_refusal { error } else { error.unsettled() }
    }
}

/// Whether it is the server that says no: nothing is stored then. One that ends the connection may have committed before.
fn is_refusal(error: &sqlx::Error) -> bool {
    let said = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    said.is_some_and(|said| said.severity() == PgSeverity::Error)
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
