//! What is kept of the commands that were carried out, as an audit holds it against the log: as it stands, whatever it
//! says.

use async_trait::async_trait;
use sqlx::FromRow;

use crate::ledger::multiset::{MultisetKey, MultisetSum};
use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::statement::Statement;
use crate::store::stored::scanned;

/// The columns of a kept command.
macro_rules! kept {
    () => {
        "c.actor, c.idempotency_key, c.aggregate_type, c.aggregate_id, c.version, c.first_position, c.event_count, \
         c.recorded_at"
    };
}

/// By the keys that the events name.
const OF_EVENTS: &str = concat!(
    "select ",
    kept!(),
    " from (select distinct actor, command_id from events where position between $1 and $2) e \
     join commands c on c.actor = e.actor and c.idempotency_key = e.command_id"
);

/// All of them.
const ALL: &str = concat!("select ", kept!(), " from commands c");

/// Those that come after one.
const ALL_AFTER: &str = concat!("select ", kept!(), " from commands c where (c.actor, c.idempotency_key) > ($1, $2)");

/// How many are summed up at a time.
const SUMMED_PAGE: u32 = 2_000;

/// The events of a command stand together: its first is one whose neighbour before is of another.
const UNFOUNDED: &str = concat!(
    "select ",
    kept!(),
    " from commands c where c.first_position >= $1 \
     and (not exists (select 1 from events e where e.position = c.first_position \
         and e.actor = c.actor and e.command_id = c.idempotency_key) \
     or exists (select 1 from events e where e.position = c.first_position - 1 \
         and e.actor = c.actor and e.command_id = c.idempotency_key)) \
     order by c.first_position, c.actor, c.idempotency_key limit $2"
);

/// What is kept of a command, so that sending it again finds what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeptCommand {
    /// Who sent it.
    pub actor: String,
    /// Under which key.
    pub idempotency_key: String,
    /// Of the stream that it was about.
    pub aggregate_type: String,
    /// Of the stream that it was about.
    pub aggregate_id: String,
    /// How many events the stream had after it.
    pub version: u64,
    /// Of its first event.
    pub first_position: u64,
    /// How many events it recorded.
    pub event_count: u64,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
}

/// The part of the store that an audit of commands needs. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait OutcomeStore: Send + Sync {
    /// What is kept of the commands that recorded the events from one position to another, both included.
    ///
    /// # Errors
    /// When the database fails.
    async fn commands_of(&self, first: u64, last: u64) -> Result<Vec<KeptCommand>, StoreError>;

    /// The sum of what is kept of all commands that say that they began before a position.
    ///
    /// # Errors
    /// When the database fails.
    async fn sum_of_commands(&self, key: MultisetKey, before: u64) -> Result<MultisetSum, StoreError>;

    /// The commands that are kept though no events of theirs begin where they say; the first of all of them, or of those
    /// that say that they began at a position or behind it.
    ///
    /// # Errors
    /// When the database fails.
    async fn unfounded_commands(&self, from: Option<u64>, limit: u32) -> Result<Vec<KeptCommand>, StoreError>;
}

#[derive(FromRow)]
struct KeptRow {
    actor: String,
    idempotency_key: String,
    aggregate_type: String,
    aggregate_id: String,
    version: i64,
    first_position: i64,
    event_count: i64,
    recorded_at: i64,
}

scanned!(KeptRow: actor idempotency_key aggregate_type aggregate_id version first_position event_count recorded_at);

impl From<KeptRow> for KeptCommand {
    fn from(row: KeptRow) -> Self {
        Self {
            actor: row.actor,
            idempotency_key: row.idempotency_key,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            version: row.version.cast_unsigned(),
            first_position: row.first_position.cast_unsigned(),
            event_count: row.event_count.cast_unsigned(),
            recorded_at: row.recorded_at,
        }
    }
}

#[async_trait]
impl<B: Backend> OutcomeStore for SqlStore<B> {
    async fn commands_of(&self, first: u64, last: u64) -> Result<Vec<KeptCommand>, StoreError> {
        let statement = Statement::new(OF_EVENTS).integer(first.cast_signed()).integer(last.cast_signed());
        let rows: Vec<KeptRow> = self.scan("read what is kept of commands", &statement).await?;
        Ok(rows.into_iter().map(KeptCommand::from).collect())
    }

    async fn sum_of_commands(&self, key: MultisetKey, before: u64) -> Result<MultisetSum, StoreError> {
        let (mut sum, mut last) = (MultisetSum::default(), None::<KeptCommand>);
        loop {
            let mut statement = match &last {
                Some(last) => Statement::new(ALL_AFTER).text(&last.actor).text(&last.idempotency_key),
                None => Statement::new(ALL),
            };
            statement.push(" order by c.actor, c.idempotency_key limit ");
            statement.push_integer(SUMMED_PAGE.into());
            let page: Vec<KeptRow> = self.scan("sum up what is kept of commands", &statement).await?;
            let is_last = page.len() < SUMMED_PAGE as usize;
            for row in page {
                // One that begins nowhere, below all positions, is one of them.
                let begins_before = row.first_position < before.cast_signed();
                let kept = KeptCommand::from(row);
                if begins_before {
                    sum.add(&key, &kept);
                }
                last = Some(kept);
            }
            if is_last {
                return Ok(sum);
            }
        }
    }

    async fn unfounded_commands(&self, from: Option<u64>, limit: u32) -> Result<Vec<KeptCommand>, StoreError> {
        let from = from.map_or(i64::MIN, u64::cast_signed);
        let statement = Statement::new(UNFOUNDED).integer(from).integer(limit.into());
        self.many::<KeptRow, _>("look for commands without events", statement).await
    }
}
