//! Every id that the script made leads back to what it names, of every type that has one.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::life::world::{World, text};

/// Events that no user brings about.
const OF_THE_SERVER: &[&str] = &["DeadlineMissedEvent", "LegacyActivityRecordedEvent"];

const NODES: &str = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) {
    __typename id
    ... on CaseEvent { position payload actor { id } caseId }
    ... on RegisterEvent { position payload actor { id } subject }
} }";

const REGISTERS: &str = "query Registers($year: Int!) {
    cases { nodes { id } } enterprises { nodes { id } } campaigns { nodes { id } }
    institutions { nodes { id } } persons { nodes { id } }
    catalogue(divisionCode: \"44\") { id } annualSummary(divisionCode: \"44\", year: $year) { id }
}";

pub async fn round_trip(world: &World) {
    let last = world.position().await;
    let events: Vec<_> = (0..=last).map(|position| URL_SAFE_NO_PAD.encode(format!("Event:{position}"))).collect();
    let mut types = BTreeSet::new();
    for (chunk, ids) in events.chunks(100).enumerate() {
        let answer = world.ask("watcher", NODES, json!({ "ids": ids })).await;
        for (place, (node, id)) in answer["nodes"].as_array().expect("nodes").iter().zip(ids).enumerate() {
            assert_eq!(node["id"], **id, "{node}");
            assert_eq!(node["position"], (chunk * 100 + place).to_string(), "positions have no gap");
            assert!(node["payload"].as_str().is_some_and(|payload| payload.starts_with("{\"by\":")), "{node}");
            types.insert(text(&node["__typename"]));
        }
    }
    let registers = world.ask("watcher", REGISTERS, json!({ "year": crate::life::world::year(0) })).await;
    // Views that were thrown away are there for whoever audits them.
    let views = world.ask("watcher", NODES, json!({ "ids": world.seen.borrow().created["saveView"] })).await;
    types.insert(text(&views["nodes"][0]["__typename"]));
    for (name, of_register) in crate::life::world::fields(&registers) {
        let id = if of_register["id"].is_string() { &of_register["id"] } else { &of_register["nodes"][0]["id"] };
        let answer = world.ask("watcher", NODES, json!({ "ids": [id] })).await;
        assert_eq!(answer["nodes"][0]["id"], *id, "{name}");
        types.insert(text(&answer["nodes"][0]["__typename"]));
    }
    for code in ["Division:4403", "ServiceCategory:T/H-3"] {
        let id = URL_SAFE_NO_PAD.encode(code);
        let answer = world.ask("watcher", NODES, json!({ "ids": [id] })).await;
        assert_eq!(answer["nodes"][0]["id"], id, "{code}");
        types.insert(text(&answer["nodes"][0]["__typename"]));
    }
    let of_the_server = OF_THE_SERVER.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(world.schema.nodes.difference(&types).cloned().collect::<BTreeSet<_>>(), of_the_server);
}
