//! The log itself: that it goes on from a backup under another name is there for everybody who reads events.

use etalon::app::{AggregateType, App, Batch, Follower, Interest, Moment, Resumed, Start};
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::store;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::as_of::house::House;
use crate::ledger::bundles::seals;
use crate::life::world::text;
use crate::store::on_both_databases;
use crate::store::support::Database;

const ROLES: [Role; 4] = [Role::Auditor, Role::Manager, Role::Expert, Role::Enterprise];

const LISTED: &str = "query($filter: EventFilter) { events(first: 10, filter: $filter) {
    edges { subject { id } node { id position type } } } }";
const SHOWN: &str = "query($event: ID!, $index: Position!) {
    node(id: $event) { id }
    asOf(point: { event: $event }) { position }
    inclusionProof(index: $index) { index }
}";

on_both_databases!(another_name_is_there_for_everybody);

fn somebody(role: Role) -> Actor {
    Actor {
        id: ActorId::parse("somebody").expect("an id"),
        roles: [role].into(),
        jurisdiction: Division::parse("44").expect("a division"),
        institution: None,
        enterprise: None,
    }
}

async fn next(follower: &mut Follower) -> Batch {
    let known = follower.more().await.expect("there is more");
    follower.read(known).await.expect("the log can be read")
}

/// The positions of what the actor hears of.
async fn heard(app: &App, role: Role, interest: &Interest, batch: &Batch) -> Vec<u64> {
    let visible =
        app.visible(&somebody(role), interest, Moment::Present, batch.events.clone()).await.expect("the store reads");
    visible.iter().map(|event| event.record.position).collect()
}

async fn another_name_is_there_for_everybody(database: Database) {
    let house = House::on(database).await;
    // Somewhere else than anything happens.
    let within = Division::parse("32").expect("a division");
    let interest = Interest { kinds: vec![AggregateType::Log], within: Some(within), ..Interest::default() };
    let mut live = house.app.follow(Start::Now, interest.clone()).await.expect("it follows");
    // As a restore does it, whose signer has signed nothing of the backup.
    let folder = TempDir::new().expect("a folder");
    let store = store::open(&house.database.url, house.clock.clone()).await.expect("the database opens");
    let restoring = App::new(store, house.clock.clone()).with_seals(seals(&folder));
    let resumed = restoring.resume(None).await.expect("it goes on");
    assert!(matches!(resumed, Resumed::Renamed { is_remembered: false, .. }), "{resumed:?}");
    restoring.seal_now().await.expect("sealed");
    let position = house.head().await;

    let recent = next(&mut live).await;
    for role in ROLES {
        assert_eq!(heard(&house.app, role, &interest, &recent).await, [position], "{role}");
    }
    let anew = house.started_anew().await;
    let mut late = anew.app.follow(Start::After(position - 1), interest.clone()).await.expect("it follows");
    let page = next(&mut late).await;
    for role in ROLES {
        assert_eq!(heard(&anew.app, role, &interest, &page).await, [position], "{role}");
    }

    for who in ["watcher", "manager", "expert", "enterprise 0"] {
        for filter in [json!({ "subjects": ["LOG"] }), json!({ "subjects": ["LOG"], "divisionWithin": "32" })] {
            let listed = anew.ask(who, LISTED, json!({ "filter": filter })).await;
            let edges = listed["events"]["edges"].as_array().expect("a list");
            let [edge] = edges.as_slice() else { panic!("{who}: one event, not {listed}") };
            assert_eq!((&edge["subject"], &edge["node"]["type"]), (&Value::Null, &json!("RecoveredFrom")), "{who}");
            assert_eq!(text(&edge["node"]["position"]), position.to_string(), "{who}");
            let event = text(&edge["node"]["id"]);
            let variables = json!({ "event": event, "index": position.to_string() });
            let shown = anew.ask(who, SHOWN, variables).await;
            assert_eq!(shown["node"]["id"], json!(event), "{who}");
            assert_eq!(text(&shown["asOf"]["position"]), position.to_string(), "{who}");
            assert_eq!(text(&shown["inclusionProof"]["index"]), position.to_string(), "{who}");
        }
    }
}
