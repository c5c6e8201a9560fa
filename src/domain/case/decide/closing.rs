//! A case ends with a lesson and a statement of fees, or its enterprise takes it back; and it can be taken up again.

use crate::domain::case::command::{CloseCase, ReopenCase, WithdrawCase};
use crate::domain::case::decide::{Decision, Given, only, reason, refuse};
use crate::domain::case::event::{CaseClosed, CaseReopened, CaseWithdrawn, TypicalCaseRetracted};
use crate::domain::case::number::CaseNumber;
use crate::domain::refusal::{Code, Refusal};

pub(super) fn close_case(given: Given<'_>, command: &CloseCase) -> Decision {
    check_parts_ended(&command.open_sub_cases)?;
    let Some(lesson) = command.lesson.clone() else {
        return refuse(Code::LessonMissing, "lesson", "say what others can learn from it");
    };
    let Some(fee_total) = command.fee_total.clone() else {
        return refuse(Code::FeeStatementMissing, "feeTotal", "state the sum of all fees, 0 where there are none");
    };
    let on_record = given.file.fee_total();
    if fee_total != on_record {
        return refuse(
            Code::FeeStatementWrong,
            "feeTotal",
            format!("the fees on record are {on_record} yuan, not {fee_total}"),
        );
    }
    only(CaseClosed { lesson, fee_total })
}

/// A case is closed or marked a duplicate after all of its parts have ended. A withdrawal waits for none.
pub(super) fn check_parts_ended(open: &[Option<CaseNumber>]) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    // One who may not see a case is told neither its number nor how many of the kind there are.
    let seen = open.iter().flatten().map(ToString::to_string);
    let unseen = open.contains(&None).then(|| "cases that are not yours to see".to_owned());
    let parts: Vec<_> = seen.chain(unseen).collect();
    refuse(Code::SubCaseOpen, "", format!("still open, and part of this case: {}", parts.join(", ")))
}

/// A duplicate, too, wherever the other case is: the difficulty is still its enterprise's, and what the other one came to
/// need not solve it. What is taken up again is no example to others: its publication ends with it, for the same reason.
pub(super) fn reopen_case(given: Given<'_>, command: &ReopenCase) -> Decision {
    let reason = reason(&command.reason)?;
    let mut facts = vec![CaseReopened { reason: reason.clone() }.into()];
    if given.file.publication.is_some() {
        facts.push(TypicalCaseRetracted { reason }.into());
    }
    Ok(facts)
}

pub(super) fn withdraw_case(_: Given<'_>, command: &WithdrawCase) -> Decision {
    only(CaseWithdrawn { reason: command.reason.clone() })
}
