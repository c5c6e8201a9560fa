//! Whatever is ordered, in whatever order: what must hold all the same.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use crate::domain::actor::Actor;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::{CaseField, Steps, differences};
use crate::domain::case::state::Case;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
use crate::domain::case::values::{Kind, LinkRelation, Status, Verdict};
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::Refusal;
use crate::domain::value::Level;

/// The same walks every time: a failure here is one that everybody sees.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, rng_seed: RngSeed::Fixed(20_120_326), failure_persistence: None, ..Default::default() }
}

/// One of each command, and the other ways to give some of them.
fn commands() -> Vec<CaseCommand> {
    let mut commands = one_of_each();
    commands.extend::<[CaseCommand; 18]>([
        rename("pitch diameter of small thread gauges").into(),
        triage(Kind::Calibration).into(),
        triage_anew(Kind::Calibration).into(),
        triage_anew(Kind::ResearchProblem).into(),
        review(Verdict::ChangesRequested).into(),
        trial_failed().into(),
        require("3", "um").into(),
        require("1", "g").into(),
        correct("2", "um").into(),
        measure("0.5", "um").into(),
        measure("7", "mg").into(),
        escalate(Level::Province).into(),
        escalate(Level::Nation).into(),
        invite("expert").into(),
        invite("invitee").into(),
        remove("invitee").into(),
        link(another_case(), LinkRelation::SubCaseOf).into(),
        reassign("lead", institute()).into(),
    ]);
    commands
}

fn actors() -> Vec<Actor> {
    vec![
        enterprise(),
        visitor(),
        coordinator(),
        manager(),
        national_manager(),
        lead(),
        another_lead(),
        expert(),
        invitee(),
        stranger(),
        reviewer(),
        auditor(),
        clock(),
        importer(),
    ]
}

/// One step: hours go by, and somebody orders something.
#[derive(Clone, Debug)]
struct Step {
    hours: i64,
    /// Anybody, and anything.
    blind: (Actor, CaseCommand),
    /// Which of the orders that the rules allow, for most steps: blind ones are mostly refused.
    allowed: Option<Index>,
}

fn step() -> impl Strategy<Value = Step> {
    let blind = (select(actors()), select(commands()));
    (0_i64..72, blind, weighted(0.7, any::<Index>())).prop_map(|(hours, blind, allowed)| Step { hours, blind, allowed })
}

impl Step {
    fn taken(self, case: &Case, now: Timestamp) -> (Actor, CaseCommand) {
        // What ends a walk is left to the blind.
        let goes_on = |command: &&CaseCommand| !matches!(command.name(), "WithdrawCase" | "MarkDuplicate");
        let commands = commands();
        let mut open: Vec<_> = Vec::new();
        for actor in actors() {
            let allowed: Vec<_> =
                case.allowed_commands(&actor, now).into_iter().filter(|(_, answer)| answer.is_ok()).collect();
            let may = |command: &&CaseCommand| allowed.iter().any(|(name, _)| *name == command.name());
            open.extend(commands.iter().filter(goes_on).filter(may).map(|command| (actor.clone(), command.clone())));
        }
        match self.allowed {
            Some(index) if !open.is_empty() => index.get(&open).clone(),
            Some(_) | None => self.blind,
        }
    }
}

/// A walk begins anywhere in the lifecycle, for a random one seldom gets far from `Reported`.
fn start() -> impl Strategy<Value = Story> {
    select(Status::ALL).prop_map(Story::of)
}

/// The case after an order through the interface of cqrs-es, and what has happened.
fn handle(case: &Case, order: Order<CaseCommand>) -> (Case, Result<Vec<Recorded<CaseFact>>, Refusal>) {
    let mut after = case.clone();
    let sink = EventSink::default();
    let result = block_on(after.handle(order, &(), &sink));
    (after, result.map(|()| block_on(sink.collect())))
}

fn refolded(events: &[Recorded<CaseFact>]) -> Case {
    let mut case = Case::default();
    for event in events {
        let json = serde_json::to_string(event).expect("an event is written");
        case.apply(serde_json::from_str(&json).expect("an event is read as it was written"));
    }
    case
}

/// What each event has moved, though only what it may move is compared, is all that differs.
fn assert_told_step_by_step(events: &[Recorded<CaseFact>]) {
    let (mut case, mut steps) = (Case::default(), Steps::default());
    for event in events {
        let before = case.clone();
        case.evolve(event);
        let differ: Vec<_> = case.file.iter().flat_map(|file| differences(before.file.as_ref(), file)).collect();
        assert_eq!(steps.moved(event, CaseField::ALL), differ, "{event:?}");
    }
}

/// Wherever a case is, also where something waits.
fn starts() -> Vec<Story> {
    let national = Story::of(Status::Researching)
        .then(coordinator(), escalate(Level::City))
        .then(coordinator(), escalate(Level::Province))
        .then(manager(), escalate(Level::Nation));
    let measured = Story::of(Status::Researching).then(enterprise(), require("1", "um"));
    let waiting = [
        Story::before(),
        national.clone().then(national_manager(), park()),
        national.then(lead(), pause()),
        measured.then(lead(), measure("2", "um")),
        Story::of_routine_service(),
        Story::of_imported_persons(),
        Story::of(Status::AwaitingConfirmation).then(lead(), invite("invitee")),
        Story::of(Status::Triaged)
            .then(coordinator(), link(another_case(), LinkRelation::RelatedTo))
            .then(coordinator(), link(another_case(), LinkRelation::SubCaseOf)),
    ];
    let starts = Status::ALL.iter().map(|status| Story::of(*status)).chain(waiting);
    let on_another_day = starts.map(|story| story.at("2026-03-25T02:00:00Z"));
    on_another_day.chain([Story::of_missed_deadline()]).collect()
}

/// The walks come to what they come to; these are all the next steps.
#[test]
fn what_each_event_moves_is_told_of_it() {
    for story in starts() {
        let case = story.case();
        for actor in actors() {
            for command in commands() {
                let Ok(next) = case.decide(&story.order(actor.clone(), command)) else { continue };
                let events: Vec<_> = story.events().iter().chain(&next).cloned().collect();
                assert_told_step_by_step(&events);
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_walk_through_the_lifecycle(story in start(), steps in vec(step(), 1..60)) {
        let mut case = story.case();
        let mut events = story.events().to_vec();
        let mut now: Timestamp = moment(MONDAY);
        for step in steps {
            now += SignedDuration::from_hours(step.hours);
            let (actor, command) = step.taken(&case, now);
            let order = Order { now, ..story.order(actor, command) };
            let (name, by) = (order.command.name(), order.by.clone());
            let answers = case.allowed_commands(&by, now);
            let (_, answer) = answers.iter().find(|(command, _)| *command == name).expect("an answer for each");
            let (after, result) = handle(&case, order);
            match (result, answer) {
                (Ok(new), allowed) => {
                    prop_assert!(allowed.is_ok(), "{name} was carried out although {allowed:?}");
                    prop_assert!(!new.is_empty());
                    // No part of a file escapes the comparison.
                    let file = after.file.as_ref().expect("every start is reported");
                    let differ = !differences(case.file.as_ref(), file).is_empty();
                    prop_assert_eq!(differ, case != after, "{} differs in no field", name);
                    events.extend(new);
                }
                (Err(refusal), allowed) => {
                    prop_assert_eq!(&after, &case, "a refused order changes nothing");
                    if let Err(expected) = allowed {
                        prop_assert_eq!(&refusal, expected);
                    }
                }
            }
            case = after;
        }
        prop_assert_eq!(&refolded(&events), &case, "the log tells the same as memory");
        assert_told_step_by_step(&events);
        let snapshot = serde_json::to_string(&case).expect("a case is written");
        prop_assert_eq!(&serde_json::from_str::<Case>(&snapshot).expect("and read"), &case);

        let file = case.file.expect("every start is reported");
        let history = file.gap_history();
        prop_assert!(history.windows(2).all(|two| two[0].gap != two[1].gap), "a point is where the gap moves");
        let last = history.last().and_then(|point| point.gap.clone());
        prop_assert_eq!(last, file.gap_in_six_decimals());
        prop_assert!(file.deadline.is_none_or(|deadline| deadline.missed_on.is_none() || deadline.was_missed));
    }

    #[test]
    fn events_in_any_order_never_fail(
        places in vec((select(Status::ALL), any::<Index>()), 0..60),
    ) {
        let events: Vec<_> =
            places.iter().map(|(status, place)| place.get(Story::of(*status).events()).clone()).collect();
        let mut case = Case::default();
        events.iter().for_each(|event| case.evolve(event));
        assert_told_step_by_step(&events);
        // Without an event that opens it, nothing is known.
        prop_assert!(case.file.is_none_or(|file| file.number == number()));
    }
}
