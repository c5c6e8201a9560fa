//! The log and the read rows, behind one trait that SQLite and PostgreSQL implement alike.
//!
//! Rows and records are plain data: the store knows no command, no event and no rule. It promises:
//! - positions start at 0, have no gap, and their order is the order of commits;
//! - an acknowledged commit is durable, and its read rows are in the same transaction;
//! - a command key is committed at most once;
//! - both databases give the same answer to the same question, byte for byte.

mod column;
mod error;
mod figure;
mod happened;
mod ledger;
mod moment;
mod observed;
mod outcome;
mod personal;
mod query;
mod readers;
mod record;
mod revocation;
mod row;
mod schema;
mod seen;
mod serving;
mod share;
mod text;
mod time_limit;
mod writer;

mod fitting;
mod known;
mod plan;
mod row_writes;

mod backend;
mod case_list;
mod clocks;
mod compare;
mod condition;
mod copy;
mod digest;
mod explained;
mod few;
mod filter;
mod lending;
mod line;
mod listing;
mod opening;
mod place;
mod postgres;
mod sight;
mod sql;
mod sqlite;
mod statement;
mod statistics;
mod stored;
mod texts;
mod unproved;
mod version_row;
mod webhook;
mod year;

use std::collections::HashMap;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

pub use column::CaseColumn;
pub use compare::RowsMade;
pub use copy::{Copied, Restoring, copy_into, restore_from};
pub use digest::ServedDigest;
pub use error::{AppendError, StoreError};
pub use explained::{AskedTexts, ExplainedStore, open_explained};
pub use figure::{FigureKind, FigureRow, FigureSpan, GAP_CLOSED, GAP_STANDS, fee_item};
pub use happened::{Happened, LastEvent, PastRow, PastState};
pub use ledger::{
    LedgerNode, LedgerStore, LogEnd, NodePlace, Sealed, StoredCheckpoint, StoredCosignature, StoredTimeStamp,
};
pub use moment::Moment;
pub use observed::{ObservedStore, PoolState};
pub use opening::{migrate_for, open, open_as_it_is, open_existing, open_restored};
pub use outcome::{KeptCommand, OutcomeStore};
pub use personal::{ErasedKey, KnownDataKeys, PersonalStore, StoredCiphertext};
pub use place::Target;
pub use query::{
    Access, Among, CaseQuery, Condition, Direction, EventQuery, Keep, Operator, Picked, RegisterQuery, Scope, Span,
    Value, Within, key_of,
};
pub use readers::{DELETED, Readers, SHARED};
pub use record::{
    AggregateType, Append, AppendSpan, Attachment, Body, CommandKey, Committed, Content, EventRecord, Head,
    NewAttachment, NewCiphertext, NewEvent, StoredCommand, StreamEvent, StreamId, WriteNumbered,
};
pub use revocation::{Revocation, RevocationStore};
pub use row::{
    CaseLink, CaseRow, NumberTaken, RebuildOutcome, RebuiltRow, RegisterRow, RowChanges, RowDifference, RowsCompared,
    RowsDigest, RowsForm, SUB_CASE_OF, ServedRows, StoredCase, StoredRegister, StreamRange, TableDigest,
};
pub use schema::{Alteration, Altered, SchemaStore};
pub use seen::SeenStore;
pub use serving::{Alone, AmongServers, join_servers, take_alone};
pub use share::{Share, for_all, sharing};
pub use statistics::{FeeSum, GapSums, GroupKey, GroupSums, Grouped, StatisticsQuery, TimeToState};
pub use text::{Confined, Reading, StoredText, Terms, TextQuery, TextRow, Texts};
pub use time_limit::limited;
pub use unproved::open_without_ledger;
pub use webhook::{
    Delivery, DeliveryState, EnabledWebhook, Failed, HELD, KeyPage, PassedBy, Turn, Webhook, WebhookAction,
    WebhookChange, WebhookConfiguration, WebhookStanding, WebhookState, WebhookStore, WebhookWrite, serving_lease,
};
pub use writer::{Writer, WriterLimits};
pub use year::{EvidencePage, FigureEvent, FigureSelection, FigureSum, OfCases, YearQuery};

/// What whoever makes the read rows anew holds.
pub const REBUILD_LEASE: &str = "rebuild";

/// A database that holds the log and its read rows.
///
/// Every method fails with [`StoreError::Database`] when the database does, and with
/// [`StoreError::Corrupt`] when it holds what this program does not write; further errors are
/// named where they occur. "Not found" is `None` or an empty list.
#[async_trait]
pub trait Store:
    LedgerStore
    + ObservedStore
    + OutcomeStore
    + PersonalStore
    + RevocationStore
    + SchemaStore
    + SeenStore
    + WebhookStore
    + Send
    + Sync
    + 'static
{
    /// Commits the appends as one transaction and answers each in its place. A refused append
    /// fails alone. Called by the [`Writer`] only, which groups what many callers want.
    ///
    /// # Errors
    /// When the transaction failed: then nothing is stored, unless the error is
    /// [unsettled](StoreError::is_unsettled); sending the same command keys again tells.
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<Committed, AppendError>>, StoreError>;

    /// The events of a stream after the given version (0 = all); on PostgreSQL through the stock repository.
    ///
    /// # Errors
    /// [`StoreError::Load`] when the repository fails.
    async fn load(&self, stream: StreamId, after_version: u64) -> Result<Vec<StreamEvent>, StoreError>;

    /// Events in position order.
    ///
    /// # Errors
    /// When the database fails.
    async fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError>;

    /// The log behind one position and up to another, with it, in its order; the first so many events. For whoever goes
    /// through all of it.
    ///
    /// # Errors
    /// When the database fails.
    async fn log(&self, after: Option<u64>, up_to: Option<u64>, limit: u32) -> Result<Vec<EventRecord>, StoreError>;

    /// How many events of each aggregate the query finds, regardless of `limit`.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_events(&self, query: &EventQuery) -> Result<HashMap<Uuid, u64>, StoreError>;

    /// How many events the log has at least, as far as other processes have told. A hint to look,
    /// and no more: it may come late or never, so whoever follows the log looks now and then too.
    fn news(&self) -> watch::Receiver<u64>;

    /// Where the log ends.
    ///
    /// # Errors
    /// When the database fails.
    async fn head(&self) -> Result<Head, StoreError>;

    /// Which form the read rows have, beside that which this program writes.
    ///
    /// # Errors
    /// When the database fails.
    async fn rows_form(&self) -> Result<RowsForm, StoreError>;

    /// The name of this log in its ledger, given when the database was created.
    ///
    /// # Errors
    /// When the database fails.
    async fn origin(&self) -> Result<String, StoreError>;

    /// The last position recorded at or before the time (microseconds since the Unix epoch).
    ///
    /// # Errors
    /// When the database fails.
    async fn position_at(&self, time: i64) -> Result<Option<u64>, StoreError>;

    /// The append that recorded the event at a position, if there is one, and where the log ends.
    ///
    /// # Errors
    /// When the database fails.
    async fn append_around(&self, position: u64) -> Result<(Option<AppendSpan>, Head), StoreError>;

    /// The command that this actor committed under this key: the fast path before deciding.
    ///
    /// # Errors
    /// When the database fails.
    async fn command(&self, actor: &str, idempotency_key: &str) -> Result<Option<StoredCommand>, StoreError>;

    /// A page of cases and the moment of it: for the present, the head of the log that it was read at.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn page_of_cases(&self, query: &CaseQuery) -> Result<(Vec<StoredCase>, Moment), StoreError>;

    /// A page of cases.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when a value does not fit its column or the key its order.
    async fn cases(&self, query: &CaseQuery) -> Result<Vec<StoredCase>, StoreError>;

    /// The ids of cases that the query finds, of more than `limit` any so many, in no order.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn case_ids(&self, query: &CaseQuery) -> Result<Vec<Uuid>, StoreError>;

    /// How many cases the query finds, regardless of `after` and `limit`.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn count_cases(&self, query: &CaseQuery) -> Result<u64, StoreError>;

    /// Where texts of cases stand that have these terms, the latest first.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn texts_with(&self, query: &TextQuery) -> Result<Vec<StoredText>, StoreError>;

    /// Texts that are known of, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn texts(&self, which: &Texts, reading: Reading) -> Result<Vec<StoredText>, StoreError>;

    /// A page of a register and the moment of it: for the present, the head of the log that it was read at.
    ///
    /// # Errors
    /// When the database fails.
    async fn page_of_registers(&self, query: &RegisterQuery) -> Result<(Vec<StoredRegister>, Moment), StoreError>;

    /// A page of a register, ordered by name and id.
    ///
    /// # Errors
    /// When the database fails.
    async fn registers(&self, query: &RegisterQuery) -> Result<Vec<StoredRegister>, StoreError>;

    /// These entries of a register as each was first, by when things happened.
    ///
    /// # Errors
    /// When the database fails.
    async fn first_of_registers(&self, of: AggregateType, ids: &[Uuid]) -> Result<Vec<StoredRegister>, StoreError>;

    /// How many rows the query finds, regardless of `after` and `limit`.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_registers(&self, query: &RegisterQuery) -> Result<u64, StoreError>;

    /// Sums over the cases of a question, by groups: one statement.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn statistics(&self, query: &StatisticsQuery) -> Result<Grouped, StoreError>;

    /// Sums over what was counted in a year, one for each selection and in their order: one statement.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn year_sums(&self, query: &YearQuery, figures: &[FigureSelection]) -> Result<Vec<FigureSum>, StoreError>;

    /// The events that sums over a year rest on, one list for each selection and in their order: one statement.
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn year_events(
        &self,
        query: &YearQuery,
        figures: &[FigureSelection],
        page: EvidencePage,
    ) -> Result<Vec<Vec<FigureEvent>>, StoreError>;

    /// The cases that were ever linked to these as [`SUB_CASE_OF`], each behind the one that it was linked to and ordered by
    /// both ids: each says itself whether it still is.
    ///
    /// # Errors
    /// When the database fails.
    async fn sub_cases(&self, case_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, StoreError>;

    /// The relations that a case has ever had to others, ordered by relation and id.
    ///
    /// # Errors
    /// When the database fails.
    async fn links_of(&self, case_id: Uuid) -> Result<Vec<CaseLink>, StoreError>;

    /// Who may see the case as a member at present, in order.
    ///
    /// # Errors
    /// When the database fails.
    async fn members(&self, case_id: Uuid) -> Result<Vec<String>, StoreError>;

    /// A kept file by its digest.
    ///
    /// # Errors
    /// When the database fails.
    async fn attachment(&self, digest: &str) -> Result<Option<Attachment>, StoreError>;

    /// Takes or prolongs a lease; `false` when somebody else holds it at `now`. Times are
    /// microseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the database fails.
    async fn try_lease(&self, name: &str, holder: &str, now: i64, expires_at: i64) -> Result<bool, StoreError>;

    /// Gives a lease back; nothing happens when somebody else holds it.
    ///
    /// # Errors
    /// When the database fails.
    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), StoreError>;

    /// Makes fresh, empty tables for a rebuild, dropping those of an unfinished one. One rebuild goes on at a time,
    /// that of the holder of the [`REBUILD_LEASE`], who keeps it through each of these steps.
    ///
    /// # Errors
    /// [`StoreError::TakenOver`] when somebody else holds the lease, [`StoreError::RebuildNotGranted`] when the role of this
    /// process lacks the rights, and when the database fails.
    async fn start_rebuild(&self, holder: &str) -> Result<(), StoreError>;

    /// Writes rows into the fresh tables; those of a stream come in the order of their positions.
    ///
    /// # Errors
    /// As [`Store::start_rebuild`], and when no rebuild was started.
    async fn write_rebuilt(&self, holder: &str, rows: Vec<RebuiltRow>) -> Result<(), StoreError>;

    /// Makes the indexes of the fresh tables, which takes longer the more there is in them: before the last of the log
    /// is followed, since commits go on meanwhile.
    ///
    /// # Errors
    /// As [`Store::write_rebuilt`].
    async fn index_rebuilt(&self, holder: &str) -> Result<(), StoreError>;

    /// Makes the fresh tables the served ones and their form that of this program, in one transaction that holds the
    /// head of the log, if they have every event before `expected_head`; reads go on all the while.
    ///
    /// # Errors
    /// As [`Store::write_rebuilt`]; the served rows are then unchanged.
    async fn finish_rebuild(&self, holder: &str, expected_head: u64) -> Result<RebuildOutcome, StoreError>;

    /// The events of the streams of a range, stream after stream in the order of their ids; the first so many of them.
    /// Without what only the ledger asks for: metadata and entry are empty and the leaf hash is zero.
    ///
    /// # Errors
    /// When the database fails.
    async fn events_of_streams(&self, range: &StreamRange, limit: Option<u32>) -> Result<Vec<EventRecord>, StoreError>;

    /// Compares what every append of the streams of a range makes with what is served of them. Nothing is locked: what
    /// a commit changes meanwhile differs, too.
    ///
    /// # Errors
    /// When the database fails.
    async fn compare_rows(&self, range: &StreamRange, made: RowsMade) -> Result<RowsCompared, StoreError>;

    /// What an index of the search, where one stands beside the texts, tells otherwise than they do.
    ///
    /// # Errors
    /// When the database fails.
    async fn unlike_terms(&self) -> Result<RowsCompared, StoreError>;

    /// Rows that are served and belong to no stream, where so many figures are known to belong to one.
    ///
    /// # Errors
    /// When the database fails.
    async fn stray_rows(&self, known_figures: u64) -> Result<RowsCompared, StoreError>;

    /// Compares the last number of every series with that which is served.
    ///
    /// # Errors
    /// When the database fails.
    async fn compare_series(&self, made: &[NumberTaken]) -> Result<RowsCompared, StoreError>;

    /// A digest of the served rows, to compare two databases, or before and after a rebuild.
    ///
    /// # Errors
    /// When the database fails.
    async fn rows_digest(&self) -> Result<RowsDigest, StoreError>;
}
