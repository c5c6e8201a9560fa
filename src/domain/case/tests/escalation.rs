use jiff::civil::date;

use crate::domain::case::command::{MissDeadline, ParkCase, UnparkCase};
use crate::domain::case::event::{CaseEscalated, CaseParked, CaseUnparked, DeadlineMissed};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;
use crate::domain::value::Level;

fn national() -> Story {
    Story::of(Status::Researching)
        .then(coordinator(), escalate(Level::City))
        .then(coordinator(), escalate(Level::Province))
        .then(manager(), escalate(Level::Nation))
}

#[test]
fn a_case_goes_one_level_up() {
    let command = escalate(Level::City);
    let fact = CaseEscalated { from: Level::County, to: Level::City, reason: command.reason.clone() };
    Story::of(Status::Triaged).when(coordinator(), command.clone()).happens(fact.clone());
    Story::of(Status::Triaged).when(clock(), command).happens(fact);
    assert_eq!(national().file().level, Level::Nation);
}

#[test]
fn no_level_is_left_out_and_none_is_above_the_nation() {
    let outcome = |to| Story::of(Status::Triaged).when(manager(), escalate(to));
    outcome(Level::Province).refused(Code::NotOneLevelUp, "to");
    outcome(Level::County).refused(Code::NotOneLevelUp, "to");
    let story = Story::of(Status::Triaged);
    let refusal = story.case().decide(&story.order(manager(), escalate(Level::Province))).expect_err("two levels up");
    assert_eq!(refusal.message, "a case goes exactly one level up, from COUNTY to CITY");
    national().when(national_manager(), escalate(Level::Nation)).refused(Code::AlreadyNational, "to");
}

#[test]
fn the_nation_parks_a_case_until_a_review() {
    let command = park();
    let review_on = command.review_on.expect("a date");
    let fact = CaseParked { review_on, reason: command.reason.clone() };
    national().when(national_manager(), command.clone()).happens(fact);
    let parked = national().then(national_manager(), command.clone());
    assert_eq!(parked.file().parked_until, Some(review_on));
    assert!(parked.file().is_open() && parked.file().running_deadline(review_on).is_none());
    parked.clone().when(national_manager(), command).refused(Code::AlreadyParked, "");
    let unpark = UnparkCase { reason: because() };
    parked.clone().when(national_manager(), unpark.clone()).happens(CaseUnparked { reason: because() });
    assert!(parked.then(national_manager(), unpark).file().running_deadline(review_on).is_some());
}

#[test]
fn a_review_that_nobody_holds_leaves_the_case_late() {
    let parked = national().then(national_manager(), park());
    // The last second of the day of review in Shenzhen, and the first one of the next.
    let on_the_day = parked.clone().at("2027-01-15T15:59:59Z");
    on_the_day.when(clock(), MissDeadline {}).refused(Code::DeadlineNotPassed, "");
    let next_day = parked.at("2027-01-15T16:00:00Z");
    next_day.when(clock(), MissDeadline {}).happens(DeadlineMissed { deadline: deadline() });
}

#[test]
fn a_review_that_comes_to_nothing_new_parks_the_case_anew() {
    let parked = national().then(national_manager(), park());
    let again = ParkCase { review_on: Some(date(2027, 7, 15)), ..park() };
    let on_the_day = parked.clone().at("2027-01-15T15:59:59Z");
    on_the_day.when(national_manager(), again.clone()).refused(Code::AlreadyParked, "");
    let late = parked.at("2027-01-15T16:00:00Z").then(clock(), MissDeadline {});
    let fact = CaseParked { review_on: date(2027, 7, 15), reason: again.reason.clone() };
    late.clone().when(national_manager(), again.clone()).happens(fact);
    let unpark = UnparkCase { reason: None };
    late.clone().when(national_manager(), unpark).happens(CaseUnparked { reason: None });
    let answered = late.then(national_manager(), again);
    assert_eq!(answered.file().parked_until, Some(date(2027, 7, 15)));
    assert_eq!(answered.file().deadline.and_then(|deadline| deadline.missed_on), None);
}

#[test]
fn nothing_is_parked_below_the_nation_or_without_a_date() {
    Story::of(Status::Researching).when(national_manager(), park()).refused(Code::NotNational, "");
    national().when(manager(), park()).refused(Code::OutsideJurisdiction, "");
    let outcome = |review_on| national().when(national_manager(), ParkCase { review_on, ..park() });
    outcome(None).refused(Code::ReviewDateMissing, "reviewOn");
    outcome(Some(date(2026, 3, 16))).refused(Code::ReviewDateNotInFuture, "reviewOn");
    let unpark = UnparkCase { reason: None };
    national().when(national_manager(), unpark).refused(Code::NotParked, "");
}

#[test]
fn a_parked_case_that_is_resolved_is_not_parked_any_more() {
    let story = Story::of(Status::AwaitingConfirmation)
        .then(coordinator(), escalate(Level::City))
        .then(coordinator(), escalate(Level::Province))
        .then(manager(), escalate(Level::Nation))
        .then(national_manager(), park())
        .then(enterprise(), confirm());
    assert_eq!(story.file().parked_until, None);
}
