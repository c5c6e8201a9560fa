//! Commands as a shell runs them: what they say, to whom, and who else may have the database.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::faults::report_a_case;
use crate::ledger::serving::key_of;
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
