//! The enterprise, and nobody else, says whether its difficulty is solved.

use crate::domain::case::command::{ConfirmSolution, RejectSolution};
use crate::domain::case::decide::{Decision, Given, only, reason, refuse};
use crate::domain::case::event::{CaseResolved, SolutionConfirmed, SolutionRejected};
use crate::domain::refusal::Code;

pub(super) fn confirm_solution(given: Given<'_>, command: &ConfirmSolution) -> Decision {
    // Compared exactly: a gap of 1.0000001 is open, and reads 1.000001.
    let falls_short = given.file.capability_gap().is_some_and(|gap| !gap.is_closed());
    let gap = given.file.gap_in_six_decimals();
    let shortfall_accepted = match (falls_short, &command.accept_shortfall) {
        (true, None) => {
            return refuse(
                Code::GapOpen,
                "acceptShortfall",
                "the best uncertainty found is above the one required: say why the shortfall is accepted, or reject the solution",
            );
        }
        (true, Some(why)) => Some(why.clone()),
        // Nothing falls short, so that there is nothing to accept.
        (false, _) => None,
    };
    let confirmed = SolutionConfirmed { statement: command.statement.clone(), shortfall_accepted };
    Ok(vec![confirmed.into(), CaseResolved { gap }.into()])
}

pub(super) fn reject_solution(_: Given<'_>, command: &RejectSolution) -> Decision {
    only(SolutionRejected { reason: reason(&command.reason)? })
}
