//! What the log has told is past for whoever asks, whatever the clock of the server says that is asked.

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

on_both_databases!(a_time_that_the_log_has_told_is_past,);
