//! A visit has been made by the end of its day, whenever somebody puts it on record.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::store::on_both_databases;
use crate::store::support::Database;

async fn a_visit_had_been_made_by_the_end_of_its_day(database: Database) {
    let house = House::on(database).await;
    house.clock.advance(SignedDuration::from_hours(24 * 10));
    let visit = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "visitedOn": "2026-01-10",
        "seen": "量规互相比对",
    });
    house.ordered("coordinator", "recordFieldVisit", "", visit).await;
    house.clock.advance(SignedDuration::from_hours(2));
    let seen = async |time: &str, axis: &str| {
        let asked = format!(
            "{{ asOf(point: {{ time: {time:?} }}, axis: {axis}) {{ query {{
                enterprise(id: {:?}) {{ version visits {{ seen }} }}
                annualFigures(divisionCode: \"44\", year: 2026) {{ figures {{ name value }} }}
            }} }} }}",
            house.enterprises[0]
        );
        let answer = house.ask("watcher", &asked, json!({})).await["asOf"]["query"].clone();
        let figures = answer["annualFigures"]["figures"].as_array().expect("figures").iter();
        let made: Vec<&Value> = figures.filter(|figure| figure["name"] == "VISITS_MADE").collect();
        json!([answer["enterprise"], made[0]["value"]])
    };
    let (nothing, visited) = (
        json!([{ "version": 1, "visits": [] }, "0"]),
        json!([{ "version": 2, "visits": [{ "seen": "量规互相比对" }] }, "1"]),
    );
    // Midnight in China.
    assert_eq!(seen("2026-01-10T15:59:59Z", "OCCURRED").await, nothing);
    assert_eq!(seen("2026-01-10T16:00:00Z", "OCCURRED").await, visited);
    assert_eq!(seen("2026-01-12T00:00:00Z", "RECORDED").await, nothing);
    assert_eq!(seen("2026-01-15T03:00:00Z", "RECORDED").await, visited);
}

on_both_databases!(a_visit_had_been_made_by_the_end_of_its_day);
