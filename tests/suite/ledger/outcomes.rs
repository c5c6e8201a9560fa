//! What is kept of commands is held against the log, and every cosignature against its checkpoint: one thing that is
//! changed of either is found, and told once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use etalon::audit::{Fault, Trusted, Verdict, replay};
use etalon::ledger::checkpoint::Checkpoint;
use etalon::ledger::note::{Algorithm, Note, NoteSigner};
use etalon::ledger::tree::TreeHead;
use etalon::store::Sealed;

use crate::ledger::bundles::{House, codes, grow};
use crate::ledger::hostile::{Intruder, quoted};
use crate::ledger::processes::{Demonstration, demonstration};
use crate::store::on_both_databases;
use crate::store::support::{Database, START};

on_both_databases! {
    what_is_kept_of_a_command_is_what_its_events_say,
    what_comes_of_a_changed_column_is_not_told_besides,
    every_cosignature_is_of_its_checkpoint,
    what_the_given_keys_have_not_signed_is_nobody_elses,
    cosignatures_of_another_key_in_the_name_of_a_witness_are_told,
    a_root_that_is_another_is_told_once,
}

type Codes = Vec<(&'static str, Option<u64>)>;

async fn audited(demonstration: &Demonstration) -> Verdict {
    replay(&demonstration.app, &Trusted::default(), |_, _| ()).await.expect("it reads")
}

/// The first command that has recorded several events: where it begins.
async fn of_several_events(demonstration: &Demonstration) -> u64 {
    let raw = demonstration.database.raw().await;
    let several = "select cast(min(first_position) as text) from commands where event_count > 1";
    raw.texts(several).await[0].parse().expect("a position")
}

async fn what_is_kept_of_a_command_is_what_its_events_say(database: Database) {
    let demonstration = demonstration(database).await;
    let first = of_several_events(&demonstration).await;
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does("create table kept_commands as select * from commands").await;
    let (wrong, missing, next) = ("COMMAND_WRONG", ("COMMAND_MISSING", Some(first)), first + 1);
    let unfounded = |position| ("COMMAND_UNFOUNDED", Some(position));
    let nobody = "'00000000-0000-4000-8000-000000000000'";
    for (change, expected) in [
        ("aggregate_type = 'Casf'".to_owned(), vec![(wrong, Some(first))]),
        (format!("aggregate_id = {nobody}"), vec![(wrong, Some(first))]),
        ("version = version + 1".to_owned(), vec![(wrong, Some(first))]),
        ("event_count = event_count - 1".to_owned(), vec![(wrong, Some(first))]),
        ("recorded_at = recorded_at + 1".to_owned(), vec![(wrong, Some(first))]),
        ("first_position = first_position + 1".to_owned(), vec![unfounded(next)]),
        ("first_position = 9000000".to_owned(), vec![unfounded(9_000_000)]),
        ("first_position = -1".to_owned(), vec![unfounded(u64::MAX)]),
        ("actor = 'somebody'".to_owned(), vec![missing, unfounded(first)]),
        ("idempotency_key = 'other'".to_owned(), vec![missing, unfounded(first)]),
    ] {
        intruder.does(&format!("update commands set {change} where first_position = {first}")).await;
        let verdict = audited(&demonstration).await;
        assert_eq!(codes(&verdict), expected, "{change}: {verdict}");
        let (column, _) = change.split_once(' ').expect("a column");
        assert!(expected[0].0 != wrong || verdict.faults()[0].message.contains(column), "{verdict}");
        intruder.does("delete from commands").await;
        intruder.does("insert into commands select * from kept_commands").await;
    }
    intruder.does(&format!("delete from commands where first_position = {first}")).await;
    assert_eq!(codes(&audited(&demonstration).await), [missing]);
    // As somebody would have it who wants a command of another to be taken for one that was carried out.
    intruder
        .does(&format!(
            "insert into commands select actor, 'never sent', digest, aggregate_type, aggregate_id, version, \
             first_position, event_count, recorded_at from kept_commands where first_position = {first}"
        ))
        .await;
    assert_eq!(codes(&audited(&demonstration).await), [missing, unfounded(first)]);
    intruder.does("delete from commands").await;
    intruder.does("insert into commands select * from kept_commands").await;
    let good = audited(&demonstration).await;
    assert!(good.is_good(), "as it was, it is good: {good}");
}

/// PostgreSQL takes nothing but numbers into these columns.
#[tokio::test]
async fn commands_that_cannot_be_read_are_told_and_the_rest_is_looked_at() {
    let demonstration = demonstration(Database::sqlite()).await;
    let first = of_several_events(&demonstration).await;
    let intruder = Intruder::of(&demonstration.database).await;
    intruder.does(&format!("update commands set version = 'many' where first_position = {first}")).await;
    intruder.sets(first, "metadata", "'{}'").await;
    let found = codes(&audited(&demonstration).await);
    assert_eq!(found, [("COMMANDS_UNREADABLE", None), ("METADATA_HASH", Some(first))]);
}

async fn what_comes_of_a_changed_column_is_not_told_besides(database: Database) {
    let demonstration = demonstration(database).await;
    let first = of_several_events(&demonstration).await;
    let intruder = Intruder::of(&demonstration.database).await;
    for position in [first, first + 1] {
        let kept = demonstration.app.log(position.checked_sub(1), Some(position), 1).await.expect("it reads").remove(0);
        for (column, was) in [("actor", &kept.actor), ("command_id", &kept.command_id)] {
            intruder.sets(position, column, "'other'").await;
            let found = codes(&audited(&demonstration).await);
            assert!(found.contains(&("COLUMN_WRONG", Some(position))), "{column}: {found:?}");
            assert!(found.iter().all(|(kind, _)| !kind.starts_with("COMMAND")), "{column}: {found:?}");
            intruder.sets(position, column, &quoted(was)).await;
        }
    }
}

/// A log of thirty events that was sealed and cosigned after every ten.
async fn cosigned(database: &Database) -> (House, Trusted, Intruder) {
    let house = House::on(database).await;
    let (witness, trusted) = house.witnessed().await;
    for size in [10, 20, 30] {
        grow(database, &house.clock, size - 10, size).await;
        house.app.seal_now().await.expect("sealed");
        house.cosign(database, &witness, size, START / 1_000_000).await;
    }
    (house, trusted, Intruder::of(database).await)
}

/// What is found, but for the rows: no program of today folds these events.
async fn found(house: &House, trusted: &Trusted) -> Codes {
    let verdict = replay(&house.app, trusted, |_, _| ()).await.expect("it reads");
    let mut found = codes(&verdict);
    found.retain(|(kind, _)| *kind != "ROWS_NOT_COMPARED");
    found
}

async fn every_cosignature_is_of_its_checkpoint(database: Database) {
    let (house, trusted, intruder) = cosigned(&database).await;
    let verdict = replay(&house.app, &trusted, |_, _| ()).await.expect("it reads");
    assert_eq!((codes(&verdict).as_slice(), verdict.signers.len()), (&[("ROWS_NOT_COMPARED", None)][..], 2));
    intruder.does("create table kept_cosignatures as select * from cosignatures").await;
    let kept = house.app.checkpoint(Sealed::Size(10)).await.expect("it reads").expect("sealed").cosignatures.remove(0);
    let mut changed = kept.signature.clone();
    let place = changed.len() - 20;
    let other = if changed.as_bytes()[place] == b'A' { "B" } else { "A" };
    changed.replace_range(place..=place, other);
    for change in [
        format!("signature = {}", quoted(&changed)),
        "cosigned_at = cosigned_at + 1".to_owned(),
        "witness = 'v.example'".to_owned(),
        "size = 11".to_owned(),
    ] {
        // The oldest: the latest checkpoints say nothing of it.
        intruder.does(&format!("update cosignatures set {change} where size = 10")).await;
        assert_eq!(found(&house, &trusted).await, [("COSIGNATURE", None)], "{change}");
        intruder.does("delete from cosignatures").await;
        intruder.does("insert into cosignatures select * from kept_cosignatures").await;
    }
    // Whoever has no key of a witness learns that nothing is known of its word.
    let verdict = replay(&house.app, &house.trusted().await, |_, _| ()).await.expect("it reads");
    assert_eq!(codes(&verdict), [("ROWS_NOT_COMPARED", None)], "{verdict}");
    assert!(verdict.notes().iter().any(|note| note.starts_with("3 cosignatures are made with keys")), "{verdict}");
}

/// The text with another character of Base64 behind the first place where it says `before`.
fn with_another_behind(text: &str, before: &str) -> String {
    let place = text.find(before).expect("it is there") + before.len();
    let other = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
    let mut changed = text.to_owned();
    changed.replace_range(place..=place, other);
    changed
}

async fn what_the_given_keys_have_not_signed_is_nobody_elses(database: Database) {
    let (house, trusted, intruder) = cosigned(&database).await;
    for table in ["checkpoints", "cosignatures"] {
        intruder.does(&format!("create table kept_{table} as select * from {table}")).await;
    }
    let restore = async || {
        for table in ["checkpoints", "cosignatures"] {
            intruder.does(&format!("delete from {table}")).await;
            intruder.does(&format!("insert into {table} select * from kept_{table}")).await;
        }
    };
    let origin = house.app.origin().await.expect("a name");
    for size in [10, 30] {
        let sealed = house.app.checkpoint(Sealed::Size(size)).await.expect("it reads").expect("sealed");
        let note = &sealed.checkpoint.note;
        // The name of the key, and its id: the first of what the line has in Base64.
        let renamed = note.replace(&format!("\u{2014} {origin}"), &format!("\u{2014} {origin}x"));
        for changed in [renamed, with_another_behind(note, &format!("\u{2014} {origin} "))] {
            assert_ne!(*note, changed);
            intruder.does(&format!("update checkpoints set note = {} where size = {size}", quoted(&changed))).await;
            assert_eq!(found(&house, &trusted).await, [("CHECKPOINT", None)], "{changed}");
            restore().await;
        }
    }
    // Another tree in the place of the latest, signed by somebody else's key: as of this log, and as of one that it
    // never was.
    for name in [origin.as_str(), "etalon.local/other"] {
        let forger = NoteSigner::new(name, Algorithm::Ed25519, SigningKey::from_bytes(&[9; 32])).expect("a name");
        let text = Checkpoint { origin: name.to_owned(), head: TreeHead { size: 30, root: [9; 32] } }.to_string();
        let (root, note) = (intruder.bytes(&[9; 32]), quoted(&format!("{text}\n{}", forger.sign(&text, 0))));
        intruder.does(&format!("update checkpoints set root = {root}, note = {note} where size = 30")).await;
        intruder.does("delete from cosignatures where size = 30").await;
        assert_eq!(found(&house, &trusted).await, [("CHECKPOINT", None)], "{name}");
        restore().await;
    }
    assert!(found(&house, &trusted).await.is_empty());
}

/// A witness may renew its key under its name: what the one that is not given has signed is told, and no fault. Between
/// what the given one has signed there is no other.
async fn cosignatures_of_another_key_in_the_name_of_a_witness_are_told(database: Database) {
    let (house, trusted, intruder) = cosigned(&database).await;
    let other = NoteSigner::new("w.example", Algorithm::Cosignature, SigningKey::from_bytes(&[8; 32])).expect("a name");
    let mut kept = Vec::new();
    for size in [10, 20, 30] {
        let sealed = house.app.checkpoint(Sealed::Size(size)).await.expect("it reads").expect("sealed");
        kept.push((size, sealed.checkpoint.note.clone(), sealed.cosignatures[0].signature.clone()));
    }
    let cases = [(&[10][..], false), (&[10, 20], false), (&[30], false), (&[20, 30], false), (&[20], true)];
    for (of_other, is_fault) in cases.into_iter().chain([(&[10, 20, 30][..], false)]) {
        for (size, note, signature) in &kept {
            let line = match of_other.contains(size) {
                true => other.sign(Note::parse(note).expect("a note").text(), (START / 1_000_000).unsigned_abs()),
                false => signature.clone(),
            };
            intruder.does(&format!("update cosignatures set signature = {} where size = {size}", quoted(&line))).await;
        }
        let verdict = replay(&house.app, &trusted, |_, _| ()).await.expect("it reads");
        let faults: Vec<_> = codes(&verdict).into_iter().filter(|(kind, _)| *kind != "ROWS_NOT_COMPARED").collect();
        let expected = is_fault.then_some(("COSIGNATURE", None));
        assert_eq!(faults, expected.into_iter().collect::<Vec<_>>(), "{of_other:?}: {verdict}");
        let id = u32::from_be_bytes(other.verifier().id());
        let told = format!(
            "in the name of w.example: made with another key than was given (the first with that of id {id:08x})"
        );
        let is_told = verdict.notes().iter().any(|note| note.contains(&told));
        assert_eq!(is_told, !is_fault, "{of_other:?}: {verdict}");
        let names_the_other = |fault: &Fault| fault.message.ends_with(&format!("(id {id:08x}), give both"));
        assert!(verdict.faults().iter().filter(|fault| fault.kind == "COSIGNATURE").all(names_the_other), "{verdict}");
        // A witness may sign with both for a while.
        let mut both = trusted.keys.clone();
        both.push(other.verifier().clone());
        assert_eq!(found(&house, &Trusted { keys: both, ..Trusted::default() }).await, [], "{of_other:?}");
    }
    // A line of the given key that is of something else is no other's.
    let (_, note, _) = &kept[0];
    let of_given = trusted.keys.last().expect("the witness").id();
    let mut forged = other.sign(Note::parse(note).expect("a note").text(), 7);
    let (head, body) = forged.trim_end().rsplit_once(' ').expect("a line");
    let mut bytes = STANDARD.decode(body).expect("Base64");
    bytes[..4].copy_from_slice(&of_given);
    forged = format!("{head} {}\n", STANDARD.encode(bytes));
    intruder.does(&format!("update cosignatures set signature = {} where size = 10", quoted(&forged))).await;
    assert_eq!(found(&house, &trusted).await, [("COSIGNATURE", None)], "{forged}");
}

async fn a_root_that_is_another_is_told_once(database: Database) {
    let (house, trusted, intruder) = cosigned(&database).await;
    let event = house.app.log(Some(4), Some(5), 1).await.expect("it reads").remove(0);
    let entry = String::from_utf8(event.entry.clone()).expect("text").replace("\"p-1\"", "\"p-2\"");
    intruder.sets(5, "entry", &intruder.bytes(entry.as_bytes())).await;
    let expected = [("COLUMN_WRONG", Some(5)), ("TREE_WRONG", None), ("LEAF_HASH", Some(5)), ("ROOT_WRONG", Some(5))];
    let mut all = found(&house, &trusted).await;
    all.retain(|(kind, _)| *kind != "NOT_SEALED");
    assert_eq!(all, expected, "three checkpoints are of the other tree");
    intruder.sets(5, "entry", &intruder.bytes(&event.entry)).await;
    assert!(found(&house, &trusted).await.is_empty());
    intruder.does("delete from events where position >= 25").await;
    let missing = found(&house, &trusted).await;
    assert_eq!(missing.iter().filter(|(kind, _)| *kind == "ENTRIES_MISSING").count(), 1, "{missing:?}");
}
