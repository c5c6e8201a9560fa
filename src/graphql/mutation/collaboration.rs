//! Experts who are asked to collaborate, and their answers.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{AcceptInvitation, DeclineInvitation, InviteExpert, LeaveCase, RemoveExpert};
use crate::domain::case::facts::PersonFacts;
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// 协作: who works on a case besides its lead.
    CollaborationMutation answers case: CaseNode, CaseConflict {
        /// 邀请专家: asks an expert to collaborate, who sees the case from then on. An invitation that is not answered lapses when the case is resolved, withdrawn or marked a duplicate. By the lead or a coordinator.
        invite_expert(InviteExpertInput) -> InviteExpertPayload;
        /// 接受邀请. By the invitee.
        accept_invitation(AcceptInvitationInput) -> AcceptInvitationPayload;
        /// 谢绝邀请. In every status. By the invitee.
        decline_invitation(DeclineInvitationInput) -> DeclineInvitationPayload;
        /// 退出协作. In every status. By a member; the lead only after a reassignment.
        leave_case(LeaveCaseInput) -> LeaveCasePayload;
        /// 移出专家: takes an invitation back, or ends the membership of an expert who has joined, and says why. Whoever is removed sees the case no more, and may be invited again. In every status; never the lead, whom `reassignResearch` relieves. By the lead, a coordinator or a manager.
        remove_expert(RemoveExpertInput) -> RemoveExpertPayload;
    }
}

input! {
    /// 邀请专家: whom, and what for.
    InviteExpertInput updates Case by InviteExpert, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 专家: who is asked.
        expert_id: ID,
        /// 留言: what for.
        message: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let expert = door.id("expertId", &input.expert_id);
        let message = door.optional("message", input.message.as_deref());
        Some(Ordered::new(id?, InviteExpert { expert: PersonFacts::of(expert?), message: message? }))
    }
}

input! {
    /// 接受邀请.
    AcceptInvitationInput updates Case by AcceptInvitation, about "caseId" {
        /// 难点: the case.
        case_id: ID,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        Some(Ordered::new(id?, AcceptInvitation {}))
    }
}

input! {
    /// 谢绝邀请.
    DeclineInvitationInput updates Case by DeclineInvitation, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why, if you like.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, DeclineInvitation { reason: reason? }))
    }
}

input! {
    /// 退出协作.
    LeaveCaseInput updates Case by LeaveCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why, if you like.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, LeaveCase { reason: reason? }))
    }
}

input! {
    /// 移出专家: whom, and why.
    RemoveExpertInput updates Case by RemoveExpert, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 专家: who is invited or has joined.
        expert_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let expert = door.id("expertId", &input.expert_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, RemoveExpert { expert: expert?, reason: reason? }))
    }
}
