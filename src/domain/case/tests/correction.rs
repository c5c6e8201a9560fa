//! A requirement that was written down wrongly is corrected: the right one stands from when the wrong one was stated.

use jiff::civil::{Date, date};

use crate::domain::case::Misdated;
use crate::domain::case::command::SpecifyRequirement;
use crate::domain::case::event::RequirementSpecified;
use crate::domain::case::state::{Case, File};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
use crate::domain::case::values::{Status, Verdict};
use crate::domain::refusal::Code;
use crate::domain::value::{Measurand, MeasurementRequirement};

const TUESDAY: &str = "2026-03-17T02:00:00Z";
const WEDNESDAY: &str = "2026-03-18T02:00:00Z";

fn gaps(file: &File) -> Vec<Option<String>> {
    file.gap_history().iter().map(|point| point.gap.as_ref().map(ToString::to_string)).collect()
}

fn known(gaps: &[&str]) -> Vec<Option<String>> {
    gaps.iter().map(|gap| Some((*gap).to_owned())).collect()
}

/// A millimetre was required where a micrometre was meant, and a result on Tuesday met it.
fn misstated() -> Story {
    Story::of(Status::Researching)
        .then(enterprise(), require("1", "mm"))
        .at(TUESDAY)
        .then(lead(), measure_as(1, "5", "um"))
        .at(WEDNESDAY)
}

/// The same requirement of another measurand.
fn of(measurand: &str, command: SpecifyRequirement) -> SpecifyRequirement {
    let (measurand, target) = (Measurand::parse(measurand).expect("a measurand"), command.requirement.target().clone());
    let requirement = MeasurementRequirement::new(measurand, None, target, None).expect("a requirement");
    SpecifyRequirement { requirement, ..command }
}

#[test]
fn a_requirement_is_corrected_where_one_stands() {
    let correction = correct("1", "um");
    let fact = RequirementSpecified {
        requirement: correction.requirement.clone(),
        correction_reason: correction.correction_reason.clone(),
        in_place_of: Some(moment(MONDAY)),
    };
    misstated().when(enterprise(), correction.clone()).happens(fact);
    Story::of(Status::Researching).when(enterprise(), correction).refused(Code::NoRequirement, "correctionReason");
}

/// Nobody takes up again what was withdrawn, and its figures stay those of its year.
#[test]
fn a_requirement_is_corrected_where_the_case_was_withdrawn_or_is_a_duplicate() {
    let required = Story::of(Status::Reported).then(enterprise(), require("1", "mm"));
    let withdrawn = required.clone().then(enterprise(), withdraw());
    for ended in [withdrawn, required.then(coordinator(), duplicate(another_case()))] {
        ended.clone().when(enterprise(), require("1", "um")).refused(Code::WrongStatus, "");
        assert!(may_require(&ended));
        let corrected = ended.then(enterprise(), correct("1", "um")).file();
        assert_eq!(corrected.requirement(), Some(&require("1", "um").requirement));
    }
    let never_required = Story::of(Status::Reported).then(enterprise(), withdraw());
    assert!(!may_require(&never_required));
    never_required.when(enterprise(), correct("1", "um")).refused(Code::WrongStatus, "");
}

fn may_require(story: &Story) -> bool {
    let answers = story.case().allowed_commands(&enterprise(), moment(MONDAY));
    answers.iter().any(|(command, answer)| *command == "SpecifyRequirement" && answer.is_ok())
}

#[test]
fn a_requirement_that_a_case_was_resolved_by_is_corrected_once_it_is_reopened() {
    let resolved = misstated()
        .then(lead(), propose())
        .then(reviewer(), review(Verdict::Approved))
        .then(lead(), try_out())
        .then(lead(), trial_passed())
        .then(enterprise(), confirm());
    resolved.clone().when(enterprise(), correct("1", "um")).refused(Code::WrongStatus, "");
    let closed = resolved.then(coordinator(), close());
    closed.clone().when(enterprise(), correct("1", "um")).refused(Code::WrongStatus, "");
    let corrected = closed.then(coordinator(), reopen()).then(enterprise(), correct("1", "um")).file();
    assert_eq!(gaps(&corrected), known(&["5.000000"]));
}

/// The gap was never closed, and what came before and what is now are of one scale.
#[test]
fn a_corrected_requirement_stands_from_when_the_wrong_one_was_stated() {
    let closings = |story: &Story| story.file().gap_closings().collect::<Vec<Date>>();
    let first = |story: &Story| story.file().first_gap().map(|gap| gap.to_decimals(6).to_string());
    let story = misstated();
    assert_eq!((gaps(&story.file()), closings(&story)), (known(&["0.005000"]), vec![date(2026, 3, 17)]));
    let story = story.then(enterprise(), correct("1", "um"));
    let file = story.file();
    assert_eq!((gaps(&file), closings(&story)), (known(&["5.000000"]), Vec::new()));
    assert_eq!((file.requirements[0].at, file.gap_history()[0].at), (moment(MONDAY), moment(TUESDAY)));
    assert_eq!((file.requirements.len(), first(&story).as_deref()), (1, Some("5.000000")));
    let story = story.then(lead(), measure_as(2, "2", "um"));
    assert_eq!((gaps(&story.file()), first(&story).as_deref()), (known(&["5.000000", "2.000000"]), Some("5.000000")));
}

#[test]
fn the_last_requirement_alone_is_corrected() {
    let story = misstated().then(enterprise(), require("2", "mm")).then(enterprise(), correct("2", "um"));
    assert_eq!(gaps(&story.file()), known(&["0.005000", "2.500000"]), "what was required before was so");
    // A correction may be wrong, too; one that says what stands corrects nothing.
    let story = story.then(enterprise(), correct("4", "um"));
    assert_eq!(gaps(&story.file()), known(&["0.005000", "1.250000"]));
    story.when(enterprise(), correct("4", "um")).refused(Code::NothingToAmend, "");
}

/// In another unit, with a note or as an error limit: what came before is of one scale with what is now.
#[test]
fn the_first_gap_to_a_requirement_that_is_stated_again_stays() {
    let first = |story: &Story| story.file().first_gap().map(|gap| gap.to_decimals(6).to_string());
    let story = Story::of(Status::Researching)
        .then(enterprise(), require("1", "um"))
        .at(TUESDAY)
        .then(lead(), measure_as(1, "5", "um"))
        .then(lead(), measure_as(2, "2", "um"))
        .at(WEDNESDAY)
        .then(enterprise(), require("0.001", "mm"));
    assert_eq!((first(&story).as_deref(), gaps(&story.file())), (Some("5.000000"), known(&["5.000000", "2.000000"])));
    let of_another = story.then(enterprise(), require("4", "um")).then(enterprise(), require("1", "um"));
    assert_eq!(first(&of_another).as_deref(), Some("2.000000"), "another one was required between");
}

/// They were measured as what was required, whatever that was called.
#[test]
fn results_that_name_no_measurand_are_of_the_corrected_one() {
    let story = misstated().then(lead(), of("major diameter", correct("1", "um")));
    assert_eq!(gaps(&story.file()), known(&["5.000000"]));
    let story = story.then(lead(), measure_as(2, "2", "um"));
    let story = story.then(lead(), of("minor diameter", correct("1", "um")));
    assert_eq!(gaps(&story.file()), known(&["5.000000", "2.000000"]));
    // What was measured for another requirement stays of that.
    let story = story.then(lead(), of("pitch", require("1", "um"))).then(lead(), of("lead", correct("1", "um")));
    assert_eq!(story.file().capability_gap(), None);
    assert_eq!(gaps(&story.then(lead(), measure_as(3, "3", "um")).file()).last(), known(&["3.000000"]).last());
}

/// Of what had happened by Tuesday, the one that it corrects is missing.
#[test]
fn a_correction_takes_the_place_of_no_other_requirement_than_the_one_that_it_corrects() {
    let story = Story::of(Status::Researching).then(enterprise(), require("1", "mm"));
    let story = story.at(WEDNESDAY).then(enterprise(), require("2", "mm"));
    let on_tuesday = story.order(enterprise(), correct("2", "um")).occurred(moment(TUESDAY));
    let story = story.then_order(on_tuesday);
    let stated = |file: &File| -> Vec<_> {
        file.requirements.iter().map(|stated| (stated.at, stated.requirement.clone())).collect()
    };
    let [before, right] = [require("1", "mm"), require("2", "um")].map(|command| command.requirement);
    let expected = |at| [(moment(MONDAY), before.clone()), (moment(at), right.clone())];
    assert_eq!(stated(&story.file()), expected(WEDNESDAY));
    let mut by_tuesday = Case::default();
    let had_happened = story.events().iter().filter(|event| event.occurred_at <= moment(TUESDAY));
    had_happened.for_each(|event| by_tuesday.evolve(event));
    assert_eq!(stated(&by_tuesday.file.expect("it was reported")), expected(TUESDAY));
}

/// Whether by a correction or by being recorded later: it takes the place of what is dated after it.
#[test]
fn a_requirement_that_is_dated_before_what_it_takes_the_place_of_is_told() {
    let story = misstated().then(enterprise(), require("2", "mm"));
    for command in [correct("2", "um"), require("2", "um")] {
        let stated_at = |at: &str| {
            let order = story.order(enterprise(), command.clone()).occurred(moment(at));
            story.file().misdated(&story.clone().then_order(order).file(), moment(at))
        };
        assert_eq!(stated_at(TUESDAY), Some(Misdated::BeforeRetracted { at: moment(WEDNESDAY) }));
        assert_eq!(stated_at(WEDNESDAY), None);
    }
}
