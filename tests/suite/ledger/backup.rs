//! Backups: a log that is put back goes on as it was where nothing is lost, and under another name where something is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use ed25519_dalek::SigningKey;
use etalon::ledger::counted::counted;
use etalon::ledger::note::{Algorithm, Note, NoteSigner};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::ledger::serving::{key_of, origin_of, sealed};
use crate::life::scene::campaign;
use crate::life::world::text;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask, program};

/// What a run of the program came to.
pub struct Ran {
    pub code: Option<i32>,
    out: String,
    pub err: String,
}

pub fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    #[track_caller]
    pub fn ends_with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self.out
    }
}

/// Opens a campaign, waits until it is sealed, and gives its position.
pub async fn commit(installation: &Installation, server: &Server, name: &str) -> u64 {
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let order = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) { receipt { position } } }";
    let variables = json!({ "input": campaign(name) });
    let answer = ask(&reqwest::Client::new(), &server.graphql, &manager, order, variables).await.expect("an answer");
    let position = text(&answer["openCampaign"]["receipt"]["position"]).parse().expect("a position");
    sealed(&server.graphql, &manager, position).await;
    position
}

/// The latest checkpoint, as an auditor keeps it.
pub async fn checkpoint(installation: &Installation, server: &Server) -> String {
    let auditor = installation.token(&Who::new("auditor", "AUDITOR", "CN"));
    let query = "{ checkpoint { note } }";
    let answer = ask(&reqwest::Client::new(), &server.graphql, &auditor, query, json!({})).await.expect("an answer");
    text(&answer["checkpoint"]["note"])
}

/// Asks for the first leaf as one who keeps what came with that tag; the status and the tag.
async fn leaf(installation: &Installation, server: &Server, kept: &str) -> (StatusCode, String) {
    let url = server.graphql.replace("/graphql", "/log/tile/0/000.p/1");
    let token = installation.token(&Who::new("auditor", "AUDITOR", "CN"));
    let request = reqwest::Client::new().get(url).bearer_auth(token).header(IF_NONE_MATCH, kept);
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.headers()[ETAG].to_str().expect("text").to_owned())
}

pub fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

pub fn restore(installation: &Installation, backup: &str, into: &str) -> Command {
    let mut command = installation.command();
    command.args(["restore", backup, "--database", into]);
    command
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

async fn goes_on_as_it_was(installation: Installation, elsewhere: &str) {
    let backup = path(installation.folder(), "backup");
    let server = installation.start();
    let last = commit(&installation, &server, "省级计量难点征集").await;
    let key = key_of(&installation).to_string();
    // A key that has signed nothing of it is not told as its key.
    let other = Installation::embedded();
    let server_of_other = other.start();
    assert!(server_of_other.stop(), "{}", server_of_other.log());
    let mut wrong = installation.command();
    wrong.args(["audit", "key"]).env("ETALON_LEDGER_KEY_FILE", path(other.folder(), "ledger-key.pem"));
    let refused = run(&mut wrong);
    assert!(refused.code == Some(1) && refused.err.contains("did not sign the latest checkpoint"), "{}", refused.err);
    assert!(server.stop(), "{}", server.log());
    let told = run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    assert_eq!(last, 0, "one event is told as one");
    assert!(told.contains("holds 1 event of etalon.local/"), "{told}");
    for (made, expected) in [("backup", 0o700), ("backup/database", 0o600), ("backup/backup.json", 0o600)] {
        assert_eq!(mode(&installation.folder().join(made)), expected, "{made}");
    }
    let told = run(restore(&installation, &backup, elsewhere).args(["--key", &key])).ends_with(0);
    if let Some(file) = elsewhere.strip_prefix("sqlite:") {
        assert_eq!((mode(Path::new(file)), mode(Path::new(file).parent().expect("a folder"))), (0o600, 0o700));
    }
    assert!(
        told.contains("the log goes on as etalon.local/") && told.contains("nothing after it was signed"),
        "{told}"
    );
    assert!(told.contains("GOOD"), "{told}");
    // It is the same log under the same key.
    let server = Server::start(installation.command().env("ETALON_DATABASE", elsewhere).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]));
    assert_eq!(commit(&installation, &server, "再征集一次").await, last + 1);
    assert!(server.stop(), "{}", server.log());
    let bundle = path(installation.folder(), "bundle");
    run(installation.command().args(["audit", "export", "--output", &bundle, "--database", elsewhere])).ends_with(0);
    run(installation.command().args(["audit", "verify", &bundle, "--key", &key])).ends_with(0);
    // What is there is not written over.
    let refused = run(&mut restore(&installation, &backup, elsewhere));
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
}

async fn takes_another_name(installation: Installation, elsewhere: &str) {
    let backup = path(installation.folder(), "backup");
    let server = installation.start();
    let last = commit(&installation, &server, "省级计量难点征集").await;
    let old_key = key_of(&installation).to_string();
    let early = path(installation.folder(), "early");
    fs::write(&early, checkpoint(&installation, &server).await).expect("written");
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let lost = commit(&installation, &server, "备份之后").await;
    assert_eq!(lost, last + 1);
    let kept = path(installation.folder(), "kept");
    fs::write(&kept, checkpoint(&installation, &server).await).expect("written");
    let (_, tag) = leaf(&installation, &server, "\"none\"").await;
    assert_eq!(leaf(&installation, &server, &tag).await, (StatusCode::NOT_MODIFIED, tag.clone()));
    server.kill();
    let mut command = restore(&installation, &backup, elsewhere);
    command.args(["--key", &old_key, "--checkpoint", &kept, "--format", "json"]);
    let told: Value = serde_json::from_str(&run(&mut command).ends_with(0)).expect("JSON");
    assert_eq!((&told["good"], &told["events"]), (&json!(true), &json!(last + 1)));
    let notes = told["notes"].to_string();
    assert!(notes.contains(&format!("from position {lost}; 1 event that was signed is lost")), "{notes}");
    let on_elsewhere = |arguments: &[&str]| {
        let mut command = installation.command();
        command.env("ETALON_DATABASE", elsewhere).args(arguments);
        run(&mut command)
    };
    let key = on_elsewhere(&["audit", "key"]).ends_with(0).trim().to_owned();
    assert!(key != old_key && notes.contains(&key), "{key} {notes}");
    // Position `lost` is the recovery now; what follows it has the new name.
    let mut serving = installation.command();
    serving.env("ETALON_DATABASE", elsewhere).args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(&mut serving);
    let next = commit(&installation, &server, "恢复之后").await;
    assert_eq!(next, lost + 1);
    let (status, other_tag) = leaf(&installation, &server, &tag).await;
    assert!(status == StatusCode::OK && other_tag != tag, "tiles of before are not taken for those of another name");
    assert!(server.stop(), "{}", server.log());
    let folder = installation.folder();
    let (whole, part) = (path(folder, "whole"), path(folder, "part"));
    on_elsewhere(&["audit", "export", "--output", &whole]).ends_with(0);
    on_elsewhere(&["audit", "export", "--output", &part, "--from", "0", "--to", "0"]).ends_with(0);
    for bundle in [&whole, &part] {
        on_elsewhere(&["audit", "verify", bundle, "--key", &key]).ends_with(0);
    }
    on_elsewhere(&["audit", "verify", &whole, "--key", &old_key]).ends_with(3);
    on_elsewhere(&["audit", "replay", "--key", &key]).ends_with(0);
    // What somebody has kept from before is of this log, whose name it was; what is lost is still told by its checkpoint.
    for audited in [&["audit", "replay"][..], &["audit", "verify", &whole]] {
        let with = |checkpoint: &str| on_elsewhere(&[audited, &["--key", &key, "--checkpoint", checkpoint]].concat());
        with(&early).ends_with(0);
        let told = with(&kept).ends_with(3);
        assert!(told.contains("ENTRIES_MISSING"), "{told}");
    }
    // A manifest that hides that the log had another name, or names another one, is found out.
    for (bundle, wrong) in [(&whole, "etalon.local/other"), (&part, "etalon.local/other")] {
        let manifest = Path::new(bundle).join("MANIFEST.json");
        let good = fs::read_to_string(&manifest).expect("it reads");
        let mut named: Value = serde_json::from_str(&good).expect("JSON");
        named["earlier"][0]["origin"] = json!(wrong);
        fs::write(&manifest, named.to_string()).expect("written");
        let told = on_elsewhere(&["audit", "verify", bundle, "--key", &key]).ends_with(3);
        assert!(told.contains("ORIGIN_WRONG"), "{told}");
        named.as_object_mut().expect("an object").remove("earlier");
        fs::write(&manifest, named.to_string()).expect("written");
        let told = on_elsewhere(&["audit", "verify", bundle, "--key", &key]).ends_with(3);
        assert!(told.contains("ORIGIN_WRONG at position 0"), "{told}");
    }
}

#[tokio::test]
async fn a_whole_backup_goes_on_as_it_was_on_sqlite() {
    let installation = Installation::embedded();
    let elsewhere = format!("sqlite:{}", path(installation.folder(), "restored/etalon.db"));
    goes_on_as_it_was(installation, &elsewhere).await;
}

#[tokio::test]
async fn a_whole_backup_goes_on_as_it_was_on_postgresql() {
    let (first, second) = (fresh_database(), fresh_database());
    goes_on_as_it_was(Installation::on(first.url()), second.url()).await;
}

#[tokio::test]
async fn a_log_that_lost_its_end_takes_another_name_on_sqlite() {
    let installation = Installation::embedded();
    let elsewhere = format!("sqlite:{}", path(installation.folder(), "restored/etalon.db"));
    takes_another_name(installation, &elsewhere).await;
}

#[tokio::test]
async fn a_log_that_lost_its_end_takes_another_name_on_postgresql() {
    let (first, second) = (fresh_database(), fresh_database());
    takes_another_name(Installation::on(first.url()), second.url()).await;
}

#[tokio::test]
async fn a_database_that_was_marked_and_not_filled_stays_empty_until_the_restoring_goes_on() {
    let (first, second) = (fresh_database(), fresh_database());
    let installation = Installation::on(first.url());
    let backup = path(installation.folder(), "backup");
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let manifest = fs::read(installation.folder().join("backup/backup.json")).expect("it reads");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let marked = sqlx::PgPool::connect(second.url()).await.expect("it opens");
    for statement in [
        "create table etalon_restoring (backup text not null)".to_owned(),
        format!("insert into etalon_restoring (backup) values ('{}')", text(&manifest["sha256"])),
    ] {
        sqlx::query(&statement).execute(&marked).await.expect("marked");
    }
    marked.close().await;
    let of_marked = path(installation.folder(), "of-marked");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate"],
        &["migrate", "--server-role", "nobody"],
        &["audit", "replay"],
        &["backup", "--output", &of_marked],
    ] {
        let refused = run(installation.command().env("ETALON_DATABASE", second.url()).args(arguments));
        let is_refused = refused.code == Some(1) && refused.err.contains("is being restored");
        assert!(is_refused, "{arguments:?}: {}", refused.err);
    }
    run(&mut restore(&installation, &backup, second.url())).ends_with(0);
}

#[tokio::test]
async fn a_signer_of_its_own_process_signs_under_the_new_name() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, keys) = (path(folder, "backup"), path(folder, "signer"));
    let elsewhere = format!("sqlite:{}", path(folder, "restored.db"));
    let origin = origin_of(&installation);
    let signer_key = run(program().args(["signer", "--folder", &keys, "--key-of", &origin])).ends_with(0);
    let signer =
        Server::start_until(program().args(["signer", "--folder", &keys, "--listen", "127.0.0.1:0"]), "signing at ");
    let signed = |arguments: &[&str], database: &str| {
        let mut command = installation.command();
        command.args(arguments).env("ETALON_DATABASE", database).env("ETALON_SIGNER_URL", &signer.graphql);
        command
            .env("ETALON_SIGNER_KEY", signer_key.trim())
            .env("ETALON_SIGNER_TOKEN_FILE", path(folder, "signer/signer-token"));
        command
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let server = Server::start(&mut signed(&serve, &installation.database()));
    commit(&installation, &server, "省级计量难点征集").await;
    run(&mut signed(&["backup", "--output", &backup], &installation.database())).ends_with(0);
    commit(&installation, &server, "备份之后").await;
    server.kill();
    let told = run(&mut signed(&["restore", &backup, "--key", signer_key.trim()], &elsewhere)).ends_with(0);
    assert!(told.contains("1 event that was signed is lost"), "{told}");
    let key = run(&mut signed(&["audit", "key"], &elsewhere)).ends_with(0);
    assert!(told.contains(key.trim()) && !key.starts_with(&origin), "{key} {told}");
    let server = Server::start(&mut signed(&serve, &elsewhere));
    commit(&installation, &server, "恢复之后").await;
    assert!(server.stop(), "{}", server.log());
}

/// What a witness said by a clock that was ahead stays said; the backup is the log as it was.
#[tokio::test]
async fn a_clock_that_was_once_wrong_keeps_nobody_from_a_good_backup() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, restored) = (path(folder, "backup"), format!("sqlite:{}", path(folder, "restored.db")));
    let server = installation.start();
    let first = commit(&installation, &server, "省级计量难点征集").await;
    let seen = checkpoint(&installation, &server).await;
    commit(&installation, &server, "再征集一次").await;
    assert!(server.stop(), "{}", server.log());
    let witness = NoteSigner::new("w.example", Algorithm::Cosignature, SigningKey::from_bytes(&[7; 32]));
    let witness = witness.expect("a name");
    let seen_at = (Timestamp::now() + SignedDuration::from_hours(2)).as_second();
    let line = witness.sign(Note::parse(&seen).expect("a note").text(), seen_at.unsigned_abs());
    let database = sqlx::SqlitePool::connect(&installation.database()).await.expect("it opens");
    sqlx::query("insert into cosignatures (size, witness, cosigned_at, signature) values ($1, 'w.example', $2, $3)")
        .bind((first + 1).cast_signed())
        .bind(seen_at * 1_000_000)
        .bind(line)
        .execute(&database)
        .await
        .expect("kept");
    database.close().await;
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let keys =
        ["--key".to_owned(), key_of(&installation).to_string(), "--key".to_owned(), witness.verifier().to_string()];
    // By the key of the witness alone nobody can say whether it was sealed.
    let of_witness = &keys[2..];
    let mut replay = installation.command();
    for command in [replay.args(["audit", "replay"]), &mut restore(&installation, &backup, &restored)] {
        let refused = run(command.args(of_witness));
        assert!(refused.code == Some(1) && refused.err.contains("give the key of the log, and any"), "{}", refused.err);
    }
    let told = run(restore(&installation, &backup, &restored).args(&keys)).ends_with(0);
    assert!(told.contains("nothing after it was signed") && told.contains("is held against no clock here"), "{told}");
    // A replay tells it, here as there, of the witness and of no event.
    for database in [&installation.database(), &restored] {
        let mut replay = installation.command();
        replay.args(["audit", "replay", "--database", database]).args(&keys);
        let told = run(&mut replay).ends_with(3);
        let said = format!("the witness w.example saw the log of {}", counted(first + 1, "event", "events"));
        assert!(told.contains("FAULT COSIGNATURE") && told.contains(&format!("{said}, as it says, and now")), "{told}");
        assert!(!told.contains("TIME_OUT_OF_BOUNDS"), "{told}");
    }
}

#[tokio::test]
async fn a_damaged_or_changed_backup_is_found_out() {
    let installation = Installation::embedded();
    let folder = installation.folder();
    let (backup, restored) = (path(folder, "backup"), format!("sqlite:{}", path(folder, "restored.db")));
    let server = installation.start();
    commit(&installation, &server, "省级计量难点征集").await;
    assert!(server.stop(), "{}", server.log());
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    let refused = run(installation.command().args(["backup", "--output", &backup]));
    assert!(refused.code == Some(1) && refused.err.contains("exists"), "{}", refused.err);
    let refused = run(&mut restore(&installation, &backup, "postgres://nobody@localhost/nothing"));
    assert!(refused.code == Some(1) && refused.err.contains("a backup of sqlite"), "{}", refused.err);
    let database = folder.join("backup/database");
    let good = fs::read(&database).expect("it reads");
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&database, &bad).expect("written");
    let refused = run(&mut restore(&installation, &backup, &restored));
    assert!(refused.code == Some(1) && refused.err.contains("damaged"), "{}", refused.err);
    assert!(!folder.join("restored.db").exists(), "nothing was made of it");
    // Somebody changes an event in the copy, and makes the digest fit.
    fs::write(&database, &good).expect("written");
    let changed = sqlx::SqlitePool::connect(&format!("sqlite:{}", database.display())).await.expect("it opens");
    for statement in [
        "drop trigger events_are_not_updated",
        "update events set payload = replace(payload, '征集', '招标') where position = 0",
    ] {
        sqlx::query(statement).execute(&changed).await.expect("changed");
    }
    changed.close().await;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(fs::read(&database).expect("it reads"));
    let manifest = folder.join("backup/backup.json");
    let mut said: Value = serde_json::from_slice(&fs::read(&manifest).expect("it reads")).expect("JSON");
    said["sha256"] = json!(hex::encode(digest));
    fs::write(&manifest, said.to_string()).expect("written");
    let told = run(&mut restore(&installation, &backup, &restored)).ends_with(3);
    assert!(told.contains("PAYLOAD_HASH at position 0"), "{told}");
    // What was not found good is served by nobody, and is the same when it is looked at again.
    let refused =
        run(installation.command().env("ETALON_DATABASE", &restored).args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(refused.code == Some(1) && refused.err.contains("is being restored"), "{}", refused.err);
    run(&mut restore(&installation, &backup, &restored)).ends_with(3);
}
