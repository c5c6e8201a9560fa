use jiff::civil::{Date, date};

use crate::domain::case::command::{MissDeadline, ParkCase, ResumeClock, UnparkCase};
use crate::domain::case::event::{CaseEscalated, CaseParked, CaseUnparked, ClockPaused, ClockResumed, DeadlineMissed};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;
use crate::domain::value::{Level, WorkingCalendar};

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
    let fact = CaseParked { review_on, from: Some(date(2026, 3, 16)), reason: command.reason.clone() };
    national().when(national_manager(), command.clone()).happens(fact);
    let parked = national().then(national_manager(), command.clone());
    assert_eq!(parked.file().parked_until, Some(review_on));
    assert!(parked.file().is_open() && parked.file().running_deadline(review_on).is_none());
    parked.clone().when(national_manager(), command).refused(Code::AlreadyParked, "");
    let unpark = UnparkCase { reason: because() };
    let fact = CaseUnparked { reason: because(), on: Some(date(2026, 3, 16)), deadline: Some(deadline()) };
    parked.clone().when(national_manager(), unpark.clone()).happens(fact);
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

fn unpark() -> UnparkCase {
    UnparkCase { reason: None }
}

fn deadline_of(story: &Story) -> Option<Date> {
    story.file().deadline.map(|deadline| deadline.on)
}

#[test]
fn a_case_that_is_taken_up_again_has_as_many_days_left_as_when_it_was_parked() {
    let parked = || national().then(national_manager(), park());
    // From Monday the 16th to Wednesday the 25th: seven working days, and as many after 30 June.
    let moved = Some(date(2026, 7, 9));
    let fact = CaseUnparked { reason: None, on: Some(date(2026, 3, 25)), deadline: moved };
    parked().at("2026-03-25T02:00:00Z").when(national_manager(), unpark()).happens(fact);
    // Its review is held in time, half a year after its deadline would have passed.
    let taken_up = parked().at("2027-01-11T02:00:00Z").then(national_manager(), unpark());
    let calendar = WorkingCalendar::china();
    let left = |from, deadline| calendar.working_days_between(from, deadline);
    let moved = deadline_of(&taken_up).expect("a deadline");
    assert_eq!(left(date(2027, 1, 11), moved), left(date(2026, 3, 16), deadline()));
    assert!(taken_up.file().running_deadline(taken_up.today()).is_some());
    taken_up.when(clock(), MissDeadline {}).refused(Code::DeadlineNotPassed, "");
}

type Step<'a> = &'a dyn Fn(Story) -> Story;

#[test]
fn no_day_stands_still_twice() {
    let pause = |story: Story| story.then(lead(), pause());
    let resume = |story: Story| story.then(lead(), ResumeClock {});
    let park = |story: Story| story.then(national_manager(), park());
    let unpark = |story: Story| story.then(national_manager(), unpark());
    let orders: [[Step<'_>; 4]; 4] = [
        [&pause, &park, &unpark, &resume],
        [&pause, &park, &resume, &unpark],
        [&park, &pause, &unpark, &resume],
        [&park, &pause, &resume, &unpark],
    ];
    // It stands still from Monday the 16th to Wednesday the 25th, however that came.
    for (number, [first, second, third, fourth]) in orders.into_iter().enumerate() {
        let story = second(first(national()).at("2026-03-18T02:00:00Z")).at("2026-03-20T02:00:00Z");
        let story = fourth(third(story).at("2026-03-25T02:00:00Z"));
        assert_eq!(deadline_of(&story), Some(date(2026, 7, 9)), "{number}");
        assert!(story.file().running_deadline(story.today()).is_some(), "{number}");
    }
}

/// Nobody holds the review: the lead, who may pause and resume, does not take the days parked for the nation's manager.
#[test]
fn a_pause_of_a_parked_case_moves_no_deadline_by_the_days_parked() {
    let paused = || national().then(national_manager(), park()).at("2027-01-15T02:00:00Z").then(lead(), pause());
    let fact = ClockResumed { on: date(2027, 1, 15), paused_working_days: 0, deadline: None };
    paused().when(lead(), ResumeClock {}).happens(fact);
    let next_day = paused().then(lead(), ResumeClock {}).at("2027-01-15T16:00:00Z");
    assert_eq!(deadline_of(&next_day), Some(deadline()));
    next_day.when(clock(), MissDeadline {}).happens(DeadlineMissed { deadline: deadline() });
}

#[test]
fn parking_moves_no_deadline_that_had_passed_or_by_days_before_it_was_set() {
    let missed = national().at("2026-07-01T02:00:00Z").then(clock(), MissDeadline {});
    let parked = missed.then(national_manager(), park()).at("2026-07-10T02:00:00Z");
    let fact = CaseUnparked { reason: None, on: Some(date(2026, 7, 10)), deadline: None };
    parked.clone().when(national_manager(), unpark()).happens(fact);
    let taken_up = parked.then(national_manager(), unpark());
    assert_eq!(deadline_of(&taken_up), Some(deadline()));
    taken_up.when(clock(), MissDeadline {}).refused(Code::DeadlineAlreadyMissed, "");
    // Extended on Monday the 23rd: two working days go by before it runs, from Friday, 31 July, on.
    let parked = national().then(national_manager(), park()).at("2026-03-23T02:00:00Z");
    let extended = parked.then(manager(), extend(date(2026, 7, 31))).at("2026-03-25T02:00:00Z");
    assert_eq!(deadline_of(&extended.then(national_manager(), unpark())), Some(date(2026, 8, 4)));
}

#[test]
fn nobody_parks_a_case_in_the_past() {
    let story = national().at("2026-03-20T02:00:00Z");
    let order = story.order(national_manager(), park()).occurred(moment("2026-03-17T02:00:00Z"));
    let parked = story.then_order(order).at("2026-03-25T02:00:00Z");
    assert_eq!(parked.file().parked_from, Some(date(2026, 3, 20)));
    let order = parked.order(national_manager(), unpark()).occurred(moment("2026-03-24T02:00:00Z"));
    // Three working days, after 30 June.
    let fact = CaseUnparked { reason: None, on: Some(date(2026, 3, 25)), deadline: Some(date(2026, 7, 3)) };
    parked.when_order(order).happens(fact);
}

/// Logs have parkings that say nothing of the day, and ends of parkings that moved nothing.
#[test]
fn what_was_parked_before_is_folded_by_the_day_on_which_it_was() {
    let story = national();
    let mut case = story.case();
    let parked = CaseParked { review_on: date(2027, 1, 15), from: None, reason: park().reason };
    case.evolve(&story.order(national_manager(), park()).record(parked));
    let mut moved = case.clone();
    let later = story.at("2026-03-25T02:00:00Z");
    for event in case.decide(&later.order(national_manager(), unpark())).expect("it is parked") {
        moved.evolve(&event);
    }
    let unmoved = CaseUnparked { reason: None, on: None, deadline: None };
    case.evolve(&later.order(national_manager(), unpark()).record(unmoved));
    let known = [moved, case].map(|case| case.file.expect("it was reported"));
    assert_eq!(known.each_ref().map(|file| file.parked_until), [None, None]);
    let deadlines = known.map(|file| file.deadline.map(|deadline| deadline.on));
    assert_eq!(deadlines, [Some(date(2026, 7, 9)), Some(deadline())]);
}

/// Logs have parkings and pauses that were dated before a miss, when whoever ordered them could say so.
#[test]
fn what_was_missed_stays_so_whatever_day_it_was_said_to_stand_still_from() {
    let missed = national().at("2026-07-01T02:00:00Z").then(clock(), MissDeadline {}).at("2026-07-10T02:00:00Z");
    let later = missed.clone().at("2026-07-13T02:00:00Z");
    let mid_june = moment("2026-06-15T02:00:00Z");
    let mut parked = missed.case();
    let fact = CaseParked { review_on: date(2027, 1, 15), from: None, reason: park().reason };
    parked.evolve(&missed.order(national_manager(), park()).occurred(mid_june).record(fact));
    let order = later.order(national_manager(), unpark());
    let fact = CaseUnparked { reason: None, on: Some(date(2026, 7, 13)), deadline: None };
    assert_eq!(parked.decide(&order), Ok(vec![order.record(fact)]));
    let mut paused = missed.case();
    let fact = ClockPaused { from: date(2026, 6, 15), reason: pause().reason };
    paused.evolve(&missed.order(lead(), pause()).occurred(mid_june).record(fact));
    let order = later.order(lead(), ResumeClock {});
    let fact = ClockResumed { on: date(2026, 7, 13), paused_working_days: 19, deadline: None };
    assert_eq!(paused.decide(&order), Ok(vec![order.record(fact)]));
}

#[test]
fn a_review_that_comes_to_nothing_new_parks_the_case_anew() {
    let parked = national().then(national_manager(), park());
    let again = ParkCase { review_on: Some(date(2027, 7, 15)), ..park() };
    let on_the_day = parked.clone().at("2027-01-15T15:59:59Z");
    on_the_day.when(national_manager(), again.clone()).refused(Code::AlreadyParked, "");
    let late = parked.at("2027-01-15T16:00:00Z").then(clock(), MissDeadline {});
    let from = Some(date(2027, 1, 16));
    let fact = CaseParked { review_on: date(2027, 7, 15), from, reason: again.reason.clone() };
    late.clone().when(national_manager(), again.clone()).happens(fact);
    let unpark = UnparkCase { reason: None };
    late.clone().when(national_manager(), unpark).happens(CaseUnparked { reason: None, on: from, deadline: None });
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
