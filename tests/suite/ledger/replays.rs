//! Replays: what a database says of itself against what was signed, what was kept outside, and what was erased.

use std::fs;

use ed25519_dalek::SigningKey;
use etalon::app::App;
use etalon::audit::{Trusted, Verdict, replay};
use etalon::ledger::note::{Algorithm, NoteSigner, VerifierKey};
use etalon::store::{Sealed, open_as_it_is};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::erasure::servers::{erase, register, server};
use crate::ledger::bundles::{codes, notes, seals};
use crate::ledger::hostile::Intruder;
use crate::ledger::processes::{commit, line};
use crate::ledger::serving::{key_of, sealed};
use crate::store::on_both_databases;
use crate::store::support::{Database, START, TestClock};
use crate::support::server::{Installation, Who};

/// A log of persons with a signer, in this process.
struct House {
    app: App,
    key: VerifierKey,
    _folder: TempDir,
}

impl House {
    async fn on(database: &Database) -> Self {
        let folder = TempDir::new().expect("a folder");
        let app = server(database, &TestClock::new(), &folder.path().join("keys")).await.with_seals(seals(&folder));
        let origin = app.origin().await.expect("a name");
        let key = seals(&folder).signer.verifier(&origin).expect("a key");
        Self { app, key, _folder: folder }
    }

    async fn replay(&self, kept: &[Vec<u8>]) -> Verdict {
        self.replay_with(std::slice::from_ref(&self.key), kept).await
    }

    async fn replay_with(&self, keys: &[VerifierKey], kept: &[Vec<u8>]) -> Verdict {
        let trusted = Trusted { keys: keys.to_vec(), kept: kept.to_vec(), ..Trusted::default() };
        replay(&self.app, &trusted, |_, _| ()).await.expect("it reads")
    }

    async fn checkpoint(&self) -> Vec<u8> {
        self.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed").note().into_bytes()
    }
}

async fn what_nobody_has_signed_is_not_good(database: Database) {
    let house = House::on(&database).await;
    assert!(house.replay(&[]).await.is_good(), "nothing is to be signed");
    register(&house.app).await;
    let unsigned = house.replay(&[]).await;
    assert_eq!(codes(&unsigned), [("NOT_SEALED", Some(0))], "{unsigned}");
    let unasked = house.replay_with(&[], &[]).await;
    assert!(unasked.is_good() && notes(&unasked, "not compared: webhooks"), "no signature was asked for: {unasked}");
    assert!(notes(&unasked, "revocations of tokens, leases"), "{unasked}");
    assert!(unasked.seals_ignored && !unsigned.seals_ignored);
    assert!(unasked.to_string().contains(", whether it is sealed was not looked at; 0 faults"), "{unasked}");
    house.app.seal_now().await.expect("sealed");
    let good = house.replay(&[]).await;
    assert!(good.is_good(), "{good}");
    assert_eq!((good.sealed, good.signers.as_slice()), (Some(1), &[house.key.name().to_owned()][..]));
    // A log goes on: its end is not sealed at every moment.
    register(&house.app).await;
    let going_on = house.replay(&[]).await;
    assert!(going_on.is_good() && notes(&going_on, "1 event at the end is not sealed yet"), "{going_on}");
    let witness = NoteSigner::new("w.example", Algorithm::Cosignature, SigningKey::from_bytes(&[7; 32]));
    let keys = [house.key.clone(), witness.expect("a name").verifier().clone()];
    let silent = house.replay_with(&keys, &[]).await;
    assert!(silent.is_good() && notes(&silent, "w.example has cosigned nothing"), "{silent}");
    assert_eq!(silent.signers, [house.key.name()]);
}

/// Whoever rewrites a log behind an early checkpoint has nobody to sign it.
async fn an_end_that_nobody_has_sealed_for_long_is_a_fault(database: Database) {
    let house = House::on(&database).await;
    register(&house.app).await;
    let recorded_at = Timestamp::from_microsecond(START).expect("a time");
    let (hour, second) = (SignedDuration::from_hours(1), SignedDuration::from_secs(1));
    let audited = async |keys: &[VerifierKey], unsealed_for, now| {
        let trusted = Trusted { keys: keys.to_vec(), unsealed_for, now, ..Trusted::default() };
        replay(&house.app, &trusted, |_, _| ()).await.expect("it reads")
    };
    let keys = std::slice::from_ref(&house.key);
    // Of a log that no server has sealed yet, as after an import, all is such an end.
    let imported = audited(keys, Some(hour), recorded_at + hour).await;
    assert!(imported.is_good() && notes(&imported, "1 event at the end is not sealed yet"), "{imported}");
    let overdue = audited(keys, Some(hour), recorded_at + hour + second).await;
    assert_eq!(codes(&overdue), [("NOT_SEALED", Some(0))], "{overdue}");
    house.app.seal_now().await.expect("sealed");
    register(&house.app).await;
    let young = audited(keys, Some(hour), recorded_at + hour).await;
    assert!(young.is_good() && notes(&young, "1 event at the end is not sealed yet"), "{young}");
    let old = audited(keys, Some(hour), recorded_at + hour + second).await;
    assert_eq!(codes(&old), [("NOT_SEALED", Some(1))], "{old}");
    assert!(old.faults()[0].message.contains(&format!("was recorded at {recorded_at}")), "{old}");
    // Nobody seals a copy, which is no younger the day after.
    assert!(notes(&old, "if this is a copy") && !notes(&young, "if this is a copy"), "{old}");
    let day = SignedDuration::from_hours(24);
    let copied = audited(keys, Some(day + hour), recorded_at + day).await;
    assert!(copied.is_good() && notes(&copied, "1 event at the end is not sealed yet"), "{copied}");
    let unbounded = audited(keys, None, Timestamp::MAX).await;
    assert!(unbounded.is_good(), "{unbounded}");
    let unasked = audited(&[], Some(hour), recorded_at + hour + second).await;
    assert!(unasked.is_good(), "no signature was asked for: {unasked}");
    house.app.seal_now().await.expect("sealed");
    let sealed = audited(keys, Some(hour), recorded_at + hour + second).await;
    assert!(sealed.is_good(), "{sealed}");
}

async fn rows_are_digested_table_by_table(database: Database) {
    let house = House::on(&database).await;
    register(&house.app).await;
    let of = |verdict: &Verdict, table: &str| {
        verdict.projections.iter().find(|projection| projection.table == table).cloned().expect("a table")
    };
    let first = house.replay(&[]).await;
    assert_eq!(first.projections.len(), 8);
    assert_eq!((of(&first, "register_versions").rows, of(&first, "case_versions").rows), (1, 0));
    register(&house.app).await;
    let second = house.replay(&[]).await;
    assert_eq!(of(&second, "case_versions"), of(&first, "case_versions"));
    assert_ne!(of(&second, "register_versions").sha256, of(&first, "register_versions").sha256);
    let told = second.to_json();
    assert_eq!(told["projections"][2]["table"], "register_versions");
    assert_eq!(told["projections"][1]["sha256"].as_str().map(str::len), Some(64));
}

async fn a_shortened_log_is_told_by_a_checkpoint_that_was_kept(database: Database) {
    let house = House::on(&database).await;
    register(&house.app).await;
    house.app.seal_now().await.expect("sealed");
    let early = house.checkpoint().await;
    let intruder = Intruder::of(&database).await;
    intruder.keeps_a_copy().await;
    register(&house.app).await;
    house.app.seal_now().await.expect("sealed");
    let late = house.checkpoint().await;
    let both = [early.clone(), late.clone()];
    assert!(house.replay(&both).await.is_good());
    intruder.restores().await;
    // The database alone knows nothing of it.
    let alone = codes(&house.replay(&[early]).await);
    assert!(alone.iter().all(|(kind, _)| *kind == "ROW_SERVED_WRONGLY"), "{alone:?}");
    let found = codes(&house.replay(&[late]).await);
    assert!(found.contains(&("ENTRIES_MISSING", None)), "{found:?}");
    let forged = String::from_utf8(both[0].clone()).expect("text").replacen("\n1\n", "\n2\n", 1).into_bytes();
    let found = codes(&house.replay(&[forged]).await);
    assert!(found.contains(&("CHECKPOINT", None)), "{found:?}");
}

async fn events_that_were_counted_are_missed_at_the_end(database: Database) {
    let house = House::on(&database).await;
    register(&house.app).await;
    house.app.seal_now().await.expect("sealed");
    register(&house.app).await;
    let good = house.replay(&[]).await;
    assert!(good.is_good(), "{good}");
    // The last one is not sealed, and what was made of it goes with it.
    let intruder = Intruder::of(&database).await;
    intruder.does("delete from events where position = 1").await;
    intruder.does("delete from commands where first_position = 1").await;
    intruder.does("delete from register_versions where from_position = 1").await;
    let short = house.replay(&[]).await;
    assert!(codes(&short).contains(&("LOG_SHORT", Some(1))), "{short}");
    intruder.does("delete from events").await;
    let emptied = house.replay_with(&[], &[]).await;
    assert!(codes(&emptied).contains(&("LOG_SHORT", Some(0))), "{emptied}");
}

async fn a_ciphertext_that_nobody_erased_is_missed(database: Database) {
    let house = House::on(&database).await;
    let app = &house.app;
    let (kept, erased) = (register(app).await, register(app).await);
    erase(app, erased).await;
    app.seal_now().await.expect("sealed");
    let good = house.replay(&[]).await;
    assert!(good.is_good(), "{good}");
    let intruder = Intruder::of(&database).await;
    intruder.does(&format!("update ciphertexts set ciphertext = {}", intruder.bytes(&[1, 2, 3]))).await;
    assert_eq!(codes(&house.replay(&[]).await), [("CIPHERTEXT_WRONG", Some(0))]);
    intruder.does("delete from ciphertexts").await;
    assert_eq!(codes(&house.replay(&[]).await), [("CIPHERTEXT_MISSING", Some(0))]);
    // Neither what erased somebody else nor what erased nobody is an excuse.
    for position in [2, 1] {
        intruder.does(&format!("delete from erased_keys where key_id = '{kept}'")).await;
        intruder.does(&format!("insert into erased_keys (key_id, position) values ('{kept}', {position})")).await;
        let found = codes(&house.replay(&[]).await);
        assert_eq!(found, [("CIPHERTEXT_MISSING", Some(0)), ("ERASURE_UNFOUNDED", Some(position))]);
    }
}

async fn a_ciphertext_that_is_back_is_told(database: Database) {
    let house = House::on(&database).await;
    let (_kept, erased) = (register(&house.app).await, register(&house.app).await);
    let intruder = Intruder::of(&database).await;
    intruder.does("create table kept_ciphertexts as select * from ciphertexts").await;
    erase(&house.app, erased).await;
    house.app.seal_now().await.expect("sealed");
    let good = house.replay(&[]).await;
    assert!(good.is_good(), "{good}");
    intruder.does("delete from ciphertexts").await;
    intruder.does("insert into ciphertexts select * from kept_ciphertexts").await;
    assert_eq!(codes(&house.replay(&[]).await), [("CIPHERTEXT_NOT_ERASED", Some(1))]);
    intruder.does("delete from erased_keys").await;
    assert_eq!(codes(&house.replay(&[]).await), [("ERASURE_UNMARKED", Some(2))]);
}

async fn an_audit_changes_nothing_before_it_looks(database: Database) {
    let house = House::on(&database).await;
    register(&house.app).await;
    house.app.seal_now().await.expect("sealed");
    let raw = database.raw().await;
    raw.execute("update register_versions set name = 'somebody else'").await;
    raw.execute("update log_head set rows_version = 0 where id = 1").await;
    let clock = TestClock::new();
    let store = open_as_it_is(&database.url, clock.clone()).await.expect("it opens");
    let trusted = Trusted { keys: vec![house.key.clone()], ..Trusted::default() };
    let verdict = replay(&App::new(store, clock.clone()), &trusted, |_, _| ()).await;
    let verdict = verdict.expect("it reads");
    assert_eq!(codes(&verdict), [("ROWS_NOT_COMPARED", None)], "{verdict}");
    assert!(verdict.projections.is_empty() && verdict.events == 1, "{verdict}");
    assert_eq!(raw.texts("select distinct name from register_versions").await, ["somebody else"]);
    raw.execute("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)").await;
    let older = "select cast(max(version) as text) from _sqlx_migrations";
    let found = raw.texts(older).await;
    let refused = open_as_it_is(&database.url, clock).await.err().expect("the schema is older").to_string();
    assert!(refused.contains("the database has schema version") && refused.contains("etalon migrate"), "{refused}");
    assert_eq!(raw.texts(older).await, found);
}

on_both_databases! {
    what_nobody_has_signed_is_not_good,
    an_end_that_nobody_has_sealed_for_long_is_a_fault,
    rows_are_digested_table_by_table,
    a_shortened_log_is_told_by_a_checkpoint_that_was_kept,
    events_that_were_counted_are_missed_at_the_end,
    a_ciphertext_that_nobody_erased_is_missed,
    a_ciphertext_that_is_back_is_told,
    an_audit_changes_nothing_before_it_looks,
}

/// The commands themselves, on rows that an older program has made and somebody has changed.
#[tokio::test]
async fn the_commands_of_an_auditor_leave_the_evidence_as_it_is() {
    let installation = Installation::embedded();
    let server = installation.start();
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let position = commit(&server.graphql, &manager, "省级计量难点征集").await;
    sealed(&server.graphql, &manager, position).await;
    assert!(server.stop(), "{}", server.log());
    let key = key_of(&installation).to_string();
    let raw = sqlx::SqlitePool::connect(&installation.database()).await.expect("it opens");
    let rows = async || -> Vec<(String, i64)> {
        let all = "select name, (select rows_version from log_head) from register_versions order by from_position";
        sqlx::query_as(all).fetch_all(&raw).await.expect("it reads")
    };
    for change in ["update register_versions set name = 'other'", "update log_head set rows_version = 0"] {
        sqlx::query(change).execute(&raw).await.expect("changed");
    }
    let before = rows().await;
    let audit = |arguments: &[&str]| line(installation.command().arg("audit").args(arguments).args(["--key", &key]));
    let not_compared = |arguments: &[&str]| {
        let replayed = installation
            .command()
            .args(["audit", "replay", "--format", "json", "--key", &key])
            .args(arguments)
            .output();
        let replayed = replayed.expect("the program runs");
        assert_eq!(replayed.status.code(), Some(3));
        let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("JSON");
        assert_eq!(replayed["faults"][0]["kind"], "ROWS_NOT_COMPARED", "{replayed}");
        assert_eq!(replayed["faultCount"], 1, "{replayed}");
    };
    not_compared(&[]);
    let bundle = installation.folder().join("bundle").display().to_string();
    let exported = line(installation.command().args(["audit", "export", "--format", "json", "--output", &bundle]));
    let exported: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(exported, json!({ "events": position + 1, "output": bundle }));
    let kept = format!("{bundle}/checkpoint");
    assert!(audit(&["verify", &bundle, "--checkpoint", &kept]).contains("GOOD"));
    not_compared(&["--checkpoint", &kept]);
    fs::write(&kept, "no checkpoint").expect("written");
    let refused = installation.command().args(["audit", "replay", "--key", &key, "--checkpoint", &kept]).output();
    assert_eq!(refused.expect("the program runs").status.code(), Some(3));
    assert_eq!(rows().await, before);
}
