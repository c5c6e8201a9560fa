//! Escalating and parking: a problem that nobody can solve today goes up, never away.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{EscalateCase, ParkCase, UnparkCase};
use crate::domain::value::CaseId;
use crate::graphql::door::day;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Date;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;
use crate::graphql::words::Level;

mutations! {
    /// 上报: up, level by level, and at national level parked open.
    EscalationMutation answers case: CaseNode, CaseConflict {
        /// 上报: takes the case exactly one level up, which answers no missed deadline: the next level has as long to give one. By a coordinator or a manager.
        escalate_case(EscalateCaseInput) -> EscalateCasePayload;
        /// 暂存: keeps a case of national level open until a review. Its deadline stands still until the end of the day of review, and whoever takes the case up again by then moves it by the working days until then (`unparkCase`). A review that nobody has held moves nothing: from the next day on the deadline runs where it was, and the case can be parked anew. What is dated back (`occurredAt`) counts from the day of its record, and is warned of (`COUNTED_FROM_RECORD`). By a manager of the nation.
        park_case(ParkCaseInput) -> ParkCasePayload;
        /// 取回: takes a parked case up again. By the end of the day of its review this moves the deadline by the working days that it was parked since the deadline was set, as a pause does; one that had passed before stays where it was. What is dated back (`occurredAt`) counts from the day of its record, and is warned of (`COUNTED_FROM_RECORD`). By a manager of the nation.
        unpark_case(UnparkCaseInput) -> UnparkCasePayload;
    }
}

input! {
    /// 上报: to which level, and why.
    EscalateCaseInput updates Case by EscalateCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 层级: the level to go to, one above the case's.
        to: Level,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, EscalateCase { to: input.to.into(), reason: reason? }))
    }
}

input! {
    /// 暂存: until when, and why.
    ParkCaseInput updates Case by ParkCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 复查日期: when it is looked at again, after today. Required by the domain.
        review_on: Option<Date>,
        /// 原因: why nobody can solve it today.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, ParkCase { review_on: day(input.review_on), reason: reason? }))
    }
}

input! {
    /// 取回.
    UnparkCaseInput updates Case by UnparkCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why, if you like.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, UnparkCase { reason: reason? }))
    }
}
