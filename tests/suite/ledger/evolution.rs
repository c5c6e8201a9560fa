//! A log whose events are of older shapes: the bytes stay what was sealed, and today's code folds them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cqrs_es::persist::SemanticVersionEventUpcaster;
use etalon::app::{Key, Moment, Opened, Request};
use etalon::audit::{Part, export, replay, verify};
use etalon::codec::Upcasters;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::Case;
use etalon::domain::case::command::AddComment;
use etalon::domain::case::values::{Audience, CommentId};
use etalon::domain::person::Person;
use etalon::domain::value::{Division, Statement};
use etalon::store::{AggregateType, Content, NewEvent, StreamId};
use serde_json::Value;

use crate::ledger::bundles::House;
use crate::store::samples::{append, case_by_id, case_stream, id};
use crate::store::support::{Database, START};

const REPORTED: &str = include_str!("../../../schema/events/Case/CaseReported.1.0.json");
const TRIAGED: &str = include_str!("../../../schema/events/Case/CaseTriaged.1.0.json");
const REGISTERED: &str = include_str!("../../../schema/events/Person/PersonRegistered.1.0.json");
const DAY: i64 = 86_400_000_000;

/// As a release before the first might have written it, spaces included: the problem was a description, the division a
/// number.
fn reported_as_of_0_9() -> String {
    let old = REPORTED
        .trim_end()
        .replace("\"problem\":", "\"description\":")
        .replace("\"division\":\"440306\"", "\"division\": 440306")
        .replace("\"fact\":", "\"fact\" : ");
    assert!(old.contains("\"description\":") && old.contains("\"division\": 440306"), "{old}");
    old
}

fn upcasters() -> Upcasters {
    let bring_up = |mut payload: Value| {
        let report = payload["fact"]["CaseReported"].as_object_mut().expect("a report");
        let problem = report.remove("description").expect("a description");
        report.insert("problem".to_owned(), problem);
        let division = report["division"].to_string();
        report.insert("division".to_owned(), division.into());
        payload
    };
    Arc::new([Box::new(SemanticVersionEventUpcaster::new("CaseReported", "1.0", Box::new(bring_up)))])
}

/// One event as it stands, without anything that today's code makes of it.
async fn appends(
    house: &House,
    database: &Database,
    stream: StreamId,
    version: u64,
    event: (&'static str, &'static str, &str),
) {
    let (event_type, event_version, payload) = event;
    let metadata = r#"{"jurisdiction":"44","roles":"COORDINATOR"}"#.to_owned();
    let events = vec![NewEvent { event_type, event_version, payload: payload.trim_end().to_owned(), metadata }];
    let store = database.open_with(house.clock.clone()).await;
    let key = format!("{stream} {version}").replace(' ', "-");
    let appended = store.commit(vec![append(stream, version, &key, Content { events, ..Content::default() })]).await;
    appended.expect("the transaction succeeds").remove(0).expect("accepted");
}

fn request(house: &House) -> Request {
    let manager = Actor {
        id: ActorId::parse("manager").expect("an actor id"),
        roles: [Role::Manager].into(),
        jurisdiction: Division::parse("44").expect("Guangdong"),
        institution: None,
        enterprise: None,
    };
    let key = Key::unique(house.app.new_id());
    Request { actor: manager, key, expected_version: None, occurred_at: None, source: None }
}

/// The payloads of a good bundle of the whole log, line by line.
async fn payloads(house: &House, folder: &Path, events: u64) -> Vec<String> {
    export(&house.app, Part::Whole, None, folder, |_| ()).await.expect("exported");
    let verdict = verify(folder, &house.trusted().await, |_| ()).expect("a bundle");
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((verdict.events, verdict.sealed), (events, Some(events)));
    let text = fs::read_to_string(folder.join("payloads.jsonl")).expect("it reads");
    text.lines().map(str::to_owned).collect()
}

async fn is_replayed(house: &House) {
    let verdict = replay(&house.app, &house.trusted().await, |_, _| ()).await.expect("it reads");
    assert!(verdict.is_good(), "{verdict}");
}

async fn a_log_of_older_shapes_is_verified_as_it_was_and_folded_as_it_is(database: Database) {
    let house = House::on(&database).await;
    house.clock.set(START + 40 * DAY);
    let (case, old) = (case_stream(1), reported_as_of_0_9());
    appends(&house, &database, case, 0, ("CaseReported", "0.9", &old)).await;
    appends(&house, &database, case, 1, ("CaseTriaged", "1.0", TRIAGED)).await;
    house.app.seal_now().await.expect("sealed");
    let before = payloads(&house, &house.folder.path().join("before"), 2).await;
    assert!(before[0].contains(&old), "{}", before[0]);
    // Without what brings the old shape to today's it is told what cannot be read, and nothing is made up.
    let refused = house.app.rebuild(|_, _| ()).await.expect_err("an unknown shape").to_string();
    assert!(refused.contains("CaseReported 0.9"), "{refused}");
    let House { app, clock, folder } = house;
    let house = House { app: app.with_upcasters(upcasters()), clock, folder };
    let rebuilt = house.app.rebuild(|_, _| ()).await.expect("rebuilt");
    assert_eq!((rebuilt.events, rebuilt.commits), (2, 2));
    is_replayed(&house).await;
    let store = database.open_with(house.clock.clone()).await;
    let stored = case_by_id(&*store, id(1), Moment::Present).await.expect("a case");
    let row = (stored.row.number.as_str(), stored.row.division.as_str(), stored.row.status.as_str(), stored.version);
    assert_eq!(row, ("GD-2026-000017", "440306", "TRIAGED", 2));
    // Its life goes on by today's rules, on what the old event says.
    let text = Statement::parse("换用恒温间后复测").expect("a statement");
    let comment = AddComment { id: CommentId(house.app.new_id()), text, audience: Audience::Everybody };
    let receipt = house.app.execute::<Case>(&request(&house), id(1), comment.into()).await.expect("allowed");
    assert_eq!((receipt.version, receipt.position()), (3, 2));
    house.app.seal_now().await.expect("sealed");
    is_replayed(&house).await;
    let after = payloads(&house, &house.folder.path().join("after"), 3).await;
    assert_eq!(after[..2], before, "what was sealed is as it was");
}

#[tokio::test]
async fn a_log_of_older_shapes_is_verified_as_it_was_and_folded_as_it_is_on_sqlite() {
    a_log_of_older_shapes_is_verified_as_it_was_and_folded_as_it_is(Database::sqlite()).await;
}

#[tokio::test]
async fn a_log_of_older_shapes_is_verified_as_it_was_and_folded_as_it_is_on_postgres() {
    a_log_of_older_shapes_is_verified_as_it_was_and_folded_as_it_is(Database::postgres()).await;
}

/// Before personal data was sealed it stood in the payload as it was said, in the same version of the event.
async fn names_from_before_they_were_sealed_are_read(database: Database) {
    let house = House::on(&database).await;
    house.clock.set(START + 40 * DAY);
    let person = StreamId { aggregate_type: AggregateType::Person, aggregate_id: id(7) };
    appends(&house, &database, person, 0, ("PersonRegistered", "1.0", REGISTERED)).await;
    house.app.seal_now().await.expect("sealed");
    let lines = payloads(&house, &house.folder.path().join("bundle"), 1).await;
    assert!(lines[0].contains(r#"{"$p":{"v":"王建国"}}"#), "{}", lines[0]);
    house.app.rebuild(|_, _| ()).await.expect("rebuilt");
    is_replayed(&house).await;
    let actor = request(&house).actor;
    let entry = house.app.register::<Person>(&actor, id(7), Moment::Present).await.expect("it reads").expect("there");
    let opened = house.app.open(&entry.state.file.expect("a file").name).await.expect("it reads");
    assert!(opened == Opened::Text("王建国".to_owned()));
}

#[tokio::test]
async fn names_from_before_they_were_sealed_are_read_on_sqlite() {
    names_from_before_they_were_sealed_are_read(Database::sqlite()).await;
}

#[tokio::test]
async fn names_from_before_they_were_sealed_are_read_on_postgres() {
    names_from_before_they_were_sealed_are_read(Database::postgres()).await;
}
