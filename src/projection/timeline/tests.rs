use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::actor::ActorId;
use crate::domain::case::number::CaseNumber;
use crate::domain::fixtures::{day, statement, time};

const CAMPAIGN: Uuid = Uuid::from_u128(7);
/// That which it was closed in favour of.
const SUCCESSOR: Uuid = Uuid::from_u128(9);
pub(super) const TODAY: &str = "2026-03-05";

/// Of a case of the campaign.
fn told(events: &[Recorded<CaseFact>], visits: &[FieldVisit], today: &str) -> Vec<Entry> {
    of(events, visits, &[CAMPAIGN.into(), SUCCESSOR.into()], None, day(today))
}

pub(super) fn event(at: &str, fact: Value) -> Recorded<CaseFact> {
    let event = json!({ "by": "somebody", "occurredAt": at, "fact": fact });
    serde_json::from_value(event).expect("an event")
}

/// Reported on 2 March 2026 from the first visit.
pub(super) fn reported() -> Recorded<CaseFact> {
    let fact = json!({ "CaseReported": {
        "number": "GD-2026-000001", "title": "螺纹塞规", "problem": "无法溯源",
        "enterprise": Uuid::from_u128(1), "enterpriseVersion": 1, "campaign": CAMPAIGN, "division": "440305",
        "origin": { "kind": "FIELD_VISIT", "visit": Uuid::from_u128(100) },
    } });
    event("2026-03-02T02:00:00Z", fact)
}

fn deadline_set() -> Recorded<CaseFact> {
    event("2026-03-04T02:00:00Z", json!({ "DeadlineSet": { "deadline": "2026-04-01" } }))
}

fn visit(number: u128, on: &str, campaign: Uuid) -> FieldVisit {
    FieldVisit {
        id: Uuid::from_u128(number).into(),
        campaign: CampaignId::from(campaign),
        visitors: Vec::new(),
        visited_on: day(on),
        place: None,
        seen: statement("恒温间"),
        needs: BTreeSet::new(),
        recorded_by: ActorId::parse("visitor").expect("an actor"),
    }
}

fn behind(entries: &[Entry]) -> Vec<Behind> {
    entries.iter().map(|entry| entry.behind).collect()
}

#[test]
fn visits_events_and_what_is_due_stand_in_the_order_of_time() {
    let visits = [
        visit(100, "2026-02-20", CAMPAIGN),
        // Before the case was known, and of another campaign: neither concerns it.
        visit(101, "2026-02-25", CAMPAIGN),
        visit(102, "2026-03-03", Uuid::from_u128(8)),
        visit(103, "2026-03-03", CAMPAIGN),
    ];
    let entries = told(&[reported(), deadline_set()], &visits, TODAY);
    assert_eq!(
        behind(&entries),
        [
            Behind::Visit(Uuid::from_u128(100).into()),
            Behind::Event(0),
            Behind::Visit(Uuid::from_u128(103).into()),
            Behind::Event(1),
            Behind::Due(day("2026-04-01")),
        ]
    );
    assert_eq!(entries[2].at, time("2026-03-02T16:00:00Z"), "midnight in China");
    assert_eq!(entries[4].at, time("2026-04-01T15:59:59Z"), "the day's last second in China");
    assert_eq!(entries[3].text.chinese, "期限定为：2026-04-01");
    assert_eq!(entries[3].text.english, "Deadline set: 2026-04-01");
}

#[test]
fn visits_of_the_campaign_that_it_went_on_in_concern_it_while_it_is_open() {
    let withdrawn = event("2027-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
    let visits = [
        visit(103, "2026-05-03", CAMPAIGN),
        visit(104, "2027-03-03", SUCCESSOR),
        visit(105, "2027-03-03", Uuid::from_u128(8)),
        visit(106, "2027-03-11", SUCCESSOR),
    ];
    let entries = told(&[reported(), withdrawn], &visits, TODAY);
    let visited = |number| Behind::Visit(Uuid::from_u128(number).into());
    assert_eq!(behind(&entries), [Behind::Event(0), visited(103), visited(104), Behind::Event(1)]);
}

#[test]
fn nothing_is_due_once_the_deadline_was_missed_or_does_not_run() {
    let missed = event("2026-04-02T02:00:00Z", json!({ "DeadlineMissed": { "deadline": "2026-04-01" } }));
    let paused = event("2026-03-05T02:00:00Z", json!({ "ClockPaused": { "from": "2026-03-05", "reason": "等待" } }));
    for last in [missed, paused] {
        let entries = told(&[reported(), deadline_set(), last], &[], TODAY);
        assert_eq!(behind(&entries), [Behind::Event(0), Behind::Event(1), Behind::Event(2)]);
    }
}

#[test]
fn a_deadline_is_told_where_it_is_set_or_moves() {
    let resumed = |days: u32, deadline: &str| json!({ "ClockResumed": { "on": "2026-03-09", "pausedWorkingDays": days, "deadline": deadline } });
    let unparked = |deadline: &str| json!({ "CaseUnparked": { "on": "2026-03-10", "deadline": deadline } });
    let deadlines = |first: Value, second: Value| -> Vec<String> {
        let events =
            [reported(), deadline_set(), event("2026-03-09T02:00:00Z", first), event("2026-03-10T02:00:00Z", second)];
        let told = told(&events, &[], TODAY).into_iter().map(|entry| entry.text.english);
        told.filter(|text| text.starts_with("Deadline set")).collect()
    };
    let set = "Deadline set: 2026-04-01";
    assert_eq!(deadlines(resumed(0, "2026-04-01"), unparked("2026-04-01")), [set]);
    assert_eq!(deadlines(resumed(1, "2026-04-02"), unparked("2026-04-02")), [set, "Deadline set: 2026-04-02"]);
}

#[test]
fn a_parked_case_is_due_for_its_review_and_its_deadline_runs_from_the_day_after() {
    let parked = json!({ "CaseParked": { "reviewOn": "2026-03-20", "reason": "尚无方法" } });
    let events = [reported(), deadline_set(), event("2026-03-05T02:00:00Z", parked)];
    let due = |today: &str| -> Vec<Behind> {
        let entries = told(&events, &[], today);
        behind(&entries).into_iter().filter(|behind| matches!(behind, Behind::Due(_))).collect()
    };
    let review = Behind::Due(day("2026-03-20"));
    assert_eq!(due("2026-03-20"), [review]);
    assert_eq!(due("2026-03-21"), [review, Behind::Due(day("2026-04-01"))]);
}

#[test]
fn a_visit_after_the_end_does_not_concern_the_case() {
    let withdrawn = event("2026-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
    let visits = [visit(100, "2026-02-20", CAMPAIGN), visit(103, "2026-03-11", CAMPAIGN)];
    let entries = told(&[reported(), withdrawn], &visits, TODAY);
    let first = Behind::Visit(Uuid::from_u128(100).into());
    assert_eq!(behind(&entries), [first, Behind::Event(0), Behind::Event(1)]);
}

#[test]
fn a_visit_while_the_case_was_closed_does_not_concern_it() {
    let withdrawn = |at: &str| event(at, json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
    let reopened = |at: &str| event(at, json!({ "CaseReopened": { "reason": "又出现" } }));
    let comment = |at: &str| event(at, json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } }));
    let events = [
        reported(),
        withdrawn("2026-03-10T02:00:00Z"),
        comment("2026-03-15T02:00:00Z"),
        reopened("2026-03-20T02:00:00Z"),
        withdrawn("2026-04-01T02:00:00Z"),
        comment("2026-04-05T02:00:00Z"),
        reopened("2026-04-10T02:00:00Z"),
    ];
    let days = [
        ("2026-03-01", false),
        ("2026-03-02", true),
        ("2026-03-10", true),
        ("2026-03-11", false),
        ("2026-03-15", false),
        ("2026-03-19", false),
        ("2026-03-20", true),
        ("2026-04-01", true),
        ("2026-04-05", false),
        ("2026-04-10", true),
        ("2026-05-01", true),
    ];
    for (day, concerns) in days {
        let entries = told(&events, &[visit(103, day, CAMPAIGN)], TODAY);
        let is_there = behind(&entries).contains(&Behind::Visit(Uuid::from_u128(103).into()));
        assert_eq!(is_there, concerns, "{day}");
    }
}

#[test]
fn what_is_said_after_the_end_does_not_put_it_off() {
    let withdrawn = event("2026-03-10T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
    let comment = |at: &str| event(at, json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } }));
    let reopened = event("2026-03-20T02:00:00Z", json!({ "CaseReopened": { "reason": "又出现" } }));
    let again = event("2026-04-01T02:00:00Z", json!({ "CaseWithdrawn": { "reason": "自行解决" } }));
    let visits =
        [visit(103, "2026-03-10", CAMPAIGN), visit(104, "2026-03-25", CAMPAIGN), visit(105, "2026-04-20", CAMPAIGN)];
    let visited = |events: &[Recorded<CaseFact>]| -> Vec<Behind> {
        let entries = told(events, &visits, TODAY).into_iter();
        entries.map(|entry| entry.behind).filter(|behind| matches!(behind, Behind::Visit(_))).collect()
    };
    let of_visits = |count: u128| -> Vec<Behind> {
        (103..103 + count).map(|number| Behind::Visit(Uuid::from_u128(number).into())).collect()
    };
    let mut events = vec![reported(), withdrawn, comment("2026-05-01T02:00:00Z")];
    assert_eq!(visited(&events), of_visits(1));
    events.push(reopened);
    assert_eq!(visited(&events), of_visits(3), "it is open again");
    events.extend([again, comment("2026-05-02T02:00:00Z")]);
    assert_eq!(visited(&events), of_visits(2), "the end is the last one");
}

#[test]
fn a_duplicate_tells_that_its_original_was_withdrawn() {
    let original = GoesOn::of(Uuid::from_u128(9).into());
    let marked = json!({ "CaseMarkedDuplicate": { "of": original.case, "ofVersion": 1 } });
    let comment = json!({ "CommentAdded": { "id": Uuid::from_u128(1), "text": "归档" } });
    let events = [reported(), event("2026-03-03T02:00:00Z", marked), event("2026-03-05T02:00:00Z", comment)];
    let at = |status| GoesOn { status: Some(status), since: Some(time("2026-03-04T02:00:00Z")), ..original.clone() };
    let told = |goes_on_in: &GoesOn| of(&events, &[], &[], Some(goes_on_in), day(TODAY));
    let events_alone = [Behind::Event(0), Behind::Event(1), Behind::Event(2)];
    for going_on in [at(Status::Researching), at(Status::Closed), original.clone()] {
        assert_eq!(behind(&told(&going_on)), events_alone);
    }
    let entries = told(&at(Status::Withdrawn));
    assert_eq!(behind(&entries), [Behind::Event(0), Behind::Event(1), Behind::Original, Behind::Event(2)]);
    let Entry { at: when, kind, text, .. } = &entries[2];
    assert_eq!((*when, *kind), (time("2026-03-04T02:00:00Z"), Kind::Lifecycle));
    assert_eq!(text.chinese, "原案例已由企业撤回，本案例可重新打开");
    assert_eq!(text.english, "The case that went on in its place was withdrawn: this one can be reopened");
    let number = CaseNumber::parse("GD-2026-000009").expect("a number");
    let seen = GoesOn { number: Some(number), ..at(Status::Withdrawn) };
    assert_eq!(told(&seen)[2].text.chinese, "原案例（GD-2026-000009）已由企业撤回，本案例可重新打开");
}

#[test]
fn a_corrected_requirement_is_told_with_its_reason() {
    let uncertainty = json!({ "value": "1", "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" });
    let requirement = json!({ "measurand": "中径", "target": { "uncertainty": uncertainty } });
    let stated = json!({ "RequirementSpecified": { "requirement": requirement } });
    let corrected = json!({ "RequirementSpecified": { "requirement": requirement, "correctionReason": "单位误写" } });
    let events = [reported(), event("2026-03-03T02:00:00Z", stated), event("2026-03-04T02:00:00Z", corrected)];
    let entries = told(&events, &[], TODAY);
    assert_eq!([&entries[1].text.chinese, &entries[2].text.chinese], ["明确测量要求", "更正测量要求：单位误写"]);
    assert_eq!(
        [&entries[1].text.english, &entries[2].text.english],
        ["Requirement specified", "Requirement corrected: 单位误写"]
    );
}

#[test]
fn before_the_report_there_is_no_timeline() {
    assert_eq!(told(&[], &[visit(100, "2026-02-20", CAMPAIGN)], TODAY), []);
}
