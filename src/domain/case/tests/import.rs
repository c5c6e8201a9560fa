use jiff::civil::date;

use crate::domain::case::command::{
    AcceptInvitation, AddComment, CaseCommand, EraseImportedPersons, MissDeadline, RecordLegacyActivity, SetDeadline,
};
use crate::domain::case::event::{DeadlineMissed, ImportedPersonsErased, LegacyActivityRecorded, LegacyOpening};
use crate::domain::case::facts::{EnrolmentFacts, LegacyCase};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::{Audience, Kind, Origin, Status};
use crate::domain::order::Order;
use crate::domain::refusal::Code;
use crate::domain::value::Level;

fn opened() -> Story {
    Story::before().then(importer(), legacy(Some(legacy_case())))
}

fn concluded() -> Story {
    opened().then(importer(), RecordLegacyActivity { opening: None, concludes: true })
}

#[test]
fn another_trackers_case_is_opened_as_it_knew_it() {
    let LegacyCase { number, title, problem, enrolment, division } = legacy_case();
    let EnrolmentFacts { enterprise, campaign, .. } = enrolment;
    let opening = LegacyOpening { number, title, problem, enterprise, campaign, division };
    let fact = LegacyActivityRecorded { opening: Some(opening), concludes: false };
    Story::before().when(importer(), legacy(Some(legacy_case()))).happens(fact);
    let file = opened().file();
    assert_eq!((file.status, file.level, file.origin), (Status::Reported, Level::City, Origin::Import));
    assert_eq!(file.legacy.map(|legacy| (legacy.imported, legacy.concluded)), Some((1, false)));
}

#[test]
fn a_case_is_opened_once_and_first() {
    opened().when(importer(), legacy(Some(legacy_case()))).refused(Code::AlreadyExists, "opening");
    Story::before().when(importer(), legacy(None)).refused(Code::NotFound, "");
}

#[test]
fn nothing_is_opened_for_who_is_not_enrolled_or_in_a_closed_campaign() {
    let opening = |enrolment| legacy(Some(LegacyCase { enrolment, ..legacy_case() }));
    let outcome = |enrolment| Story::before().when(importer(), opening(enrolment));
    outcome(EnrolmentFacts { enrolled: false, ..enrolment() }).refused(Code::NotEnrolled, "campaignId");
    outcome(EnrolmentFacts { campaign_open: false, ..enrolment() }).refused(Code::CampaignClosed, "campaignId");
    outcome(EnrolmentFacts::of(enterprise_id(), campaign())).refused(Code::NotEnrolled, "campaignId");
    // What is there already goes on all the same.
    opened().when(importer(), legacy(None)).happens(LegacyActivityRecorded { opening: None, concludes: false });
}

#[test]
fn an_activity_is_taken_in_any_status() {
    let fact = LegacyActivityRecorded { opening: None, concludes: false };
    for status in Status::ALL {
        let story = Story::of(*status);
        story.clone().when(importer(), legacy(None)).happens(fact.clone());
        assert_eq!(story.then(importer(), legacy(None)).file().status, *status);
    }
}

#[test]
fn an_activity_says_where_it_comes_from() {
    let story = opened();
    let order = Order { source: None, ..story.order(importer(), legacy(None)) };
    story.when_order(order).refused(Code::Required, "source");
}

#[test]
fn an_activity_lies_in_the_past() {
    let story = opened();
    let order = story.order(importer(), legacy(None)).occurred(moment("2026-03-16T02:00:01Z"));
    story.when_order(order).refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn only_the_importer_speaks_for_another_tracker() {
    for somebody in [coordinator(), national_manager(), clock(), auditor()] {
        let outcome = Story::before().when(somebody.clone(), legacy(Some(legacy_case())));
        outcome.refused(Code::NotPermitted, "");
        opened().when(somebody, legacy(None)).refused(Code::NotPermitted, "");
    }
}

#[test]
fn a_concluded_case_waits_for_nobody_until_something_is_done_about_it() {
    let file = concluded().file();
    assert!(file.is_open() && !file.waits());
    let later = concluded().then(importer(), legacy(None)).file();
    assert!(later.waits());
    assert_eq!(later.legacy.map(|legacy| legacy.imported), Some(3));
    // A comment is nothing done about it; a triage is.
    assert!(!concluded().then(coordinator(), comment()).file().waits());
    let triaged = concluded().then(coordinator(), triage(Kind::Testing)).file();
    assert!(triaged.waits());
}

#[test]
fn whoever_gives_a_concluded_case_a_deadline_or_another_level_takes_it_up() {
    let deadline_set = || opened().then(coordinator(), set());
    let concludes = || RecordLegacyActivity { opening: None, concludes: true };
    let national =
        || opened().then(coordinator(), escalate(Level::Province)).then(national_manager(), escalate(Level::Nation));
    let assigned = || {
        let triaged = opened().then(coordinator(), triage(Kind::ResearchProblem));
        triaged.then(coordinator(), assign()).then(importer(), concludes())
    };
    let taken_up = [
        concluded().then(coordinator(), set()),
        deadline_set().then(importer(), concludes()).then(coordinator(), extend(date(2026, 9, 30))),
        concluded().then(coordinator(), escalate(Level::Province)),
        national().then(importer(), concludes()).then(national_manager(), park()),
        // It is assigned before and after.
        assigned().then(manager(), reassign("another lead", university())),
    ];
    for story in taken_up {
        assert!(story.file().waits());
    }
    let late = concluded().then(coordinator(), set()).at("2026-07-01T02:00:00Z");
    late.when(clock(), MissDeadline {}).happens(DeadlineMissed { deadline: deadline() });
}

fn set() -> SetDeadline {
    SetDeadline { deadline: deadline() }
}

#[test]
fn what_is_internal_is_not_counted() {
    let internal = AddComment { audience: Audience::Internal, ..comment() };
    let file = concluded().then(importer(), internal).file();
    assert!(!file.waits());
    assert_eq!(file.legacy.map(|legacy| (legacy.imported, legacy.concluded)), Some((2, true)));
}

#[test]
fn the_deadline_of_a_concluded_case_does_not_run() {
    let concludes = RecordLegacyActivity { opening: None, concludes: true };
    let story = opened().then(coordinator(), set()).then(importer(), concludes).at("2026-07-01T02:00:00Z");
    assert!(story.file().running_deadline(story.today()).is_none());
    story.when(clock(), MissDeadline {}).refused(Code::DeadlineNotPassed, "");
}

#[test]
fn what_a_mapping_yields_is_an_order_like_any_other() {
    let commands: [CaseCommand; 3] = [report().into(), pause().into(), comment().into()];
    let story = commands.into_iter().fold(Story::before(), |story, command| story.then(importer(), command));
    assert_eq!(story.file().legacy.map(|legacy| legacy.imported), Some(3));
    story.clone().when(importer(), pause()).refused(Code::ClockAlreadyPaused, "");
    story.when(importer(), AcceptInvitation {}).refused(Code::WrongStatus, "");
}

#[test]
fn whom_another_tracker_names_is_erased_and_named_no_more() {
    let story = Story::of_imported_persons();
    let EraseImportedPersons { legal_basis, reason } = erase_imported();
    let fact = ImportedPersonsErased { legal_basis, reason: reason.expect("a reason") };
    story.clone().when(manager(), erase_imported()).happens(fact);
    let silent = EraseImportedPersons { reason: None, ..erase_imported() };
    story.clone().when(manager(), silent).refused(Code::ReasonMissing, "reason");
    let erased = story.then(manager(), erase_imported());
    erased.clone().when(manager(), erase_imported()).refused(Code::AlreadyErased, "");
    opened().when(manager(), erase_imported()).refused(Code::NotFound, "");
    Story::of(Status::Reported).when(manager(), erase_imported()).refused(Code::NotFound, "");
    // What comes in later comes in without persons.
    let order = erased.order_naming(legacy(None), "Siebel");
    let events = erased.case().decide(&order).expect("the importer may");
    assert!(events.iter().all(|event| event.source.as_ref().is_some_and(|source| source.personal.is_empty())));
    erased.then_order(order).when(manager(), erase_imported()).refused(Code::AlreadyErased, "");
}

#[test]
fn a_number_is_given_to_the_first_event_alone() {
    for story in [opened(), Story::of(Status::Triaged)] {
        let numbered: Vec<_> = story.events().iter().map(|event| event.numbered(7)).collect();
        let numbers: Vec<_> = numbered.iter().map(|event| event.number().map(ToString::to_string)).collect();
        assert_eq!(numbers[0].as_deref(), Some("GD-2026-000007"));
        assert!(numbers[1..].iter().all(Option::is_none));
        assert_eq!(numbered[1..], story.events()[1..]);
    }
}
