//! Whole rows of the read tables, as they are read and as they are made.

use sqlx::FromRow;

use crate::store::row_writes::{CaseVersion, FigureWrite, LinkWrite, RegisterVersion, Span, TextWrite};
use crate::store::sql::OPEN;
use crate::store::version_row::{CaseVersionRow, RegisterVersionRow};

/// A whole row of a table.
pub(super) trait Line: PartialEq {
    const TABLE: &'static str;

    /// Its primary key, in that order.
    type Key<'a>: Ord
    where
        Self: 'a;

    fn key(&self) -> Self::Key<'_>;

    /// What it is told by.
    fn named(&self) -> String;
}

#[derive(FromRow, PartialEq)]
pub(super) struct CaseLine {
    #[sqlx(flatten)]
    row: CaseVersionRow,
    #[sqlx(flatten)]
    span: SpanRow,
}

#[derive(FromRow, PartialEq)]
struct SpanRow {
    to_position: i64,
    lane: i64,
    occurred_from: i64,
    occurred_to: i64,
}

impl From<Span> for SpanRow {
    fn from(span: Span) -> Self {
        let Span { to_position, lane, occurred_from, occurred_to, .. } = span;
        Self { to_position, lane, occurred_from, occurred_to }
    }
}

impl From<&CaseVersion> for CaseLine {
    fn from(version: &CaseVersion) -> Self {
        Self { row: CaseVersionRow::of(version), span: version.span.into() }
    }
}

impl Line for CaseLine {
    const TABLE: &'static str = "case_versions";
    type Key<'a> = (&'a str, i64, i64);

    fn key(&self) -> Self::Key<'_> {
        (&self.row.case_id, self.row.from_position, self.span.lane)
    }

    fn named(&self) -> String {
        format!("{} from {} lane {}", self.row.case_id, self.row.from_position, self.span.lane)
    }
}

#[derive(FromRow, PartialEq)]
pub(super) struct RegisterLine {
    #[sqlx(flatten)]
    row: RegisterVersionRow,
    #[sqlx(flatten)]
    span: SpanRow,
}

impl From<&RegisterVersion> for RegisterLine {
    fn from(version: &RegisterVersion) -> Self {
        Self { row: RegisterVersionRow::of(version), span: version.span.into() }
    }
}

impl Line for RegisterLine {
    const TABLE: &'static str = "register_versions";
    type Key<'a> = (&'a str, &'a str, i64, i64);

    fn key(&self) -> Self::Key<'_> {
        (&self.row.aggregate_type, &self.row.aggregate_id, self.row.from_position, self.span.lane)
    }

    fn named(&self) -> String {
        let RegisterVersionRow { aggregate_type, aggregate_id, from_position, .. } = &self.row;
        format!("{aggregate_type} {aggregate_id} from {from_position} lane {}", self.span.lane)
    }
}

#[derive(FromRow, PartialEq)]
pub(super) struct MemberLine {
    case_id: String,
    actor: String,
}

impl From<(String, &str)> for MemberLine {
    fn from((case_id, actor): (String, &str)) -> Self {
        Self { case_id, actor: actor.to_owned() }
    }
}

impl Line for MemberLine {
    const TABLE: &'static str = "case_members";
    type Key<'a> = (&'a str, &'a str);

    fn key(&self) -> Self::Key<'_> {
        (&self.case_id, &self.actor)
    }

    fn named(&self) -> String {
        format!("{} {}", self.case_id, self.actor)
    }
}

#[derive(FromRow, PartialEq)]
pub(super) struct LinkLine {
    case_id: String,
    other_id: String,
    relation: String,
    from_position: i64,
}

impl From<&LinkWrite> for LinkLine {
    fn from(write: &LinkWrite) -> Self {
        Self {
            case_id: write.case_id.to_string(),
            other_id: write.link.other_id.to_string(),
            relation: write.link.relation.clone(),
            from_position: write.from_position,
        }
    }
}

impl Line for LinkLine {
    const TABLE: &'static str = "case_links";
    type Key<'a> = (&'a str, &'a str, &'a str);

    fn key(&self) -> Self::Key<'_> {
        (&self.case_id, &self.other_id, &self.relation)
    }

    fn named(&self) -> String {
        format!("{} {} {}", self.case_id, self.relation, self.other_id)
    }
}

#[derive(FromRow, PartialEq)]
pub(super) struct TextLine {
    text_id: i64,
    case_id: String,
    field: String,
    from_position: i64,
    to_position: i64,
    occurred_at: i64,
    occurred_until: i64,
    length: i64,
    words: String,
    body: String,
    /// Empty where the database does not tell.
    terms: String,
}

impl TextLine {
    pub(super) fn of(write: &TextWrite, keeps_terms: bool) -> Self {
        Self {
            text_id: write.text_id,
            case_id: write.case_id.to_string(),
            field: write.row.field.clone(),
            from_position: write.from_position,
            to_position: write.to_position,
            occurred_at: write.row.occurred_at,
            occurred_until: write.occurred_until,
            length: write.row.length.into(),
            words: write.row.words.clone(),
            body: write.row.body.clone(),
            terms: if keeps_terms { write.joined_terms() } else { String::new() },
        }
    }
}

impl Line for TextLine {
    const TABLE: &'static str = "search_texts";
    type Key<'a> = i64;

    fn key(&self) -> i64 {
        self.text_id
    }

    fn named(&self) -> String {
        format!("{} {} text {}", self.case_id, self.field, self.text_id)
    }
}

#[derive(FromRow, PartialEq)]
pub(super) struct FigureLine {
    aggregate_id: String,
    position: i64,
    kind: String,
    lane: i64,
    from_position: i64,
    detail: String,
    number: Option<i64>,
    amount: Option<String>,
    occurred_at: i64,
    counted_on: String,
    occurred_from: i64,
    occurred_to: i64,
}

impl From<&FigureWrite> for FigureLine {
    fn from(write: &FigureWrite) -> Self {
        let row = &write.row;
        Self {
            aggregate_id: write.aggregate_id.to_string(),
            position: write.position,
            kind: row.kind.name().to_owned(),
            lane: row.happened.lane.into(),
            from_position: write.from_position,
            detail: row.detail.clone(),
            number: row.number,
            amount: row.amount.clone(),
            occurred_at: row.occurred_at,
            counted_on: row.counted_on.clone(),
            occurred_from: row.happened.from,
            occurred_to: row.happened.to.unwrap_or(OPEN),
        }
    }
}

impl Line for FigureLine {
    const TABLE: &'static str = "figures";
    type Key<'a> = (&'a str, i64, &'a str, i64);

    fn key(&self) -> Self::Key<'_> {
        (&self.aggregate_id, self.position, &self.kind, self.lane)
    }

    fn named(&self) -> String {
        format!("{} {} at {} lane {}", self.aggregate_id, self.kind, self.position, self.lane)
    }
}
