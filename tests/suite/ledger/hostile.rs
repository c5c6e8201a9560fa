//! Whoever holds the database and rewrites it is found out: by the columns, by the tree, and at the latest by the signer,
//! whose memory is not in the database.

use std::fs;

use etalon::app::App;
use etalon::audit::{Part, export, replay, verify};
use etalon::ledger::entry::{Entry, leaf_hash};
use etalon::ledger::tree::Frontier;
use etalon::store::Sealed;
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;

use crate::ledger::bundles::{House, codes, grow, seals};
use crate::store::support::{Database, Raw};

const EVENTS: u64 = 600;

/// A sealed log, and the connection of somebody who has taken the guards away.
async fn rewritable() -> (Database, House, SqlitePool) {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    grow(&database, &house.clock, 0, EVENTS).await;
    house.app.seal_now().await.expect("sealed");
    let Raw::Sqlite(pool) = database.raw().await else { panic!("it is SQLite") };
    for trigger in [
        "events_are_not_updated",
        "events_are_not_deleted",
        "events_are_not_replaced",
        "ledger_nodes_are_not_updated",
        "ledger_nodes_are_not_deleted",
        "log_head_only_advances",
    ] {
        run(&pool, &format!("drop trigger {trigger}")).await;
    }
    (database, house, pool)
}

async fn run(pool: &SqlitePool, sql: &str) {
    sqlx::raw_sql(sql).execute(pool).await.expect(sql);
}

/// What a bundle of the database as it is now shows an auditor.
async fn found(house: &House, name: &str) -> Vec<(&'static str, Option<u64>)> {
    let bundle = house.folder.path().join(name);
    export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect("exported");
    codes(&verify(&bundle, &house.trusted().await, |_| ()).expect("a bundle"))
}

#[tokio::test]
async fn an_event_that_was_changed_deleted_or_swapped_is_found() {
    for (change, expected) in [
        ("update events set payload = replace(payload, 'NoteTaken', 'NoteTakes') where position = 77", "PAYLOAD_HASH"),
        ("update events set metadata = '{}' where position = 77", "METADATA_HASH"),
        ("update events set entry = replace(entry, 'p-1', 'p-2') where position = 77", "LEAF_HASH"),
        ("update events set leaf_hash = zeroblob(32) where position = 77", "LEAF_HASH"),
    ] {
        let (_database, house, pool) = rewritable().await;
        run(&pool, change).await;
        let found = found(&house, "bundle").await;
        assert!(found.contains(&(expected, Some(77))), "{change}: {found:?}");
    }
    let (_database, house, pool) = rewritable().await;
    run(
        &pool,
        "update events set position = -1 where position = 77; update events set position = 77 where position = 78;
                update events set position = 78 where position = -1",
    )
    .await;
    let swapped = found(&house, "bundle").await;
    assert!(swapped.contains(&("INDEX_WRONG", Some(77))), "{swapped:?}");
    let (_database, house, pool) = rewritable().await;
    run(&pool, "delete from events where position = 599").await;
    let missing = found(&house, "bundle").await;
    assert!(missing.contains(&("ENTRIES_MISSING", None)), "{missing:?}");
}

#[tokio::test]
async fn columns_and_rows_that_say_something_else_are_found_by_a_replay() {
    let demonstration = crate::ledger::processes::demonstration().await;
    let good = replay(&demonstration.app, &[], |_, _| ()).await.expect("it reads");
    assert!(good.is_good(), "{good}");
    let Raw::Sqlite(pool) = demonstration.database.raw().await else { panic!("it is SQLite") };
    run(&pool, "drop trigger events_are_not_updated; update events set actor = 'somebody' where position = 5").await;
    run(&pool, "insert into case_members (case_id, actor) values ('nobody', 'intruder')").await;
    run(&pool, "update case_versions set title = 'other' where to_position = 9223372036854775807 and lane = 0").await;
    let verdict = replay(&demonstration.app, &[], |_, _| ()).await.expect("it reads");
    let found = codes(&verdict);
    assert!(found.contains(&("COLUMN_WRONG", Some(5))), "{verdict}");
    assert!(found.contains(&("ROW_SERVED_WRONGLY", None)) && found.contains(&("ROW_NOT_SERVED", None)), "{verdict}");
    assert!(verdict.faults.iter().any(|fault| fault.message.starts_with("case_members nobody intruder")), "{verdict}");
}

/// Rewrites an event as if it had always been so: payload, entry, leaf, nodes and peaks.
async fn rewrite(pool: &SqlitePool, app: &App, position: u64) {
    let event = app.log(position.checked_sub(1), Some(position), 1).await.expect("it reads").remove(0);
    let payload = event.payload.replace("计量", "修改");
    let origin = app.origin().await.expect("a name");
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
    sqlx::query("update events set payload = $1, entry = $2, leaf_hash = $3 where position = $4")
        .bind(&payload)
        .bind(&entry)
        .bind(&leaf_hash(&entry)[..])
        .bind(position as i64)
        .execute(pool)
        .await
        .expect("written");
    let mut tree = Frontier::default();
    let mut nodes = Vec::new();
    for event in app.log(None, None, 10_000).await.expect("it reads") {
        tree.append(event.leaf_hash, |level, index, hash| nodes.push((level, index, hash)));
    }
    run(pool, "delete from ledger_nodes").await;
    for (level, index, hash) in nodes {
        let insert = sqlx::query("insert into ledger_nodes (level, node, hash) values ($1, $2, $3)");
        insert.bind(i64::from(level)).bind(index as i64).bind(&hash[..]).execute(pool).await.expect("written");
    }
    sqlx::query("update log_head set peaks = $1").bind(tree.to_bytes()).execute(pool).await.expect("written");
}

#[tokio::test]
async fn a_history_that_was_rewritten_with_its_whole_tree_is_signed_by_nobody() {
    let (database, house, pool) = rewritable().await;
    let before = house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
    rewrite(&pool, &house.app, 77).await;
    // All of it fits together again, but not with what was signed.
    let found = found(&house, "bundle").await;
    assert!(found.contains(&("ROOT_WRONG", None)), "{found:?}");
    grow(&database, &house.clock, EVENTS, EVENTS + 10).await;
    let refused = house.app.seal_now().await.expect_err("it does not go on").to_string();
    assert!(refused.contains("not proved to go on from the one of size 600"), "{refused}");
    let after = house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
    assert_eq!(after.checkpoint, before.checkpoint);
}

#[tokio::test]
async fn yesterdays_copy_is_not_signed_again() {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    grow(&database, &house.clock, 0, 300).await;
    house.app.seal_now().await.expect("sealed");
    let Raw::Sqlite(pool) = database.raw().await else { panic!("it is SQLite") };
    let copy = house.folder.path().join("copy.db");
    run(&pool, &format!("vacuum into '{}'", copy.display())).await;
    grow(&database, &house.clock, 300, 400).await;
    house.app.seal_now().await.expect("sealed");
    let folder = house.folder.path().join("restored");
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(&copy, folder.join("etalon.db")).expect("copied");
    drop(pool);
    // The same signer, and a database that has lost what it signed.
    let url = format!("sqlite:{}", folder.join("etalon.db").display());
    let store = etalon::store::open(&url, house.clock.clone());
    let restored = App::new(store.await.expect("it opens"), house.clock.clone()).with_seals(seals(&house.folder));
    let case = crate::store::samples::case_stream(9_000);
    let other = etalon::store::open(&url, house.clock.clone()).await.expect("it opens");
    other.commit(&[crate::store::samples::note(case, 0, "other")]).await.expect("it goes on");
    let refused = restored.seal_now().await.expect_err("it is shorter").to_string();
    assert!(refused.contains("size 400 was signed last"), "{refused}");
    let more: Vec<_> =
        (1..200).map(|number| crate::store::samples::note(case, number, &format!("o{number}"))).collect();
    other.commit(&more).await.expect("it goes on");
    let refused = restored.seal_now().await.expect_err("it is another").to_string();
    assert!(refused.contains("not proved to go on from the one of size 400"), "{refused}");
}
