//! A database knows the data keys that it was written with: with others nothing is opened, so that no key is made twice.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use etalon::app::Vault;
use etalon::clock::fill_with_secrets;
use etalon::domain::person::Person;
use etalon::vault::keys::KeyStore;
use etalon::vault::reference::KeyId;
use uuid::Uuid;

use crate::erasure::servers::{official, request, server};
use crate::ledger::backup::{commit, path, restore, run};
use crate::store::on_both_databases;
use crate::store::support::{Database, TestClock};
use crate::support::server::{Installation, Server};

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

async fn other_data_keys_are_adopted_where_those_of_before_are_lost(database: Database) {
    let installation = Installation::on(&database.url);
    let [keys, elsewhere] = ["data-keys", "elsewhere"].map(|name| installation.folder().join(name));
    is_served(&installation, &keys);
    run(installation.command().args(["keys", "adopt", "--data-keys-dir"]).arg(&elsewhere)).ends_with(0);
    is_served(&installation, &elsewhere);
    is_refused(&mut serving(&installation, &keys));
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
    a_database_of_before_takes_its_own_data_keys_on,
    what_is_sealed_tells_under_which_data_keys,
    who_is_erased_in_a_copy_does_not_tell_under_which_data_keys,
);
