use jiff::civil::{Date, date};

use crate::domain::case::command::{
    AcceptAssignment, AssignResearch, DeclineAssignment, ExtendDeadline, MissDeadline, ReassignResearch, ResumeClock,
    SetDeadline, UnparkCase,
};
use crate::domain::case::event::{ClockPaused, ClockResumed, DeadlineExtended, DeadlineMissed, DeadlineSet};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::{Status, Verdict};
use crate::domain::refusal::Code;
use crate::domain::value::Level;

fn set(deadline: Date) -> SetDeadline {
    SetDeadline { deadline }
}

/// The day on which a missed deadline was recorded, while nobody has answered.
fn missed_on(story: &Story) -> Option<Date> {
    story.file().deadline.and_then(|deadline| deadline.missed_on)
}

#[test]
fn a_deadline_is_set_once() {
    let fact = DeadlineSet { deadline: deadline() };
    Story::of(Status::Triaged).when(coordinator(), set(deadline())).happens(fact);
    let today = set(date(2026, 3, 16));
    Story::of(Status::Triaged).when(coordinator(), today).refused(Code::DeadlineNotInFuture, "deadline");
    let again = set(date(2026, 9, 30));
    Story::of(Status::Assigned).when(coordinator(), again.clone()).refused(Code::DeadlineAlreadySet, "deadline");
    let after = Story::of_missed_deadline().then(coordinator(), again).file().deadline.expect("a deadline");
    assert_eq!((after.on, after.missed_on, after.was_missed), (date(2026, 9, 30), None, false));
}

#[test]
fn a_deadline_is_extended_with_a_reason() {
    let to = date(2026, 7, 31);
    let fact = DeadlineExtended { from: deadline(), to, reason: because().expect("a reason") };
    let assigned = || Story::of(Status::Assigned);
    assigned().when(manager(), extend(to)).happens(fact);
    assigned().when(manager(), extend(deadline())).refused(Code::DeadlineNotLater, "deadline");
    let silent = ExtendDeadline { deadline: to, reason: None };
    assigned().when(manager(), silent).refused(Code::ReasonMissing, "reason");
    let past = Story::of_missed_deadline().at("2026-08-01T02:00:00Z");
    past.when(manager(), extend(to)).refused(Code::DeadlineNotInFuture, "deadline");
    Story::of(Status::Triaged).when(manager(), extend(to)).refused(Code::NoDeadline, "");
}

#[test]
fn the_clock_misses_a_deadline_once() {
    let miss = MissDeadline {};
    let on_the_day = Story::of(Status::Researching).at("2026-06-30T15:59:59Z");
    on_the_day.when(clock(), miss.clone()).refused(Code::DeadlineNotPassed, "");
    // Midnight in Shenzhen.
    let next_day = Story::of(Status::Researching).at("2026-06-30T16:00:00Z");
    next_day.when(clock(), miss.clone()).happens(DeadlineMissed { deadline: deadline() });
    let missed = Story::of_missed_deadline();
    assert_eq!(missed_on(&missed), Some(date(2026, 7, 1)));
    missed.clone().when(clock(), miss.clone()).refused(Code::DeadlineAlreadyMissed, "");
    let answered = solved(missed);
    assert_eq!(missed_on(&answered), None);
    answered.when(clock(), miss.clone()).refused(Code::DeadlineAlreadyMissed, "");
    Story::of(Status::Triaged).when(clock(), miss.clone()).refused(Code::NoDeadline, "");
    Story::of(Status::Researching).when(coordinator(), miss).refused(Code::NotPermitted, "");
}

#[test]
fn a_clock_that_stands_still_misses_nothing() {
    let paused = Story::of(Status::Researching).then(lead(), pause()).at("2026-07-01T02:00:00Z");
    assert!(paused.file().running_deadline(paused.today()).is_none());
    paused.when(clock(), MissDeadline {}).refused(Code::DeadlineNotPassed, "");
}

fn national_and_missed() -> Story {
    Story::of(Status::Researching)
        .then(manager(), escalate(Level::City))
        .then(manager(), escalate(Level::Province))
        .then(manager(), escalate(Level::Nation))
        .at("2026-07-01T02:00:00Z")
        .then(clock(), MissDeadline {})
}

#[test]
fn a_missed_deadline_is_answered() {
    let missed = Story::of_missed_deadline;
    let later = date(2026, 9, 30);
    let answers = [
        national_and_missed().then(national_manager(), park()),
        missed().then(coordinator(), set(later)),
        missed().then(coordinator(), extend(later)),
        missed().then(manager(), reassign_until(later)),
        not_accepted().then(manager(), reassign_until(later)),
        declined().then(coordinator(), AssignResearch { deadline: later, ..assign() }),
        solved(missed()),
        missed().then(enterprise(), withdraw()),
        missed().then(coordinator(), duplicate(another_case())),
    ];
    for answered in answers {
        assert_eq!(missed_on(&answered), None);
    }
}

/// Whoever is late does not keep the next level from hearing of it, with whatever step.
#[test]
fn a_step_without_a_new_deadline_is_no_answer_to_a_missed_one() {
    let missed = Story::of_missed_deadline;
    let proposed = || missed().then(lead(), propose());
    let on_trial = || proposed().then(reviewer(), review(Verdict::Approved)).then(lead(), try_out());
    let unanswered = [
        missed().then(lead(), find()).then(coordinator(), comment()).then(lead(), pause()),
        not_accepted().then(lead(), AcceptAssignment {}),
        declined(),
        proposed(),
        proposed().then(reviewer(), review(Verdict::ChangesRequested)),
        on_trial(),
        on_trial().then(lead(), trial_failed()),
    ];
    for story in unanswered {
        assert_eq!(missed_on(&story), Some(date(2026, 7, 1)));
        story.when(clock(), MissDeadline {}).refused(Code::DeadlineAlreadyMissed, "");
    }
}

#[test]
fn a_solution_that_is_rejected_was_no_answer_to_a_missed_deadline() {
    let rejected = solved(Story::of_missed_deadline()).at("2026-07-20T02:00:00Z").then(enterprise(), reject());
    assert_eq!(missed_on(&rejected), Some(date(2026, 7, 20)));
    let missed_while_waiting =
        Story::of(Status::AwaitingConfirmation).at("2026-07-01T02:00:00Z").then(clock(), MissDeadline {});
    assert_eq!(missed_on(&missed_while_waiting), None, "it waits for the enterprise");
    let late = missed_while_waiting.at("2026-07-20T02:00:00Z");
    assert_eq!(missed_on(&late.clone().then(enterprise(), reject())), Some(date(2026, 7, 20)));
    let dated_back = late.order(enterprise(), reject()).occurred(moment("2026-06-20T02:00:00Z"));
    assert_eq!(missed_on(&late.then_order(dated_back)), Some(deadline()), "nobody waits before the deadline");
    let in_time = Story::of(Status::AwaitingConfirmation).then(enterprise(), reject());
    assert_eq!(missed_on(&in_time), None);
}

#[test]
fn a_case_that_is_taken_up_again_from_its_parking_waits_for_an_answer_again() {
    let unpark = || UnparkCase { reason: None };
    let parked = national_and_missed().then(national_manager(), park());
    let taken_up = parked.clone().at("2026-07-20T02:00:00Z").then(national_manager(), unpark());
    assert_eq!(missed_on(&taken_up), Some(date(2026, 7, 20)));
    let solved = solved(parked).at("2026-07-20T02:00:00Z").then(national_manager(), unpark());
    assert_eq!(missed_on(&solved), None, "it waits for the enterprise");
}

#[test]
fn a_reassignment_says_until_when_where_no_deadline_can_be_met() {
    let to_another = || reassign("another lead", university());
    Story::of_missed_deadline().when(manager(), to_another()).refused(Code::DeadlineMissing, "deadline");
    let reopened = Story::of(Status::Closed).then(enterprise(), reopen());
    reopened.when(manager(), to_another()).refused(Code::DeadlineMissing, "deadline");
    // One that stands still is not missed, however long ago it was.
    let paused = Story::of(Status::Researching).then(lead(), pause()).at("2026-07-20T02:00:00Z");
    let file = paused.then(manager(), to_another()).file();
    assert_eq!(file.deadline.map(|deadline| deadline.on), Some(deadline()));
}

fn reassign_until(deadline: Date) -> ReassignResearch {
    ReassignResearch { deadline: Some(deadline), ..reassign("another lead", university()) }
}

/// The deadline has passed before the lead has answered.
fn not_accepted() -> Story {
    Story::of(Status::Assigned).at("2026-07-01T02:00:00Z").then(clock(), MissDeadline {})
}

/// The lead gives the case back, too late.
fn declined() -> Story {
    not_accepted().then(lead(), DeclineAssignment { reason: because() })
}

/// Those who work on the case come to a solution, which waits for the enterprise.
fn solved(story: Story) -> Story {
    let approved = story.then(lead(), propose()).then(reviewer(), review(Verdict::Approved));
    approved.then(lead(), try_out()).then(lead(), trial_passed())
}

#[test]
fn an_escalation_asks_the_next_level_for_an_answer() {
    for whoever in [clock(), coordinator(), manager()] {
        let later = Story::of_missed_deadline().at("2026-07-15T02:00:00Z");
        let escalated = later.clone().then(whoever.clone(), escalate(Level::City));
        assert_eq!(missed_on(&escalated), Some(date(2026, 7, 15)));
        assert_eq!(escalated.file().deadline.map(|deadline| deadline.on), Some(deadline()));
        let order = later.order(whoever.clone(), escalate(Level::City)).occurred(moment("2026-06-25T02:00:00Z"));
        assert_eq!(missed_on(&later.then_order(order)), Some(date(2026, 7, 1)), "nobody waits before the miss");
        let in_time = Story::of(Status::Researching).then(whoever, escalate(Level::City));
        assert_eq!(missed_on(&in_time), None);
    }
}

#[test]
fn a_pause_moves_the_deadline_by_its_working_days() {
    let reason = pause().reason;
    Story::of(Status::Researching).when(lead(), pause()).happens(ClockPaused { from: date(2026, 3, 16), reason });
    // From Monday the 16th to Wednesday the 25th: seven working days, and as many after 30 June.
    let paused = Story::of(Status::Researching).then(lead(), pause()).at("2026-03-25T02:00:00Z");
    let moved = Some(date(2026, 7, 9));
    let fact = ClockResumed { on: date(2026, 3, 25), paused_working_days: 7, deadline: moved };
    paused.clone().when(coordinator(), ResumeClock {}).happens(fact);
    let resumed = paused.then(coordinator(), ResumeClock {}).file();
    assert_eq!((resumed.deadline.map(|deadline| deadline.on), resumed.paused_from), (moved, None));
    assert!(resumed.running_deadline(date(2026, 3, 25)).is_some());
}

#[test]
fn a_pause_that_moves_nothing_does_not_renew_a_missed_deadline() {
    let resumed = Story::of_missed_deadline().then(lead(), pause()).then(lead(), ResumeClock {});
    assert_eq!(resumed.file().deadline.map(|deadline| deadline.on), Some(deadline()));
    resumed.when(clock(), MissDeadline {}).refused(Code::DeadlineAlreadyMissed, "");
    let later =
        Story::of_missed_deadline().then(lead(), pause()).at("2026-07-02T02:00:00Z").then(lead(), ResumeClock {});
    assert_eq!(later.file().deadline.map(|deadline| deadline.on), Some(deadline()), "what has passed stays");
    later.at("2026-07-03T02:00:00Z").when(clock(), MissDeadline {}).refused(Code::DeadlineAlreadyMissed, "");
}

#[test]
fn a_pause_is_no_answer_to_a_missed_deadline() {
    // Missed on Wednesday, the 1st of July.
    let paused = Story::of_missed_deadline().at("2026-07-03T02:00:00Z").then(lead(), pause());
    let resumed = paused.clone().at("2026-07-08T02:00:00Z").then(lead(), ResumeClock {});
    for story in [&paused, &resumed] {
        assert_eq!(missed_on(story), Some(date(2026, 7, 1)));
        assert_eq!(story.file().deadline.map(|deadline| deadline.on), Some(deadline()), "what has passed stays");
    }
    resumed.clone().when(clock(), MissDeadline {}).refused(Code::DeadlineAlreadyMissed, "");
    // The clock goes on with it, paused or not; the next level waits anew.
    for story in [paused.at("2026-07-15T02:00:00Z"), resumed.at("2026-07-15T02:00:00Z")] {
        assert_eq!(missed_on(&story.then(clock(), escalate(Level::City))), Some(date(2026, 7, 15)));
    }
    // What was answered before the pause stays answered.
    let answered = solved(Story::of_missed_deadline()).then(lead(), pause());
    assert_eq!(missed_on(&answered.at("2026-07-08T02:00:00Z").then(lead(), ResumeClock {})), None);
}

#[test]
fn a_pause_moves_no_deadline_by_days_before_it_was_set() {
    let resumed = |story: Story| story.then(coordinator(), ResumeClock {}).file().deadline.map(|deadline| deadline.on);
    let paused = || Story::of(Status::Triaged).then(coordinator(), pause()).at("2026-03-23T02:00:00Z");
    let set_then = || paused().then(coordinator(), set(date(2026, 4, 3)));
    let at_once = ClockResumed { on: date(2026, 3, 23), paused_working_days: 5, deadline: Some(date(2026, 4, 3)) };
    set_then().when(coordinator(), ResumeClock {}).happens(at_once);
    // Two working days go by before the clock runs again: Friday the 3rd, a Monday off, Wednesday the 8th.
    assert_eq!(resumed(set_then().at("2026-03-25T02:00:00Z")), Some(date(2026, 4, 8)));

    let assigned = Story::of(Status::Assigned).then(coordinator(), pause()).at("2026-03-23T02:00:00Z");
    let extended = assigned.clone().then(manager(), extend(date(2026, 7, 31)));
    assert_eq!(resumed(extended), Some(date(2026, 7, 31)));
    assert_eq!(resumed(assigned), Some(date(2026, 7, 7)), "five working days after the 30th of June");
}

#[test]
fn a_pause_ends_with_the_case() {
    let paused = || Story::of(Status::AwaitingConfirmation).then(lead(), pause());
    let ends = [
        paused().then(enterprise(), confirm()),
        paused().then(enterprise(), withdraw()),
        paused().then(coordinator(), duplicate(another_case())),
    ];
    for ended in ends {
        assert_eq!(ended.file().paused_from, None);
    }
    // A year later the case is taken up again, and the deadline that it gets then runs.
    let reopened = paused()
        .then(enterprise(), confirm())
        .then(coordinator(), close())
        .at("2027-03-16T02:00:00Z")
        .then(enterprise(), reopen())
        .then(coordinator(), set(date(2027, 4, 30)))
        .at("2027-05-01T02:00:00Z");
    reopened.clone().when(coordinator(), ResumeClock {}).refused(Code::ClockNotPaused, "");
    reopened.when(clock(), MissDeadline {}).happens(DeadlineMissed { deadline: date(2027, 4, 30) });
}

#[test]
fn nobody_stops_the_clock_in_the_past() {
    let story = Story::of(Status::Researching).at("2026-03-20T02:00:00Z");
    let order = story.order(lead(), pause()).occurred(moment("2026-03-17T02:00:00Z"));
    let paused = story.then_order(order);
    assert_eq!(paused.file().paused_from, Some(date(2026, 3, 20)));
    let early = paused.order(lead(), ResumeClock {}).occurred(moment("2026-03-16T02:00:00Z"));
    let fact = ClockResumed { on: date(2026, 3, 20), paused_working_days: 0, deadline: Some(deadline()) };
    paused.when_order(early).happens(fact);
}

#[test]
fn a_clock_is_paused_once_and_resumed_once() {
    let paused = Story::of(Status::Triaged).then(coordinator(), pause());
    paused.clone().when(coordinator(), pause()).refused(Code::ClockAlreadyPaused, "");
    let fact = ClockResumed { on: date(2026, 3, 16), paused_working_days: 0, deadline: None };
    paused.when(coordinator(), ResumeClock {}).happens(fact);
    Story::of(Status::Triaged).when(coordinator(), ResumeClock {}).refused(Code::ClockNotPaused, "");
}

#[test]
fn a_declined_assignment_leaves_the_deadline_to_whoever_is_next() {
    let declined = Story::of(Status::Assigned).then(lead(), DeclineAssignment { reason: because() });
    assert!(declined.file().running_deadline(declined.today()).is_some());
    let again = declined.then(coordinator(), assign()).then(lead(), AcceptAssignment {}).file();
    assert_eq!(again.deadline.map(|deadline| deadline.on), Some(deadline()));
}
