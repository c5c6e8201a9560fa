//! Erasing whom the events of another tracker name.

use serde_json::{Value, json};

use super::{KeyFile, Log, bytes, exported, output};
use crate::life::on_both_databases;
use crate::life::scene::Scene;
use crate::life::world::{World, text, uuid_of};
use crate::support::of_the_repository;

/// Nothing else in the world says these.
const NAME: &str = "慕容過客無名氏";
const TITLE: &str = "Bore gauge of the other tracker drifts";

on_both_databases! {
    imported_persons_are_erased
}

/// Brings in a case whose events name somebody: so many of them. The case's global id.
pub async fn import(world: &World, events: usize) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("tickets.csv");
    let statuses = ["new;14.03.2012 09:30", "waiting;15.03.2012 16:05", "in work;19.03.2012 08:15"];
    let lines = statuses[..events].iter().map(|status| {
        format!("T-17;Delta Gauge Works;4403;{TITLE};Readings move by 4 um in a shift;{status};{NAME};high;the ring\n")
    });
    let heading = "ticket;company;city;subject;description;status;changed;changed_by;priority;remark\n".to_owned();
    std::fs::write(&file, heading + &lines.collect::<String>()).expect("it can be written");
    let mapping = of_the_repository("schema/mappings/example-csv.toml");
    let mut command = world.installation.command();
    command.args(["import", "--format", "csv", "--mapping"]).arg(mapping).arg(&file);
    output(&mut command).expect("it is imported");
    let query = "query Find($title: String!) { cases(first: 1, filter: { title: { eq: $title } }) { nodes { id } } }";
    let answer = world.ask("watcher", query, json!({ "title": TITLE })).await;
    text(&answer["cases"]["nodes"][0]["id"])
}

/// Who did it, by the events of the case.
async fn named(world: &World, case: &str) -> Vec<Value> {
    let query = "query Look($id: ID!) { case(id: $id) { events(first: 50) { nodes {
        source { attributes { name value } } } } } }";
    let answer = world.ask("manager", query, json!({ "id": case })).await;
    let events = answer["case"]["events"]["nodes"].as_array().expect("events").clone();
    let attributes =
        events.iter().flat_map(|event| event["source"]["attributes"].as_array().cloned().unwrap_or_default());
    attributes
        .filter(|attribute| attribute["name"] == "changed_by")
        .map(|attribute| attribute["value"].clone())
        .collect()
}

async fn imported_persons_are_erased(world: &World) {
    Scene::set(world).await;
    let case = import(world, 2).await;
    assert_eq!(named(world, &case).await, [json!(NAME), json!(NAME)]);
    let id = uuid_of(&case).to_string();
    let before = Log::of(world).await;
    let key = KeyFile::of(&world.installation.folder().join("data-keys"), &id);
    let wrapped = key.wrapped();
    let ciphertexts = before.ciphertexts_under(&id).await;
    assert_eq!(ciphertexts.len(), 2, "one an event");
    let erasure = json!({ "caseId": case, "legalBasis": "RETENTION_ENDED", "reason": "旧系统记录已过保存期限" });
    world.takes("manager", "eraseImportedPersons", erasure).await;

    key.is_destroyed();
    let needles = [NAME.as_bytes(), wrapped.as_bytes()];
    bytes::are_nowhere(world, &needles).await;
    bytes::are_not_in_the_database(world, &ciphertexts).await;
    for export in ["jsonl", "csv", "xes"].map(|format| exported(world, format)) {
        assert!(needles.iter().all(|needle| !export.windows(needle.len()).any(|window| window == *needle)));
    }
    let after = Log::of(world).await;
    assert_eq!(after.events[..before.events.len()], before.events[..]);
    assert_eq!(after.root_of(before.events.len()), before.root_of(before.events.len()));
    assert_eq!(named(world, &case).await, [Value::Null, Value::Null]);
    // A longer export of the same log comes in without the person.
    assert_eq!(import(world, 3).await, case);
    assert_eq!(named(world, &case).await, [Value::Null, Value::Null]);
    bytes::are_nowhere(world, &needles).await;
    // A text that looks like a mark of personal data is a text: it asks for no key, and none is there any more.
    let said = json!({ "caseId": case, "text": "$p" });
    world.takes("manager", "addComment", said).await;
    let query = "query Look($id: ID!) { case(id: $id) { comments { text } } }";
    let answer = world.ask("manager", query, json!({ "id": case })).await;
    assert_eq!(answer["case"]["comments"], json!([{ "text": "$p" }]));
}
