//! Read rows: what lists, filters and work lists are answered from.
//!
//! A row is valid for `[from_position, to_position)`. Its `from_position` is the position of the
//! **last** event of the append that wrote it, so that a reader as of any position sees either
//! all of an append or nothing of it.
//! On the axis of what had happened it is valid for `[occurred_from, occurred_to)`; see `happened.rs`.

use uuid::Uuid;

use crate::store::figure::FigureRow;
use crate::store::happened::Happened;
use crate::store::record::{AggregateType, Head, StreamId};
use crate::store::text::TextRow;

/// The form and content of the read rows. Raise it when the rows of the same log come out differently: servers of this
/// program then make them anew before they serve, and those of an older one write nothing more. `tests/suite/frozen.rs` tells
/// when they do.
pub(super) const ROWS_VERSION: u64 = 13;

/// How one append changes the read rows. Case changes belong to a `Case` stream, a register
/// row to any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChanges {
    /// The case as it is now.
    pub case: Option<CaseRow>,
    /// Actors who may see the case from now on (invited, member or lead).
    pub members_added: Vec<String>,
    /// Actors who no longer may, unless they are also in `members_added`.
    pub members_removed: Vec<String>,
    /// Relations of the case to others that it did not have before. One that is taken back keeps its row: whether it
    /// still holds is for the case to say.
    pub links_added: Vec<CaseLink>,
    /// The enterprise, campaign, … as it is now.
    pub register: Option<RegisterRow>,
    /// Where the append stands on the axis of what had happened.
    pub happened: Happened,
    /// What the events add to the figures, in their order.
    pub figures: Vec<FigureRow>,
    /// Texts of the case that its new events have.
    pub texts: Vec<TextRow>,
}

/// A case as lists see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The aggregate id.
    pub case_id: Uuid,
    /// For example `GD-2026-0123`.
    pub number: String,
    /// As it is called now.
    pub title: String,
    /// Wire name of the status.
    pub status: String,
    /// Wire name of the kind, once classified.
    pub kind: Option<String>,
    /// KCDB category, once classified.
    pub category: Option<String>,
    /// Wire name of the severity, once classified.
    pub severity: Option<String>,
    /// Wire name of the level that handles it.
    pub level: String,
    /// Division code, empty for the nation.
    pub division: String,
    /// Whose problem it is.
    pub enterprise_id: Uuid,
    /// The campaign that found it.
    pub campaign_id: Uuid,
    /// The institution that is responsible, once assigned.
    pub institution_id: Option<Uuid>,
    /// The person who leads the work, once assigned.
    pub lead_id: Option<Uuid>,
    /// Wire name of how it came in.
    pub origin: String,
    /// Not closed.
    pub is_open: bool,
    /// Business time, microseconds since the Unix epoch.
    pub reported_at: i64,
    /// `YYYY-MM-DD`, Asia/Shanghai.
    pub deadline_on: Option<String>,
    /// The deadline that was missed and not yet answered.
    pub deadline_missed_on: Option<String>,
    /// The deadline is not running.
    pub clock_paused: bool,
    /// `YYYY-MM-DD` while parked.
    pub parked_until: Option<String>,
    /// Capability gap × 10⁶.
    pub gap_ppm: Option<i64>,
    /// Decimal CNY.
    pub fee_total: String,
    /// Marked as a typical case.
    pub typical: bool,
    /// The actor who reported it.
    pub reported_by: String,
    /// Ids of the lead and of every expert invited or active, with a space before and behind each; empty for none.
    pub members: String,
    /// The sum of the fees in hundredths of a yuan, for comparisons.
    pub fee_fen: i64,
}

/// A [`CaseRow`] with what the store knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCase {
    /// The row as written.
    pub row: CaseRow,
    /// Number of events of the case up to this row.
    pub version: u64,
    /// Position of the last event of the append that wrote it.
    pub from_position: u64,
    /// `recorded_at` of that append, microseconds since the Unix epoch.
    pub updated_at: i64,
}

/// An enterprise, campaign, institution, person, catalogue or annual summary as lists see it;
/// id and type come from the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterRow {
    /// What people call it by: credit code, campaign code, …; empty if there is none.
    pub code: String,
    /// What lists are ordered by.
    pub name: String,
    /// Division code, empty for the nation.
    pub division: String,
    /// Wire name of its state.
    pub state: String,
    /// The serialised aggregate, JSON.
    pub document: String,
}

/// A [`RegisterRow`] with what the store knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRegister {
    /// Which one it is.
    pub stream: StreamId,
    /// The row as written.
    pub row: RegisterRow,
    /// Number of events of the aggregate up to this row.
    pub version: u64,
    /// Position of the last event of the append that wrote it.
    pub from_position: u64,
    /// `recorded_at` of that append, microseconds since the Unix epoch.
    pub updated_at: i64,
}

/// A relation of the case to another, for example `SUB_CASE_OF`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CaseLink {
    /// The other case.
    pub other_id: Uuid,
    /// Wire name of the relation.
    pub relation: String,
}

/// The relation that [`Store::sub_cases`](crate::store::Store::sub_cases) follows backwards.
pub const SUB_CASE_OF: &str = "SUB_CASE_OF";

/// The rows after one append of the log, computed again by a rebuild. They are written in
/// position order, several batches after one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuiltRow {
    /// The stream that grew.
    pub stream: StreamId,
    /// Number of events in the stream after it.
    pub version: u64,
    /// How many of them are the append's own.
    pub event_count: u64,
    /// Position of the append's last event.
    pub position: u64,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// The rows.
    pub changes: RowChanges,
    /// The number this append took of a series, so that numbering goes on after the rebuild.
    pub number_taken: Option<NumberTaken>,
}

/// A number of a series that a case has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTaken {
    /// For example `GD-2026`.
    pub series: String,
    /// From 1.
    pub number: u64,
}

/// The form of the read rows: what the database holds and what this program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsForm {
    /// Of the rows in the database.
    pub stored: u64,
    /// Of this program.
    pub ours: u64,
}

/// A row that a fold of the log and the served rows do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDifference {
    /// The table.
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// Whether it is the one that is served.
    pub is_served: bool,
}

/// Streams of a type, by their ids as they are stored, whether there is anything of that id or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRange {
    /// Their type.
    pub aggregate_type: AggregateType,
    /// Only those behind this id.
    pub after: Option<String>,
    /// Only those up to this id, itself included.
    pub until: Option<String>,
}

/// How what is served compares with what the log makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsCompared {
    /// Every row that only one of them has.
    pub differences: Vec<RowDifference>,
    /// The rows that are served, table by table.
    pub served: Vec<ServedRows>,
}

/// Rows that are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedRows {
    /// Their table.
    pub table: &'static str,
    /// Each as an array of JSON with a line break behind it, in key order.
    pub lines: Vec<u8>,
}

/// How a rebuild ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildOutcome {
    /// The rebuilt tables are now the served ones.
    Swapped,
    /// The log has moved on: write the rows up to this head, then try again.
    Behind(Head),
    /// Somebody goes on reading the served tables, and whoever writes had waited long enough: try again later.
    Held,
}

/// What two sets of read rows are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsDigest {
    /// Number of versions of cases and registers, of links, of texts and of figures.
    pub count: u64,
    /// Position up to which they were compared; `None` for an empty log. Rows of later
    /// commits are left out, so appending meanwhile does no harm.
    pub last_position: Option<u64>,
    /// These rows.
    pub versions: Vec<TableDigest>,
    /// What later commits change: the cases as they are, what had happened by any time, members and number series.
    /// Compare it on a quiet log.
    pub present: Vec<TableDigest>,
}

/// What two sets of rows of a table are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table; with `.occurred`, its rows by what had happened.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over them in key order.
    pub sha256: [u8; 32],
}
