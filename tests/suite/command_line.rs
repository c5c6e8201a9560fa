//! Commands as a shell runs them: what they say, to whom, and who else may have the database.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::interval;

use crate::faults::report_a_case;
use crate::ledger::serving::key_of;
use crate::support::of_the_repository;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, program};

const SHARED: &str = "another server has this database open";

fn run(installation: &Installation, arguments: &[&str]) -> Output {
    installation.command().args(arguments).output().expect("the program runs")
}

/// `etalon export | head -n 0`, as it were.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_quietly_when_nobody_reads_on() {
    let installation = Installation::embedded();
    let server = installation.start();
    report_a_case(&installation, &server.graphql).await;
    assert!(server.stop(), "{}", server.log());
    for arguments in [
        ["export", "--format", "jsonl"].as_slice(),
        &["export", "--format", "csv"],
        &["export", "--format", "xes"],
        &["report", "--jurisdiction", "44", "--year", "2026", "--format", "html"],
        &["audit", "key"],
        &["schema"],
    ] {
        let mut command = installation.command();
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(141), "{arguments:?}: {said}");
        assert!(!said.contains("etalon: "), "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_goes_where_its_path_leads() {
    let installation = Installation::embedded();
    let server = installation.start();
    report_a_case(&installation, &server.graphql).await;
    assert!(server.stop(), "{}", server.log());
    let folder = tempfile::tempdir().expect("a folder");
    let [pipe, link, target] = ["pipe", "link", "target"].map(|name| folder.path().join(name));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    fs::write(&target, "old").expect("written");
    fs::set_permissions(&target, Permissions::from_mode(0o604)).expect("set");
    symlink("target", &link).expect("linked");
    for arguments in [
        ["export", "--format", "jsonl"].as_slice(),
        &["report", "--jurisdiction", "44", "--year", "2026", "--format", "csv"],
        &["report", "--jurisdiction", "44", "--year", "2026", "--format", "md"],
    ] {
        let to = |path: &Path| {
            let path = path.display().to_string();
            run(&installation, &[arguments, &["--output", &path]].concat())
        };
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).expect("it reads")
        });
        let written = to(&pipe);
        assert!(written.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&written.stderr));
        assert!(fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo(), "{arguments:?}");
        assert!(!reader.join().expect("it ends").is_empty(), "{arguments:?}");
        let beside = fs::read_dir(folder.path()).expect("it reads").count();
        assert_eq!(beside, 3, "{arguments:?}: nothing is put beside a pipe");
        let refused = to(folder.path());
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains("it is a folder"), "{arguments:?}: {said}");
        if !arguments.contains(&"md") {
            assert!(to(&link).status.success() && link.is_symlink(), "{arguments:?}");
            assert_ne!(fs::read(&target).expect("it reads"), b"old", "{arguments:?}");
            let mode = fs::metadata(&target).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o604, "{arguments:?}");
            fs::write(&target, "old").expect("written");
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_in_the_form_that_was_asked_for() {
    let installation = Installation::embedded();
    let told = |output: &Output, code: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let error: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(error["error"]["code"], code, "{error}");
        let message = error["error"]["message"].as_str().expect("a message");
        assert!(said.contains(&format!("etalon: {message}")), "standard error says the same: {said}");
        assert_eq!(error, json!({ "error": { "code": code, "message": message } }));
    };
    let replay = ["audit", "replay", "--format", "json"];
    told(&run(&installation, &replay), "NO_DATABASE");
    let misspelt = installation.command().args(replay).env("ETALON_LOG_LEVEL", "inof").output();
    told(&misspelt.expect("the program runs"), "SETTINGS_INVALID");
    let in_words = run(&installation, &replay[..2]);
    assert_eq!((in_words.status.code(), in_words.stdout.as_slice()), (Some(1), b"".as_slice()));
    let server = installation.start();
    assert!(server.stop(), "{}", server.log());
    let key = key_of(&installation).to_string();
    told(&run(&installation, &["audit", "verify", "nowhere", "--format", "json", "--key", &key]), "NO_BUNDLE");
    let export = ["audit", "export", "--format", "json", "--output", "bundle"];
    told(&run(&installation, &export), "NOTHING_TO_EXPORT");
}

#[tokio::test]
async fn servers_that_share_an_embedded_database_say_so_and_keep_a_restore_out() {
    let installation = Installation::embedded();
    let first = installation.start();
    let backup = installation.folder().join("backup").display().to_string();
    let copied = run(&installation, &["backup", "--output", &backup]);
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    let second = installation.start();
    assert!(second.log().contains(SHARED) && !first.log().contains(SHARED), "{}", second.log());
    assert!(first.stop());
    // The one that is left keeps it.
    let restore = ["restore", &backup, "--format", "json"];
    let refused = run(&installation, &restore);
    let error: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!((refused.status.code(), &error["error"]["code"]), (Some(1), &json!("DATABASE_IN_USE")), "{error}");
    assert!(second.stop());
    let alone = installation.start();
    assert!(!alone.log().contains(SHARED), "{}", alone.log());
}

/// What a demonstration says once it is being filled.
const FILLING: &str = "filling the demonstration";

/// Ends a demonstration that is being filled, by that signal alone.
async fn ends_unfilled(demo: &Server, signal: &str) {
    assert!(demo.tell(signal));
    let mut looks = interval(Duration::from_millis(5));
    while !demo.has_ended() {
        looks.tick().await;
    }
    demo.says("told to end before the demonstration was filled").await;
}

#[tokio::test]
async fn a_demonstration_that_is_ended_while_it_is_filled_leaves_nothing_behind() {
    for signal in ["INT", "TERM", "HUP"] {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut command = program();
        command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path());
        ends_unfilled(&Server::start_until(&mut command, FILLING), signal).await;
        // SQLite has files of its own there for a while.
        let mut left = fs::read_dir(temporary.path()).expect("it reads").map_while(Result::ok);
        let left = left.find(|entry| entry.file_name().to_string_lossy().starts_with("etalon-demo-"));
        assert!(left.is_none(), "{signal}: {left:?}");
    }
}

#[tokio::test]
async fn whoever_gave_the_folder_of_a_demonstration_that_was_not_filled_is_told_to_empty_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let given = folder.path().display().to_string();
    let mut command = program();
    command.args(["demo", "--listen", "127.0.0.1:0", "--folder", &given]);
    let demo = Server::start_until(&mut command, FILLING);
    ends_unfilled(&demo, "INT").await;
    demo.says(&format!("was filled: empty {given} before you begin again")).await;
    assert!(folder.path().join("etalon.db").exists(), "what was given is theirs");
}

/// Nothing is refused that somebody else may have set.
#[test]
fn a_variable_that_names_no_setting_is_told() {
    let installation = Installation::embedded();
    let mut command = installation.command();
    command.env("ETALON_NOSUCH", "s3cret").args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(&mut command);
    let said = server.log();
    assert!(said.contains("no setting has this name") && said.contains("ETALON_NOSUCH"), "{said}");
    assert!(!said.contains("s3cret"), "its value is nobody's business: {said}");
    let misspelt = program().args(["serve"]).env("ETALON_LISTENN", "127.0.0.1:0").output().expect("the program runs");
    let said = String::from_utf8_lossy(&misspelt.stderr);
    assert!(misspelt.status.code() == Some(1) && said.contains("did you mean `listen`?"), "{said}");
}

/// A device has no end, and of a pipe somebody has to write the other one.
#[tokio::test]
async fn what_is_no_small_file_is_read_by_nobody() {
    let installation = Installation::embedded();
    let server = installation.start();
    report_a_case(&installation, &server.graphql).await;
    assert!(server.stop(), "{}", server.log());
    let key = key_of(&installation).to_string();
    let device = "/dev/zero";
    for arguments in [
        ["audit", "verify", "bundle", "--key", &key, "--checkpoint", device].as_slice(),
        &["audit", "verify", "bundle", "--key", &key, "--authorities", device],
        &["audit", "replay", "--key", &key, "--checkpoint", device],
        &[
            "audit",
            "follow",
            "--once",
            "--url",
            "http://127.0.0.1:1",
            "--memory",
            "seen",
            "--key",
            &key,
            "--token-file",
            device,
        ],
        &["import", "log.csv", "--format", "csv", "--mapping", device],
        &["keys", "check", device, "--payload", "payload.json"],
    ] {
        let refused = run(&installation, arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        let why = "it is a device, and a regular file or a pipe belongs there";
        assert!(refused.status.code() == Some(1) && said.contains(why), "{arguments:?}: {said}");
    }
    let refused = installation
        .command()
        .args(["token", "--actor", "a", "--role", "manager", "--jurisdiction", "44"])
        .env("ETALON_KEY_FILE", device)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && said.contains("it is a device"), "{said}");
    // What a shell makes of `<(…)` is a pipe whose writer is there.
    let seen = installation.folder().join("seen.pipe");
    assert!(Command::new("mkfifo").arg(&seen).status().expect("it runs").success());
    let writer = thread::spawn({
        let seen = seen.clone();
        move || fs::write(seen, "no checkpoint")
    });
    let replayed = run(&installation, &["audit", "replay", "--key", &key, "--checkpoint", &seen.display().to_string()]);
    writer.join().expect("no panic").expect("it is read");
    assert!(matches!(replayed.status.code(), Some(1 | 3)), "{}", String::from_utf8_lossy(&replayed.stderr));
}

#[test]
fn a_token_is_signed_with_the_key_of_the_servers_and_none_is_made_for_it() {
    let installation = Installation::embedded();
    let arguments = ["token", "--actor", "a", "--role", "manager", "--jurisdiction", "44"];
    let refused = run(&installation, &arguments);
    let said = String::from_utf8_lossy(&refused.stderr);
    let file = installation.folder().join("token-key.pem");
    let why = format!("there is no token key at {} (key_file", file.display());
    assert!(refused.status.code() == Some(1) && said.contains(&why), "{said}");
    assert!(refused.stdout.is_empty() && !file.exists());
    let server = installation.start();
    assert!(server.stop(), "{}", server.log());
    let made = run(&installation, &arguments);
    assert!(made.status.success() && !made.stdout.is_empty(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn a_key_of_a_witness_is_none_of_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().display().to_string();
    let witness = |more: &[&str]| {
        let mut command = program();
        command.args(["witness", "--name", "witness.example/1", "--folder", &folder, "--listen", "127.0.0.1:0"]);
        command.args(more).output().expect("the program runs")
    };
    let key = String::from_utf8(witness(&["--key"]).stdout).expect("text");
    let refused = witness(&["--log", key.trim()]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && said.contains("is no key of a log: it is that of a witness"), "{said}");
}

#[test]
fn what_is_not_there_or_not_all_there_fails() {
    let installation = Installation::embedded();
    let file = installation.folder().join("tickets.csv").display().to_string();
    let mapping = of_the_repository("schema/mappings/example-csv.toml").display().to_string();
    let import = ["import", "--continue", "--format", "csv", "--mapping", &mapping, &file];
    let header = "ticket;company;city;subject;description;status;changed;changed_by;priority;remark\n";
    let rows = "T-17;Delta Gauge Works;4403;Drift;;new;14.03.2012 09:30;Li Wei;high;\nT-18;Delta Gauge Works\n";
    let left_out = |rows: &str| {
        fs::write(&file, format!("{header}{rows}")).expect("written");
        let output = run(&installation, &import);
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = left_out(&format!("{rows}T-19;\"Delta Gauge Works;4403\n"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not everything came in") && said.contains("line 3: the row has 2 fields"), "{said}");
    let end = "the file was not read to its end: nothing behind this place came in\n          line 4: a quotation mark";
    assert!(said.contains(end), "{said}");
    // Where only single entries are left out, as was asked for, it has done its work.
    let (code, said) = left_out(rows);
    assert!(code == Some(0) && said.contains("1 were there already") && !said.contains("to its end"), "{said}");

    let exported = run(&installation, &["export", "--format", "csv"]);
    let (table, said) = (String::from_utf8_lossy(&exported.stdout), String::from_utf8_lossy(&exported.stderr));
    assert!(table.starts_with("\u{feff}case_number,") && said.contains("1 event, up to position "), "{said}");
    let nobody = ["export", "--format", "csv", "--campaign", "0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e6f"];
    let refused = run(&installation, &nobody);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), b"".as_slice()), "{said}");
    assert!(said.contains("there is no campaign 0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e6f"), "{said}");
}

/// Only a server, an import and a migration begin a log.
fn no_log_is_begun_by_a_slip(installation: &Installation) {
    for arguments in [
        ["rebuild"].as_slice(),
        &["export", "--format", "jsonl"],
        &["report", "--jurisdiction", "44", "--year", "2026", "--format", "csv"],
        &["backup", "--output", "backup"],
        &["revoke", "--actor", "a"],
        &["audit", "replay"],
        &["audit", "export", "--output", "bundle"],
    ] {
        let refused = run(installation, arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains("holds no log"), "{arguments:?}: {said}");
    }
    assert!(!installation.folder().join("data-keys").exists(), "who only reads makes no keys");
}

#[test]
fn no_log_is_begun_by_a_slip_on_sqlite() {
    let installation = Installation::embedded();
    fs::write(installation.folder().join("etalon.db"), "").expect("written");
    no_log_is_begun_by_a_slip(&installation);
}

#[test]
fn no_log_is_begun_by_a_slip_on_postgresql() {
    let database = fresh_database();
    no_log_is_begun_by_a_slip(&Installation::on(database.url()));
}
