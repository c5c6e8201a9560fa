//! A log is sealed with one ledger key: a server with another one, or with none, is refused, and no key is made in a wrong
//! folder. Where the key is lost the log goes on under another name.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::ledger::backup::{checkpoint, commit, path, restore, run};
use crate::ledger::serving::{key_of, origin_of};
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, program};

const OTHER: &str = "LEDGER_KEY_OTHER";

fn serving(installation: &Installation) -> Command {
    let mut command = installation.command();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

#[track_caller]
fn is_refused(command: &mut Command, words: &[&str]) {
    let refused = run(command);
    let is_told = words.iter().all(|words| refused.err.contains(words));
    assert!(refused.code == Some(1) && is_told, "{words:?}: {}", refused.err);
}

async fn one_key_seals_a_log(installation: &Installation, elsewhere: &str) {
    let folder = installation.folder();
    let [key, data_keys] = ["ledger-key.pem", "data-keys"].map(|name| path(folder, name));
    let server = installation.start();
    let last = commit(installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    let old_key = key_of(installation);

    // Started in another folder, first without any of the keys, then with the data keys alone.
    let wrong = folder.join("wrong");
    let in_wrong = || {
        let mut command = serving(installation);
        command.env("ETALON_DATA_DIR", &wrong);
        command
    };
    is_refused(&mut in_wrong(), &["DATA_KEYS_OTHER"]);
    let expected = path(&wrong, "ledger-key.pem");
    is_refused(in_wrong().env("ETALON_DATA_KEYS_DIR", &data_keys), &[OTHER, &expected, "is not there"]);
    assert!(!wrong.exists(), "no key is made there");

    // With the key of another log, and with a signer that has it.
    let other = path(folder, "other");
    let arguments = ["signer", "--folder", &other, "--key-of", &origin_of(installation)];
    let signer_key = run(program().args(arguments)).ends_with(0);
    let of_other = path(Path::new(&other), "ledger-key.pem");
    let unsigned = "did not sign the latest checkpoint";
    is_refused(serving(installation).env("ETALON_LEDGER_KEY_FILE", &of_other), &[OTHER, &of_other, unsigned]);
    let token = path(folder, "signer-token");
    let mut signed = serving(installation);
    signed.env("ETALON_SIGNER_URL", "http://127.0.0.1:1").env("ETALON_SIGNER_KEY", signer_key.trim());
    is_refused(&mut signed, &[OTHER, "http://127.0.0.1:1 (signer_key)", unsigned]);
    assert!(!Path::new(&token).exists());

    // With the key alone, which would sign anything.
    let [memory, aside] = ["ledger-memory.json", "aside"].map(|name| path(folder, name));
    fs::rename(&memory, &aside).expect("moved");
    is_refused(&mut serving(installation), &["it is missing", &memory, "move that away", "etalon restore"]);
    assert!(!Path::new(&memory).exists(), "none is made in its place");
    fs::rename(&aside, &memory).expect("moved");

    // Lost for good, although what it remembers is there: a backup goes on under another name.
    fs::remove_file(&key).expect("removed");
    is_refused(&mut serving(installation), &[OTHER, &key, "etalon restore"]);
    assert!(!Path::new(&key).exists(), "none is made in its place");
    let backup = path(folder, "backup");
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let told = run(&mut restore(installation, &backup, elsewhere)).ends_with(0);
    let renamed = format!("from position {}; 0 events that were signed are lost", last + 1);
    assert!(told.contains(&renamed), "{told}");
    let server = Server::start(serving(installation).env("ETALON_DATABASE", elsewhere));
    assert_eq!(commit(installation, &server, "再征集一次").await, last + 2);
    assert!(server.stop(), "{}", server.log());
    let new_key = run(installation.command().env("ETALON_DATABASE", elsewhere).args(["audit", "key"])).ends_with(0);
    assert_ne!(new_key.trim(), old_key.to_string());
    let mut replay = installation.command();
    replay.env("ETALON_DATABASE", elsewhere).args(["audit", "replay", "--key", new_key.trim()]);
    run(&mut replay).ends_with(0);
    is_refused(&mut serving(installation), &[OTHER, &key, unsigned]);
}

#[test]
fn the_token_of_a_signer_is_its_own_and_no_server_makes_one() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let signer = ["signer", "--folder", &path(folder, "signer"), "--key-of", &origin_of(&installation)];
    let key = run(program().args(signer)).ends_with(0);
    let token = path(folder, "signer-token");
    let mut serving = serving(&installation);
    serving.env("ETALON_SIGNER_URL", "http://127.0.0.1:1").env("ETALON_SIGNER_KEY", key.trim());
    is_refused(&mut serving, &["there is no signer token at", &token, "signer_token_file"]);
    assert!(!Path::new(&token).exists());
}

/// Who has signed before is not asked: that of what was signed nothing is lost is nobody's word then.
#[tokio::test]
async fn without_the_memory_of_the_signer_no_restore_says_that_nothing_is_lost() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let [backup, kept] = ["backup", "kept"].map(|name| path(folder, name));
    let server = installation.start();
    let last = commit(&installation, &server, "省级计量难点征集").await;
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    commit(&installation, &server, "备份之后").await;
    fs::write(&kept, checkpoint(&installation, &server).await).expect("written");
    let key = key_of(&installation).to_string();
    assert!(server.stop(), "{}", server.log());
    let told = |name: &str, outside: &[&str]| {
        let signer = folder.join(name);
        fs::create_dir(&signer).expect("made");
        let mut command = restore(&installation, &backup, &format!("sqlite:{}", path(&signer, "etalon.db")));
        command.env("ETALON_LEDGER_KEY_FILE", path(&signer, "ledger-key.pem"));
        command.env("ETALON_LEDGER_MEMORY_FILE", path(&signer, "ledger-memory.json"));
        run(command.args(outside)).ends_with(0)
    };
    let goes_on = format!("from position {}", last + 1);
    let alone = told("alone", &[]);
    assert!(
        alone.contains(&format!("{goes_on}; whether events that were signed are lost nobody tells here")),
        "{alone}"
    );
    assert!(!alone.contains("; 0 events"), "{alone}");
    let seen = told("seen", &["--key", &key, "--checkpoint", &kept]);
    assert!(seen.contains(&format!("{goes_on}; at least 1 event that was signed is lost")), "{seen}");
}

#[tokio::test]
async fn one_key_seals_a_log_on_sqlite() {
    let installation = Installation::embedded();
    let elsewhere = format!("sqlite:{}", path(installation.folder(), "restored/etalon.db"));
    one_key_seals_a_log(&installation, &elsewhere).await;
}

#[tokio::test]
async fn one_key_seals_a_log_on_postgresql() {
    let (first, second) = (fresh_database(), fresh_database());
    one_key_seals_a_log(&Installation::on(first.url()), second.url()).await;
}
