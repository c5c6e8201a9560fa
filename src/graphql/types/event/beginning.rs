//! Events from the report to the assignment.

use async_graphql::ID;

use crate::graphql::ids;
use crate::graphql::scalars::Date;
use crate::graphql::types::common::{CategoryNode, DivisionNode, Regulation};
use crate::graphql::types::event::declare::{event_objects, text};
use crate::graphql::types::measurement::RequirementNode;
use crate::graphql::words::{CaseKind, OriginKind, Severity};

event_objects! {
    /// 报告难点: an enrolled enterprise's difficulty is on record.
    CaseReported as CaseReportedEvent |fact| {
        /// 编号: the number that people use. In a preview its serial is 000000: only the log gives one.
        number: String = fact.number.to_string();
        /// 标题: in a line.
        title: String = fact.title.to_string();
        /// 问题描述: what cannot be solved, and why not.
        problem: String = fact.problem.to_string();
        /// 企业: the enterprise's global id.
        enterprise_id: ID = ids::global(fact.enterprise);
        /// The version of the enterprise in which the enrolment was seen.
        enterprise_version: u64 = fact.enterprise_version;
        /// 活动: the campaign's global id.
        campaign_id: ID = ids::global(fact.campaign);
        /// 行政区划: where the enterprise stands.
        division: DivisionNode = DivisionNode(fact.division.clone());
        /// 来源: how it came to be known.
        origin: OriginKind = OriginKind::from(&fact.origin);
    }
    /// 明确测量要求: what measurement would solve it.
    RequirementSpecified as RequirementSpecifiedEvent |fact| {
        /// 测量要求: measurand, interval, and what is required.
        requirement: RequirementNode = RequirementNode(fact.requirement.clone());
        /// 更正原因: why the one before was wrong, where this takes its place from when that was stated; absent where what is required has changed.
        correction_reason: Option<String> = text(fact.correction_reason.as_ref());
    }
    /// 更名: the title was corrected.
    CaseRenamed as CaseRenamedEvent |fact| {
        /// 原标题: the title it had.
        from: String = fact.from.to_string();
        /// 新标题: the title it has now.
        to: String = fact.to.to_string();
        /// 原因: why, if said.
        reason: Option<String> = text(fact.reason.as_ref());
    }
    /// 分诊: the case was sorted, for the first time or anew.
    CaseTriaged as CaseTriagedEvent |fact| {
        /// 服务类别: its category in the KCDB list.
        category: CategoryNode = CategoryNode(fact.category.clone());
        /// 类型: what kind of help is needed.
        kind: CaseKind = fact.kind.into();
        /// 严重程度: how much it hurts.
        severity: Severity = fact.severity.into();
        /// 更正原因: why it was sorted anew; absent where it was sorted for the first time.
        correction_reason: Option<String> = text(fact.correction_reason.as_ref());
    }
    /// 提供常规服务: a verification, calibration, test or the like answered the need.
    RoutineServiceProvided as RoutineServiceProvidedEvent |fact| {
        /// 计量技术机构: global id of who provided it.
        institution_id: ID = ids::global(fact.institution);
        /// 证书编号: number of the certificate or report.
        certificate: Option<String> = text(fact.certificate.as_ref());
        /// 服务说明: what was done.
        report: Option<String> = text(fact.report.as_ref());
        /// 规程、规范: the regulation followed.
        regulation: Option<Regulation> = fact.regulation.as_ref().map(Into::into);
    }
    /// 下达攻关任务: the case was given to an institution and a lead.
    ResearchAssigned as ResearchAssignedEvent |fact| {
        /// 计量技术机构: global id of who shall solve it.
        institution_id: ID = ids::global(fact.institution);
        /// 攻关负责人: global id of who answers for it.
        lead_id: ID = ids::global(fact.lead);
        /// The version of the person in which its institution was seen.
        lead_version: u64 = fact.lead_version;
        /// 期限: the last day.
        deadline: Date = fact.deadline.into();
    }
    /// 改派攻关任务: the case was given to another institution or lead, who has to accept it.
    ResearchReassigned as ResearchReassignedEvent |fact| {
        /// 计量技术机构: global id of who shall solve it from now on.
        institution_id: ID = ids::global(fact.institution);
        /// 攻关负责人: global id of who answers for it.
        lead_id: ID = ids::global(fact.lead);
        /// The version of the person in which its institution was seen.
        lead_version: u64 = fact.lead_version;
        /// 期限: the last day, if it changed.
        deadline: Option<Date> = fact.deadline.map(Into::into);
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 接受任务: the lead took the assignment.
    AssignmentAccepted as AssignmentAcceptedEvent |fact| {}
    /// 谢绝任务: the lead did not take it; the case is back in triage.
    AssignmentDeclined as AssignmentDeclinedEvent |fact| {
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
}
