//! A database knows the data keys that it was written with: with others nothing is opened, so that no key is made twice.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use etalon::app::{Failure, Fault, Vault};
use etalon::clock::fill_with_secrets;
use etalon::domain::person::Person;
use etalon::store::{Target, take_alone};
use etalon::vault::keys::KeyStore;
use etalon::vault::reference::KeyId;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::erasure::servers::{official, request, server};
use crate::ledger::backup::{commit, path, restore, run};
use crate::life::scene::campaign;
use crate::life::world::{text, with};
use crate::store::on_both_databases;
use crate::store::support::{Database, TestClock};
use crate::support::server::{Installation, Server, Who, answer};

const OTHER: &str = "DATA_KEYS_OTHER";

/// Somebody whose name is sealed, under a key of that id.
const PERSON: Uuid = Uuid::from_u128(7);

/// A server with the data keys in that folder.
fn serving(installation: &Installation, keys: &Path) -> Command {
    let mut command = installation.command();
    command.env("ETALON_DATA_KEYS_DIR", keys).args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

#[track_caller]
fn is_served(installation: &Installation, keys: &Path) {
    let server = Server::start(&mut serving(installation, keys));
    assert!(server.stop(), "{}", server.log());
}

#[track_caller]
fn is_refused(command: &mut Command) {
    let refused = run(command);
    assert!(refused.code == Some(1) && refused.err.contains(OTHER), "{}", refused.err);
}

async fn a_server_with_other_data_keys_is_refused(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    is_served(&installation, &keys);
    // A folder that is not there, one that is empty, and one with the keys of something else.
    is_refused(&mut serving(&installation, &elsewhere));
    assert!(!elsewhere.exists(), "nothing is made where keys are missing");
    fs::create_dir(&elsewhere).expect("made");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o700)).expect("set");
    is_refused(&mut serving(&installation, &elsewhere));
    assert_eq!(fs::read_dir(&elsewhere).expect("it reads").count(), 0);
    Vault::open_or_create(&elsewhere).expect("a folder of keys");
    is_refused(&mut serving(&installation, &elsewhere));
    let report = ["report", "--jurisdiction", "44", "--year", "2026", "--format", "csv"];
    is_refused(installation.command().args(report).arg("--data-keys-dir").arg(&elsewhere));
    // Another key that wraps the keys makes no others of them.
    run(installation.command().args(["keys", "rotate"])).ends_with(0);
    is_served(&installation, &keys);
}

fn adopting(installation: &Installation, keys: &Path) -> Command {
    let mut command = installation.command();
    command.args(["keys", "adopt", "--data-keys-dir"]).arg(keys);
    command
}

async fn other_data_keys_are_adopted_where_those_of_before_are_lost(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    // Whichever of them does the work of all.
    let (first, second) =
        (Server::start(&mut serving(&installation, &keys)), Server::start(&mut serving(&installation, &keys)));
    is_in_use(&mut adopting(&installation, &elsewhere));
    assert!(first.stop(), "{}", first.log());
    is_in_use(&mut adopting(&installation, &elsewhere));
    assert!(!elsewhere.exists(), "nothing is made while a server has the database");
    second.kill();
    run(&mut adopting(&installation, &elsewhere)).ends_with(0);
    is_served(&installation, &elsewhere);
    is_refused(&mut serving(&installation, &keys));
}

#[track_caller]
fn is_in_use(command: &mut Command) {
    let refused = run(command);
    assert!(refused.code == Some(1) && refused.err.contains("DATABASE_IN_USE"), "{}", refused.err);
}

#[tokio::test]
async fn a_server_whose_connection_is_cut_is_seen_again_and_none_starts_beside_who_adopts() {
    let database = Database::postgres();
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    let server = Server::start(&mut serving(&installation, &keys));
    let raw = database.raw().await;
    let seen_by = "select l.pid::text from pg_locks l join pg_database d on d.oid = l.database \
        where d.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted";
    let before = raw.texts(seen_by).await;
    assert_eq!(before.len(), 1, "{before:?}");
    raw.execute(&format!("select pg_terminate_backend({})", before[0])).await;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        let now = raw.texts(seen_by).await;
        if now.len() == 1 && now != before {
            break;
        }
        looks.tick().await;
    }
    is_in_use(&mut adopting(&installation, &elsewhere));
    assert!(server.stop(), "{}", server.log());
    let alone =
        take_alone(Target::from(database.url.as_str())).await.expect("it is reached").expect("no server has it");
    is_in_use(&mut serving(&installation, &keys));
    drop(alone);
    is_served(&installation, &keys);
}

const ORDER: &str = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) {
    receipt { position replayed } userErrors { code field message } } }";

/// What is answered to an order under that key; the reason where there is no answer.
async fn ordered(installation: &Installation, server: &Server, name: &str, key: &str) -> Result<Value, String> {
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let variables = json!({ "input": with(campaign(name), json!({ "idempotencyKey": key })) });
    let answered = answer(&Client::new(), &server.graphql, &manager, ORDER, variables).await;
    answered.map(|answer| answer["openCampaign"].clone()).map_err(|setback| setback.told)
}

async fn a_server_takes_nothing_more_once_others_were_adopted(database: Database) {
    let installation = Installation::on(&database.url);
    let keys = installation.folder().join("data-keys");
    let server = Server::start(&mut serving(&installation, &keys));
    let ready = server.graphql.replace("/graphql", "/readyz");
    let readiness = async || {
        let answer = reqwest::get(&ready).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    assert_eq!(readiness().await, (200, "ready\n".to_owned()));
    // As whoever adopts them does in a moment when this server is not connected.
    database.open().await.replace_data_keys([8; 32]).await.expect("replaced");
    server.says("no more commands are taken").await;
    assert!(server.log().contains(OTHER) && server.log().contains("etalon keys adopt"), "{}", server.log());
    let refused = ordered(&installation, &server, "省级计量难点征集", "c1").await.expect_err("it takes nothing");
    assert!(refused.contains(OTHER), "{refused}");
    let (status, told) = readiness().await;
    assert!(status == 503 && told.contains(OTHER), "{status} {told}");
    assert_eq!(database.raw().await.texts("select cast(position as text) from events").await, [] as [&str; 0]);
}

async fn data_keys_that_are_adopted_again_are_written_under_again(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let [keys, elsewhere] = ["keys", "elsewhere"].map(|name| folder.path().join(name));
    let [own, other] = [&keys, &elsewhere].map(|folder| Vault::open_or_create(folder).expect("a folder of keys"));
    let app = server(&database, &clock, &keys).await;
    assert!(app.take_data_keys_on(&own).await.expect("it looks"));
    app.adopt_data_keys(&other).await.expect("adopted");
    app.look_for_other_data_keys().await.expect("it looks");
    let refused = app.execute::<Person>(&request(&app), PERSON, official().into()).await.expect_err("other keys");
    assert!(matches!(refused, Failure::Fault(Fault::OtherDataKeys)), "{refused}");
    let kept = KeyStore::open(&keys, fill_with_secrets).expect("it opens").expect("it is there");
    assert!(kept.get(KeyId(PERSON)).expect("it reads").is_none(), "nobody's key is made");
    assert!(matches!(app.ready().await, Err(Fault::OtherDataKeys)));
    app.adopt_data_keys(&own).await.expect("adopted");
    app.look_for_other_data_keys().await.expect("it looks");
    app.ready().await.expect("they are its own");
    app.execute::<Person>(&request(&app), PERSON, official().into()).await.expect("it is registered");
}

/// A machine whose clock is ahead does not make what is recorded from then on something of before.
async fn keys_are_adopted_after_what_is_recorded_whatever_the_clock_says(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let [keys, elsewhere] = ["keys", "elsewhere"].map(|name| folder.path().join(name));
    let [own, other] = [&keys, &elsewhere].map(|folder| Vault::open_or_create(folder).expect("a folder of keys"));
    let app = server(&database, &clock, &keys).await;
    assert!(app.take_data_keys_on(&own).await.expect("it looks"));
    app.execute::<Person>(&request(&app), PERSON, official().into()).await.expect("it is registered");
    let store = database.open().await;
    let adopted_after = async || store.data_keys().await.expect("it reads").and_then(|known| known.adopted_after);
    assert_eq!(adopted_after().await, None);
    let recorded_at = store.head().await.expect("it reads").recorded_at;
    clock.set(recorded_at + 3_600_000_000);
    app.adopt_data_keys(&other).await.expect("adopted");
    assert_eq!(adopted_after().await, Some(recorded_at));
}

async fn what_is_sent_again_is_not_held_to_be_another_input(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    let server = Server::start(&mut serving(&installation, &keys));
    let first = ordered(&installation, &server, "省级计量难点征集", "c1").await.expect("an answer");
    assert_eq!(first["receipt"], json!({ "position": "0", "replayed": false }));
    assert!(server.stop(), "{}", server.log());
    run(&mut adopting(&installation, &elsewhere)).ends_with(0);
    let server = Server::start(&mut serving(&installation, &elsewhere));
    // Whether it is the same cannot be told, and so neither is carried out.
    for name in ["省级计量难点征集", "另一次征集"] {
        let again = ordered(&installation, &server, name, "c1").await.expect("an answer");
        let error = &again["userErrors"][0];
        assert_eq!((&again["receipt"], &error["field"]), (&Value::Null, &json!(["idempotencyKey"])), "{again}");
        assert_eq!(error["code"], "IDEMPOTENCY_KEY_INCOMPARABLE");
        assert!(text(&error["message"]).contains("what was recorded then is at position 0"), "{error}");
    }
    // What is recorded from then on is told apart.
    let second = ordered(&installation, &server, "另一次征集", "c2").await.expect("an answer");
    assert_eq!(second["receipt"], json!({ "position": "1", "replayed": false }));
    let again = ordered(&installation, &server, "另一次征集", "c2").await.expect("an answer");
    assert_eq!(again["receipt"], json!({ "position": "1", "replayed": true }));
    let other = ordered(&installation, &server, "省级计量难点征集", "c2").await.expect("an answer");
    assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
}

async fn a_database_of_before_takes_its_own_data_keys_on(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    let server = Server::start(&mut serving(&installation, &keys));
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    database.raw().await.execute("delete from data_keys").await;
    // Whoever needs no keys says nothing of them.
    run(installation.command().arg("rebuild").env("ETALON_DATA_KEYS_DIR", &elsewhere)).ends_with(0);
    // Its commands were digested under keys: none are made, and none taken on that nothing was digested under.
    is_refused(&mut serving(&installation, &elsewhere));
    assert!(!elsewhere.exists(), "they are brought, and not made");
    Vault::open_or_create(&elsewhere).expect("a folder of keys");
    is_refused(&mut serving(&installation, &elsewhere));
    is_served(&installation, &keys);
    is_refused(&mut serving(&installation, &elsewhere));
}

async fn what_is_sealed_tells_under_which_data_keys(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    register(&database, &keys).await;
    // Those of another log, where the key has the same id.
    register(&Database::sqlite(), &elsewhere).await;
    is_refused(&mut serving(&installation, &elsewhere));
    is_served(&installation, &keys);
    is_refused(&mut serving(&installation, &elsewhere));
}

async fn who_is_erased_in_a_copy_does_not_tell_under_which_data_keys(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    register(&database, &keys).await;
    Vault::open_or_create(&elsewhere).expect("a folder of keys");
    for folder in [&keys, &elsewhere] {
        let folder = KeyStore::open(folder, fill_with_secrets).expect("it opens").expect("it is there");
        folder.destroy(KeyId(PERSON)).expect("destroyed");
    }
    is_refused(&mut serving(&installation, &elsewhere));
    is_served(&installation, &keys);
}

/// Has [`PERSON`] registered by a server that does not say which data keys it has, as those of before do not.
async fn register(database: &Database, keys: &Path) {
    let app = server(database, &TestClock::new(), keys).await;
    app.execute::<Person>(&request(&app), PERSON, official().into()).await.expect("it is registered");
    app.shutdown().await;
}

#[tokio::test]
async fn a_restored_database_waits_for_its_data_keys() {
    let installation = Installation::embedded();
    let backup = path(installation.folder(), "backup");
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let machine = Installation::embedded();
    let keys = machine.folder().join("data-keys");
    run(&mut restore(&machine, &backup, &machine.database())).ends_with(0);
    is_refused(&mut serving(&machine, &keys));
    assert!(!keys.exists(), "they are brought, and not made");
    let copied = Command::new("cp").arg("-a").arg(installation.folder().join("data-keys")).arg(&keys).status();
    assert!(copied.expect("cp is there").success());
    is_served(&machine, &keys);
}

on_both_databases!(
    a_server_with_other_data_keys_is_refused,
    other_data_keys_are_adopted_where_those_of_before_are_lost,
    a_server_takes_nothing_more_once_others_were_adopted,
    data_keys_that_are_adopted_again_are_written_under_again,
    keys_are_adopted_after_what_is_recorded_whatever_the_clock_says,
    what_is_sent_again_is_not_held_to_be_another_input,
    a_database_of_before_takes_its_own_data_keys_on,
    what_is_sealed_tells_under_which_data_keys,
    who_is_erased_in_a_copy_does_not_tell_under_which_data_keys,
);
