//! What stands beside the log is held against it, and what cannot be read of it is told with its place.

use etalon::app::{App, CasePage, Condition, EventPage, Fault, Moment};
use etalon::audit::{Trusted, Verdict, replay};
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::CaseId;
use jiff::Timestamp;

use crate::ledger::bundles::{codes, grow};
use crate::ledger::hostile::{Intruder, quoted};
use crate::ledger::processes::{Demonstration, demonstration};
use crate::store::on_both_databases;
use crate::store::samples::{case_stream, note};
use crate::store::support::{Database, TestClock};

on_both_databases! {
    files_and_marks_that_no_event_founds_are_told,
    rows_that_cannot_be_compared_are_not_good,
    a_node_of_the_tree_that_is_another_is_told,
    a_node_of_events_that_are_not_there_is_told,
    a_clock_that_is_set_forward_in_the_head_is_told,
    a_head_that_is_put_back_is_told,
    a_log_without_its_head_is_read_to_its_end,
    a_position_that_no_log_has_is_damage,
    a_time_that_no_calendar_has_is_damage,
}

async fn audited(demonstration: &Demonstration) -> Verdict {
    replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads")
}

/// The position of the first event of the type.
async fn first(demonstration: &Demonstration, event_type: &str) -> u64 {
    let raw = demonstration.database.raw().await;
    let sql = format!("select cast(min(position) as text) from events where event_type = '{event_type}'");
    raw.texts(&sql).await[0].parse().expect("a position")
}

async fn files_and_marks_that_no_event_founds_are_told(database: Database) {
    let demonstration = demonstration(database).await;
    let attached = first(&demonstration, "AttachmentAdded").await;
    assert!(audited(&demonstration).await.is_good());
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does(&format!("update attachments set content = {}", intruder.bytes(&[1, 2, 3]))).await;
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("ATTACHMENT_WRONG", Some(attached))), "{found:?}");
    intruder.does("delete from attachments").await;
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("ATTACHMENT_MISSING", Some(attached))), "{found:?}");
    assert!(found.iter().all(|(kind, _)| *kind == "ATTACHMENT_MISSING"), "{found:?}");
    let nobody = "00000000-0000-4000-8000-000000000000";
    for position in [3, 9_000_000] {
        intruder.does("delete from erased_keys").await;
        intruder.does(&format!("insert into erased_keys (key_id, position) values ('{nobody}', {position})")).await;
        let found = codes(&audited(&demonstration).await);
        assert!(found.contains(&("ERASURE_UNFOUNDED", Some(position))), "{found:?}");
    }
}

async fn rows_that_cannot_be_compared_are_not_good(database: Database) {
    let demonstration = demonstration(database).await;
    let damaged = first(&demonstration, "CommentAdded").await;
    let intruder = Intruder::of(&demonstration.database).await;
    for form in ["rows_version + 1", "0"] {
        intruder.does(&format!("update log_head set rows_version = {form}")).await;
        assert_eq!(codes(&audited(&demonstration).await), [("ROWS_NOT_COMPARED", None)], "{form}");
    }
    let ours = demonstration.app.rows_form().await.expect("it reads").ours;
    intruder.does(&format!("update log_head set rows_version = {ours}")).await;
    let event = demonstration.app.log(damaged.checked_sub(1), Some(damaged), 1).await.expect("it reads").remove(0);
    intruder.sets(damaged, "payload", &quoted(&event.payload.replace("occurredAt", "occurredAu"))).await;
    let found = codes(&audited(&demonstration).await);
    assert_eq!(found, [("ROWS_NOT_COMPARED", None), ("PAYLOAD_HASH", Some(damaged))]);
    // What the program cannot even read is told by its position, and what comes after it is looked at all the same.
    intruder.sets(damaged, "leaf_hash", &intruder.bytes(&[0])).await;
    intruder.sets(damaged + 1, "metadata", "'{}'").await;
    let found = codes(&audited(&demonstration).await);
    for expected in [("ENTRY_NOT_CANONICAL", Some(damaged)), ("METADATA_HASH", Some(damaged + 1))] {
        assert!(found.contains(&expected), "{expected:?}: {found:?}");
    }
}

async fn a_node_of_the_tree_that_is_another_is_told(database: Database) {
    let clock = TestClock::new();
    grow(&database, &clock, 0, 600).await;
    let demonstration = Demonstration { app: App::new(database.open_with(clock.clone()).await, clock), database };
    let intruder = Intruder::of(&demonstration.database).await;
    // No program of today folds these events.
    assert_eq!(codes(&audited(&demonstration).await), [("ROWS_NOT_COMPARED", None)]);
    let longer = format!("update ledger_nodes set hash = {} where node = 1", intruder.bytes(&[7; 33]));
    for (change, expected) in [
        (
            "update ledger_nodes set hash = (select leaf_hash from events where position = 0) where node = 1",
            "NODE_HASH",
        ),
        (longer.as_str(), "NODE_UNREADABLE"),
        ("delete from ledger_nodes where node = 1", "NODE_HASH"),
    ] {
        intruder.does(change).await;
        let found = codes(&audited(&demonstration).await);
        assert_eq!(found, [(expected, Some(256)), ("ROWS_NOT_COMPARED", None)], "{change}");
    }
}

/// Nothing refuses such a row to a server, and where its events come their node has no place.
async fn a_node_of_events_that_are_not_there_is_told(database: Database) {
    let clock = TestClock::new();
    grow(&database, &clock, 0, 600).await;
    let demonstration = Demonstration { app: App::new(database.open_with(clock.clone()).await, clock), database };
    let raw = demonstration.database.raw().await;
    let intruder = Intruder::of(&demonstration.database).await;
    let hash = intruder.bytes(&[7; 32]);
    for (level, node, expected) in
        [(1, 2, Some(512)), (2, 0, Some(0)), (1, -1, None), (8, 0, None), (1_i64 << 40, 0, None)]
    {
        let place = format!("level = {level} and node = {node}");
        raw.execute(&format!("insert into ledger_nodes (level, node, hash) values ({level}, {node}, {hash})")).await;
        let found = codes(&audited(&demonstration).await);
        // No program of today folds these events.
        assert_eq!(found, [("ROWS_NOT_COMPARED", None), ("NODE_STRAY", expected)], "{place}");
        intruder.does(&format!("delete from ledger_nodes where {place}")).await;
    }
    assert_eq!(codes(&audited(&demonstration).await), [("ROWS_NOT_COMPARED", None)]);
}

async fn a_clock_that_is_set_forward_in_the_head_is_told(database: Database) {
    let demonstration = demonstration(database).await;
    let app = &demonstration.app;
    let last = app.head().await.expect("it reads").expect("it has events");
    // Triggers and rights allow it.
    let forward = "update log_head set recorded_at = recorded_at + 2000000000000000";
    demonstration.database.raw().await.execute(forward).await;
    assert_eq!(codes(&audited(&demonstration).await), [("HEAD_WRONG", None)]);
    // Whatever comes next has that time, so that the head is as its last event again.
    let store = demonstration.database.open().await;
    let outcomes = store.commit(vec![note(case_stream(9_000), 0, "next")]).await.expect("the transaction succeeds");
    for outcome in outcomes {
        outcome.expect("accepted");
    }
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("TIME_TO_COME", Some(last + 1))), "{found:?}");
    assert!(found.iter().all(|(kind, _)| *kind != "HEAD_WRONG"), "{found:?}");
    // To whoever looks at it at that time, it is in order.
    let by_then = Trusted { now: Timestamp::MAX, ..Trusted::default() };
    let found = codes(&replay(app, &by_then, |_, _| ()).await.expect("it reads"));
    assert!(found.iter().all(|(kind, _)| *kind != "TIME_TO_COME"), "{found:?}");
}

async fn a_head_that_is_put_back_is_told(database: Database) {
    let demonstration = demonstration(database).await;
    let last = demonstration.app.head().await.expect("it reads").expect("it has events");
    let before = demonstration.app.log(last.checked_sub(2), Some(last - 1), 1).await.expect("it reads").remove(0);
    // Its events and rows stay as they are: whoever reads only as far as the head says, sees nothing of them.
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does(&format!("update log_head set next_position = {last}, recorded_at = {}", before.recorded_at)).await;
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("HEAD_WRONG", Some(last))), "{found:?}");
}

async fn a_log_without_its_head_is_read_to_its_end(database: Database) {
    let demonstration = demonstration(database).await;
    let good = audited(&demonstration).await;
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does("delete from log_head").await;
    let headless = audited(&demonstration).await;
    assert_eq!(codes(&headless), [("HEAD_UNREADABLE", None), ("ROWS_NOT_COMPARED", None)]);
    assert_eq!((headless.events, &headless.root, headless.origin()), (good.events, &good.root, good.origin()));
    intruder.sets(good.events - 1, "metadata", "'{}'").await;
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("METADATA_HASH", Some(good.events - 1))), "{found:?}");
}

/// PostgreSQL takes nothing but numbers and bytes into these columns.
#[tokio::test]
async fn what_has_another_type_is_told_with_its_place_and_the_rest_is_looked_at() {
    let demonstration = demonstration(Database::sqlite()).await;
    let attached = first(&demonstration, "AttachmentAdded").await;
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does("create table kept_attachments as select * from attachments").await;
    for content in ["7", "7.5"] {
        intruder.does(&format!("update attachments set content = {content}")).await;
        let found = codes(&audited(&demonstration).await);
        assert_eq!(found.first(), Some(&("ATTACHMENT_UNREADABLE", Some(attached))), "{content}");
        assert!(found.iter().all(|(kind, _)| *kind == "ATTACHMENT_UNREADABLE"), "{content}: {found:?}");
    }
    intruder.does("delete from attachments").await;
    intruder.does("insert into attachments select * from kept_attachments").await;
    intruder.does("update log_head set next_position = 'many'").await;
    let found = codes(&audited(&demonstration).await);
    assert_eq!(found, [("HEAD_UNREADABLE", None), ("ROWS_NOT_COMPARED", None)]);
}

/// It is told, and nothing breaks of it.
async fn a_position_that_no_log_has_is_damage(database: Database) {
    let demonstration = demonstration(database).await;
    let commented = first(&demonstration, "CommentAdded").await;
    let intruder = Intruder::of(&demonstration.database).await;
    for position in ["-9223372036854775807 - 1", "-1", "9223372036854775807", "9223372036854775807 / 8 + 1"] {
        intruder.does(&format!("update events set position = {position} where position = {commented}")).await;
        let verdict = audited(&demonstration).await;
        let of_rows =
            verdict.faults().iter().find(|fault| fault.kind == "ROWS_NOT_COMPARED").expect("nothing was folded");
        assert!(of_rows.message.contains("in events"), "{position}: {of_rows:?}");
        // Where it was, another event is.
        assert!(codes(&verdict).contains(&("INDEX_WRONG", Some(commented))), "{position}: {verdict}");
        intruder.does(&format!("update events set position = {commented} where position = {position}")).await;
    }
    assert!(audited(&demonstration).await.is_good());
}

/// It is told as such to whoever asks, and nothing breaks of it.
async fn a_time_that_no_calendar_has_is_damage(database: Database) {
    let demonstration = demonstration(database).await;
    let app = &demonstration.app;
    let commented = first(&demonstration, "CommentAdded").await;
    let everybody = Actor::of_the_server(ActorId::clock(), Role::Clock);
    let seen = app.event_at(&everybody, commented, Moment::Present).await.expect("it reads").expect("it is there");
    let case = CaseId::from(seen.stream().expect("a case").aggregate_id);
    let never = i64::MAX;
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does(&format!("update commands set recorded_at = {never} where first_position = {commented}")).await;
    let damaged = |fault: Fault| assert!(fault.is_damage(), "{fault}");
    damaged(app.time_of(Moment::Position(commented), None).await.expect_err("no time"));
    assert_eq!(codes(&audited(&demonstration).await), [("COMMAND_WRONG", Some(commented))]);
    intruder.sets(commented, "recorded_at", &never.to_string()).await;
    damaged(app.event_at(&everybody, commented, Moment::Present).await.expect_err("no time"));
    damaged(app.case_events(case, &EventPage { limit: 100, ..EventPage::default() }).await.expect_err("no time"));
    let found = codes(&audited(&demonstration).await);
    assert!(found.contains(&("COLUMN_WRONG", Some(commented))), "{found:?}");
    intruder.does(&format!("update cases set updated_at = {never}")).await;
    let page = CasePage::of(Condition::All(Vec::new()), 10, Moment::Present);
    damaged(app.cases(&everybody, &page).await.expect_err("no time"));
}
