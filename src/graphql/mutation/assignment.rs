//! Research assignments: who shall solve it, and whether they take it.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{AcceptAssignment, AssignResearch, DeclineAssignment, ReassignResearch};
use crate::domain::case::facts::PersonFacts;
use crate::domain::value::CaseId;
use crate::graphql::door::day;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Date;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// 攻关任务: who shall solve the case.
    AssignmentMutation answers case: CaseNode, CaseConflict {
        /// 下达攻关任务: gives a triaged case to an institution and a lead, with a deadline. By a coordinator or a manager.
        assign_research(AssignResearchInput) -> AssignResearchPayload;
        /// 改派攻关任务: gives it to another institution or lead; with a deadline, where there is none that could be met. By a coordinator or a manager.
        reassign_research(ReassignResearchInput) -> ReassignResearchPayload;
        /// 接受任务. By the lead.
        accept_assignment(AcceptAssignmentInput) -> AcceptAssignmentPayload;
        /// 谢绝任务: the case goes back to triage. By the lead.
        decline_assignment(DeclineAssignmentInput) -> DeclineAssignmentPayload;
    }
}

input! {
    /// 下达攻关任务: to whom, and until when.
    AssignResearchInput updates Case by AssignResearch, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 计量技术机构: who shall solve it.
        institution_id: ID,
        /// 攻关负责人: the person of that institution who answers for it. Required by the domain.
        lead_id: Option<ID>,
        /// 期限: the last day, after today.
        deadline: Date,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let institution = door.id("institutionId", &input.institution_id);
        let lead = door.optional_id("leadId", input.lead_id.as_ref());
        Some(Ordered::new(id?, AssignResearch {
            institution: institution?,
            lead: lead?.map(PersonFacts::of),
            deadline: input.deadline.0,
        }))
    }
}

input! {
    /// 改派攻关任务: to whom from now on, and why.
    ReassignResearchInput updates Case by ReassignResearch, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 计量技术机构: who shall solve it from now on.
        institution_id: ID,
        /// 攻关负责人: the person of that institution who answers for it. Required by the domain.
        lead_id: Option<ID>,
        /// 期限: the last day, if it changes. Required by the domain where there is none, or where it was missed.
        deadline: Option<Date>,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let institution = door.id("institutionId", &input.institution_id);
        let lead = door.optional_id("leadId", input.lead_id.as_ref());
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, ReassignResearch {
            institution: institution?,
            lead: lead?.map(PersonFacts::of),
            deadline: day(input.deadline),
            reason: reason?,
        }))
    }
}

input! {
    /// 接受任务.
    AcceptAssignmentInput updates Case by AcceptAssignment, about "caseId" {
        /// 难点: the case.
        case_id: ID,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        Some(Ordered::new(id?, AcceptAssignment {}))
    }
}

input! {
    /// 谢绝任务, and why.
    DeclineAssignmentInput updates Case by DeclineAssignment, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, DeclineAssignment { reason: reason? }))
    }
}
