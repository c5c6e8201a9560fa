//! Several servers over one database: what one of them erased is erased for all, and a crash between the event and the
//! destruction of the key is made good.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use etalon::app::{App, Failure, Fault, Key, Moment, Opened, Request, Standing, Vault};
use etalon::clock::Clock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::change::Change;
use etalon::domain::person::Person;
use etalon::domain::person::command::{AffiliationFacts, AmendPerson, ErasePerson, RegisterPerson};
use etalon::domain::person::values::{Capacity, LegalBasis};
use etalon::domain::refusal::Code;
use etalon::domain::value::{Division, Personal, Statement};
use etalon::identity::claims::LONGEST_LIFE;
use etalon::identity::credential::Credential;
use etalon::store::{Append, CommandKey};
use tempfile::TempDir;
use uuid::Uuid;

use crate::ledger::hostile::{Intruder, quoted};
use crate::store::on_both_databases;
use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::{Database, TestClock};
use crate::support::server::Installation;

fn manager() -> Actor {
    Actor {
        id: ActorId::parse("manager").expect("an actor id"),
        roles: [Role::Manager].into(),
        jurisdiction: Division::parse("44").expect("Guangdong"),
        institution: None,
        enterprise: None,
    }
}

/// A server on the database, with its clock, and with its data keys in the folder.
pub async fn server(database: &Database, clock: &Arc<TestClock>, folder: &Path) -> App {
    let vault = Vault::open_or_create(folder).expect("a folder of keys");
    App::new(database.open_with(clock.clone()).await, clock.clone()).with_vault(vault)
}

pub fn request(app: &App) -> Request {
    let key = Key::unique(app.new_id());
    Request { actor: manager(), key, expected_version: None, occurred_at: None, source: None }
}

pub fn official() -> RegisterPerson {
    RegisterPerson {
        name: Personal::parse("王建国").expect("a name"),
        telephone: None,
        affiliation: Some(AffiliationFacts::Bureau { division: Division::parse("4403").expect("Shenzhen") }),
        capacity: Capacity::Official,
        fields: BTreeSet::new(),
    }
}

pub async fn register(app: &App) -> Uuid {
    let id = app.new_id();
    app.execute::<Person>(&request(app), id, official().into()).await.expect("it is registered");
    id
}

pub async fn erase(app: &App, id: Uuid) {
    let reason = Some(Statement::parse("asked in writing").expect("a statement"));
    let command = ErasePerson { legal_basis: LegalBasis::LegalObligation, reason };
    app.execute::<Person>(&request(app), id, command.into()).await.expect("it is erased");
}

async fn name(app: &App, id: Uuid, at: Moment) -> Opened {
    let entry = app.register::<Person>(&manager(), id, at).await.expect("it reads").expect("it is there");
    app.open(&entry.state.file.expect("a file").name).await.expect("it reads")
}

fn reads(opened: &Opened) -> bool {
    *opened == Opened::Text("王建国".to_owned())
}

pub fn key_is_there(folder: &Path, id: Uuid) -> bool {
    let id = id.to_string();
    folder.join("data").join(&id[id.len() - 2..]).join(&id).exists()
}

async fn what_another_server_erased_is_erased(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let [one, other] = [server(&database, &clock, &keys).await, server(&database, &clock, &keys).await];
    let id = register(&one).await;
    assert!(reads(&name(&other, id, Moment::Present).await), "it keeps the key now");
    erase(&one, id).await;
    assert!(!key_is_there(&keys, id));
    assert!(name(&other, id, Moment::Present).await == Opened::Erased);
    assert!(name(&other, id, Moment::Position(0)).await == Opened::Erased);
    assert_eq!(other.complete_erasures().await.expect("it looks"), 0, "nothing is left to be done");
}

/// A server, and two persons: the first of them was erased by whoever could not reach the keys of that folder.
pub async fn cut_short(database: &Database, clock: &Arc<TestClock>, keys: &Path) -> (App, [Uuid; 2]) {
    let one = server(database, clock, keys).await;
    let [id, kept] = [register(&one).await, register(&one).await];
    let elsewhere = TempDir::new().expect("a temporary folder");
    // The event is durable, and whoever recorded it could not reach the key.
    erase(&server(database, clock, &elsewhere.path().join("keys")).await, id).await;
    assert!(key_is_there(keys, id));
    (one, [id, kept])
}

async fn an_erasure_that_was_cut_short_is_completed(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let (one, [id, kept]) = cut_short(&database, &clock, &keys).await;
    assert!(name(&one, id, Moment::Present).await == Opened::Erased, "without its ciphertext the key opens nothing");
    let restarted = server(&database, &clock, &keys).await;
    assert_eq!(restarted.complete_erasures().await.expect("it looks"), 1);
    assert!(!key_is_there(&keys, id) && key_is_there(&keys, kept));
    assert!(reads(&name(&restarted, kept, Moment::Present).await));
    assert_eq!(restarted.complete_erasures().await.expect("it looks"), 0);
}

async fn a_mark_that_no_event_founds_destroys_nothing(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let app = server(&database, &clock, &keys).await;
    let [kept, erased, forged] = [register(&app).await, register(&app).await, register(&app).await];
    erase(&app, erased).await;
    let raw = database.raw().await;
    // By what erases somebody else, by what erases nobody, and by what is not there.
    for (id, position) in [(kept, 3), (forged, 9_000_000)] {
        raw.execute(&format!("insert into erased_keys (key_id, position) values ('{id}', {position})")).await;
    }
    let restarted = server(&database, &clock, &keys).await;
    for server in [&app, &restarted] {
        assert_eq!(server.complete_erasures().await.expect("it looks"), 0);
        assert!(reads(&name(server, kept, Moment::Present).await) && key_is_there(&keys, forged));
    }
    let unfounded: BTreeSet<_> =
        app.unfounded_erasures().await.expect("it reads").into_iter().map(|mark| mark.key_id).collect();
    assert_eq!(unfounded, [kept, forged].into());
    // Whoever is erased in earnest is so all the same, and so is whoever comes after.
    let last = register(&app).await;
    for id in [forged, last] {
        erase(&app, id).await;
        assert!(!key_is_there(&keys, id));
        assert!(name(&restarted, id, Moment::Present).await == Opened::Erased);
    }
    assert!(reads(&name(&app, kept, Moment::Present).await));
    // A mark that lies ahead hides no erasure that was cut short.
    let cut_short = register(&app).await;
    erase(&server(&database, &clock, &folder.path().join("elsewhere")).await, cut_short).await;
    assert_eq!(app.complete_erasures().await.expect("it looks"), 1);
    assert!(!key_is_there(&keys, cut_short));
}

async fn an_event_that_cannot_be_read_keeps_no_other_erasure_waiting(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let [keys, elsewhere] = ["keys", "elsewhere"].map(|name| folder.path().join(name));
    let one = server(&database, &clock, &keys).await;
    let [unread, erased] = [register(&one).await, register(&one).await];
    let far = server(&database, &clock, &elsewhere).await;
    for id in [unread, erased] {
        erase(&far, id).await;
    }
    let intruder = Intruder::of(&database).await;
    let registered = database.raw().await.texts("select cast(payload as text) from events where position = 0").await;
    intruder.sets(0, "payload", "'{}'").await;
    let restarted = server(&database, &clock, &keys).await;
    for _ in 0..2 {
        let fault = restarted.complete_erasures().await.expect_err("an event cannot be read");
        assert!(fault.is_damage(), "{fault}");
        assert!(key_is_there(&keys, unread) && !key_is_there(&keys, erased));
    }
    // What is put right is not passed over.
    intruder.sets(0, "payload", &quoted(&registered[0])).await;
    assert_eq!(restarted.complete_erasures().await.expect("it looks"), 1);
    assert!(!key_is_there(&keys, unread));
}

async fn who_was_erased_is_let_in_no_more_by_any_server(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let [one, other] = [server(&database, &clock, &keys).await, server(&database, &clock, &keys).await];
    let [first, second, third] = [register(&one).await, register(&one).await, register(&one).await];
    let token = |id: Uuid| Credential::of_actor(&id.to_string(), clock.now());
    let standing = async |app: &App| {
        app.look_for_revocations().await.expect("it looks");
        [first, second, third].map(|id| app.standing(&token(id)))
    };
    let (good, revoked) = (Standing::Good, Standing::Revoked);
    assert_eq!(standing(&other).await, [good; 3]);
    erase(&one, first).await;
    assert_eq!(standing(&other).await, [revoked, good, good]);
    // A mark that lies ahead of the log hides nobody who is erased later.
    let stranger = other.new_id();
    let mark = format!("insert into erased_keys (key_id, position) values ('{stranger}', 9000000)");
    database.raw().await.execute(&mark).await;
    assert_eq!(standing(&other).await, [revoked, good, good]);
    erase(&one, second).await;
    // What is known already is not read again, and no time makes a token good.
    clock.set((clock.now() + LONGEST_LIFE * 2).as_microsecond());
    let restarted = server(&database, &clock, &keys).await;
    for app in [&one, &other, &restarted] {
        assert_eq!(standing(app).await, [revoked, revoked, good]);
    }
}

async fn a_ciphertext_that_was_taken_away_is_not_an_erasure(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let app = server(&database, &clock, &folder.path().join("keys")).await;
    let id = register(&app).await;
    let raw = database.raw().await;
    assert!(raw.refusal("update ciphertexts set key_id = 'x'").await.is_some(), "a ciphertext is never changed");
    raw.execute("delete from ciphertexts").await;
    assert!(name(&app, id, Moment::Present).await == Opened::Unreadable);
    erase(&app, id).await;
    for sql in ["delete from erased_keys", "update erased_keys set position = 9"] {
        assert!(raw.refusal(sql).await.is_some_and(|refusal| refusal.contains("append-only")), "{sql}");
    }
}

async fn a_log_that_has_lost_an_erasure_says_so(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let app = server(&database, &clock, &keys).await;
    let id = register(&app).await;
    let intruder = Intruder::of(&database).await;
    intruder.keeps_a_copy().await;
    erase(&app, id).await;
    intruder.restores().await;
    let restarted = server(&database, &clock, &keys).await;
    let name = Personal::parse("王建军").expect("a name");
    let amended =
        AmendPerson { name: Some(name), telephone: Change::Keep, affiliation: None, capacity: None, fields: None };
    let refused = restarted.execute::<Person>(&request(&restarted), id, amended.into()).await.expect_err("no key");
    assert!(matches!(refused, Failure::Fault(Fault::KeyErased)), "{refused}");
}

async fn without_keys_no_personal_data_comes_in(database: Database) {
    let clock = TestClock::new();
    let app = App::new(database.open_with(clock.clone()).await, clock);
    let refused = app.execute::<Person>(&request(&app), app.new_id(), official().into()).await.expect_err("no keys");
    assert!(refused.to_string().contains("no data keys"), "{refused}");
    assert_eq!(app.head().await.expect("it reads"), None);
}

fn is_reused<T>(outcome: Result<T, Failure>) -> bool {
    matches!(outcome, Err(Failure::Refused(refusal)) if refusal.code == Code::IdempotencyKeyReused)
}

async fn what_is_kept_of_an_input_tells_nothing_and_finds_the_command_again(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let (one, other) = (server(&database, &clock, &keys).await, server(&database, &clock, &keys).await);
    let chosen = |text: &str, input: &str| Key::chosen(text, "RegisterPerson", input.as_bytes()).expect("a key");
    let key = chosen("k-1", r#"{"name":"王建国"}"#);
    let sent = |key: &Key| Request { key: key.clone(), ..request(&one) };
    let first = one.execute::<Person>(&sent(&key), one.new_id(), official().into()).await.expect("registered");
    // What anybody could compute who tries names is not there.
    let store = database.open_with(clock.clone()).await;
    let kept = store.command("manager", "k-1").await.expect("it reads").expect("kept");
    assert_ne!(kept.digest, key.digest());
    // Sent again it gets its first answer: from another server, and from one that starts later.
    let restarted = server(&database, &clock, &keys).await;
    for app in [&one, &other, &restarted] {
        let again = app.execute::<Person>(&sent(&key), app.new_id(), official().into()).await.expect("known");
        assert!(again.replayed && again.position() == first.position());
        let changed = chosen("k-1", r#"{"name":"王建军"}"#);
        assert!(is_reused(app.execute::<Person>(&sent(&changed), app.new_id(), official().into()).await));
    }
    // Who has other keys makes nothing of it.
    let stranger = server(&database, &clock, &folder.path().join("other keys")).await;
    assert!(is_reused(stranger.answer_to(&manager().id, &key).await));
    // What was kept before digests had a key is still known again.
    let old = chosen("k-0", "{}");
    let command = CommandKey { actor: "manager".to_owned(), idempotency_key: "k-0".to_owned(), digest: old.digest() };
    commit_one(&*store, Append { command, ..note(case_stream(1), 0, "k-0") }).await.expect("accepted");
    let again = one.answer_to(&manager().id, &old).await.expect("it reads").expect("known");
    assert!(again.replayed);
    assert!(is_reused(one.answer_to(&manager().id, &chosen("k-0", "[]")).await));
}

/// Nobody was erased: that it cannot be read who was is no erasure that is left undone.
#[tokio::test]
async fn a_database_that_is_away_is_told_as_that_and_not_as_an_erasure() {
    let installation = Installation::embedded();
    let server = installation.start();
    let raw = sqlx::SqlitePool::connect(&installation.database()).await.expect("it opens");
    sqlx::query("alter table erased_keys rename to hidden").execute(&raw).await.expect("hidden");
    server.says("it cannot be seen whether an erasure is left to do").await;
    assert!(!server.log().contains("an erasure is not complete"), "{}", server.log());
}

on_both_databases!(
    what_is_kept_of_an_input_tells_nothing_and_finds_the_command_again,
    what_another_server_erased_is_erased,
    an_erasure_that_was_cut_short_is_completed,
    a_mark_that_no_event_founds_destroys_nothing,
    an_event_that_cannot_be_read_keeps_no_other_erasure_waiting,
    who_was_erased_is_let_in_no_more_by_any_server,
    a_ciphertext_that_was_taken_away_is_not_an_erasure,
    a_log_that_has_lost_an_erasure_says_so,
    without_keys_no_personal_data_comes_in,
);
