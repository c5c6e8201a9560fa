//! What the log has told is past for whoever asks, whatever the clock of the server says that is asked.

use etalon::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::life::world::text;
use crate::store::on_both_databases;
use crate::store::support::Database;

const POSITION: &str =
    "query($time: DateTime!, $axis: AsOfAxis!) { asOf(point: { time: $time }, axis: $axis) { position } }";

async fn a_time_that_the_log_has_told_is_past(database: Database) {
    let house = House::on(database).await;
    let head = house.head().await;
    let last = house.ask("watcher", "{ events(first: 1) { nodes { recordedAt } } }", json!({})).await;
    let told: Timestamp = text(&last["events"]["nodes"][0]["recordedAt"]).parse().expect("a time");
    house.clock.advance(SignedDuration::from_hours(-1));
    let asked = |time: Timestamp, axis: &str| json!({ "time": time.to_string(), "axis": axis });
    let at = house.ask("watcher", POSITION, asked(told, "RECORDED")).await;
    assert_eq!(at["asOf"]["position"], head.to_string());
    let at = house.ask("watcher", POSITION, asked(told, "OCCURRED")).await;
    assert_eq!(at["asOf"]["position"], Value::Null);
    for axis in ["RECORDED", "OCCURRED"] {
        let (_, errors) = house.post("watcher", POSITION, asked(told + SignedDuration::from_micros(1), axis)).await;
        assert_eq!(errors[0]["extensions"]["code"], "POINT_IN_FUTURE", "{axis}");
    }
}

/// As of one that is behind another server, or whose clock was set back.
async fn a_command_follows_what_the_log_knows_whatever_the_clock_says(database: Database) {
    let house = House::on(database).await;
    let case = house.reported(0, "内径测量").await;
    house.clock.advance(SignedDuration::from_hours(1));
    house.reported(1, "另一难点").await;
    let told = house.clock.now();
    house.clock.advance(SignedDuration::from_hours(-3));
    let triage = json!({ "caseId": case, "category": "L", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" });
    let triaged = house.ordered("coordinator", "triageCase", "warnings { code }", triage).await;
    assert_eq!(triaged["warnings"], json!([]));
    let events = "query($id: ID!) { case(id: $id) { events(first: 2) { nodes { occurredAt } } } }";
    let shown = house.ask("coordinator", events, json!({ "id": case })).await;
    let [reported, triaged] = [0, 1].map(|place| text(&shown["case"]["events"]["nodes"][place]["occurredAt"]));
    assert_eq!(triaged, reported, "what dates nothing follows what is known");
    let said = |at: Timestamp| json!({ "caseId": case, "text": "已到现场", "occurredAt": at.to_string() });
    house.ordered("coordinator", "addComment", "", said(told)).await;
    let ahead = said(told + SignedDuration::from_micros(1));
    let refused = house.order("coordinator", "addComment", "", ahead).await;
    assert_eq!(refused["userErrors"][0]["code"], "OCCURRED_IN_FUTURE", "{refused}");
}

on_both_databases! {
    a_time_that_the_log_has_told_is_past,
    a_command_follows_what_the_log_knows_whatever_the_clock_says,
}
