//! The columns of the case row that a question may name.

use crate::store::query::Value;
use crate::store::row::StoredCase;

/// Declares the columns: the name in both databases, whether there is text or an integer, whether a row can be without
/// a value, and the value that a row has.
macro_rules! columns {
    ($(#[$doc:meta])* $enum:ident {
        $($column:ident = $name:literal $type:ident $($null:ident)+ => $value_of:expr,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum {
            $(
                #[doc = concat!("`", $name, "`")]
                $column,
            )+
        }

        impl $enum {
            /// Every column.
            pub const ALL: &'static [Self] = &[$(Self::$column,)+];

            /// The value that the row has in this column.
            pub fn value_of(self, case: &StoredCase) -> Value {
                let value_of: fn(&StoredCase) -> Value = match self { $(Self::$column => $value_of,)+ };
                value_of(case)
            }

            /// The name of the column in both databases.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)+ }
            }

            /// Whether the column holds text; the others hold integers.
            pub(super) const fn is_text(self) -> bool {
                match self { $(Self::$column => columns!(@is_text $type),)+ }
            }

            /// Whether a row can be without a value here.
            pub(super) const fn is_nullable(self) -> bool {
                match self { $(Self::$column => columns!(@is_nullable $($null)+),)+ }
            }
        }
    };
    (@is_text text) => { true };
    (@is_text integer) => { false };
    (@is_nullable null) => { true };
    (@is_nullable not null) => { false };
}

columns! {
    /// A column of the case row. The fee total as decimal text is missing on purpose: its order as text would be wrong,
    /// and `fee_fen` is what is compared.
    CaseColumn {
        CaseId = "case_id" text not null => |case| case.row.case_id.into(),
        Number = "number" text not null => |case| case.row.number.as_str().into(),
        Title = "title" text not null => |case| case.row.title.as_str().into(),
        Status = "status" text not null => |case| case.row.status.as_str().into(),
        Kind = "kind" text null => |case| case.row.kind.as_deref().into(),
        Category = "category" text null => |case| case.row.category.as_deref().into(),
        Severity = "severity" text null => |case| case.row.severity.as_deref().into(),
        Level = "level" text not null => |case| case.row.level.as_str().into(),
        Division = "division" text not null => |case| case.row.division.as_str().into(),
        EnterpriseId = "enterprise_id" text not null => |case| case.row.enterprise_id.into(),
        CampaignId = "campaign_id" text not null => |case| case.row.campaign_id.into(),
        InstitutionId = "institution_id" text null => |case| case.row.institution_id.into(),
        LeadId = "lead_id" text null => |case| case.row.lead_id.into(),
        Origin = "origin" text not null => |case| case.row.origin.as_str().into(),
        IsOpen = "is_open" integer not null => |case| case.row.is_open.into(),
        ReportedAt = "reported_at" integer not null => |case| case.row.reported_at.into(),
        DeadlineOn = "deadline_on" text null => |case| case.row.deadline_on.as_deref().into(),
        DeadlineMissedOn = "deadline_missed_on" text null => |case| case.row.deadline_missed_on.as_deref().into(),
        ClockPaused = "clock_paused" integer not null => |case| case.row.clock_paused.into(),
        ParkedUntil = "parked_until" text null => |case| case.row.parked_until.as_deref().into(),
        GapPpm = "gap_ppm" integer null => |case| case.row.gap_ppm.into(),
        Typical = "typical" integer not null => |case| case.row.typical.into(),
        ReportedBy = "reported_by" text not null => |case| case.row.reported_by.as_str().into(),
        Members = "members" text not null => |case| case.row.members.as_str().into(),
        FeeFen = "fee_fen" integer not null => |case| case.row.fee_fen.into(),
        Version = "version" integer not null => |case| case.version.cast_signed().into(),
        FromPosition = "from_position" integer not null => |case| case.from_position.cast_signed().into(),
        UpdatedAt = "updated_at" integer not null => |case| case.updated_at.into(),
    }
}

impl CaseColumn {
    /// Whether a row can have this value here; PostgreSQL has no text with U+0000.
    #[must_use]
    pub fn can_hold(self, value: &Value) -> bool {
        match value {
            Value::Text(text) => self.is_text() && !text.contains('\0'),
            Value::Integer(_) => !self.is_text(),
            Value::Null => self.is_nullable(),
        }
    }
}
