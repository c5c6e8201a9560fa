//! Ends, and taking a case up again.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{CloseCase, ReopenCase, WithdrawCase};
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Decimal;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// 结案: how a case ends. There is no rejection: an unsolved problem is escalated.
    ClosingMutation answers case: CaseNode, CaseConflict {
        /// 结案: ends a resolved case, with a lesson and a statement of fees. By a coordinator or a manager.
        close_case(CloseCaseInput) -> CloseCasePayload;
        /// 重新打开: takes a resolved or closed case up again, and a duplicate, wherever the case is that it was marked as one of: it is a case of its own again. Its deadline ends, which was for the solution that came (`DEADLINE_ENDED`): set a new one with `setDeadline`. A publication as good practice is retracted with it. A case that it is part of and that has ended stays as it is (`WHOLE_ENDED`), and so do an enrolment that was withdrawn and a campaign that was closed without another to look after its cases (`ENROLMENT_ENDED`, `CAMPAIGN_ENDED`). By the enterprise, a coordinator or a manager.
        reopen_case(ReopenCaseInput) -> ReopenCasePayload;
        /// 企业撤回: the enterprise takes its case back, before it is resolved. Those that were marked as duplicates of it are told so by their timelines, and can be reopened. By the enterprise only.
        withdraw_case(WithdrawCaseInput) -> WithdrawCasePayload;
    }
}

input! {
    /// 结案: what remains.
    CloseCaseInput updates Case by CloseCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 经验: what others can learn from it. Required by the domain.
        lesson: Option<String>,
        /// 收费合计: the sum of all fees in CNY; `"0"` where the service was free. Required by the domain, which checks it.
        fee_total: Option<Decimal>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let lesson = door.optional("lesson", input.lesson.as_deref());
        let fee_total = door.optional_money("feeTotal", input.fee_total.as_ref());
        Some(Ordered::new(id?, CloseCase {
            lesson: lesson?,
            fee_total: fee_total?,
            open_sub_cases: Vec::new(),
        }))
    }
}

input! {
    /// 重新打开, and why.
    ReopenCaseInput updates Case by ReopenCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, ReopenCase { reason: reason? }))
    }
}

input! {
    /// 企业撤回, and why.
    WithdrawCaseInput updates Case by WithdrawCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, WithdrawCase { reason: reason? }))
    }
}
