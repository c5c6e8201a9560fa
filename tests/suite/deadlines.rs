//! The server's clock: what is broken keeps no deadline waiting, be it a case or a server.

use std::time::Duration;

use etalon::app::{App, Clockwork, Fault};
use etalon::store::{self, StoreError};
use jiff::SignedDuration;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::as_of::house::House;
use crate::ledger::hostile::Intruder;
use crate::life::world::{uuid_of, with};
use crate::store::on_both_databases;
use crate::store::support::Database;

const CLOCKWORK: Clockwork = Clockwork { every: Duration::from_secs(60), escalate_after_working_days: 10 };

/// Cases of which each has its deadline a day after the one before, all of them past; and a server that has none of them in
/// memory.
pub async fn late_cases(database: Database) -> (House, [String; 3], App) {
    let house = House::on(database).await;
    let today = etalon::domain::value::calendar::date_of(house.app.now());
    let mut cases = [const { String::new() }; 3];
    for (place, case) in cases.iter_mut().enumerate() {
        *case = house.reported(0, &format!("难点 {place}")).await;
        let deadline = today.checked_add(jiff::Span::new().days(1 + place as i64)).expect("a day").to_string();
        house.ordered("coordinator", "setDeadline", "", json!({ "caseId": case, "deadline": deadline })).await;
    }
    house.clock.advance(SignedDuration::from_hours(24 * 5));
    let store = store::open(&house.database.url, house.clock.clone()).await.expect("the database opens");
    let app = App::new(store, house.clock.clone()).with_vault(house.database.vault());
    (house, cases, app)
}

async fn a_case_that_cannot_be_read_keeps_no_deadline_waiting(database: Database) {
    let (house, cases, app) = late_cases(database).await;
    let intruder = Intruder::of(&house.database).await;
    let first = uuid_of(&cases[0]);
    let broken = format!("update events set payload = '{{}}' where aggregate_id = '{first}' and sequence = 1");
    intruder.does(&broken).await;
    let round = CLOCKWORK.round(&app, "a").await.expect("it looks");
    assert_eq!((round.missed, round.escalated), (2, 0));
    let query = "query Missed($id: ID!) { case(id: $id) { deadlineMissedOn } }";
    for case in &cases[1..] {
        let shown = house.ask("watcher", query, json!({ "id": case })).await;
        assert!(shown["case"]["deadlineMissedOn"].is_string(), "{shown}");
    }
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 0, "once for each");
}

async fn a_server_that_may_not_write_leaves_deadlines_to_the_others(database: Database) {
    let (house, _, app) = late_cases(database).await;
    Intruder::of(&house.database).await.does("update log_head set rows_version = 1000").await;
    let refused = CLOCKWORK.round(&app, "a").await.expect_err("its rows would not go with those that are there");
    assert!(matches!(refused, Fault::Store(StoreError::OtherRows { .. })), "{refused}");
    let store = store::open(&house.database.url, house.clock.clone()).await.expect("the database opens");
    let now = house.app.now().as_microsecond();
    assert!(store.try_lease("clockwork", "b", now, now + 1).await.expect("asked"), "nobody holds it");
}

/// A lead who is late cannot keep the bureau from hearing of it by stopping the clock, for a moment or for ever.
async fn a_pause_is_no_answer_to_a_missed_deadline(database: Database) {
    let (house, cases, app) = late_cases(database).await;
    // Saturday, 10 January.
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 3);
    let give = async |mutation, case: &String, more| {
        let given = house.order("coordinator", mutation, "", with(json!({ "caseId": case }), more)).await;
        assert!(given["receipt"].is_object(), "{given}");
    };
    let [for_a_moment, for_ever, never] = &cases;
    give("pauseClock", for_a_moment, json!({ "reason": "零件在途" })).await;
    give("resumeClock", for_a_moment, json!({})).await;
    give("pauseClock", for_ever, json!({ "reason": "零件在途" })).await;
    // Ten working days later.
    house.clock.advance(SignedDuration::from_hours(24 * 14));
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").escalated, 3);
    let query = "query Level($id: ID!) { case(id: $id) { level deadlineMissedOn } }";
    for case in [for_a_moment, for_ever, never] {
        let shown = &house.ask("watcher", query, json!({ "id": case })).await["case"];
        assert_eq!(*shown, json!({ "level": "CITY", "deadlineMissedOn": "2026-01-24" }));
    }
}

/// Nor does a step of the lifecycle, nor an escalation by a person, which asks the next level: a new deadline does.
async fn a_new_deadline_answers_a_missed_one_and_no_step_does(database: Database) {
    let (house, cases, app) = late_cases(database).await;
    // Saturday, 10 January.
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 3);
    let [sorted, escalated, answered] = &cases;
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "CALIBRATION", "severity": "MAJOR" });
    for (case, mutation, more) in [
        (sorted, "triageCase", triage),
        (escalated, "escalateCase", json!({ "to": "CITY", "reason": "本级无此能力" })),
        (answered, "setDeadline", json!({ "deadline": "2026-06-30" })),
    ] {
        house.ordered("coordinator", mutation, "", with(json!({ "caseId": case }), more)).await;
    }
    // Ten working days later.
    house.clock.advance(SignedDuration::from_hours(24 * 14));
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").escalated, 2);
    let query = "query Level($id: ID!) { case(id: $id) { level deadlineMissedOn } }";
    for (case, level, missed_on) in [
        (sorted, "CITY", json!("2026-01-24")),
        (escalated, "PROVINCE", json!("2026-01-24")),
        (answered, "COUNTY", json!(null)),
    ] {
        let shown = &house.ask("watcher", query, json!({ "id": case })).await["case"];
        assert_eq!(*shown, json!({ "level": level, "deadlineMissedOn": missed_on }));
    }
}

/// A case that was parked until a day counts as parked until that day has passed, whether somebody looked or not.
async fn a_review_that_nobody_holds_leaves_the_deadline_to_run(database: Database) {
    let (house, [case, ..], app) = late_cases(database).await;
    let give = async |who, mutation, more| {
        let given = house.order(who, mutation, "", with(json!({ "caseId": case }), more)).await;
        assert!(given["receipt"].is_object(), "{given}");
    };
    for (who, level) in [("coordinator", "CITY"), ("manager", "PROVINCE"), ("nation", "NATION")] {
        give(who, "escalateCase", json!({ "to": level, "reason": "本级无此能力" })).await;
    }
    give("nation", "parkCase", json!({ "reviewOn": "2026-01-15", "reason": "国内尚无标准装置" })).await;
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 2, "those of the others");
    let late = async || {
        let asked = house.ask("watcher", "{ statistics { groups { late } } }", json!({})).await;
        asked["statistics"]["groups"][0]["late"].clone()
    };
    // From Saturday, the 10th, on to Thursday, the 15th, and then to the next day.
    house.clock.advance(SignedDuration::from_hours(24 * 5));
    assert_eq!((CLOCKWORK.round(&app, "a").await.expect("it looks").missed, late().await), (0, json!(2)));
    house.clock.advance(SignedDuration::from_hours(24));
    assert_eq!((CLOCKWORK.round(&app, "a").await.expect("it looks").missed, late().await), (1, json!(3)));
    // The review is held at last, and comes to looking again in summer.
    give("nation", "parkCase", json!({ "reviewOn": "2026-07-15", "reason": "国内仍无标准装置" })).await;
    let query = "query Parked($id: ID!) { case(id: $id) { parkedUntil deadlineMissedOn } }";
    let shown = &house.ask("watcher", query, json!({ "id": case })).await["case"];
    assert_eq!(*shown, json!({ "parkedUntil": "2026-07-15", "deadlineMissedOn": null }));
    assert_eq!(late().await, json!(2));
}

/// What keeps the clock's first command waiting is a lock of PostgreSQL.
#[tokio::test]
async fn a_clock_that_is_stopped_gives_no_further_command() {
    let (house, _, app) = late_cases(Database::postgres()).await;
    let (raw, stop) = (house.database.raw().await, CancellationToken::new());
    let held = raw.hold_head().await;
    let stopped = async {
        raw.is_waited_for().await;
        stop.cancel();
        held.release().await;
    };
    tokio::join!(CLOCKWORK.run(&app, "a", stop.clone()), stopped);
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 2, "the others are left to the next round");
}

/// Whoever looks again in time finds as many working days left as there were when the case was parked.
async fn a_case_that_is_taken_up_again_in_time_is_not_late(database: Database) {
    let (house, [case, ..], app) = late_cases(database).await;
    let missed = async || CLOCKWORK.round(&app, "a").await.expect("it looks").missed;
    assert_eq!(missed().await, 3);
    // On Saturday, the 10th, until the end of the month.
    let up = |level| json!({ "to": level, "reason": "本级无此能力" });
    for (who, mutation, more) in [
        ("coordinator", "setDeadline", json!({ "deadline": "2026-01-12" })),
        ("coordinator", "escalateCase", up("CITY")),
        ("manager", "escalateCase", up("PROVINCE")),
        ("nation", "escalateCase", up("NATION")),
        ("nation", "parkCase", json!({ "reviewOn": "2026-01-30", "reason": "国内尚无标准装置" })),
    ] {
        house.ordered(who, mutation, "", with(json!({ "caseId": case }), more)).await;
    }
    house.clock.advance(SignedDuration::from_hours(24 * 4));
    assert_eq!(missed().await, 0);
    house.ordered("nation", "unparkCase", "", json!({ "caseId": case })).await;
    let query = "query Unparked($id: ID!) { case(id: $id) { deadline parkedUntil events(last: 1) { nodes {
        ... on CaseUnparkedEvent { on deadline } } } } }";
    let shown = &house.ask("watcher", query, json!({ "id": case })).await["case"];
    let event = json!({ "on": "2026-01-14", "deadline": "2026-01-14" });
    let expected = json!({ "deadline": "2026-01-14", "parkedUntil": null, "events": { "nodes": [event] } });
    assert_eq!(*shown, expected, "later by Monday and Tuesday");
    assert_eq!(missed().await, 0);
    house.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(missed().await, 1);
}

/// The clock was stopped for what has been solved: nothing of it is left once the case is taken up again.
async fn a_pause_ends_with_the_case(database: Database) {
    let (house, [case, ..], app) = late_cases(database).await;
    let service = json!({ "institutionId": house.institutes[0], "certificate": "JZ-1" });
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "CALIBRATION", "severity": "MAJOR" });
    for (who, mutation, more) in [
        ("coordinator", "triageCase", triage),
        ("coordinator", "pauseClock", json!({ "reason": "零件在途" })),
        ("coordinator", "provideRoutineService", service),
        ("enterprise 0", "confirmSolution", json!({})),
        ("enterprise 0", "reopenCase", json!({ "reason": "又超差" })),
        ("coordinator", "setDeadline", json!({ "deadline": "2026-01-12" })),
    ] {
        let given = house.order(who, mutation, "", with(json!({ "caseId": case }), more)).await;
        assert!(given["receipt"].is_object(), "{given}");
    }
    let shown =
        house.ask("watcher", "query C($id: ID!) { case(id: $id) { clockPaused } }", json!({ "id": case })).await;
    assert_eq!(shown["case"]["clockPaused"], false);
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 2, "those of the others");
    house.clock.advance(SignedDuration::from_hours(24 * 3));
    assert_eq!(CLOCKWORK.round(&app, "a").await.expect("it looks").missed, 1);
}

on_both_databases! {
    a_review_that_nobody_holds_leaves_the_deadline_to_run,
    a_case_that_is_taken_up_again_in_time_is_not_late,
    a_pause_ends_with_the_case,
    a_pause_is_no_answer_to_a_missed_deadline,
    a_new_deadline_answers_a_missed_one_and_no_step_does,
    a_case_that_cannot_be_read_keeps_no_deadline_waiting,
    a_server_that_may_not_write_leaves_deadlines_to_the_others,
}
