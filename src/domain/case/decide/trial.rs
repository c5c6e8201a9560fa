//! A proposed solution is reviewed, and tried at the enterprise.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{RecordTrialResult, ReviewSolution, StartTrial};
use crate::domain::case::decide::research::measured;
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{SolutionReviewed, TrialResultRecorded, TrialStarted};
use crate::domain::case::state::File;
use crate::domain::refusal::{Code, Refusal};

pub(super) fn review_solution(_: Given<'_>, command: &ReviewSolution) -> Decision {
    only(SolutionReviewed { verdict: command.verdict, comment: command.comment.clone() })
}

pub(crate) fn is_reviewed(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if !file.is_approved() {
        return refuse(Code::NotReviewed, "", "a trial needs an approving review of the solution");
    }
    Ok(())
}

pub(super) fn start_trial(_: Given<'_>, command: &StartTrial) -> Decision {
    only(TrialStarted { plan: command.plan.clone() })
}

pub(super) fn record_trial_result(given: Given<'_>, command: &RecordTrialResult) -> Decision {
    let measurement = command.measurement.as_ref();
    only(TrialResultRecorded {
        passed: command.passed,
        summary: command.summary.clone(),
        measurement: measurement.map(|made| measured(given, made, "measurement")).transpose()?,
    })
}
