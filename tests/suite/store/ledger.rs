//! The tree grows in the commit, the same on both databases; and nothing of the log is ever changed.

use etalon::ledger::tree::Hash;
use etalon::store::{Append, LogEnd, Sealed, Store, StoredCheckpoint, StoredCosignature, StoredTimeStamp, open};
use sha2::{Digest, Sha256};

use crate::store::samples::{case_stream, commit, note};
use crate::store::support::{Database, Raw, TestClock};

/// Fills a log with so many events, in batches of ever other lengths.
pub(super) async fn grow(store: &dyn Store, events: u64) {
    let (mut position, mut length) = (0, 1);
    while position < events {
        let batch: Vec<Append> = (position..events.min(position + length))
            .map(|number| note(case_stream(u128::from(number)), 0, &number.to_string()))
            .collect();
        position += batch.len() as u64;
        length = length * 3 % 127;
        for outcome in commit(store, &batch).await {
            outcome.expect("accepted");
        }
    }
}

/// RFC 9162 §2.1.1, as it is written there.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right)).finalize().into()
        }
    }
}

async fn leaves(store: &dyn Store, events: u64) -> Vec<Hash> {
    store.hashes(0, 0, events as u32).await.expect("the store reads")
}

async fn the_tree_grows_in_the_commit(database: Database) {
    let store = database.open().await;
    grow(&*store, 1_000).await;
    let leaves = leaves(&*store, 2_000).await;
    assert_eq!(leaves.len(), 1_000);
    let tree = store.tree().await.expect("the store reads");
    assert_eq!((tree.size(), tree.root()), (1_000, root(&leaves)));
    let whole: Vec<_> = leaves.chunks_exact(256).map(root).collect();
    assert_eq!(store.hashes(1, 0, 100).await.expect("the store reads"), whole);
    assert_eq!(store.hashes(1, 2, 100).await.expect("the store reads"), whole[2..]);
    assert!(store.hashes(2, 0, 100).await.expect("the store reads").is_empty());
}

async fn what_is_refused_is_no_leaf(database: Database) {
    let store = database.open().await;
    let stream = case_stream(1);
    let outcomes = commit(&*store, &[note(stream, 0, "a"), note(stream, 7, "b"), note(stream, 1, "c")]).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    let tree = store.tree().await.expect("the store reads");
    assert_eq!((tree.size(), tree.root()), (2, root(&leaves(&*store, 10).await)));
}

#[tokio::test]
async fn the_same_history_has_the_same_tree_on_both_databases() {
    let (embedded, postgres) = (Database::sqlite(), Database::postgres());
    let (embedded, postgres) = (embedded.open().await, postgres.open().await);
    for store in [&embedded, &postgres] {
        grow(&**store, 300).await;
    }
    assert_eq!(leaves(&*embedded, 300).await, leaves(&*postgres, 300).await);
    assert_eq!(embedded.tree().await.expect("it reads"), postgres.tree().await.expect("it reads"));
}

async fn a_log_that_is_older_than_its_tree_gets_it(database: Database) {
    let store = database.open().await;
    grow(&*store, 700).await;
    let (tree, nodes) = (store.tree().await.expect("it reads"), store.hashes(1, 0, 9).await.expect("it reads"));
    let raw = database.raw().await;
    match raw {
        Raw::Sqlite(_) => raw.execute("drop trigger ledger_nodes_are_not_deleted").await,
        Raw::Postgres(_) => raw.execute("drop trigger ledger_nodes_only_grow on ledger_nodes").await,
    }
    raw.execute("delete from ledger_nodes").await;
    raw.execute(match raw {
        Raw::Sqlite(_) => "update log_head set peaks = x''",
        Raw::Postgres(_) => "update log_head set peaks = ''",
    })
    .await;
    let again = database.open().await;
    assert_eq!(again.tree().await.expect("it reads"), tree);
    assert_eq!(again.hashes(1, 0, 9).await.expect("it reads"), nodes);
    commit(&*again, &[note(case_stream(9_999), 0, "on")]).await.pop().expect("an answer").expect("accepted");
    assert_eq!(again.tree().await.expect("it reads").root(), root(&leaves(&*again, 1_000).await));
}

async fn peaks_of_another_log_are_told(database: Database) {
    let store = database.open().await;
    grow(&*store, 3).await;
    let raw = database.raw().await;
    raw.execute(match raw {
        Raw::Sqlite(_) => "update log_head set peaks = x'00'",
        Raw::Postgres(_) => "update log_head set peaks = '\\x00'",
    })
    .await;
    let refused = store.commit(vec![note(case_stream(50), 0, "x")]).await.expect_err("damaged");
    assert!(refused.to_string().contains("log_head.peaks"), "{refused}");
    assert!(open(&database.url, TestClock::new()).await.is_err());
}

async fn nothing_of_the_log_is_changed(database: Database) {
    let store = database.open().await;
    grow(&*store, 300).await;
    let checkpoint = StoredCheckpoint { size: 300, root: [1; 32], signed_at: 5, note: "note".to_owned() };
    assert!(store.add_checkpoint(&checkpoint).await.expect("kept"));
    let other = StoredCheckpoint { root: [2; 32], ..checkpoint.clone() };
    assert!(!store.add_checkpoint(&other).await.expect("left"));
    let raw = database.raw().await;
    let mut attempts = vec![
        "update events set actor = 'x' where position = 7",
        "update events set position = 1000 where position = 299",
        "delete from events where position = 299",
        "update ledger_nodes set node = 3",
        "delete from ledger_nodes",
        "update checkpoints set size = 1",
        "delete from checkpoints",
        "update log_head set next_position = 299",
        "update log_head set recorded_at = 0",
        "delete from log_head",
        "update commands set version = 7",
        "delete from commands",
    ];
    match raw {
        Raw::Sqlite(_) => attempts.extend([
            "insert or replace into commands select actor, idempotency_key, x'00', aggregate_type, aggregate_id, version, \
             first_position, event_count, recorded_at from commands where first_position = 7",
            "insert or replace into ciphertexts values (x'01', 'k', x'03')",
            "insert or replace into events select position, aggregate_type, aggregate_id, sequence, 'x', event_version, \
             payload, metadata, recorded_at, actor, command_id, entry, leaf_hash from events where position = 7",
            "insert or replace into events select 1000, aggregate_type, aggregate_id, sequence, 'x', event_version, \
             payload, metadata, recorded_at, actor, command_id, entry, leaf_hash from events where position = 7",
        ]),
        Raw::Postgres(_) => {
            attempts.extend(["truncate events", "truncate ledger_nodes", "truncate log_head", "truncate commands"]);
        }
    }
    vouch(&raw).await;
    for attempt in attempts {
        let refused = raw.refusal(attempt).await.unwrap_or_else(|| panic!("{attempt}: done"));
        assert!(refused.contains("append-only"), "{attempt}: {refused}");
    }
    let kept = rows_beside(&raw).await;
    if let Raw::Sqlite(_) = raw {
        for (replacement, _) in REPLACED {
            raw.execute(replacement).await;
            assert_eq!(rows_beside(&raw).await, kept, "{replacement}");
        }
    }
    assert_eq!(store.tree().await.expect("it reads").root(), root(&leaves(&*store, 1_000).await));
    assert_eq!(store.checkpoint(Sealed::Latest).await.expect("it reads"), Some(checkpoint));
}

/// What an administrator might try on SQLite beside the events, where `insert or replace` deletes without a trigger, and how
/// the table reads. Such an insert does nothing.
const REPLACED: [(&str, &str); 7] = [
    ("insert or replace into checkpoints values (300, x'02', 5, 'other')", "size || ' ' || note from checkpoints"),
    (
        "insert or replace into checkpoints (rowid, size, root, signed_at, note) values (1, 301, x'02', 5, 'other')",
        "size || ' ' || note from checkpoints",
    ),
    (
        "insert or replace into ledger_nodes values (1, 0, x'02')",
        "level || ' ' || node || ' ' || hex(hash) from ledger_nodes",
    ),
    ("insert or replace into cosignatures values (300, 'w', 9, 'other')", "size || ' ' || signature from cosignatures"),
    ("insert or replace into time_stamps values (300, 'a', 9, x'02')", "size || ' ' || stamped_at from time_stamps"),
    ("insert or replace into erased_keys values ('k', 9)", "key_id || ' ' || position from erased_keys"),
    (
        "insert or replace into log_head (id, next_position, recorded_at, origin) values (1, 0, 0, 'other')",
        "next_position || ' ' || origin from log_head",
    ),
];

/// Rows of the tables that nothing has written yet.
async fn vouch(raw: &Raw) {
    let bytes = match raw {
        Raw::Sqlite(_) => ["x'01'", "x'02'"],
        Raw::Postgres(_) => ["'\\x01'", "'\\x02'"],
    };
    for row in [
        "cosignatures values (300, 'w', 1, 'signature')".to_owned(),
        format!("time_stamps values (300, 'a', 1, {})", bytes[0]),
        "erased_keys values ('k', 1)".to_owned(),
        format!("ciphertexts values ({}, 'k', {})", bytes[0], bytes[1]),
    ] {
        raw.execute(&format!("insert into {row}")).await;
    }
}

async fn rows_beside(raw: &Raw) -> Vec<String> {
    let mut rows = Vec::new();
    for (_, columns) in REPLACED {
        if let Raw::Sqlite(_) = raw {
            rows.extend(raw.texts(&format!("select {columns}")).await);
        }
    }
    rows
}

async fn checkpoints_are_found_by_size(database: Database) {
    let store = database.open().await;
    let found = async |which| store.checkpoint(which).await.expect("it reads").map(|checkpoint| checkpoint.size);
    assert_eq!(found(Sealed::Latest).await, None);
    for size in [4, 9, 20] {
        let checkpoint = StoredCheckpoint { size, root: [size as u8; 32], signed_at: 1, note: size.to_string() };
        assert!(store.add_checkpoint(&checkpoint).await.expect("kept"));
    }
    // A server that was overtaken by another comes too late with it.
    let overtaken = StoredCheckpoint { size: 10, root: [10; 32], signed_at: 1, note: "10".to_owned() };
    assert!(!store.add_checkpoint(&overtaken).await.expect("left"));
    assert_eq!(found(Sealed::Latest).await, Some(20));
    assert_eq!(found(Sealed::Size(9)).await, Some(9));
    assert_eq!(found(Sealed::Size(10)).await, None);
    assert_eq!(found(Sealed::Covering(5)).await, Some(9));
    assert_eq!(found(Sealed::Covering(21)).await, None);
    assert_eq!(found(Sealed::Within(19)).await, Some(9));
    assert_eq!(found(Sealed::Within(3)).await, None);
}

async fn where_a_log_ends_is_told_with_how_far_it_is_sealed(database: Database) {
    let store = database.open().await;
    let end = async || store.log_end().await.expect("it reads");
    let LogEnd { origin, tree, latest } = end().await;
    assert_eq!((origin, tree.size(), latest), (store.origin().await.expect("it reads"), 0, None));
    grow(&*store, 30).await;
    for size in [4, 20] {
        let checkpoint = StoredCheckpoint { size, root: [size as u8; 32], signed_at: 1, note: size.to_string() };
        assert!(store.add_checkpoint(&checkpoint).await.expect("kept"));
    }
    let LogEnd { tree, latest, .. } = end().await;
    assert_eq!((tree.size(), &tree), (30, &store.tree().await.expect("it reads")));
    assert_eq!(latest.as_ref().map(|latest| latest.size), Some(20));
    assert_eq!(latest, store.checkpoint(Sealed::Latest).await.expect("it reads"));
}

async fn vouchers_are_kept_once(database: Database) {
    let store = database.open().await;
    let cosignature = |size, at| StoredCosignature {
        size,
        witness: "w.example".to_owned(),
        cosigned_at: at,
        signature: format!("— w.example {at}"),
    };
    for (size, at) in [(4, 1), (9, 2), (9, 3)] {
        store.add_cosignature(&cosignature(size, at)).await.expect("kept");
    }
    assert_eq!(store.cosignatures(9).await.expect("it reads"), [cosignature(9, 2)]);
    for (witness, within, expected) in [
        ("w.example", 20, Some(cosignature(9, 2))),
        ("w.example", 9, Some(cosignature(9, 2))),
        ("w.example", 8, Some(cosignature(4, 1))),
        ("w.example", 3, None),
        ("other", 20, None),
    ] {
        let last = store.last_cosignature(witness, within).await.expect("it reads");
        assert_eq!(last, expected, "{witness} {within}");
    }
    let stamp = |token: &[u8]| StoredTimeStamp {
        size: 9,
        authority: "https://tsa.example".to_owned(),
        stamped_at: 7,
        token: token.to_owned(),
    };
    store.add_time_stamp(&stamp(b"one")).await.expect("kept");
    store.add_time_stamp(&stamp(b"two")).await.expect("left");
    assert_eq!(store.time_stamps(9).await.expect("it reads"), [stamp(b"one")]);
    for (authority, expected) in [("https://tsa.example", Some(stamp(b"one"))), ("https://other.example", None)] {
        let last = store.last_time_stamp(authority).await.expect("it reads");
        assert_eq!(last, expected, "{authority}");
    }
}

async fn what_is_vouched_for_is_spread_over_its_time(database: Database) {
    let store = database.open().await;
    assert!(store.vouched_sizes(100, 10).await.expect("it reads").is_empty());
    // One witness sees every hour, the other has seen two checkpoints, and an authority one.
    let second = |hours: u64| 1_700_000_000_000_000 + hours.cast_signed() * 3_600_000_000;
    let cosignature = |size, witness: &str| StoredCosignature {
        size,
        witness: witness.to_owned(),
        cosigned_at: second(size),
        signature: "— a line".to_owned(),
    };
    for size in 1..=100 {
        store.add_cosignature(&cosignature(size, "w.example")).await.expect("kept");
    }
    for size in [30, 40] {
        store.add_cosignature(&cosignature(size, "v.example")).await.expect("kept");
    }
    let stamp = StoredTimeStamp {
        size: 50,
        authority: "https://tsa.example".to_owned(),
        stamped_at: second(50),
        token: b"one".to_vec(),
    };
    store.add_time_stamp(&stamp).await.expect("kept");
    let sizes = async |up_to, most| store.vouched_sizes(up_to, most).await.expect("it reads");
    assert!(sizes(100, 1_000).await.into_iter().eq(1..=100), "they are few");
    assert!(sizes(42, 1_000).await.into_iter().eq(1..=42), "none is behind what was asked for");
    let few = sizes(100, 30).await;
    assert!(few.len() <= 30 && few.is_superset(&[1, 30, 40, 50, 100].into()), "{few:?}");
    let widest = few.iter().zip(few.iter().skip(1)).map(|(one, next)| next - one).max();
    assert!(widest <= Some(34), "no stretch is left out: {few:?}");
    // However many there are of whom nobody has seen more than once.
    for number in 0..50 {
        store.add_cosignature(&cosignature(100 + number, &format!("{number}.example"))).await.expect("kept");
    }
    let few = sizes(1_000, 10).await;
    assert!(few.len() <= 10 && few.contains(&149), "{few:?}");
}

on_both_databases! {
    what_is_vouched_for_is_spread_over_its_time,
    the_tree_grows_in_the_commit,
    what_is_refused_is_no_leaf,
    a_log_that_is_older_than_its_tree_gets_it,
    peaks_of_another_log_are_told,
    nothing_of_the_log_is_changed,
    checkpoints_are_found_by_size,
    where_a_log_ends_is_told_with_how_far_it_is_sealed,
    vouchers_are_kept_once,
}
