//! The log as somebody sees it, read back from the latest on: pages, filters, rights, the past.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::world::{World, position_of, text, with};

const EVENTS: &str =
    "query Events($first: Int, $after: String, $last: Int, $before: String, $filter: EventFilter, $min: Position) {
    events(first: $first, after: $after, last: $last, before: $before, filter: $filter, minPosition: $min) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes {
            id type position recordedAt occurredAt actor { id }
            ... on CaseEvent { caseId } ... on RegisterEvent { subject }
        }
        edges { cursor node { id } subject { id ... on Case { title } ... on Institution { name } } }
    }
}";

/// Pages of the whole log neither skip nor repeat, whatever happens between them.
pub async fn the_log_is_read_back_by_pages(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "谁来看日志").await;
    let whole = events(world, "watcher", json!({ "first": 100 })).await;
    let last = world.position().await;
    assert_eq!(positions(&whole), (0..=last).rev().collect::<Vec<_>>(), "every event, the latest first");
    assert_eq!(whole["pageInfo"]["hasNextPage"], false);
    for (edge, node) in list(&whole["edges"]).iter().zip(list(&whole["nodes"])) {
        assert_eq!(edge["node"]["id"], node["id"]);
    }
    assert_eq!(whole["edges"][0]["subject"], json!({ "id": case.id, "title": "谁来看日志" }));

    let (mut found, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    let mut newest = Value::Null;
    loop {
        let page = events(world, "watcher", json!({ "first": 3, "after": after })).await;
        assert_eq!(page["pageInfo"]["hasPreviousPage"], pages > 0);
        assert_eq!(list(&page["edges"]).last().expect("an edge")["cursor"], page["pageInfo"]["endCursor"]);
        if pages == 0 {
            newest = page["pageInfo"]["startCursor"].clone();
        }
        found.extend(positions(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        case.takes("enterprise", "addComment", json!({ "text": "还有" })).await;
        pages += 1;
    }
    assert!(pages >= 2);
    assert_eq!(found, positions(&whole), "what comes meanwhile stands before the first page");

    // Back from the last page, and on to what has come.
    let (mut back, mut before) = (Vec::new(), after);
    loop {
        let page = events(world, "watcher", json!({ "last": 4, "before": before })).await;
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        back.splice(..0, positions(&page));
        before = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    let head = world.position().await;
    assert_eq!(back, (1..=head).rev().collect::<Vec<_>>());
    let news = events(world, "watcher", json!({ "last": 100, "before": newest })).await;
    assert_eq!(positions(&news), (last + 1..=head).rev().collect::<Vec<_>>());
    let oldest = events(world, "watcher", json!({ "last": 2, "min": head.to_string() })).await;
    assert_eq!(positions(&oldest), [1, 0]);
    assert_eq!(events(world, "watcher", json!({ "first": 0 })).await["pageInfo"]["hasNextPage"], true);
}

/// A filter gives what the whole list has of it.
pub async fn the_log_is_filtered(world: &World) {
    let scene = Scene::set(world).await;
    let first = scene.researching(world, "第一").await;
    let second = scene.triaged(world, "第二").await;
    let whole = events(world, "watcher", json!({ "first": 100 })).await;
    let whole = list(&whole["nodes"]);
    let middle = &whole[whole.len() / 2];
    let (recorded, occurred) = (time(&middle["recordedAt"]), time(&middle["occurredAt"]));
    let of_type = |event: &Value, name: &str| event["type"] == name;
    type Fits<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let table: Vec<(Value, Fits<'_>)> = vec![
        (json!({}), Box::new(|_| true)),
        (json!({ "types": [] }), Box::new(|_| true)),
        (json!({ "types": ["CaseTriaged"] }), Box::new(|event| of_type(event, "CaseTriaged"))),
        (
            json!({ "types": ["CaseReported", "EnterpriseEnrolled"] }),
            Box::new(|event| of_type(event, "CaseReported") || of_type(event, "EnterpriseEnrolled")),
        ),
        (json!({ "actor": "coordinator" }), Box::new(|event| event["actor"]["id"] == "coordinator")),
        (json!({ "actor": "etalon:clock" }), Box::new(|event| event["actor"]["id"] == "etalon:clock")),
        (json!({ "actor": "etalon:import" }), Box::new(|event| event["actor"]["id"] == "etalon:import")),
        (json!({ "subjects": ["CASE"] }), Box::new(|event| event["caseId"].is_string())),
        (json!({ "subjects": ["ENTERPRISE"] }), Box::new(|event| event["subject"] == "Enterprise")),
        (
            json!({ "subjects": ["PERSON", "CAMPAIGN"] }),
            Box::new(|event| event["subject"] == "Person" || event["subject"] == "Campaign"),
        ),
        (json!({ "caseIds": [second.id] }), Box::new(|event| event["caseId"] == second.id.as_str())),
        (
            json!({ "caseIds": [first.id, second.id], "types": ["CaseTriaged"] }),
            Box::new(|event| of_type(event, "CaseTriaged")),
        ),
        (
            json!({ "divisionWithin": "440305" }),
            Box::new(|event| event["caseId"].is_string() || event["subject"] == "Enterprise"),
        ),
        (json!({ "divisionWithin": "440305", "subjects": ["CASE"] }), Box::new(|event| event["caseId"].is_string())),
        (json!({ "divisionWithin": "650105" }), Box::new(|_| false)),
        (
            json!({ "recordedAt": { "from": recorded.to_string() } }),
            Box::new(|event| time(&event["recordedAt"]) >= recorded),
        ),
        (
            json!({ "recordedAt": { "until": recorded.to_string() } }),
            Box::new(|event| time(&event["recordedAt"]) < recorded),
        ),
        (
            json!({ "occurredAt": { "from": occurred.to_string() } }),
            Box::new(|event| time(&event["occurredAt"]) >= occurred),
        ),
        (
            json!({ "occurredAt": { "until": occurred.to_string() }, "subjects": ["CASE"] }),
            Box::new(|event| event["caseId"].is_string() && time(&event["occurredAt"]) < occurred),
        ),
    ];
    for (filter, fits) in table {
        let found = events(world, "watcher", json!({ "first": 100, "filter": filter })).await;
        let expected: Vec<_> = whole.iter().filter(|event| fits(event)).map(position_of).collect();
        assert_eq!(positions(&found), expected, "{filter}");
        assert_eq!(found["pageInfo"]["hasNextPage"], false, "{filter}");
        let oldest = events(world, "watcher", json!({ "last": 1, "filter": filter })).await;
        assert_eq!(positions(&oldest), expected[expected.len().saturating_sub(1)..], "{filter}");
    }
    for (variables, code, field) in [
        (json!({ "first": 101 }), "PAGE_SIZE_INVALID", "first"),
        (json!({ "after": "nonsense" }), "CURSOR_INVALID", "after"),
        // Of a log that was longer before it was put back from a backup.
        (json!({ "after": cursor(json!({ "log": 9_999_999 })) }), "CURSOR_INVALID", "after"),
        (json!({ "last": 1, "before": cursor(json!({ "log": 9_999_999 })) }), "CURSOR_INVALID", "before"),
        (json!({ "filter": { "types": ["CaseReported", "Nothing"] } }), "EVENT_TYPE_UNKNOWN", "filter.types.1"),
        (json!({ "filter": { "caseIds": ["nonsense"] } }), "ID_INVALID", "filter.caseIds.0"),
        (json!({ "filter": { "divisionWithin": "99" } }), "DIVISION_UNKNOWN", "filter.divisionWithin"),
    ] {
        let refused = world.refusal("watcher", EVENTS, variables.clone()).await;
        assert_eq!(refused, (code.to_owned(), field.to_owned()), "{variables}");
    }
}

/// A cursor that says this.
fn cursor(place: Value) -> String {
    URL_SAFE_NO_PAD.encode(place.to_string())
}

/// Everybody reads the events that they may see one by one, and no others; what is left out leaves no gap in a page.
pub async fn each_reads_their_own_log(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "各看各的").await;
    case.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    case.takes("lead", "addComment", json!({ "text": "闭门", "audience": "INTERNAL" })).await;
    let theirs = json!({ "enterpriseId": scene.other_enterprise });
    let report = with(scene.report("别家的"), theirs);
    let other = world.creates("other enterprise", "reportCase", report).await;
    let view = json!({ "name": "我的" });
    world.creates("manager", "saveView", view).await;
    world.takes("coordinator", "triageCase", with(triage("TESTING"), json!({ "caseId": other }))).await;

    let whole = events(world, "watcher", json!({ "first": 100 })).await;
    let ids: Vec<_> = list(&whole["nodes"]).iter().map(|event| text(&event["id"])).collect();
    assert!(!list(&whole["nodes"]).iter().any(|event| event["type"] == "ViewSaved"), "nobody follows views");
    let mut told = BTreeSet::new();
    for who in [
        "watcher",
        "enterprise",
        "other enterprise",
        "visitor",
        "reviewer",
        "coordinator",
        "coordinator elsewhere",
        "city manager",
        "national manager",
        "lead",
        "second lead",
        "expert",
    ] {
        let one_by_one = "query OneByOne($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let seen = world.ask(who, one_by_one, json!({ "ids": ids })).await;
        let seen: Vec<_> =
            list(&seen["nodes"]).iter().filter(|node| !node.is_null()).map(|node| text(&node["id"])).collect();
        let found = events(world, who, json!({ "first": 100 })).await;
        assert_eq!(ids_of(&found), seen, "{who}");
        told.insert(seen.len());
        let page = events(world, who, json!({ "first": 4 })).await;
        assert_eq!(ids_of(&page), seen[..4.min(seen.len())], "{who}");
        let page = events(world, who, json!({ "last": 2 })).await;
        assert_eq!(ids_of(&page), seen[seen.len() - 2..], "{who}");
        let of_case = events(world, who, json!({ "first": 100, "filter": { "caseIds": [other] } })).await;
        let is_seen = !list(&of_case["nodes"]).is_empty();
        let is_theirs = !["enterprise", "coordinator elsewhere", "lead", "second lead", "expert"].contains(&who);
        assert_eq!(is_seen, is_theirs, "{who}");
    }
    assert!(told.len() > 3, "they see different things: {told:?}");
}

/// As of a moment it is the log as it was, by today's rights.
pub async fn the_log_is_read_as_of_a_moment(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.triaged(world, "以前").await;
    let then = world.position().await;
    let time =
        world.ask("watcher", "{ serverInfo { position } events(first: 1) { nodes { occurredAt } } }", json!({})).await;
    let time = text(&time["events"]["nodes"][0]["occurredAt"]);
    case.takes("coordinator", "assignResearch", scene.assignment()).await;
    let query = "query Then($point: AsOfPoint!, $axis: AsOfAxis!) { asOf(point: $point, axis: $axis) { query {
        events(first: 100) { nodes { position } edges { subject { ... on Case { status } } } } } } }";
    let asked = json!({ "point": { "position": then.to_string() }, "axis": "RECORDED" });
    let recorded = world.ask("watcher", query, asked).await["asOf"]["query"]["events"].clone();
    assert_eq!(positions(&recorded), (0..=then).rev().collect::<Vec<_>>());
    assert_eq!(recorded["edges"][0]["subject"]["status"], "TRIAGED", "it is shown as it was");
    let asked = json!({ "point": { "time": time }, "axis": "OCCURRED" });
    let happened = world.ask("watcher", query, asked).await["asOf"]["query"]["events"].clone();
    assert_eq!(positions(&happened), (0..=then).rev().collect::<Vec<_>>());
    assert_eq!(happened["edges"][0]["subject"]["status"], "TRIAGED");
}

async fn events(world: &World, who: &str, variables: Value) -> Value {
    world.ask(who, EVENTS, variables).await["events"].clone()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn positions(page: &Value) -> Vec<i64> {
    list(&page["nodes"]).iter().map(position_of).collect()
}

fn ids_of(page: &Value) -> Vec<String> {
    list(&page["nodes"]).iter().map(|event| text(&event["id"])).collect()
}

fn time(value: &Value) -> Timestamp {
    text(value).parse().expect("a time")
}
