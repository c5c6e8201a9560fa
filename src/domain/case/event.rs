//! What can happen to a case. A published fact never changes: a new field is optional, or the fact gets a new version
//! and an upcaster.

mod collaboration;
mod records;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{FindingId, Kind, LinkRelation, Origin, Severity, Verdict};
use crate::domain::event::{facts, payloads};
use crate::domain::value::{
    CampaignId, CaseId, Decimal, Division, EnterpriseId, InstitutionId, Label, Level, MeasurementRequirement, Money,
    PersonId, Reference, RegulationRef, ServiceCategory, Statement, Title,
};

pub use collaboration::{ExpertInvited, ExpertJoined, ExpertLeft, ExpertRemoved, InvitationDeclined};
pub use records::{
    AttachmentAdded, CommentAdded, FeeRecorded, FeeRetracted, ImportedPersonsErased, InternalCommentAdded,
    MeasurementRecorded, MeasurementRetracted, TechniqueIntroduced, TrainingDelivered, TypicalCasePublished,
    TypicalCaseRetracted,
};

/// The types of what is internal to a case, and kept from its enterprise.
pub const INTERNAL: &[&str] = &["InternalCommentAdded"];

facts! {
    /// What can happen to a case.
    CaseFact {
        "CaseReported" "1.0" => CaseReported,
        "RequirementSpecified" "1.0" => RequirementSpecified,
        "CaseRenamed" "1.0" => CaseRenamed,
        "CaseTriaged" "1.0" => CaseTriaged,
        "RoutineServiceProvided" "1.0" => RoutineServiceProvided,
        "ResearchAssigned" "1.0" => ResearchAssigned,
        "ResearchReassigned" "1.0" => ResearchReassigned,
        "AssignmentAccepted" "1.0" => AssignmentAccepted,
        "AssignmentDeclined" "1.0" => AssignmentDeclined,
        "ExpertInvited" "1.0" => ExpertInvited,
        "ExpertJoined" "1.0" => ExpertJoined,
        "InvitationDeclined" "1.0" => InvitationDeclined,
        "ExpertLeft" "1.0" => ExpertLeft,
        "ExpertRemoved" "1.0" => ExpertRemoved,
        "FindingRecorded" "1.0" => FindingRecorded,
        "MeasurementRecorded" "1.0" => MeasurementRecorded,
        "MeasurementRetracted" "1.0" => MeasurementRetracted,
        "SolutionProposed" "1.0" => SolutionProposed,
        "SolutionReviewed" "1.0" => SolutionReviewed,
        "TrialStarted" "1.0" => TrialStarted,
        "TrialResultRecorded" "1.0" => TrialResultRecorded,
        "SolutionConfirmed" "1.0" => SolutionConfirmed,
        "CaseResolved" "1.0" => CaseResolved,
        "SolutionRejected" "1.0" => SolutionRejected,
        "CaseClosed" "1.0" => CaseClosed,
        "CaseReopened" "1.0" => CaseReopened,
        "CaseEscalated" "1.0" => CaseEscalated,
        "CaseParked" "1.0" => CaseParked,
        "CaseUnparked" "1.0" => CaseUnparked,
        "DeadlineSet" "1.0" => DeadlineSet,
        "DeadlineExtended" "1.0" => DeadlineExtended,
        "DeadlineMissed" "1.0" => DeadlineMissed,
        "ClockPaused" "1.0" => ClockPaused,
        "ClockResumed" "1.0" => ClockResumed,
        "CaseWithdrawn" "1.0" => CaseWithdrawn,
        "CaseMarkedDuplicate" "1.0" => CaseMarkedDuplicate,
        "CasesLinked" "1.0" => CasesLinked,
        "CasesUnlinked" "1.0" => CasesUnlinked,
        "FeeRecorded" "1.0" => FeeRecorded,
        "FeeRetracted" "1.0" => FeeRetracted,
        "TechniqueIntroduced" "1.0" => TechniqueIntroduced,
        "TrainingDelivered" "1.0" => TrainingDelivered,
        "CommentAdded" "1.0" => CommentAdded,
        "InternalCommentAdded" "1.0" => InternalCommentAdded,
        "AttachmentAdded" "1.0" => AttachmentAdded,
        "TypicalCasePublished" "1.0" => TypicalCasePublished,
        "TypicalCaseRetracted" "1.0" => TypicalCaseRetracted,
        "LegacyActivityRecorded" "1.0" => LegacyActivityRecorded,
        "ImportedPersonsErased" "1.0" => ImportedPersonsErased,
    }
}

payloads! {
    /// 报告难点: an enrolled enterprise's difficulty is on record.
    CaseReported {
        /// The number that people use.
        number: CaseNumber,
        /// In a line.
        title: Title,
        /// What cannot be solved, and why not.
        problem: Statement,
        /// Whose difficulty it is.
        enterprise: EnterpriseId,
        /// The version of the enterprise in which the enrolment was seen.
        enterprise_version: u64,
        /// The campaign it is part of.
        campaign: CampaignId,
        /// Where the enterprise stands.
        division: Division,
        /// How it came to be known.
        origin: Origin,
    }
    /// 明确测量要求: what measurement would solve it.
    RequirementSpecified {
        /// Measurand, interval, and the uncertainty or maximum permissible error required.
        requirement: MeasurementRequirement,
        /// Why the one before was wrong, where this takes its place from when that was stated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correction_reason: Option<Statement>,
        /// When that was stated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        in_place_of: Option<Timestamp>,
    }
    /// 更名: the title was corrected.
    CaseRenamed {
        /// The title it had.
        from: Title,
        /// The title it has now.
        to: Title,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
    }
    /// 分诊: the case was sorted, for the first time or anew. A correction leaves it where it is in its life.
    CaseTriaged {
        /// The KCDB service category.
        category: ServiceCategory,
        /// What kind of help is needed.
        kind: Kind,
        /// How much it hurts.
        severity: Severity,
        /// Why it was sorted anew, where it was sorted wrongly before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correction_reason: Option<Statement>,
    }
    /// 提供常规服务: verification, calibration, testing or the like answered the need.
    RoutineServiceProvided {
        /// Who provided it.
        institution: InstitutionId,
        /// Its version that was relied on.
        institution_version: u64,
        /// Number of the certificate or report.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Label>,
        /// What was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Statement>,
        /// The regulation followed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        regulation: Option<RegulationRef>,
    }
    /// 下达攻关任务.
    ResearchAssigned {
        /// Who shall solve it.
        institution: InstitutionId,
        /// The person of that institution who answers for it.
        lead: PersonId,
        /// The version of the person in which its institution was seen.
        lead_version: u64,
        /// The last day.
        deadline: Date,
    }
    /// 改派攻关任务. The case waits in `Assigned` until the new lead accepts.
    ResearchReassigned {
        /// Who shall solve it from now on.
        institution: InstitutionId,
        /// The person of that institution who answers for it.
        lead: PersonId,
        /// The version of the person in which its institution was seen.
        lead_version: u64,
        /// The last day, if it changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Date>,
        /// Why.
        reason: Statement,
    }
    /// 接受任务.
    AssignmentAccepted {}
    /// 谢绝任务: the case is back in triage.
    AssignmentDeclined {
        /// Why.
        reason: Statement,
    }
    /// 记录发现: what an expert learnt.
    FindingRecorded {
        /// Its id within the case.
        id: FindingId,
        /// What was learnt.
        text: Statement,
        /// Standards, methods and publications it rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Reference>,
    }
    /// 提出解决方案.
    SolutionProposed {
        /// What to do.
        description: Statement,
        /// The findings it rests on.
        findings: Vec<FindingId>,
        /// Standards, methods and publications it rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Reference>,
    }
    /// 评审解决方案.
    SolutionReviewed {
        /// Approved, or changes asked.
        verdict: Verdict,
        /// What the reviewer says.
        comment: Statement,
    }
    /// 开始试用.
    TrialStarted {
        /// What is tried, where and how long.
        plan: Statement,
    }
    /// 记录试用结果.
    TrialResultRecorded {
        /// Whether it held.
        passed: bool,
        /// What was seen.
        summary: Statement,
        /// What was measured on trial.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measurement: Option<MeasurementRecorded>,
    }
    /// 企业确认: the enterprise says that its difficulty is solved.
    SolutionConfirmed {
        /// In its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<Statement>,
        /// Why a capability gap above 1 is accepted all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortfall_accepted: Option<Statement>,
    }
    /// 难点解决.
    CaseResolved {
        /// The capability gap as it stood, to six decimals; absent where nothing was required, or nothing measured that
        /// can be held against it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gap: Option<Decimal>,
    }
    /// 企业否决.
    SolutionRejected {
        /// Why.
        reason: Statement,
    }
    /// 结案.
    CaseClosed {
        /// What others can learn from it.
        lesson: Statement,
        /// The sum of all fees, as stated and checked.
        fee_total: Money,
    }
    /// 重新打开.
    CaseReopened {
        /// Why.
        reason: Statement,
    }
    /// 上报: one level up.
    CaseEscalated {
        /// The level it was at.
        from: Level,
        /// The level it is at now.
        to: Level,
        /// Why.
        reason: Statement,
    }
    /// 暂存: open at national level until looked at again.
    CaseParked {
        /// When it is looked at again.
        review_on: Date,
        /// The first day on which the deadline stands still; absent in events from before it was recorded, of which it is
        /// the day on which they happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Date>,
        /// Why nobody can solve it today.
        reason: Statement,
    }
    /// 取回.
    CaseUnparked {
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
        /// The first day on which it is not parked; absent in events from before it was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Date>,
        /// The deadline, later by the working days on which it stood still since it was set. Events from before it moved
        /// leave it where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Date>,
    }
    /// 设定期限.
    DeadlineSet {
        /// The last day.
        deadline: Date,
    }
    /// 延长期限.
    DeadlineExtended {
        /// The last day it had.
        from: Date,
        /// The last day it has now.
        to: Date,
        /// Why.
        reason: Statement,
    }
    /// 逾期: recorded by the server's clock, once per deadline.
    DeadlineMissed {
        /// The last day that passed.
        deadline: Date,
    }
    /// 暂停计时.
    ClockPaused {
        /// The first day that does not count.
        from: Date,
        /// Why.
        reason: Statement,
    }
    /// 恢复计时.
    ClockResumed {
        /// The first day that counts again.
        on: Date,
        /// The working days that did not count.
        paused_working_days: u32,
        /// The deadline, later by the working days on which it stood still; absent where it stays, as of a parked case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Date>,
    }
    /// 企业撤回.
    CaseWithdrawn {
        /// Why.
        reason: Statement,
    }
    /// 标记重复.
    CaseMarkedDuplicate {
        /// The case that goes on.
        of: CaseId,
        /// The version of that case in which it was seen to be no duplicate.
        of_version: u64,
    }
    /// 关联案例.
    CasesLinked {
        /// The other case.
        other: CaseId,
        /// What this case is to it.
        relation: LinkRelation,
    }
    /// 解除关联: what was said of two cases holds no more.
    CasesUnlinked {
        /// The other case.
        other: CaseId,
        /// What this case is not to it.
        relation: LinkRelation,
        /// Why.
        reason: Statement,
    }
    /// 历史活动: something another tracker recorded which has no counterpart here. It stands on the timeline, with its
    /// source.
    LegacyActivityRecorded {
        /// The case as the other tracker knew it, when this is its first event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<LegacyOpening>,
        /// Whether the mapping says that the other tracker was done with the case; a later activity takes it up again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        concludes: bool,
    }
    /// A case as another tracker knew it.
    LegacyOpening {
        /// The number that people use here.
        number: CaseNumber,
        /// In a line.
        title: Title,
        /// What it was about.
        problem: Statement,
        /// The organisation whose case it was.
        enterprise: EnterpriseId,
        /// The import campaign.
        campaign: CampaignId,
        /// Where.
        division: Division,
    }
}
