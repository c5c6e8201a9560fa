//! Rows as the log makes them.

use serde::Serialize;
use uuid::Uuid;

use crate::store::NumberTaken;
use crate::store::row_writes::{CaseVersion, FigureWrite, LinkWrite, RegisterVersion, Span, TextWrite};
use crate::store::sql::OPEN;

/// A row with its fields in the order of the columns.
pub(in crate::store) trait Made: Serialize {
    /// Its key, which is in the order that texts have in both databases.
    type Key<'a>: Ord
    where
        Self: 'a;

    fn key(&self) -> Self::Key<'_>;
}

/// The lines of rows, in the order of their keys, each with a line break behind it. A row that is made again changes
/// nothing.
pub(in crate::store) fn lines_of<Row: Made>(rows: impl IntoIterator<Item = Row>) -> Vec<u8> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|one, other| one.key().cmp(&other.key()));
    rows.dedup_by(|later, earlier| later.key() == earlier.key());
    let mut lines = Vec::new();
    for row in &rows {
        serde_json::to_writer(&mut lines, row).expect("texts and numbers always serialise");
        lines.push(b'\n');
    }
    lines
}

#[derive(Serialize)]
struct MadeCaseRow<'a> {
    case_id: Uuid,
    from_position: i64,
    version: i64,
    updated_at: i64,
    number: &'a str,
    title: &'a str,
    status: &'a str,
    kind: Option<&'a str>,
    category: Option<&'a str>,
    severity: Option<&'a str>,
    level: &'a str,
    division: &'a str,
    enterprise_id: Uuid,
    campaign_id: Uuid,
    institution_id: Option<Uuid>,
    lead_id: Option<Uuid>,
    origin: &'a str,
    is_open: u8,
    reported_at: i64,
    deadline_on: Option<&'a str>,
    deadline_missed_on: Option<&'a str>,
    clock_paused: u8,
    parked_until: Option<&'a str>,
    gap_ppm: Option<i64>,
    fee_total: &'a str,
    typical: u8,
    reported_by: &'a str,
    members: &'a str,
    fee_fen: i64,
}

impl<'a> From<&'a CaseVersion> for MadeCaseRow<'a> {
    fn from(version: &'a CaseVersion) -> Self {
        let CaseVersion { row, span } = version;
        Self {
            case_id: row.case_id,
            from_position: span.from_position,
            version: span.version,
            updated_at: span.recorded_at,
            number: &row.number,
            title: &row.title,
            status: &row.status,
            kind: row.kind.as_deref(),
            category: row.category.as_deref(),
            severity: row.severity.as_deref(),
            level: &row.level,
            division: &row.division,
            enterprise_id: row.enterprise_id,
            campaign_id: row.campaign_id,
            institution_id: row.institution_id,
            lead_id: row.lead_id,
            origin: &row.origin,
            is_open: row.is_open.into(),
            reported_at: row.reported_at,
            deadline_on: row.deadline_on.as_deref(),
            deadline_missed_on: row.deadline_missed_on.as_deref(),
            clock_paused: row.clock_paused.into(),
            parked_until: row.parked_until.as_deref(),
            gap_ppm: row.gap_ppm,
            fee_total: &row.fee_total,
            typical: row.typical.into(),
            reported_by: &row.reported_by,
            members: &row.members,
            fee_fen: row.fee_fen,
        }
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeCase<'a> {
    #[serde(flatten)]
    row: MadeCaseRow<'a>,
    to_position: i64,
    lane: i64,
    occurred_from: i64,
    occurred_to: i64,
}

impl<'a> From<&'a CaseVersion> for MadeCase<'a> {
    fn from(version: &'a CaseVersion) -> Self {
        let Span { to_position, lane, occurred_from, occurred_to, .. } = version.span;
        Self { row: version.into(), to_position, lane, occurred_from, occurred_to }
    }
}

impl Made for MadeCase<'_> {
    type Key<'b>
        = (Uuid, i64, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.row.case_id, self.row.from_position, self.lane)
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadePresentCase<'a> {
    #[serde(flatten)]
    row: MadeCaseRow<'a>,
    occurred_from: i64,
}

impl<'a> From<&'a CaseVersion> for MadePresentCase<'a> {
    fn from(version: &'a CaseVersion) -> Self {
        Self { row: version.into(), occurred_from: version.span.occurred_from }
    }
}

impl Made for MadePresentCase<'_> {
    type Key<'b>
        = Uuid
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        self.row.case_id
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeMember<'a> {
    case_id: String,
    actor: &'a str,
}

impl<'a> From<(String, &'a str)> for MadeMember<'a> {
    fn from((case_id, actor): (String, &'a str)) -> Self {
        Self { case_id, actor }
    }
}

impl Made for MadeMember<'_> {
    type Key<'b>
        = (&'b str, &'b str)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (&self.case_id, self.actor)
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeLink<'a> {
    case_id: Uuid,
    other_id: Uuid,
    relation: &'a str,
    from_position: i64,
}

impl<'a> From<&'a LinkWrite> for MadeLink<'a> {
    fn from(write: &'a LinkWrite) -> Self {
        Self {
            case_id: write.case_id,
            other_id: write.link.other_id,
            relation: &write.link.relation,
            from_position: write.from_position,
        }
    }
}

impl Made for MadeLink<'_> {
    type Key<'b>
        = (Uuid, Uuid, &'b str)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.case_id, self.other_id, self.relation)
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeText<'a> {
    text_id: i64,
    case_id: Uuid,
    field: &'a str,
    from_position: i64,
    to_position: i64,
    occurred_at: i64,
    occurred_until: i64,
    length: u32,
    words: &'a str,
    body: &'a str,
}

impl<'a> From<&'a TextWrite> for MadeText<'a> {
    fn from(write: &'a TextWrite) -> Self {
        Self {
            text_id: write.text_id,
            case_id: write.case_id,
            field: &write.row.field,
            from_position: write.from_position,
            to_position: write.to_position,
            occurred_at: write.row.occurred_at,
            occurred_until: write.occurred_until,
            length: write.row.length,
            words: &write.row.words,
            body: &write.row.body,
        }
    }
}

impl Made for MadeText<'_> {
    type Key<'b>
        = (Uuid, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.case_id, self.text_id)
    }
}

/// The terms of a text.
#[derive(Serialize)]
pub(in crate::store) struct MadeTerms<'a> {
    case_id: Uuid,
    text_id: i64,
    terms: &'a str,
}

impl<'a> From<&'a TextWrite> for MadeTerms<'a> {
    fn from(write: &'a TextWrite) -> Self {
        Self { case_id: write.case_id, text_id: write.text_id, terms: &write.row.terms }
    }
}

impl Made for MadeTerms<'_> {
    type Key<'b>
        = (Uuid, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.case_id, self.text_id)
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeRegister<'a> {
    aggregate_type: &'static str,
    aggregate_id: Uuid,
    from_position: i64,
    version: i64,
    code: &'a str,
    name: &'a str,
    division: &'a str,
    state: &'a str,
    document: &'a str,
    recorded_at: i64,
    to_position: i64,
    lane: i64,
    occurred_from: i64,
    occurred_to: i64,
}

impl<'a> From<&'a RegisterVersion> for MadeRegister<'a> {
    fn from(version: &'a RegisterVersion) -> Self {
        let RegisterVersion { stream, row, span } = version;
        Self {
            aggregate_type: stream.aggregate_type.as_str(),
            aggregate_id: stream.aggregate_id,
            from_position: span.from_position,
            version: span.version,
            code: &row.code,
            name: &row.name,
            division: &row.division,
            state: &row.state,
            document: &row.document,
            recorded_at: span.recorded_at,
            to_position: span.to_position,
            lane: span.lane,
            occurred_from: span.occurred_from,
            occurred_to: span.occurred_to,
        }
    }
}

impl Made for MadeRegister<'_> {
    type Key<'b>
        = (Uuid, i64, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        // All are of one type.
        (self.aggregate_id, self.from_position, self.lane)
    }
}

#[derive(Serialize)]
pub(in crate::store) struct MadeFigure<'a> {
    aggregate_id: Uuid,
    position: i64,
    kind: &'static str,
    lane: i64,
    from_position: i64,
    detail: &'a str,
    number: Option<i64>,
    amount: Option<&'a str>,
    occurred_at: i64,
    counted_on: &'a str,
    occurred_from: i64,
    occurred_to: i64,
}

impl<'a> From<&'a FigureWrite> for MadeFigure<'a> {
    fn from(write: &'a FigureWrite) -> Self {
        let row = &write.row;
        Self {
            aggregate_id: write.aggregate_id,
            position: write.position,
            kind: row.kind.name(),
            lane: row.happened.lane.into(),
            from_position: write.from_position,
            detail: &row.detail,
            number: row.number,
            amount: row.amount.as_deref(),
            occurred_at: row.occurred_at,
            counted_on: &row.counted_on,
            occurred_from: row.happened.from,
            occurred_to: row.happened.to.unwrap_or(OPEN),
        }
    }
}

impl Made for MadeFigure<'_> {
    type Key<'b>
        = (Uuid, i64, &'b str, i64)
    where
        Self: 'b;

    fn key(&self) -> Self::Key<'_> {
        (self.aggregate_id, self.position, self.kind, self.lane)
    }
}

/// The last number of a series.
#[derive(Serialize)]
pub(in crate::store) struct MadeSeries<'a> {
    series: &'a str,
    last: u64,
}

impl<'a> From<&'a NumberTaken> for MadeSeries<'a> {
    fn from(taken: &'a NumberTaken) -> Self {
        Self { series: &taken.series, last: taken.number }
    }
}

impl Made for MadeSeries<'_> {
    type Key<'b>
        = &'b str
    where
        Self: 'b;

    fn key(&self) -> &str {
        self.series
    }
}
