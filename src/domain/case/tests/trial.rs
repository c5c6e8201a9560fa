use std::collections::BTreeSet;

use crate::domain::actor::{Actor, Role};
use crate::domain::case::command::{AcceptAssignment, DeclineInvitation, LeaveCase, RecordTrialResult};
use crate::domain::case::event::{MeasurementRecorded, SolutionReviewed, TrialResultRecorded, TrialStarted};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::{Status, Verdict};
use crate::domain::refusal::Code;
use crate::domain::value::Decimal;

fn proposed() -> Story {
    Story::of(Status::Researching).then(lead(), propose())
}

fn as_reviewer(actor: Actor) -> Actor {
    Actor { roles: BTreeSet::from([Role::Reviewer]), ..actor }
}

#[test]
fn an_independent_reviewer_says_what_they_think() {
    let fact = |verdict| SolutionReviewed { verdict, comment: review(verdict).comment };
    for verdict in [Verdict::Approved, Verdict::ChangesRequested] {
        proposed().when(reviewer(), review(verdict)).happens(fact(verdict));
    }
    assert_eq!(proposed().then(reviewer(), review(Verdict::Approved)).file().status, Status::SolutionProposed);
    let changes = proposed().then(reviewer(), review(Verdict::ChangesRequested)).file();
    assert_eq!(changes.status, Status::Researching);
    assert!(changes.solution.is_some_and(|solution| solution.reviews.len() == 1));
}

#[test]
fn nobody_reviews_their_own_work() {
    let approve = || review(Verdict::Approved);
    for member in [lead(), expert()] {
        proposed().when(as_reviewer(member), approve()).refused(Code::ReviewerNotIndependent, "");
    }
    let left = proposed().then(expert(), LeaveCase { reason: None });
    left.clone().when(as_reviewer(expert()), approve()).refused(Code::ReviewerNotIndependent, "");
    // Nor once they are asked again, whatever they answer.
    let again = left.then(lead(), invite("expert"));
    let declined = again.clone().then(expert(), DeclineInvitation { reason: None });
    for story in [again, declined] {
        story.when(as_reviewer(expert()), approve()).refused(Code::ReviewerNotIndependent, "");
    }
    // An invitation makes nobody an author.
    let invited = proposed().then(lead(), invite("invitee"));
    assert!(invited.then(as_reviewer(invitee()), approve()).file().is_approved());
}

#[test]
fn who_led_before_is_no_reviewer_of_what_others_propose() {
    let by_the_next = |story: Story| {
        story
            .then(manager(), reassign("another lead", university()))
            .then(another_lead(), AcceptAssignment {})
            .then(another_lead(), find())
            .then(another_lead(), propose())
    };
    let led = by_the_next(Story::of(Status::Assigned).then(lead(), AcceptAssignment {}));
    led.when(as_reviewer(lead()), review(Verdict::Approved)).refused(Code::ReviewerNotIndependent, "");
    // Who was named and never took the assignment has done nothing.
    let named = by_the_next(Story::of(Status::Assigned));
    assert!(named.then(as_reviewer(lead()), review(Verdict::Approved)).file().is_approved());
}

#[test]
fn a_trial_needs_an_approving_review() {
    proposed().when(lead(), try_out()).refused(Code::NotReviewed, "");
    let approved = proposed().then(reviewer(), review(Verdict::Approved));
    approved.clone().when(enterprise(), try_out()).happens(TrialStarted { plan: try_out().plan });
    // Proposed anew after changes were asked for: the old approval says nothing about it.
    let anew = approved.then(reviewer(), review(Verdict::ChangesRequested)).then(lead(), propose());
    anew.when(lead(), try_out()).refused(Code::NotReviewed, "");
}

#[test]
fn a_trial_passes_or_fails() {
    let on_trial = || Story::of(Status::OnTrial);
    let fact = |passed, command: &RecordTrialResult| TrialResultRecorded {
        passed,
        summary: command.summary.clone(),
        measurement: None,
    };
    on_trial().when(lead(), trial_passed()).happens(fact(true, &trial_passed()));
    on_trial().when(enterprise(), trial_failed()).happens(fact(false, &trial_failed()));
    assert_eq!(on_trial().then(lead(), trial_passed()).file().status, Status::AwaitingConfirmation);
    let failed = on_trial().then(enterprise(), trial_failed()).file();
    assert_eq!(failed.status, Status::Researching);
    assert!(failed.trial.is_some_and(|trial| trial.outcome.is_some_and(|(passed, _)| !passed)));
    // The trial was that of the solution before.
    assert_eq!(on_trial().then(lead(), trial_failed()).then(lead(), propose()).file().trial, None);
}

#[test]
fn what_is_measured_on_trial_counts_for_the_gap() {
    let required = Story::of(Status::OnTrial).then(enterprise(), require("1", "um"));
    let with = |measurement| RecordTrialResult { measurement: Some(measurement), ..trial_passed() };
    let made = measure("0.5", "um");
    let of_then = Some(require("1", "um").requirement.measurand().clone());
    required.clone().when(lead(), with(made.clone())).happens(TrialResultRecorded {
        passed: true,
        summary: trial_passed().summary,
        measurement: Some(MeasurementRecorded { id: made.id, result: made.result.clone(), required: of_then }),
    });
    let file = required.clone().then(lead(), with(made)).file();
    assert_eq!(file.gap_in_six_decimals(), Decimal::parse("0.5").ok());
    let other_kind = with(measure("1", "g"));
    required.when(lead(), other_kind).refused(Code::UnitIncommensurable, "measurement.uncertainty.unit");
}
