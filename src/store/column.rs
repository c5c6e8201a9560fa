//! The columns of the case row that a question may name.

use crate::store::query::Value;
use crate::store::row::StoredCase;

/// A column of the case row. The fee total as decimal text is missing on purpose: its order as text would be wrong, and
/// `fee_fen` is what is compared.
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
    /// `reported_by`
    ReportedBy,
    /// `members`
    Members,
    /// `fee_fen`
    FeeFen,
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
            Self::ReportedBy => row.reported_by.as_str().into(),
            Self::Members => row.members.as_str().into(),
            Self::FeeFen => row.fee_fen.into(),
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
            Self::ReportedBy => "reported_by",
            Self::Members => "members",
            Self::FeeFen => "fee_fen",
            Self::Version => "version",
            Self::FromPosition => "from_position",
            Self::UpdatedAt => "updated_at",
        }
    }

    /// Whether a row can have this value here; PostgreSQL has no text with U+0000.
    #[must_use]
    pub fn can_hold(self, value: &Value) -> bool {
        match value {
            Value::Text(text) => self.is_text() && !text.contains('\0'),
            Value::Integer(_) => !self.is_text(),
            Value::Null => self.is_nullable(),
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
                | Self::FeeFen
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
