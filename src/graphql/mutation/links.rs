//! What one case is to another.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{LinkCases, MarkDuplicate, UnlinkCases};
use crate::domain::case::facts::CaseFacts;
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;
use crate::graphql::words::LinkRelation;

mutations! {
    /// 关联: what one case is to another.
    LinkMutation answers case: CaseNode, CaseConflict {
        /// 标记重复: another case about the same difficulty goes on; this one ends, after all that are part of it. It can be reopened, wherever the other is. One that is closed is warned of (`ORIGINAL_ENDED`), for nobody goes on with it, and one that was withdrawn is refused. By a coordinator.
        mark_duplicate(MarkDuplicateInput) -> MarkDuplicatePayload;
        /// 关联案例: says what this case is to another; an open case becomes no part of a closed one. By a coordinator.
        link_cases(LinkCasesInput) -> LinkCasesPayload;
        /// 解除关联: takes back what was said of this case and another, and says why: the case that this one was part of waits for it no more. As of a moment before, the link is there. In every status. By a coordinator.
        unlink_cases(UnlinkCasesInput) -> UnlinkCasesPayload;
    }
}

input! {
    /// 标记重复: of which case.
    MarkDuplicateInput updates Case by MarkDuplicate, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原案例: the case that goes on.
        of_case_id: ID,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let of = door.id("ofCaseId", &input.of_case_id);
        let id = id?;
        Some(Ordered::new(id, MarkDuplicate { this: id, of: CaseFacts::of(of?), open_sub_cases: Vec::new() }))
    }
}

input! {
    /// 关联案例: with which, and how.
    LinkCasesInput updates Case by LinkCases, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 另一案例: the other case.
        other_case_id: ID,
        /// 关系: what this case is to the other.
        relation: LinkRelation,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let other = door.id("otherCaseId", &input.other_case_id);
        let id = id?;
        Some(Ordered::new(id, LinkCases { this: id, other: CaseFacts::of(other?), relation: input.relation.into() }))
    }
}

input! {
    /// 解除关联: from which, what this case is not to it, and why.
    UnlinkCasesInput updates Case by UnlinkCases, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 另一案例: the other case.
        other_case_id: ID,
        /// 关系: what this case was said to be to the other.
        relation: LinkRelation,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let other = door.id("otherCaseId", &input.other_case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, UnlinkCases { other: other?, relation: input.relation.into(), reason: reason? }))
    }
}
