//! What a case and a change of it name is looked at from the time that was asked for, as the case itself is.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::life::world::with;
use crate::store::on_both_databases;
use crate::store::support::Database;

const TIMELINE: &str = "timeline(first: 50) { nodes { english } }";

async fn what_a_change_names_is_shown_as_of_the_time_that_was_asked_for(database: Database) {
    let house = House::on(database).await;
    let [original, duplicate] = [house.reported(1, "原案例").await, house.reported(1, "重复案例").await];
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" });
    let assignment = json!({
        "institutionId": house.institutes[1], "leadId": house.leads[1], "deadline": "2026-06-30",
    });
    let escalation = |to: &str| json!({ "to": to, "reason": "本级无此能力" });
    let parking = json!({ "reason": "国内尚无标准装置", "reviewOn": "2026-02-01" });
    let link = json!({ "otherCaseId": original, "relation": "RELATED_TO" });
    for (who, mutation, case, input) in [
        ("coordinator", "triageCase", &original, triage),
        ("coordinator", "assignResearch", &original, assignment),
        ("manager", "escalateCase", &original, escalation("PROVINCE")),
        ("nation", "escalateCase", &original, escalation("NATION")),
        ("nation", "parkCase", &original, parking),
        ("coordinator", "linkCases", &duplicate, link),
        ("coordinator", "markDuplicate", &duplicate, json!({ "ofCaseId": original })),
    ] {
        house.ordered(who, mutation, "case { id }", with(json!({ "caseId": case }), input)).await;
    }
    house.clock.advance(SignedDuration::from_hours(24 * 60));
    // After the day of the review, of which the log has heard nothing: the deadline runs again.
    let asked = format!(
        "query($original: ID!, $duplicate: ID!) {{ asOf(point: {{ time: \"2026-02-15T02:00:00Z\" }}) {{ query {{
            original: case(id: $original) {{ {TIMELINE} }}
            duplicate: case(id: $duplicate) {{
                fieldHistory(field: DUPLICATE_OF) {{
                    change {{ ... on ReferenceChange {{ after {{ ... on Case {{ {TIMELINE} }} }} }} }}
                }}
                diff(from: {{ version: 1 }}) {{ ... on LinksChange {{ added {{ other {{ {TIMELINE} }} }} }} }}
            }}
        }} }} }}"
    );
    let answer = house.ask("watcher", &asked, json!({ "original": original, "duplicate": duplicate })).await;
    let shown = &answer["asOf"]["query"];
    let original = &shown["original"]["timeline"];
    let lines = original["nodes"].as_array().expect("a timeline");
    assert!(lines.iter().any(|line| line["english"] == "Deadline: 2026-06-30"), "{lines:?}");
    let named = &shown["duplicate"]["fieldHistory"][0]["change"]["after"]["timeline"];
    assert_eq!(named, original);
    let changes = shown["duplicate"]["diff"].as_array().expect("changes");
    let linked: Vec<&Value> = changes.iter().filter_map(|change| change.get("added")).collect();
    assert_eq!(linked, [&json!([{ "other": { "timeline": original } }])]);
}

/// What a case names may have been put on record after the case is dated: it is told as it was first, and is in no list.
async fn what_a_case_names_is_told_though_it_was_registered_later(database: Database) {
    let house = House::on(database).await;
    house.clock.advance(SignedDuration::from_hours(24));
    let renamed = json!({ "institutionId": house.institutes[0], "name": "更名后的计量院" });
    house.ordered("coordinator", "amendInstitution", "institution { id }", renamed).await;
    let on = |day: &str| json!({ "occurredAt": format!("2025-10-{day}T02:00:00Z") });
    let report = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "title": "内径", "problem": "相差 8 µm",
        "origin": { "ownReport": true },
    });
    let case = house.creates("enterprise 0", "reportCase", "case", with(report, on("20"))).await;
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" });
    let assignment =
        json!({ "institutionId": house.institutes[0], "leadId": house.leads[0], "deadline": "2026-06-30" });
    for (mutation, input) in [("triageCase", with(triage, on("21"))), ("assignResearch", with(assignment, on("22")))] {
        house.ordered("coordinator", mutation, "case { id }", with(json!({ "caseId": case }), input)).await;
    }
    let asked = format!(
        "{{ asOf(point: {{ time: \"2025-11-01T00:00:00Z\" }}, axis: OCCURRED) {{ query {{
            case(id: {case:?}) {{
                enterprise {{ name }} campaign {{ name }} institution {{ name }} lead {{ name }}
                assignment {{ institution {{ name }} lead {{ name }} }}
                fieldHistory(field: INSTITUTION) {{
                    change {{ ... on ReferenceChange {{ after {{ ... on Institution {{ name }} }} }} }}
                }}
            }}
            statistics(groupBy: [INSTITUTION]) {{ groups {{ institution {{ name }} }} }}
            enterprises {{ totalCount }} institutions {{ totalCount }}
            node(id: {:?}) {{ id }}
        }} }} }}",
        house.institutes[0]
    );
    let answer = house.ask("watcher", &asked, json!({})).await;
    let (institution, lead) = (json!({ "name": "示范计量院甲" }), json!({ "name": "领衔人甲" }));
    assert_eq!(
        answer["asOf"]["query"],
        json!({
            "case": {
                "enterprise": { "name": "示例厂甲" }, "campaign": { "name": "计量服务走进万家中小企业" },
                "institution": institution, "lead": lead,
                "assignment": { "institution": institution, "lead": lead },
                "fieldHistory": [{ "change": { "after": institution } }],
            },
            "statistics": { "groups": [{ "institution": institution }] },
            "enterprises": { "totalCount": 0 }, "institutions": { "totalCount": 0 },
            "node": null,
        })
    );
}

on_both_databases!(
    what_a_change_names_is_shown_as_of_the_time_that_was_asked_for,
    what_a_case_names_is_told_though_it_was_registered_later,
);
