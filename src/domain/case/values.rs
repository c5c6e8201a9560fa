//! The small words of a case: kinds, severities, relations, ids within it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::value::{Label, Reference, VisitId};
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// Where a case is in its life.
    Status {
        /// 已报告.
        Reported = "REPORTED",
        /// 已分诊.
        Triaged = "TRIAGED",
        /// 已下达.
        Assigned = "ASSIGNED",
        /// 攻关中.
        Researching = "RESEARCHING",
        /// 已提出方案.
        SolutionProposed = "SOLUTION_PROPOSED",
        /// 试用中.
        OnTrial = "ON_TRIAL",
        /// 待企业确认.
        AwaitingConfirmation = "AWAITING_CONFIRMATION",
        /// 已解决.
        Resolved = "RESOLVED",
        /// 已结案.
        Closed = "CLOSED",
        /// 已撤回.
        Withdrawn = "WITHDRAWN",
        /// 重复.
        Duplicate = "DUPLICATE",
    }
}

impl Status {
    /// Open until an end is reached. `Resolved` is open: it still has to be closed.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::Duplicate)
    }

    /// Whether somebody still has to solve it: open, and not resolved.
    #[must_use]
    pub fn is_before_resolved(self) -> bool {
        self.is_open() && self != Self::Resolved
    }
}

vocabulary! {
    /// What kind of help is needed.
    Kind {
        /// 计量器具配备.
        InstrumentProvision = "INSTRUMENT_PROVISION",
        /// 检定.
        Verification = "VERIFICATION",
        /// 校准.
        Calibration = "CALIBRATION",
        /// 测试.
        Testing = "TESTING",
        /// 计量保证体系.
        AssuranceSystem = "ASSURANCE_SYSTEM",
        /// 培训.
        Training = "TRAINING",
        /// 能源计量.
        EnergyMetrology = "ENERGY_METROLOGY",
        /// 技术攻关.
        ResearchProblem = "RESEARCH_PROBLEM",
    }
}

vocabulary! {
    /// How much the difficulty hurts the enterprise.
    Severity {
        /// 轻微.
        Minor = "MINOR",
        /// 一般.
        Moderate = "MODERATE",
        /// 严重.
        Major = "MAJOR",
        /// 停产: production stands.
        Critical = "CRITICAL",
    }
}

vocabulary! {
    /// What a reviewer says of a proposed solution.
    Verdict {
        /// 通过.
        Approved = "APPROVED",
        /// 需要修改.
        ChangesRequested = "CHANGES_REQUESTED",
    }
}

vocabulary! {
    /// What one case is to another.
    LinkRelation {
        /// 相关.
        RelatedTo = "RELATED_TO",
        /// 子案例: this case is part of the other, which is closed or marked a duplicate only after it has ended. A part that is reopened later leaves the other as it is.
        SubCaseOf = "SUB_CASE_OF",
    }
}

vocabulary! {
    /// Whom a comment is for.
    Audience {
        /// 公开: whoever sees the case.
        Everybody = "EVERYBODY",
        /// 内部: those who work on the case and who oversee it, without the enterprise.
        Internal = "INTERNAL",
    }
}

/// How a case came to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum Origin {
    /// 现场走访.
    #[serde(rename = "FIELD_VISIT")]
    FieldVisit {
        /// The visit, recorded with the enterprise.
        visit: VisitId,
    },
    /// 调查.
    #[serde(rename = "SURVEY")]
    Survey {
        /// Which one.
        survey: Label,
    },
    /// 企业自报.
    #[serde(rename = "OWN_REPORT")]
    OwnReport,
    /// 导入: from another tracker.
    #[serde(rename = "IMPORT")]
    Import,
}

impl Origin {
    /// The name in the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::FieldVisit { .. } => "FIELD_VISIT",
            Self::Survey { .. } => "SURVEY",
            Self::OwnReport => "OWN_REPORT",
            Self::Import => "IMPORT",
        }
    }
}

/// Where an introduced technique comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Introduction {
    /// The standard, method or publication.
    pub reference: Reference,
    /// The country or organisation of origin, if said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Label>,
}

/// Declares ids of things within a case.
macro_rules! inner_ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub Uuid);

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    self.0.fmt(f)
                }
            }
        )+
    };
}

inner_ids! {
    /// Id of a finding.
    FindingId,
    /// Id of a measurement.
    MeasurementId,
    /// Id of a fee.
    FeeId,
    /// Id of a comment.
    CommentId,
    /// Id of an attachment.
    AttachmentId,
}

/// The most bytes of one document: 4 MiB, so that it fits into a request in Base64.
pub const LARGEST_ATTACHMENT_BYTES: u64 = 4 * 1024 * 1024;
