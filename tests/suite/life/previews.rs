//! Dry runs: what a preview tells is what the mutation then records, and the preview itself changes nothing.

use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::world::{World, position_of, text, with};

const RECORDED: &str = "query Recorded($ids: [ID!]!) { nodes(ids: $ids) { __typename ...event } }
    fragment event on Node {
        ... on CaseEvent { type sequence occurredAt actor { id } roles payloadVersion payload }
        ... on RegisterEvent { type sequence occurredAt actor { id } roles payloadVersion payload }
    }";

impl World {
    /// What would be answered.
    pub async fn preview(&self, who: &str, mutation: &str, input: &Value) -> Value {
        assert_eq!(self.schema.previews()[mutation], self.schema.input_of(mutation), "the same input");
        let answer = self.ask(who, &self.schema.preview_of(mutation), json!({ "input": input })).await;
        answer["preview"][mutation].clone()
    }

    /// What was foreseen is what the mutation then recorded, but for what the server draws, counts and times when it records.
    pub async fn came_true(&self, preview: &Value, payload: &Value, input: &Value) {
        let recorded = self.ask("watcher", RECORDED, json!({ "ids": payload["receipt"]["eventIds"] })).await;
        let is_dated = input.get("occurredAt").is_some_and(|at| !at.is_null());
        let comparable = |events: &Value| -> Vec<Value> {
            let events = events.as_array().expect("a list").iter();
            events.map(|event| comparable(event, is_dated)).collect()
        };
        let context = || format!("{input}\n{preview:#}\n{recorded:#}");
        assert_eq!(comparable(&preview["events"]), comparable(&recorded["nodes"]), "{}", context());
        assert_eq!(preview["version"], payload["receipt"]["version"], "{}", context());
        assert_eq!(preview["warnings"], payload["warnings"], "{}", context());
        assert_eq!((&preview["receipt"], &preview["userErrors"]), (&Value::Null, &json!([])), "{}", context());
        let places: Vec<_> = preview["events"].as_array().expect("a list").iter().map(position_of).collect();
        assert_eq!(places.last(), Some(&position_of(&payload["receipt"])), "nothing came first: {}", context());
        assert_eq!(places[0], position_of(preview) + 1, "{}", context());
    }
}

/// An event without its place in the log, and without what is drawn anew for every command.
fn comparable(event: &Value, is_dated: bool) -> Value {
    let mut payload: Value = serde_json::from_str(&text(&event["payload"])).expect("payloads are JSON");
    settle(&mut payload, is_dated);
    let mut event = with(event.clone(), json!({ "id": null, "position": null, "payload": payload }));
    if !is_dated {
        event["occurredAt"] = Value::Null;
    }
    event
}

/// Drawn ids, the serial of a case's number and the time of what happens now are another at each asking.
fn settle(payload: &mut Value, is_dated: bool) {
    match payload {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    // What seals personal data is drawn, too.
                    "id" | "visit" | "$p" => *value = Value::Null,
                    "number" => *value = json!(text(value).rsplit_once('-').expect("a serial").0),
                    "occurredAt" if !is_dated => *value = Value::Null,
                    _ => settle(value, is_dated),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| settle(value, is_dated)),
        _ => {}
    }
}

/// A command that was carried out already; the typed fields of what would come; an id that nothing else has.
pub async fn of_what_was_done(world: &World, scene: &Scene) {
    let input = with(scene.report("预演"), json!({ "idempotencyKey": "previewed-1" }));
    let foreseen = world.preview("enterprise", "reportCase", &input).await;
    let again = world.preview("enterprise", "reportCase", &input).await;
    assert_ne!(foreseen["events"][0]["id"], again["events"][0]["id"], "ids of previews are of one answer alone");
    let sought = json!({ "id": foreseen["events"][0]["id"] });
    assert_eq!(world.ask("watcher", "query N($id: ID!) { node(id: $id) { id } }", sought).await["node"], Value::Null);
    let payload: Value = serde_json::from_str(&text(&foreseen["events"][0]["payload"])).expect("JSON");
    let number = text(&payload["fact"]["CaseReported"]["number"]);
    assert!(number.ends_with("-000000"), "{number} is provisional");

    let done = world.takes("enterprise", "reportCase", input.clone()).await;
    let known = world.preview("enterprise", "reportCase", &input).await;
    assert_eq!(known["receipt"], with(done["receipt"].clone(), json!({ "replayed": true })));
    assert_eq!((&known["events"], &known["userErrors"]), (&json!([]), &json!([])));
    assert_eq!(known["warnings"][0]["code"], "CARRIED_OUT_BEFORE");
    assert_eq!(foreseen["warnings"], json!([]), "it was not carried out then");
    let other = with(input, json!({ "title": "同一个键" }));
    let reused = world.preview("enterprise", "reportCase", &other).await;
    assert_eq!(reused["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");

    let query = "query Typed($input: TriageCaseInput!) { preview { triageCase(input: $input) {
        status level deadline version
        events { ... on CaseTriagedEvent { category { code } kind severity } }
    } } }";
    let input = with(triage("CALIBRATION"), json!({ "caseId": done["case"]["id"] }));
    let answer = world.ask("coordinator", query, json!({ "input": input })).await;
    let told = json!({
        "status": "TRIAGED", "level": "COUNTY", "deadline": null, "version": 2,
        "events": [{ "category": { "code": "L/DimMet-2.1.2" }, "kind": "CALIBRATION", "severity": "MAJOR" }],
    });
    assert_eq!(answer["preview"]["triageCase"], told);
}
