//! Questions to the store. Columns are enums: no text from outside ever becomes SQL.

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::column::CaseColumn;
use crate::store::moment::Moment;
use crate::store::readers::Readers;
use crate::store::record::{AggregateType, StreamId};
use crate::store::row::StoredCase;

/// Which rows a limit keeps. Either way they come in the order of their list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// Those at the list's beginning.
    #[default]
    First,
    /// Those at the list's end.
    Last,
}

/// From one time, it included, up to another, it not included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// From when on; none = ever since.
    pub from: Option<Timestamp>,
    /// Up to when; none = for ever.
    pub until: Option<Timestamp>,
}

impl Span {
    /// What of it is part of the moment, where the moment is a time of the axis of what had happened.
    #[must_use]
    pub fn happened_by(self, at: Moment) -> Self {
        let Moment::Occurred(time) = at else { return self };
        let end = Timestamp::from_microsecond(time.saturating_add(1)).ok();
        Self { until: self.until.into_iter().chain(end).min(), ..self }
    }

    /// Whether the time is in it.
    #[must_use]
    pub fn holds(self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }
}

/// Aggregates of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Among {
    /// Of which type.
    pub aggregate_type: AggregateType,
    /// Which of them.
    pub picked: Picked,
}

/// Which aggregates of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// All of them.
    All,
    /// Those of these ids.
    These(Vec<Uuid>),
    /// The cases that a reader sees at present.
    Cases {
        /// What the reader sees.
        scope: Scope,
        /// Only of this division and those below it.
        division_prefix: Option<String>,
    },
    /// The entries of a register that a question finds, however many it asks for.
    Entries(Box<RegisterQuery>),
}

/// How the events of some aggregates are come by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// The log is walked in its order and they are picked out of it, as is right for many of them.
    #[default]
    Walk,
    /// They are gathered stream by stream and then put in order, as is right for few of them.
    Gather,
}

/// Which events, in position order unless `aggregate_ids` are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only of this stream.
    pub stream: Option<StreamId>,
    /// Only after so many events of their stream.
    pub after_version: u64,
    /// Only of this type of aggregate.
    pub aggregate_type: Option<AggregateType>,
    /// Only of aggregates of these ids, one stream after the other; empty = all.
    pub aggregate_ids: Vec<Uuid>,
    /// Only of any of these aggregates, all in one order; empty = all.
    pub among: Vec<Among>,
    /// How those are come by.
    pub access: Access,
    /// Only at these positions; empty = all.
    pub positions: Vec<u64>,
    /// Only after this position, exclusive.
    pub after: Option<u64>,
    /// Only up to this position, inclusive.
    pub up_to: Option<u64>,
    /// Only before this position, exclusive.
    pub before: Option<u64>,
    /// At most so many, of each where `aggregate_ids` are named.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// Only these event types; empty = all.
    pub types: Vec<String>,
    /// None of these event types.
    pub but_types: Vec<String>,
    /// Only caused by this actor.
    pub actor: Option<String>,
    /// Only what the log took then.
    pub recorded: Span,
    /// Only what happened then, as the event says.
    pub occurred: Span,
}

/// Which cases, in which order, as of when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseQuery {
    /// What the rows must satisfy; `Condition::All(vec![])` = everything.
    pub condition: Condition,
    /// What the reader may see.
    pub scope: Scope,
    /// Order; the case id is always the last key.
    pub order: Vec<(CaseColumn, Direction)>,
    /// Only after the row with these order values, the id (as `Value::Text`) last; see [`key_of`].
    pub after: Option<Vec<Value>>,
    /// Only before the row with these order values and that id.
    pub before: Option<Vec<Value>>,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// As of when.
    pub at: Moment,
}

/// The key that continues a list in that order after the given row.
pub fn key_of(order: &[(CaseColumn, Direction)], case: &StoredCase) -> Vec<Value> {
    let mut key: Vec<Value> = order.iter().map(|(column, _)| column.value_of(case)).collect();
    key.push(CaseColumn::CaseId.value_of(case));
    key
}

/// A condition on the columns of a case.
///
/// It has two values, not SQL's three: a comparison with a missing value is false, and `Not` of
/// it is true. So `Not(Compare { Equal })` and `Compare { NotEqual }` find rows without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Every one holds; true when empty.
    All(Vec<Condition>),
    /// At least one holds; false when empty.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The column compares so with the value.
    Compare {
        /// Left side.
        column: CaseColumn,
        /// How.
        operator: Operator,
        /// Right side; equal to `Null` means missing.
        value: Value,
    },
    /// The column is one of the values.
    In {
        /// Which column.
        column: CaseColumn,
        /// `Null` among them means missing.
        values: Vec<Value>,
    },
    /// The column has no value.
    IsNull {
        /// Which column.
        column: CaseColumn,
    },
    /// The column contains the text, ASCII letters of either case.
    Contains {
        /// A text column.
        column: CaseColumn,
        /// Any text; no wildcards.
        text: String,
    },
    /// The column starts with exactly this text.
    StartsWith {
        /// A text column.
        column: CaseColumn,
        /// Any text; no wildcards.
        text: String,
    },
    /// One of these actors works on it.
    Members(Vec<String>),
}

impl Condition {
    /// A case whose deadline may run on that day, `YYYY-MM-DD`: it is neither solved nor parked then.
    #[must_use]
    pub fn is_at_work(today: &str) -> Self {
        let solved = Self::compare(CaseColumn::Status, Operator::Equal, "RESOLVED");
        Self::All(vec![
            Self::compare(CaseColumn::IsOpen, Operator::Equal, true),
            Self::Not(Box::new(solved)),
            Self::Any(vec![
                Self::IsNull { column: CaseColumn::ParkedUntil },
                Self::compare(CaseColumn::ParkedUntil, Operator::Less, today),
            ]),
        ])
    }

    /// A case that is late on that day, `YYYY-MM-DD`: its deadline runs then and has passed.
    #[must_use]
    pub fn is_late(today: &str) -> Self {
        Self::All(vec![
            Self::is_at_work(today),
            Self::compare(CaseColumn::ClockPaused, Operator::Equal, false),
            Self::compare(CaseColumn::DeadlineOn, Operator::Less, today),
        ])
    }

    fn compare(column: CaseColumn, operator: Operator, value: impl Into<Value>) -> Self {
        Self::Compare { column, operator, value: value.into() }
    }
}

/// How two values compare. Texts compare by their UTF-8 bytes on every database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// =
    Equal,
    /// ≠, missing values included
    NotEqual,
    /// <
    Less,
    /// ≤
    LessOrEqual,
    /// >
    Greater,
    /// ≥
    GreaterOrEqual,
}

/// Direction of an order. Missing values come last in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A value of a column. Flags are the integers 0 and 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, also identifiers and dates.
    Text(String),
    /// Numbers, times in microseconds, flags.
    Integer(i64),
    /// Missing.
    Null,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(flag.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a reader may see: the union of what is set, so nothing set = nothing visible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// No limit.
    pub everything: bool,
    /// Cases of this division and those below it.
    pub division_prefix: Option<String>,
    /// Cases of this enterprise.
    pub enterprise: Option<Uuid>,
    /// Cases of this institution.
    pub institution: Option<Uuid>,
    /// Cases that have this actor as a member.
    pub member: Option<String>,
    /// None of this enterprise, whatever else is set.
    pub but_of_enterprise: Option<Uuid>,
}

impl Scope {
    /// Whether nothing is visible.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Self { everything, division_prefix, enterprise, institution, member, but_of_enterprise: _ } = self;
        !everything && division_prefix.is_none() && enterprise.is_none() && institution.is_none() && member.is_none()
    }
}

/// What a reader sees of register rows that lie somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// What is of this division or below it at present, whatever it was then.
    pub division_prefix: String,
    /// The reader's own row, wherever it lies.
    pub own: Option<Uuid>,
}

/// Which register rows, ordered by name and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterQuery {
    /// Of which type; cases are not in the registers.
    pub aggregate_type: AggregateType,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// Only of this division and those below it.
    pub division_prefix: Option<String>,
    /// What the reader may see of what belongs to somebody; `None` where that is not how it is shown.
    pub readers: Option<Readers>,
    /// What the reader may see of what lies somewhere; `None` where that is not how it is shown.
    pub within: Option<Within>,
    /// Only with exactly this code.
    pub code: Option<String>,
    /// Only with this in the name, ASCII letters of either case.
    pub name_contains: Option<String>,
    /// Only after the row with this name and id.
    pub after: Option<(String, Uuid)>,
    /// Only before the row with this name and id.
    pub before: Option<(String, Uuid)>,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// As of when.
    pub at: Moment,
    /// Only rows that tell of an event behind this position.
    pub heard_after: Option<u64>,
}

impl RegisterQuery {
    /// These entries of a register, as they are at present.
    #[must_use]
    pub fn of(aggregate_type: AggregateType, ids: Vec<Uuid>) -> Self {
        Self {
            aggregate_type,
            limit: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ids: Some(ids),
            division_prefix: None,
            readers: None,
            within: None,
            code: None,
            name_contains: None,
            after: None,
            before: None,
            keep: Keep::First,
            at: Moment::Present,
            heard_after: None,
        }
    }
}
