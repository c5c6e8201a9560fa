//! Signer, witness and an auditor's daemon as processes of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use etalon::app::App;
use etalon::audit::{Followed, Follower};
use etalon::clock::ManualClock;
use etalon::demo;
use etalon::ledger::note::{Algorithm, Note, NoteSigner, VerifierKey};
use etalon::store;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

use crate::ledger::serving::{key_of, origin_of, sealed};
use crate::life::scene::campaign;
use crate::life::world::text;
use crate::store::support::Database;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask, program};

/// The demonstration's log, in this process.
pub struct Demonstration {
    pub app: App,
    pub database: Database,
}

pub async fn demonstration(database: Database) -> Demonstration {
    let end: Timestamp = "2026-11-20T08:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
    let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
    let app = App::new(store, clock.clone()).with_vault(database.vault());
    demo::fill(&app, &clock, end).await.expect("the demonstration is allowed");
    Demonstration { app, database }
}

pub fn line(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a line").trim().to_owned()
}

/// Commits something, and gives its position.
pub async fn commit(url: &str, token: &str, name: &str) -> u64 {
    let order = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) { receipt { position } } }";
    let answer = ask(&reqwest::Client::new(), url, token, order, json!({ "input": campaign(name) })).await;
    text(&answer.expect("an answer")["openCampaign"]["receipt"]["position"]).parse().expect("a position")
}

async fn signed_and_cosigned(installation: Installation) {
    let (of_signer, of_witness) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let (signer_folder, witness_folder) =
        (of_signer.path().display().to_string(), of_witness.path().display().to_string());
    // The log has a name once its database is there.
    let origin = origin_of(&installation);
    // To tell the key makes none; the half of what servers need is no fault of who asks the signer for the other half.
    let untold = installation.command().args(["audit", "key"]).output().expect("the program runs");
    let said = String::from_utf8_lossy(&untold.stderr);
    assert!(
        untold.status.code() == Some(1) && said.contains("ledger-key.pem") && said.contains("signer_key"),
        "{said}"
    );
    for made in ["ledger-key.pem", "ledger-memory.json"] {
        assert!(!installation.folder().join(made).exists(), "{made}");
    }
    let mut asking = program();
    asking.env("ETALON_SIGNER_URL", "http://127.0.0.1:8081");
    let signer_key = line(asking.args(["signer", "--folder", &signer_folder, "--key-of", &origin]));
    let name = "witness.example/1";
    let witness_key = line(program().args(["witness", "--folder", &witness_folder, "--name", name, "--key"]));
    let mut signing = program();
    let signer = Server::start_until(
        signing.args(["signer", "--folder", &signer_folder, "--listen", "127.0.0.1:0"]),
        "signing at ",
    );
    let mut cosigning = program();
    let arguments =
        ["witness", "--folder", &witness_folder, "--name", name, "--log", &signer_key, "--listen", "127.0.0.1:0"];
    let witness = Server::start_until(cosigning.args(arguments), "cosigning at ");
    let mut serving = installation.command();
    serving.args(["serve", "--listen", "127.0.0.1:0"]);
    serving.env("ETALON_SIGNER_URL", &signer.graphql).env("ETALON_SIGNER_KEY", &signer_key);
    serving.env("ETALON_SIGNER_TOKEN_FILE", of_signer.path().join("signer-token"));
    // Another witness, which is asked first, does not answer.
    let gone = NoteSigner::new("gone.example/1", Algorithm::Cosignature, SigningKey::from_bytes(&[8; 32]));
    let gone = gone.expect("a name").verifier().to_string();
    serving.env("ETALON_WITNESSES", format!("http://127.0.0.1:1 {gone},{} {witness_key}", witness.graphql));
    let server = Server::start(&mut serving);
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let keys: Vec<VerifierKey> = [&signer_key, &witness_key].map(|key| key.parse().expect("a key")).to_vec();
    let mut positions = Vec::new();
    for number in 0..2 {
        let position = commit(&server.graphql, &manager, &format!("计量服务 {number}")).await;
        positions.push(position);
        sealed(&server.graphql, &manager, position).await;
        // The witness is asked after that: its word is waited for by looking again.
        let query = "{ checkpoint { note cosignatures { witness cosignedAt } } }";
        let checkpoint = loop {
            let answer =
                ask(&reqwest::Client::new(), &server.graphql, &manager, query, json!({})).await.expect("an answer");
            if answer["checkpoint"]["cosignatures"][0].is_object() {
                break answer["checkpoint"].clone();
            }
        };
        let note = Note::parse(&text(&checkpoint["note"])).expect("a note");
        assert_eq!(note.verify(&keys).expect("signed").len(), 2);
        assert_eq!(checkpoint["cosignatures"][0]["witness"], name);
    }
    // Of each witness that it asks, the server tells the latest that it has cosigned, by a moment as well.
    let query = "query Cosigned($by: String!, $size: Position, $point: AsOfPoint!) {
        checkpoint(cosignedBy: $by, size: $size) { size }
        asOf(point: $point) { query { checkpoint(cosignedBy: $by) { size } } }
    }";
    let sizes: Vec<_> = positions.iter().map(|position| (position + 1).to_string()).collect();
    let (first, last) = (Some(&sizes[0]), Some(&sizes[1]));
    for (by, size, expected, before) in [
        (name, None, last, first),
        (name, first, first, first),
        ("gone.example/1", None, None, None),
        ("gone.example/1", first, None, None),
        ("nobody.example", None, None, None),
    ] {
        let point = json!({ "position": positions[0].to_string() });
        let asked = json!({ "by": by, "size": size, "point": point });
        let answer = ask(&reqwest::Client::new(), &server.graphql, &manager, query, asked).await.expect("an answer");
        let of = |size: Option<&String>| size.map_or(json!(null), |size| json!({ "size": size }));
        let found = (&answer["checkpoint"], &answer["asOf"]["query"]["checkpoint"]);
        assert_eq!(found, (&of(expected), &of(before)), "{by} {size:?}");
    }
    server.says("the witness gone.example/1 at 127.0.0.1 gave no signature").await;
    // An auditor's daemon sees the log go on, and raises an alarm when it is another.
    let memory = of_witness.path().join("seen").display().to_string();
    let token = token_file(&installation, of_witness.path());
    let look = |url: &str| {
        let mut following = program();
        following.args(["audit", "follow", "--once", "--url", url, "--memory", &memory, "--key", &signer_key]);
        following.args(["--token-file", &token.display().to_string()]);
        let output = following.output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(look(&server.graphql).0, Some(0));
    let position = commit(&server.graphql, &manager, "再来一次").await;
    sealed(&server.graphql, &manager, position).await;
    let (code, told) = look(&server.graphql);
    assert!(code == Some(0) && told.contains("1 of them new"), "{told}");
    let mut following = program();
    following.args(["audit", "follow", "--once", "--format", "json", "--url", &server.graphql, "--memory", &memory]);
    following.args(["--key", &signer_key, "--token-file", &token.display().to_string()]);
    let told: serde_json::Value = serde_json::from_str(&line(&mut following)).expect("a line of JSON");
    assert_eq!((&told["good"], &told["grownBy"], &told["events"]), (&json!(true), &json!(0), &json!(position + 1)));
    let seen = fs::read_to_string(&memory).expect("it reads");
    // It remembers more than a backup had that the log was put back from under another name.
    let before =
        NoteSigner::new("before.example/1", Algorithm::Ed25519, SigningKey::from_bytes(&[7; 32])).expect("a name");
    let text = seen.split_once("\n\n").expect("a note").0.replace(&origin, "before.example/1") + "\n";
    fs::write(&memory, format!("{text}\n{}", before.sign(&text, 0))).expect("written");
    let (code, told) = look(&server.graphql);
    assert!(code == Some(1) && told.is_empty(), "whose key nobody has given is no memory of the log: {told}");
    following.args(["--key", &before.verifier().to_string()]);
    let renamed = following.output().expect("the program runs");
    let told: serde_json::Value = serde_json::from_slice(&renamed.stdout).expect("JSON");
    assert_eq!((renamed.status.code(), &told["good"], &told["kind"]), (Some(3), &json!(false), &json!("LOG_RENAMED")));
    fs::write(&memory, &seen).expect("written");
    let other = Installation::embedded();
    let elsewhere = other.start();
    let manager = other.token(&Who::new("manager", "MANAGER", "44"));
    let position = commit(&elsewhere.graphql, &manager, "别的日志").await;
    sealed(&elsewhere.graphql, &manager, position).await;
    fs::write(&token, other.token(&Who::new("auditor", "AUDITOR", "CN"))).expect("written");
    let (code, told) = look(&elsewhere.graphql);
    let name = key_of(&other).name().to_owned();
    let claimed = format!("has the name {name} now, as the server says, which is not verified");
    assert!(code == Some(3) && told.contains("ALARM LOG_RENAMED") && told.contains(&claimed), "{told}");
    assert_eq!(fs::read_to_string(&memory).expect("it reads"), seen, "what was seen stays");
}

#[tokio::test]
async fn a_log_is_signed_and_cosigned_by_others_on_sqlite() {
    signed_and_cosigned(Installation::embedded()).await;
}

#[tokio::test]
async fn a_log_is_signed_and_cosigned_by_others_on_postgresql() {
    let database = fresh_database();
    signed_and_cosigned(Installation::on(database.url())).await;
}

/// The file with the token of an auditor.
fn token_file(installation: &Installation, folder: &Path) -> PathBuf {
    let file = folder.join("token");
    fs::write(&file, installation.token(&Who::new("auditor", "AUDITOR", "CN"))).expect("written");
    file
}

#[tokio::test]
async fn an_auditors_token_is_renewed_while_a_log_is_followed() {
    let installation = Installation::embedded();
    let server = installation.start();
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("token");
    fs::write(&file, "none").expect("written");
    let (key, memory) = (key_of(&installation), folder.path().join("seen"));
    let follower = Follower::new(&server.graphql, &file, vec![key], &memory).expect("it follows");
    let refused = follower.look(Timestamp::now()).await.expect_err("nobody has that token");
    assert!(refused.to_string().contains("TOKEN_MALFORMED"), "{refused}");
    token_file(&installation, folder.path());
    assert!(matches!(follower.look(Timestamp::now()).await, Ok(Followed::Good { .. })));
}

#[tokio::test]
async fn an_auditor_believes_no_silence_for_ever() {
    let installation = Installation::embedded();
    let server = installation.start();
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let position = commit(&server.graphql, &manager, "省级计量难点征集").await;
    sealed(&server.graphql, &manager, position).await;
    let folder = TempDir::new().expect("a folder");
    let memory = folder.path().join("seen");
    let (key, token) = (key_of(&installation), token_file(&installation, folder.path()));
    // Each time another process looks.
    let follower = || Follower::new(&server.graphql, &token, vec![key.clone()], &memory).expect("it follows");
    let begun: Timestamp = "2026-11-24T08:00:00Z".parse().expect("a time");
    let look = async |hours: i64| {
        let follower = follower().with_silence(Some(SignedDuration::from_hours(12)));
        match follower.look(begun + SignedDuration::from_hours(hours)).await.expect("it is answered, or too late") {
            Followed::Good { grown_by, .. } => Ok(grown_by),
            Followed::Alarm { kind, .. } => Err(kind),
        }
    };
    assert_eq!(look(0).await, Ok(position + 1));
    assert_eq!(look(11).await, Ok(0));
    assert_eq!(look(12).await, Err("LOG_SILENT"));
    let position = commit(&server.graphql, &manager, "再来一次").await;
    sealed(&server.graphql, &manager, position).await;
    assert_eq!(look(13).await, Ok(1));
    assert_eq!(look(24).await, Ok(0));
    // A clock that was ahead is set right: what was kept of it says nothing.
    assert_eq!(look(1).await, Ok(0));
    assert_eq!(look(13).await, Err("LOG_SILENT"));

    fs::write(folder.path().join("seen.since"), "2020-01-01T00:00:00Z").expect("written");
    let mut following = program();
    following.args(["audit", "follow", "--once", "--silent-for", "12h", "--url", &server.graphql]);
    following.args(["--key", &key.to_string(), "--token-file", &token.display().to_string()]);
    following.args(["--memory", &memory.display().to_string()]);
    let told = following.output().expect("the program runs");
    let said = String::from_utf8_lossy(&told.stdout);
    let expected = "ALARM LOG_SILENT: the server has shown nothing new since 2020-01-01T00:00:00Z";
    assert!(told.status.code() == Some(3) && said.starts_with(expected), "{said}");

    assert!(server.stop(), "{}", server.log());
    follower().look(begun).await.expect_err("nothing is said of the log");
    assert_eq!(look(0).await, Err("LOG_SILENT"), "whoever gives no answer is silent, too");
}

#[tokio::test]
async fn a_signer_signs_for_those_who_show_its_token() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().display().to_string();
    let mut signing = program();
    let signer =
        Server::start_until(signing.args(["signer", "--folder", &path, "--listen", "127.0.0.1:0"]), "signing at ");
    let client = reqwest::Client::new();
    let post = async |token: &str, body: &str| {
        let request =
            client.post(format!("{}/sign-checkpoint", signer.graphql)).bearer_auth(token).body(body.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let token = fs::read_to_string(folder.path().join("signer-token")).expect("made");
    let (empty, other) =
        ("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "DsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    let body = |old: u64, size: u64, root: &str| format!("old {old}\n\nlog.example\n{size}\n{root}\n");
    assert_eq!(post("no", &body(0, 5, empty)).await.0, 401);
    assert_eq!(post(token.trim(), "nonsense").await.0, 400);
    let (status, line) = post(token.trim(), &body(0, 5, empty)).await;
    assert!(status == 200 && line.starts_with("\u{2014} log.example "), "{line}");
    assert_eq!(post(token.trim(), &body(0, 6, other)).await, (409, "5\n".to_owned()));
    assert_eq!(post(token.trim(), &body(5, 5, other)).await, (409, "5\n".to_owned()));
    assert_eq!(post(token.trim(), &body(5, 6, other)).await.0, 422);
    assert_eq!(post(token.trim(), &body(6, 5, other)).await.0, 400);
}
