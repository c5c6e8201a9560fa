//! Rows as the drivers give them, and their way into the store's types. Field names are column
//! names; the derived decoding serves both databases. Where tables are gone through, columns have their places.

use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::ledger::tree::Frontier;
use crate::store::text::MOST_OF_AN_EVENT;
use crate::store::{
    AggregateType, AppendSpan, Attachment, CaseLink, Committed, EventRecord, Head, StoreError, StoredCommand,
    StoredText, StreamId,
};

/// A row that both drivers can decode.
pub(super) trait Decoded: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

impl<T> Decoded for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

/// A row that tables are gone through for, in the order of its columns.
pub(super) trait Scanned: Decoded + 'static {
    /// From what SQLite has at hand, without the copies that its driver makes of each value.
    fn scanned(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self>;
}

/// Has the fields of a row from its columns, in their order.
macro_rules! scanned {
    ($row:ident: $($column:ident)*) => {
        impl $crate::store::stored::Scanned for $row {
            fn scanned(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                let mut places = 0_usize..;
                let mut place = || places.next().unwrap_or_default();
                Ok(Self { $($column: row.get(place())?),* })
            }
        }
    };
}

pub(super) use scanned;

#[derive(FromRow)]
pub(super) struct Count {
    pub(super) count: i64,
}

#[derive(FromRow)]
pub(super) struct EventCount {
    aggregate_id: String,
    count: i64,
}

impl TryFrom<EventCount> for (Uuid, u64) {
    type Error = StoreError;

    fn try_from(row: EventCount) -> Result<Self, StoreError> {
        let id = row.aggregate_id.parse().map_err(|_| corrupt("events", "aggregate_id", &row.aggregate_id))?;
        Ok((id, row.count.cast_unsigned()))
    }
}

#[derive(FromRow)]
pub(super) struct HeadRow {
    pub(super) next_position: i64,
    pub(super) recorded_at: i64,
    pub(super) origin: String,
    pub(super) rows_version: i64,
    pub(super) peaks: Vec<u8>,
}

scanned!(HeadRow: next_position recorded_at origin rows_version peaks);

impl HeadRow {
    pub(super) fn head(&self) -> Head {
        Head { next_position: self.next_position.cast_unsigned(), recorded_at: self.recorded_at }
    }

    pub(super) fn tree(&self) -> Result<Frontier, StoreError> {
        tree(self.next_position, &self.peaks)
    }
}

/// The append around a position, and the head; `first_position` is negative where there is no such event.
#[derive(FromRow)]
pub(super) struct AroundRow {
    next_position: i64,
    head_recorded_at: i64,
    first_position: i64,
    event_count: i64,
    recorded_at: i64,
    /// Of the event at the position.
    pub(super) leaf_hash: Option<Vec<u8>>,
}

impl TryFrom<AroundRow> for (Option<AppendSpan>, Head) {
    type Error = StoreError;

    fn try_from(row: AroundRow) -> Result<Self, StoreError> {
        let head_recorded_at = time("log_head.recorded_at", row.head_recorded_at)?;
        let head = Head { next_position: row.next_position.cast_unsigned(), recorded_at: head_recorded_at };
        if row.first_position < 0 {
            return Ok((None, head));
        }
        let first_position = row.first_position.cast_unsigned();
        let span = AppendSpan {
            first_position,
            last_position: first_position + recorded(row.first_position, row.event_count)? - 1,
            recorded_at: time("commands.recorded_at", row.recorded_at)?,
        };
        Ok((Some(span), head))
    }
}

#[derive(FromRow)]
pub(super) struct EventRow {
    position: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
    recorded_at: i64,
    actor: String,
    command_id: String,
    entry: Vec<u8>,
    leaf_hash: Vec<u8>,
}

scanned!(EventRow:
    position aggregate_type aggregate_id sequence event_type event_version payload metadata recorded_at actor
    command_id entry leaf_hash);

impl TryFrom<EventRow> for EventRecord {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Self {
            position: position(row.position)?,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            sequence: row.sequence.cast_unsigned(),
            event_type: row.event_type,
            event_version: row.event_version,
            payload: row.payload,
            metadata: row.metadata,
            recorded_at: row.recorded_at,
            actor: row.actor,
            command_id: row.command_id,
            entry: row.entry,
            leaf_hash: hash("events.leaf_hash", &row.leaf_hash)?,
        })
    }
}

/// An event as far as a fold needs it.
#[derive(FromRow)]
pub(super) struct EventToFoldRow {
    position: i64,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: String,
    recorded_at: i64,
    actor: String,
    command_id: String,
}

scanned!(EventToFoldRow:
    position aggregate_id sequence event_type event_version payload recorded_at actor command_id);

impl EventToFoldRow {
    pub(super) fn of(self, aggregate_type: AggregateType) -> Result<EventRecord, StoreError> {
        Ok(EventRecord {
            position: position(self.position)?,
            aggregate_type: aggregate_type.as_str().to_owned(),
            aggregate_id: self.aggregate_id,
            sequence: self.sequence.cast_unsigned(),
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload,
            metadata: String::new(),
            recorded_at: self.recorded_at,
            actor: self.actor,
            command_id: self.command_id,
            entry: Vec::new(),
            leaf_hash: [0; 32],
        })
    }
}

#[derive(FromRow)]
pub(super) struct CommandRow {
    digest: Vec<u8>,
    aggregate_type: String,
    aggregate_id: String,
    version: i64,
    first_position: i64,
    event_count: i64,
    recorded_at: i64,
}

impl TryFrom<CommandRow> for StoredCommand {
    type Error = StoreError;

    fn try_from(row: CommandRow) -> Result<Self, StoreError> {
        Ok(Self {
            digest: hash("commands.digest", &row.digest)?,
            committed: Committed {
                stream: stream("commands", &row.aggregate_type, &row.aggregate_id)?,
                version: row.version.cast_unsigned(),
                first_position: row.first_position.cast_unsigned(),
                event_count: recorded(row.first_position, row.event_count)?,
                recorded_at: time("commands.recorded_at", row.recorded_at)?,
                replayed: true,
            },
        })
    }
}

/// A row with the head of the log in the snapshot that it was read in.
#[derive(FromRow)]
pub(super) struct WithHead<Row> {
    #[sqlx(flatten)]
    pub(super) row: Row,
    pub(super) next_position: i64,
}

#[derive(FromRow)]
pub(super) struct CaseIdRow {
    case_id: String,
}

impl TryFrom<CaseIdRow> for Uuid {
    type Error = StoreError;

    fn try_from(row: CaseIdRow) -> Result<Self, StoreError> {
        id("cases", &row.case_id)
    }
}

/// A case and one that was linked to it.
#[derive(FromRow)]
pub(super) struct SubCaseRow {
    other_id: String,
    case_id: String,
}

impl TryFrom<SubCaseRow> for (Uuid, Uuid) {
    type Error = StoreError;

    fn try_from(row: SubCaseRow) -> Result<Self, StoreError> {
        Ok((id("case_links", &row.other_id)?, id("case_links", &row.case_id)?))
    }
}

#[derive(FromRow)]
pub(super) struct LinkRow {
    other_id: String,
    relation: String,
}

impl TryFrom<LinkRow> for CaseLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        Ok(Self { other_id: id("case_links", &row.other_id)?, relation: row.relation })
    }
}

#[derive(FromRow)]
pub(super) struct MemberRow {
    pub(super) actor: String,
}

/// A sum; what the columns mean depends on the measure.
#[derive(FromRow)]
pub(super) struct SumRow {
    pub(super) sum_of: String,
    pub(super) measure: String,
    pub(super) detail: String,
    pub(super) amount: String,
    pub(super) number_1: i64,
    pub(super) number_2: i64,
    pub(super) number_3: i64,
    pub(super) number_4: i64,
}

#[derive(FromRow)]
pub(super) struct FoundTextRow {
    text_id: i64,
    case_id: String,
    field: String,
    occurred_at: i64,
    length: i64,
    words: String,
    body: String,
}

impl TryFrom<FoundTextRow> for StoredText {
    type Error = StoreError;

    fn try_from(row: FoundTextRow) -> Result<Self, StoreError> {
        Ok(Self {
            text_id: row.text_id,
            case_id: id("search_texts", &row.case_id)?,
            field: row.field,
            position: (row.text_id / MOST_OF_AN_EVENT).cast_unsigned(),
            occurred_at: time("search_texts.occurred_at", row.occurred_at)?,
            length: u32::try_from(row.length)
                .map_err(|_| corrupt("search_texts", "length", &row.length.to_string()))?,
            words: row.words,
            body: row.body,
        })
    }
}

#[derive(FromRow)]
pub(super) struct AttachmentRow {
    digest: String,
    media_type: String,
    content: Vec<u8>,
}

impl From<AttachmentRow> for Attachment {
    fn from(row: AttachmentRow) -> Self {
        Self { digest: row.digest, media_type: row.media_type, content: row.content }
    }
}

/// Microseconds since the Unix epoch that a calendar has: whoever shows them need not ask again.
pub(super) fn time(column: &str, microseconds: i64) -> Result<i64, StoreError> {
    match Timestamp::from_microsecond(microseconds) {
        Ok(_) => Ok(microseconds),
        Err(_) => Err(corrupt(column, "time", &microseconds.to_string())),
    }
}

/// The position of an event: one whose texts have numbers.
pub(super) fn position(stored: i64) -> Result<u64, StoreError> {
    match (0..=i64::MAX / MOST_OF_AN_EVENT).contains(&stored) {
        true => Ok(stored.cast_unsigned()),
        false => Err(corrupt("events", "position", &stored.to_string())),
    }
}

/// How many events a command recorded from that position on.
pub(super) fn recorded(first_position: i64, event_count: i64) -> Result<u64, StoreError> {
    let is_stretch = first_position >= 0 && event_count > 0 && first_position.checked_add(event_count).is_some();
    match is_stretch {
        true => Ok(event_count.cast_unsigned()),
        false => Err(corrupt("commands", "number of events", &event_count.to_string())),
    }
}

/// The tree of so many events, as the head of the log has it in small.
pub(super) fn tree(next_position: i64, peaks: &[u8]) -> Result<Frontier, StoreError> {
    Frontier::from_bytes(next_position.cast_unsigned(), peaks)
        .map_err(|error| StoreError::Corrupt { what: format!("log_head.peaks: {error}") })
}

pub(super) fn stream(table: &str, aggregate_type: &str, aggregate_id: &str) -> Result<StreamId, StoreError> {
    let Some(known) = AggregateType::parse(aggregate_type) else {
        return Err(corrupt(table, "aggregate type", aggregate_type));
    };
    Ok(StreamId { aggregate_type: known, aggregate_id: id(table, aggregate_id)? })
}

pub(super) fn id(table: &str, text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|_| corrupt(table, "identifier", text))
}

pub(super) fn hash(column: &str, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| corrupt(column, "hash of length", &bytes.len().to_string()))
}

pub(super) fn corrupt(place: &str, what: &str, value: &str) -> StoreError {
    StoreError::Corrupt { what: format!("{what} {value:?} in {place}") }
}
