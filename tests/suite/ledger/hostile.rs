//! Whoever holds the database and rewrites it is found out: by the columns, by the tree, and at the latest by the signer,
//! whose memory is not in the database. Here somebody owns its tables and has taken all guards away.

use etalon::app::EventRecord;
use etalon::audit::{Part, Trusted, export, replay, verify};
use etalon::ledger::entry::{Entry, leaf_hash};
use etalon::ledger::tree::Frontier;
use etalon::store::Sealed;
use jiff::Timestamp;

use crate::ledger::bundles::{House, codes, grow};
use crate::ledger::processes::demonstration;
use crate::store::samples::{case_stream, note};
use crate::store::support::{Database, Raw};

const EVENTS: u64 = 600;

/// What a log consists of, but for its head.
const TABLES: [&str; 4] = ["events", "ledger_nodes", "checkpoints", "commands"];

/// A position that no log has is refused by a check of PostgreSQL's: what lifts it, and what puts it back whatever is there.
const UNCHECKED: [&str; 2] = [
    " alter table events drop constraint events_position_check;",
    "; alter table events add constraint events_position_check check (position >= 0) not valid; \
     update pg_constraint set convalidated = true where conname = 'events_position_check'",
];

/// Somebody to whom no trigger says no, and who leaves all of them in their places.
pub struct Intruder {
    raw: Raw,
    /// What is done before each deed, and what after it.
    around: [String; 2],
}

impl Intruder {
    pub async fn of(database: &Database) -> Self {
        let raw = database.raw().await;
        let around = match &raw {
            Raw::Sqlite(_) => {
                let names = raw.texts("select name from sqlite_master where type = 'trigger' order by name").await;
                let guards = raw.texts("select sql from sqlite_master where type = 'trigger' order by name").await;
                let away: Vec<_> = names.iter().map(|name| format!("drop trigger {name};")).collect();
                let back: Vec<_> = guards.iter().map(|guard| format!("{guard};")).collect();
                [format!("begin immediate; {}", away.join(" ")), format!("; {} commit", back.join(" "))]
            }
            Raw::Postgres(_) => {
                ["set session_replication_role = replica;", "; reset session_replication_role"].map(str::to_owned)
            }
        };
        Self { raw, around }
    }

    pub async fn does(&self, sql: &str) {
        let [before, after] = &self.around;
        let [lifted, put_back] = match self.raw {
            Raw::Postgres(_) if sql.contains("set position") => UNCHECKED,
            _ => ["", ""],
        };
        self.raw.execute(&format!("{before}{lifted} {sql}{put_back}{after}")).await;
    }

    /// Bytes as a literal.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let digits = hex::encode(bytes);
        match self.raw {
            Raw::Sqlite(_) => format!("x'{digits}'"),
            Raw::Postgres(_) => format!("'\\x{digits}'"),
        }
    }

    /// Empties a table in the way that leaves the least behind.
    async fn empties(&self, table: &str) {
        let how = match self.raw {
            Raw::Sqlite(_) => "delete from",
            Raw::Postgres(_) => "truncate",
        };
        self.does(&format!("{how} {table}")).await;
    }

    /// Copies the log beside it.
    pub async fn keeps_a_copy(&self) {
        for table in TABLES.into_iter().chain(["log_head"]) {
            self.does(&format!("create table kept_{table} as select * from {table}")).await;
        }
    }

    /// Puts the copy back in place.
    pub async fn restores(&self) {
        for table in TABLES {
            self.empties(table).await;
            self.does(&format!("insert into {table} select * from kept_{table}")).await;
        }
        let column = |name: &str| format!("{name} = (select {name} from kept_log_head)");
        let columns = ["next_position", "recorded_at", "peaks"].map(column).join(", ");
        self.does(&format!("update log_head set {columns}")).await;
    }

    pub async fn sets(&self, position: u64, column: &str, literal: &str) {
        self.does(&format!("update events set {column} = {literal} where position = {position}")).await;
    }
}

/// A text as a literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A sealed log, and somebody who may do everything with it.
async fn sealed_log(database: &Database) -> (House, Intruder) {
    let house = House::on(database).await;
    grow(database, &house.clock, 0, EVENTS).await;
    house.app.seal_now().await.expect("sealed");
    (house, Intruder::of(database).await)
}

async fn event(house: &House, position: u64) -> EventRecord {
    house.app.log(position.checked_sub(1), Some(position), 1).await.expect("it reads").remove(0)
}

/// What a bundle of the database as it is now shows an auditor.
async fn found(house: &House) -> Vec<(&'static str, Option<u64>)> {
    let bundle = house.folder.path().join("bundle");
    if bundle.exists() {
        std::fs::remove_dir_all(&bundle).expect("removed");
    }
    export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect("exported");
    codes(&verify(&bundle, &house.trusted().await, |_| ()).expect("a bundle"))
}

async fn an_event_that_is_not_what_was_sealed_is_found(database: Database) {
    let (house, intruder) = sealed_log(&database).await;
    intruder.keeps_a_copy().await;
    let event = event(&house, 77).await;
    let entry = String::from_utf8(event.entry).expect("text").replace("\"p-1\"", "\"p-2\"");
    for (column, literal, expected) in [
        ("payload", quoted(&event.payload.replace("NoteTaken", "NoteTakes")), "PAYLOAD_HASH"),
        ("metadata", quoted("{}"), "METADATA_HASH"),
        ("entry", intruder.bytes(entry.as_bytes()), "LEAF_HASH"),
        ("leaf_hash", intruder.bytes(&[0; 32]), "LEAF_HASH"),
    ] {
        intruder.sets(77, column, &literal).await;
        let found = found(&house).await;
        assert!(found.contains(&(expected, Some(77))), "update of {column}: {found:?}");
        intruder.restores().await;
    }
    for (what, sql, expected) in [
        (
            "swap",
            "update events set position = -1 where position = 77; update events set position = 77 where position = 78;
             update events set position = 78 where position = -1",
            ("INDEX_WRONG", Some(77)),
        ),
        (
            "insert",
            "update events set position = -position - 10 where position >= 78;
             insert into events select 78, aggregate_type, aggregate_id, sequence + 1000, event_type, event_version,
                 payload, metadata, recorded_at, actor, command_id, entry, leaf_hash from events where position = 77;
             update events set position = -position - 9 where position < 0",
            ("INDEX_WRONG", Some(78)),
        ),
        ("delete", "delete from events where position = 300", ("INDEX_WRONG", Some(300))),
        ("delete of the last", "delete from events where position = 599", ("ENTRIES_MISSING", None)),
        ("delete of a half", "delete from events where position >= 300", ("ENTRIES_MISSING", None)),
        (
            "another node",
            "update ledger_nodes set hash = (select leaf_hash from events where position = 0) where node = 1",
            ("NODE_HASH", Some(256)),
        ),
    ] {
        intruder.does(sql).await;
        let found = found(&house).await;
        assert!(found.contains(&expected), "{what}: {found:?}");
        intruder.restores().await;
    }
    let found = found(&house).await;
    assert!(found.is_empty(), "as it was, it is good: {found:?}");
}

#[tokio::test]
async fn an_event_that_is_not_what_was_sealed_is_found_on_sqlite() {
    an_event_that_is_not_what_was_sealed_is_found(Database::sqlite()).await;
}

#[tokio::test]
async fn an_event_that_is_not_what_was_sealed_is_found_on_postgres() {
    an_event_that_is_not_what_was_sealed_is_found(Database::postgres()).await;
}

/// PostgreSQL takes nothing but JSON into these columns.
#[tokio::test]
async fn what_is_no_json_any_more_goes_out_and_is_found_where_it_is() {
    let database = Database::sqlite();
    let (house, intruder) = sealed_log(&database).await;
    let event = event(&house, 77).await;
    let cut = |text: &str| text[..text.len() - 1].to_owned();
    let spread = |text: &str| text.replacen('{', "{\n", 1);
    for (column, stored, expected) in
        [("payload", &event.payload, "PAYLOAD_HASH"), ("metadata", &event.metadata, "METADATA_HASH")]
    {
        for changed in [cut(stored), spread(stored), format!(" {stored}"), "no JSON\nat all".to_owned(), String::new()]
        {
            intruder.sets(77, column, &quoted(&changed)).await;
            assert_eq!(found(&house).await, [(expected, Some(77))], "{column}: {changed:?}");
        }
        intruder.sets(77, column, &quoted(stored)).await;
    }
    let found = found(&house).await;
    assert!(found.is_empty(), "as it was, it is good: {found:?}");
}

async fn an_emptied_log_does_not_begin_again(database: Database) {
    let (house, intruder) = sealed_log(&database).await;
    intruder.empties("events").await;
    let bundle = house.folder.path().join("bundle");
    let refused = export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect_err("nothing is there");
    assert!(refused.to_string().contains("there is no such event"), "{refused}");
    // And when nothing in the database tells any more that there was something.
    for table in TABLES {
        intruder.empties(table).await;
    }
    let nothing = intruder.bytes(b"");
    intruder.does(&format!("update log_head set next_position = 0, recorded_at = 0, peaks = {nothing}")).await;
    grow(&database, &house.clock, 0, 10).await;
    let refused = house.app.seal_now().await.expect_err("it is shorter").to_string();
    assert!(refused.contains("size 600 was signed last"), "{refused}");
}

#[tokio::test]
async fn an_emptied_log_does_not_begin_again_on_sqlite() {
    an_emptied_log_does_not_begin_again(Database::sqlite()).await;
}

#[tokio::test]
async fn an_emptied_log_does_not_begin_again_on_postgres() {
    an_emptied_log_does_not_begin_again(Database::postgres()).await;
}

async fn columns_and_rows_that_say_something_else_are_found_by_a_replay(database: Database) {
    let demonstration = demonstration(database).await;
    let good = replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads");
    assert!(good.is_good(), "{good}");
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.sets(5, "actor", "'somebody'").await;
    intruder.does("insert into case_members (case_id, actor) values ('nobody', 'intruder')").await;
    let now = "to_position = 9223372036854775807 and lane = 0";
    intruder.does(&format!("update case_versions set title = 'other' where {now}")).await;
    let verdict = replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads");
    let found = codes(&verdict);
    assert!(found.contains(&("COLUMN_WRONG", Some(5))), "{verdict}");
    assert!(found.contains(&("ROW_SERVED_WRONGLY", None)) && found.contains(&("ROW_NOT_SERVED", None)), "{verdict}");
    let stray = "case_members case_id nobody, actor intruder";
    assert!(verdict.faults().iter().any(|fault| fault.message.starts_with(stray)), "{verdict}");
}

#[tokio::test]
async fn columns_and_rows_that_say_something_else_are_found_by_a_replay_on_sqlite() {
    columns_and_rows_that_say_something_else_are_found_by_a_replay(Database::sqlite()).await;
}

#[tokio::test]
async fn columns_and_rows_that_say_something_else_are_found_by_a_replay_on_postgres() {
    columns_and_rows_that_say_something_else_are_found_by_a_replay(Database::postgres()).await;
}

/// Rewrites an event as if it had always been so: payload, entry, leaf, nodes and peaks.
async fn rewrite(intruder: &Intruder, house: &House, position: u64) {
    let event = event(house, position).await;
    let payload = event.payload.replace("计量", "修改");
    let origin = house.app.origin().await.expect("a name");
    let entry = Entry {
        origin: &origin,
        position,
        aggregate_type: &event.aggregate_type,
        aggregate_id: &event.aggregate_id,
        sequence: event.sequence,
        event_type: &event.event_type,
        event_version: &event.event_version,
        recorded_at: Timestamp::from_microsecond(event.recorded_at).expect("a time"),
        actor: &event.actor,
        command_id: &event.command_id,
        random: [9; 16],
        payload: payload.as_bytes(),
        metadata: event.metadata.as_bytes(),
    };
    let entry = entry.to_bytes().expect("short");
    intruder.sets(position, "payload", &quoted(&payload)).await;
    intruder.sets(position, "entry", &intruder.bytes(&entry)).await;
    intruder.sets(position, "leaf_hash", &intruder.bytes(&leaf_hash(&entry))).await;
    let mut tree = Frontier::default();
    let mut nodes = Vec::new();
    for event in house.app.log(None, None, 10_000).await.expect("it reads") {
        tree.append(event.leaf_hash, |level, index, hash| nodes.push((level, index, hash)));
    }
    intruder.empties("ledger_nodes").await;
    for (level, index, hash) in nodes {
        let hash = intruder.bytes(&hash);
        intruder.does(&format!("insert into ledger_nodes (level, node, hash) values ({level}, {index}, {hash})")).await;
    }
    intruder.does(&format!("update log_head set peaks = {}", intruder.bytes(&tree.to_bytes()))).await;
}

async fn a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody(database: Database) {
    let (house, intruder) = sealed_log(&database).await;
    let before = house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
    rewrite(&intruder, &house, 77).await;
    // All of it fits together again, but not with what was signed.
    let found = found(&house).await;
    assert!(found.contains(&("ROOT_WRONG", None)), "{found:?}");
    grow(&database, &house.clock, EVENTS, EVENTS + 10).await;
    let refused = house.app.seal_now().await.expect_err("it does not go on").to_string();
    assert!(refused.contains("not proved to go on from the one of size 600"), "{refused}");
    let after = house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
    assert_eq!(after.checkpoint, before.checkpoint);
    // Nor when the database does not say any more that anything was signed.
    intruder.empties("checkpoints").await;
    let refused = house.app.seal_now().await.expect_err("it does not go on").to_string();
    assert!(refused.contains("not proved to go on from the one of size 600"), "{refused}");
}

#[tokio::test]
async fn a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody_on_sqlite() {
    a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody(Database::sqlite()).await;
}

#[tokio::test]
async fn a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody_on_postgres() {
    a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody(Database::postgres()).await;
}

async fn yesterdays_copy_is_not_signed_again(database: Database) {
    let (house, intruder) = sealed_log(&database).await;
    intruder.keeps_a_copy().await;
    grow(&database, &house.clock, EVENTS, EVENTS + 100).await;
    house.app.seal_now().await.expect("sealed");
    // The same signer, and a database that has lost what it signed.
    intruder.restores().await;
    let other = database.open_with(house.clock.clone()).await;
    let case = case_stream(9_000);
    other.commit(vec![note(case, 0, "other")]).await.expect("it goes on");
    let refused = house.app.seal_now().await.expect_err("it is shorter").to_string();
    assert!(refused.contains("size 700 was signed last"), "{refused}");
    let more: Vec<_> = (1..200).map(|number| note(case, number, &format!("o{number}"))).collect();
    other.commit(more).await.expect("it goes on");
    let refused = house.app.seal_now().await.expect_err("it is another").to_string();
    assert!(refused.contains("not proved to go on from the one of size 700"), "{refused}");
}

#[tokio::test]
async fn yesterdays_copy_is_not_signed_again_on_sqlite() {
    yesterdays_copy_is_not_signed_again(Database::sqlite()).await;
}

#[tokio::test]
async fn yesterdays_copy_is_not_signed_again_on_postgres() {
    yesterdays_copy_is_not_signed_again(Database::postgres()).await;
}
