//! Questions to the store. Columns are enums: no text from outside ever becomes SQL.

use uuid::Uuid;

use crate::store::moment::Moment;
use crate::store::readers::Readers;
use crate::store::record::{AggregateType, StreamId};
use crate::store::row::StoredCase;

/// Which rows a limit keeps. Either way they come in the order of their list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those at the list's beginning.
    #[default]
    First,
    /// Those at the list's end.
    Last,
}

/// Which events, in position order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only of this stream.
    pub stream: Option<StreamId>,
    /// Only of this type of aggregate.
    pub aggregate_type: Option<AggregateType>,
    /// Only after this position, exclusive.
    pub after: Option<u64>,
    /// Only up to this position, inclusive.
    pub up_to: Option<u64>,
    /// Only before this position, exclusive.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// Only these event types; empty = all.
    pub types: Vec<String>,
    /// Only caused by this actor.
    pub actor: Option<String>,
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
    /// Only after the row with these order values, the id (as `Value::Text`) last;
    /// see [`CaseQuery::key_of`].
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

impl CaseQuery {
    /// The key that continues this query after the given row.
    pub fn key_of(&self, case: &StoredCase) -> Vec<Value> {
        key_of(&self.order, case)
    }
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
}

/// A column of the case row. The fee total is missing on purpose: it is decimal text, whose
/// order as text would be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseColumn {
    /// `case_id`
    CaseId,
    /// `number`
    Number,
    /// `title`
    Title,
    /// `status`
    Status,
    /// `kind`
    Kind,
    /// `category`
    Category,
    /// `severity`
    Severity,
    /// `level`
    Level,
    /// `division`
    Division,
    /// `enterprise_id`
    EnterpriseId,
    /// `campaign_id`
    CampaignId,
    /// `institution_id`
    InstitutionId,
    /// `lead_id`
    LeadId,
    /// `origin`
    Origin,
    /// `is_open`
    IsOpen,
    /// `reported_at`
    ReportedAt,
    /// `deadline_on`
    DeadlineOn,
    /// `deadline_missed_on`
    DeadlineMissedOn,
    /// `clock_paused`
    ClockPaused,
    /// `parked_until`
    ParkedUntil,
    /// `gap_ppm`
    GapPpm,
    /// `typical`
    Typical,
    /// `version`
    Version,
    /// `from_position`
    FromPosition,
    /// `updated_at`
    UpdatedAt,
}

impl CaseColumn {
    /// The value that the row has in this column.
    pub fn value_of(self, case: &StoredCase) -> Value {
        let row = &case.row;
        match self {
            Self::CaseId => row.case_id.into(),
            Self::Number => row.number.as_str().into(),
            Self::Title => row.title.as_str().into(),
            Self::Status => row.status.as_str().into(),
            Self::Kind => row.kind.as_deref().into(),
            Self::Category => row.category.as_deref().into(),
            Self::Severity => row.severity.as_deref().into(),
            Self::Level => row.level.as_str().into(),
            Self::Division => row.division.as_str().into(),
            Self::EnterpriseId => row.enterprise_id.into(),
            Self::CampaignId => row.campaign_id.into(),
            Self::InstitutionId => row.institution_id.into(),
            Self::LeadId => row.lead_id.into(),
            Self::Origin => row.origin.as_str().into(),
            Self::IsOpen => row.is_open.into(),
            Self::ReportedAt => row.reported_at.into(),
            Self::DeadlineOn => row.deadline_on.as_deref().into(),
            Self::DeadlineMissedOn => row.deadline_missed_on.as_deref().into(),
            Self::ClockPaused => row.clock_paused.into(),
            Self::ParkedUntil => row.parked_until.as_deref().into(),
            Self::GapPpm => row.gap_ppm.into(),
            Self::Typical => row.typical.into(),
            Self::Version => Value::Integer(case.version.cast_signed()),
            Self::FromPosition => Value::Integer(case.from_position.cast_signed()),
            Self::UpdatedAt => case.updated_at.into(),
        }
    }

    /// The name of the column in both databases.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CaseId => "case_id",
            Self::Number => "number",
            Self::Title => "title",
            Self::Status => "status",
            Self::Kind => "kind",
            Self::Category => "category",
            Self::Severity => "severity",
            Self::Level => "level",
            Self::Division => "division",
            Self::EnterpriseId => "enterprise_id",
            Self::CampaignId => "campaign_id",
            Self::InstitutionId => "institution_id",
            Self::LeadId => "lead_id",
            Self::Origin => "origin",
            Self::IsOpen => "is_open",
            Self::ReportedAt => "reported_at",
            Self::DeadlineOn => "deadline_on",
            Self::DeadlineMissedOn => "deadline_missed_on",
            Self::ClockPaused => "clock_paused",
            Self::ParkedUntil => "parked_until",
            Self::GapPpm => "gap_ppm",
            Self::Typical => "typical",
            Self::Version => "version",
            Self::FromPosition => "from_position",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Whether the column holds text; the others hold integers.
    pub(super) const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::IsOpen
                | Self::ReportedAt
                | Self::ClockPaused
                | Self::GapPpm
                | Self::Typical
                | Self::Version
                | Self::FromPosition
                | Self::UpdatedAt
        )
    }

    /// Whether a row can be without a value here.
    pub(super) const fn is_nullable(self) -> bool {
        matches!(
            self,
            Self::Kind
                | Self::Category
                | Self::Severity
                | Self::InstitutionId
                | Self::LeadId
                | Self::DeadlineOn
                | Self::DeadlineMissedOn
                | Self::ParkedUntil
                | Self::GapPpm
        )
    }
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
    /// What the reader may see: only what is of this division or below it at present, whatever it was then.
    pub within: Option<String>,
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
        }
    }
}
