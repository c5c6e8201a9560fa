//! Deadlines, and the clock that runs towards them.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{ExtendDeadline, PauseClock, ResumeClock, SetDeadline};
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Date;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// 期限: until when, and whether the clock runs. A missed deadline is recorded by the server.
    DeadlineMutation answers case: CaseNode, CaseConflict {
        /// 设定期限: sets the last day. By a coordinator or a manager.
        set_deadline(SetDeadlineInput) -> SetDeadlinePayload;
        /// 延长期限: moves the last day further away. By a coordinator or a manager.
        extend_deadline(ExtendDeadlineInput) -> ExtendDeadlinePayload;
        /// 暂停计时: stops the clock, say while a part is on order. It answers no missed deadline: one that nobody answers escalates all the same. A pause ends when the case is solved, or ends otherwise: one that is reopened is not paused. What is dated back (`occurredAt`) counts from the day of its record, and is warned of (`COUNTED_FROM_RECORD`). By a coordinator or the lead.
        pause_clock(PauseClockInput) -> PauseClockPayload;
        /// 恢复计时: starts it again; the deadline moves by the working days paused since it was set, as `Case.deadline` counts them. A pause that began while the case was parked moves nothing as long as it is: those days are counted by whoever takes it up again (`unparkCase`). What is dated back (`occurredAt`) counts from the day of its record, and is warned of (`COUNTED_FROM_RECORD`). By a coordinator or the lead.
        resume_clock(ResumeClockInput) -> ResumeClockPayload;
    }
}

input! {
    /// 设定期限.
    SetDeadlineInput updates Case by SetDeadline, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 期限: the last day, after today.
        deadline: Date,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        Some(Ordered::new(id?, SetDeadline { deadline: input.deadline.0 }))
    }
}

input! {
    /// 延长期限, and why.
    ExtendDeadlineInput updates Case by ExtendDeadline, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 期限: the new last day, later than the present one.
        deadline: Date,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, ExtendDeadline { deadline: input.deadline.0, reason: reason? }))
    }
}

input! {
    /// 暂停计时, and why.
    PauseClockInput updates Case by PauseClock, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, PauseClock { reason: reason? }))
    }
}

input! {
    /// 恢复计时.
    ResumeClockInput updates Case by ResumeClock, about "caseId" {
        /// 难点: the case.
        case_id: ID,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        Some(Ordered::new(id?, ResumeClock {}))
    }
}
