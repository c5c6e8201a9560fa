//! A year that ended before the log began, as of a position.

use serde_json::json;

use crate::as_of::house::House;
use crate::figures::summaries::{ask, figure, go_to, position};
use crate::store::on_both_databases;
use crate::store::support::Database;

/// Reports a case of a year that had ended when the log began.
async fn reported(house: &House, title: &str) {
    let report = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "occurredAt": "2025-10-20T02:00:00Z",
        "title": title, "problem": "相差 8 µm", "origin": { "ownReport": true },
    });
    house.creates("enterprise 0", "reportCase", "case", report).await;
}

async fn what_a_summary_was_compared_with_stays_when_more_is_recorded(database: Database) {
    let house = House::on(database).await;
    reported(&house, "内径").await;
    go_to(&house, "2026-01-20T02:00:00Z");
    let summary = json!({ "divisionCode": "44", "year": 2025, "text": "补报。", "fillFromLog": true });
    house.ordered("manager", "submitAnnualSummary", "annualSummary { late }", summary).await;
    let year = "annualFigures(divisionCode: \"44\", year: 2025) {
        agrees figures { name value submitted comparedWith agrees } }";
    let asked = format!("asOf({}) {{ query {{ {year} }} }}", position(house.head().await));
    let read = ask(&house, &asked).await;
    let told = &read["asOf"]["query"]["annualFigures"];
    assert_eq!((&told["agrees"], &figure(told, "CASES_OPEN")["comparedWith"]), (&json!(true), &json!("1")));

    reported(&house, "外径").await;
    assert_eq!(ask(&house, &asked).await, read);
}

on_both_databases!(what_a_summary_was_compared_with_stays_when_more_is_recorded);
