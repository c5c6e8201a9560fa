//! What an auditor's daemon makes of the answers that a server may give in place of a good one.

mod other_logs;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use etalon::app::{Moment, Sealed};
use etalon::audit::{Followed, Follower, Witnessed};
use etalon::ledger::checkpoint::Checkpoint;
use etalon::ledger::note::{Algorithm, NoteSigner};
use etalon::ledger::tree::TreeHead;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::ledger::bundles::{House, grow};
use crate::store::support::{Database, START};
use crate::support::server::program;

/// A log of ten events, and a server that says of it what the test wants.
struct Stage {
    house: House,
    database: Database,
    url: String,
    said: Arc<Mutex<Said>>,
}

/// The server's answers: of its checkpoint, of the one that the witness has cosigned last, and of the proofs that its log goes
/// on, each with what the question has.
#[derive(Clone, Default)]
struct Said {
    checkpoint: String,
    cosigned: String,
    proofs: Vec<(String, String)>,
}

impl Stage {
    async fn set() -> Self {
        let database = Database::sqlite();
        let house = House::on(&database).await;
        grow(&database, &house.clock, 0, 10).await;
        house.app.seal_now().await.expect("sealed");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let said = Arc::<Mutex<Said>>::default();
        let saying = said.clone();
        let answer = move |question: String| {
            let Said { checkpoint, cosigned, proofs } = saying.lock().expect("nobody panics with it").clone();
            async move {
                let proof = proofs.into_iter().find(|(asked, _)| question.contains(asked));
                if let Some((_, proof)) = proof {
                    proof
                } else if question.contains("cosignedBy") {
                    cosigned
                } else {
                    checkpoint
                }
            }
        };
        // Ends with the runtime of the test.
        tokio::spawn(
            async move { axum::serve(listener, Router::new().route("/", post(answer))).await.expect("served") },
        );
        Self { house, database, url, said }
    }

    fn says(&self, answer: &str) {
        answer.clone_into(&mut self.said.lock().expect("nobody panics with it").checkpoint);
    }

    fn says_of_cosigned(&self, answer: &str) {
        answer.clone_into(&mut self.said.lock().expect("nobody panics with it").cosigned);
    }

    /// The log goes on from `from` to `to` events, which the server shows with the proof. As cosigned last, it shows the
    /// checkpoint of before.
    async fn goes_on(&self, from: u64, to: u64) {
        self.grows(from, to).await;
        self.shows().await;
        self.says_of_cosigned(&self.shown(Sealed::Size(from)).await);
        self.proves(from, to).await;
    }

    async fn grows(&self, from: u64, to: u64) {
        grow(&self.database, &self.house.clock, from, to).await;
        self.house.app.seal_now().await.expect("sealed");
    }

    fn says_of_proofs(&self, answer: &str) {
        self.said.lock().expect("nobody panics with it").proofs =
            vec![("consistencyProof".to_owned(), answer.to_owned())];
    }

    async fn proves(&self, from: u64, to: u64) {
        let proof = self.house.app.consistency(from, to, Moment::Present).await.expect("it reads").path;
        let hashes: Vec<_> = proof.iter().map(|hash| STANDARD.encode(hash)).collect();
        let answer = json!({ "data": { "consistencyProof": { "hashes": hashes } } }).to_string();
        self.said.lock().expect("nobody panics with it").proofs.insert(0, (format!("\"from\":\"{from}\""), answer));
    }

    /// What the server shows when all is well.
    async fn shows(&self) {
        self.says(&self.shown(Sealed::Latest).await);
    }

    async fn shown(&self, which: Sealed) -> String {
        let checkpoint = self.house.app.checkpoint(which).await.expect("it reads").expect("sealed");
        json!({ "data": { "checkpoint": { "note": checkpoint.note() } } }).to_string()
    }

    fn token_file(&self) -> PathBuf {
        let file = self.house.folder.path().join("token");
        fs::write(&file, "a token").expect("written");
        file
    }

    async fn follower(&self) -> Follower {
        let memory = self.house.folder.path().join("seen");
        Follower::new(&self.url, &self.token_file(), vec![self.house.key().await], &memory).expect("it follows")
    }

    /// `etalon audit follow --once`: its exit code and what it says.
    async fn looked_once(&self) -> (Option<i32>, String) {
        let folder = self.house.folder.path();
        self.token_file();
        let mut following = program();
        following.current_dir(folder).args(["audit", "follow", "--once", "--url", &self.url, "--memory", "seen"]);
        following.args(["--token-file", "token", "--key", &self.house.key().await.to_string()]);
        // The server of the test answers meanwhile.
        let output = tokio::task::spawn_blocking(move || following.output()).await.expect("it ends");
        let output = output.expect("the program runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    }
}

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn good(size: u64, grown_by: u64) -> Followed {
    Followed::Good { size, grown_by, witnesses: Vec::new() }
}

#[tokio::test]
async fn json_that_is_no_answer_says_nothing_of_the_log() {
    let stage = Stage::set().await;
    let follower = stage.follower().await;
    for has_memory in [false, true] {
        for answer in [
            "[1]",
            "\"<html>\"",
            "<html>",
            "null",
            "7",
            "{}",
            r#"{"data":null}"#,
            r#"{"data":[1]}"#,
            r#"{"data":{}}"#,
            r#"{"data":{"checkpoint":{}}}"#,
            r#"[{"data":{"checkpoint":null}}]"#,
        ] {
            stage.says(answer);
            let refused = follower.look(noon()).await.expect_err(answer);
            assert_eq!(refused.code(), "NO_ANSWER", "{answer}: {refused}");
        }
        let seen = if has_memory { 0 } else { 10 };
        stage.shows().await;
        assert_eq!(follower.look(noon()).await.expect("it goes on"), good(10, seen));
    }
    stage.says("[1]");
    let (code, said) = stage.looked_once().await;
    assert!(code == Some(1) && said.contains("no usable answer: it answered 200 OK and no JSON object"), "{said}");
}

/// What a server answers whose database is away, as it is asked for this.
fn failed(field: &str, code: &str) -> String {
    let error = json!({ "message": "not \u{1b}[2J now", "extensions": { "code": code, "retryable": true } });
    json!({ "data": { field: null }, "errors": [error] }).to_string()
}

/// Why it is not known how the log stands.
async fn unknown(follower: &Follower) -> String {
    let refused = follower.look(noon()).await.expect_err("nothing is said of the log");
    assert_eq!(refused.code(), "NO_ANSWER", "{refused}");
    refused.to_string()
}

async fn alarm(follower: &Follower) -> &'static str {
    match follower.look(noon()).await.expect("an answer") {
        Followed::Alarm { kind, .. } => kind,
        good @ Followed::Good { .. } => panic!("it was to be alarmed, and not {good:?}"),
    }
}

#[tokio::test]
async fn an_error_of_the_server_is_no_verdict_on_its_log() {
    let stage = Stage::set().await;
    let follower = stage.follower().await;
    stage.says(&failed("checkpoint", "UNAVAILABLE"));
    let told = "it answered with the error \"not \\u{1b}[2J now\" (UNAVAILABLE)";
    assert!(unknown(&follower).await.ends_with(told), "a new memory");
    let (code, said) = stage.looked_once().await;
    assert!(code == Some(1) && said.contains(told), "{said}");
    stage.shows().await;
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(10, 10));
    stage.says(&failed("checkpoint", "UNAVAILABLE"));
    assert!(unknown(&follower).await.ends_with(told), "a memory of ten events");
    for errors in [json!("no"), json!([7]), json!({ "message": "no" }), json!([{ "message": "no" }])] {
        let answer = json!({ "data": { "checkpoint": null }, "errors": errors }).to_string();
        stage.says(&answer);
        assert!(unknown(&follower).await.contains("it answered with the error \""), "{answer}");
    }
    // Nor is it where a proof is asked for, and what was seen last stays that.
    stage.grows(10, 20).await;
    stage.shows().await;
    stage.says_of_proofs(&failed("consistencyProof", "TIMED_OUT"));
    assert!(unknown(&follower).await.ends_with("(TIMED_OUT)"));
    let proof = stage.house.app.consistency(10, 20, Moment::Present).await.expect("it reads").path;
    let hashes: Vec<_> = proof.iter().map(|hash| STANDARD.encode(hash)).collect();
    stage.says_of_proofs(&json!({ "data": { "consistencyProof": { "hashes": hashes } }, "errors": [] }).to_string());
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(20, 10));
}

#[tokio::test]
async fn a_server_that_says_without_an_error_that_it_has_nothing_is_told_of() {
    let stage = Stage::set().await;
    let follower = stage.follower().await;
    stage.shows().await;
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(10, 10));
    stage.grows(10, 20).await;
    stage.shows().await;
    for errors in [json!([]), Value::Null] {
        stage.says_of_proofs(&json!({ "data": { "consistencyProof": null }, "errors": errors }).to_string());
        assert_eq!(alarm(&follower).await, "CONSISTENCY_PROOF");
    }
    stage.says(&json!({ "data": { "checkpoint": null } }).to_string());
    assert_eq!(alarm(&follower).await, "CHECKPOINT");
}

#[tokio::test]
async fn a_server_that_answers_with_errors_alone_is_silent() {
    let stage = Stage::set().await;
    let follower = stage.follower().await.with_silence(Some(SignedDuration::from_hours(12)));
    stage.shows().await;
    assert_eq!(follower.look(noon()).await.expect("an answer"), good(10, 10));
    stage.grows(10, 20).await;
    // It fails at the checkpoint, or shows one and fails at the proof that the log goes on to it.
    for fails_at_proof in [false, true] {
        if fails_at_proof {
            stage.shows().await;
            stage.says_of_proofs(&failed("consistencyProof", "TIMED_OUT"));
        } else {
            stage.says(&failed("checkpoint", "UNAVAILABLE"));
        }
        follower.look(noon() + SignedDuration::from_hours(11)).await.expect_err("nothing is said of the log");
        match follower.look(noon() + SignedDuration::from_hours(12)).await.expect("it is too late") {
            Followed::Alarm { kind: "LOG_SILENT", message, .. } => {
                assert!(message.contains("now it gives no answer: it answered with the error"), "{message}");
            }
            other => panic!("it was to be silent, and not {other:?}"),
        }
    }
}

/// A server that shows one log to the auditor and another one to the witness has no cosignature to show.
#[tokio::test]
async fn a_witness_that_cosigns_nothing_of_a_log_that_grows_is_silent() {
    let stage = Stage::set().await;
    let (witness, trusted) = stage.house.witnessed().await;
    let memory = stage.house.folder.path().join("seen");
    // Each time another process looks.
    let look = async |hours: i64| {
        let follower =
            Follower::new(&stage.url, &stage.token_file(), trusted.keys.clone(), &memory).expect("it follows");
        let follower = follower.with_silence(Some(SignedDuration::from_hours(12)));
        follower.look(noon() + SignedDuration::from_hours(hours)).await.expect("an answer")
    };
    let good = |size, grown_by, cosigned: Option<u64>, behind_since: Option<i64>| {
        let behind_since = behind_since.map(|hours| noon() + SignedDuration::from_hours(hours));
        let witnesses = vec![Witnessed { name: "w.example".to_owned(), cosigned, behind_since }];
        Followed::Good { size, grown_by, witnesses }
    };
    let cosign = async |size| stage.house.cosign(&stage.database, &witness, size, START / 1_000_000).await;
    stage.shows().await;
    assert_eq!(look(0).await, good(10, 10, None, Some(0)));
    // The witness is asked once a checkpoint is there: its word is seen at the next look.
    cosign(10).await;
    stage.goes_on(10, 20).await;
    assert_eq!(look(11).await, good(20, 10, Some(10), Some(11)));
    cosign(20).await;
    stage.shows().await;
    assert_eq!(look(20).await, good(20, 0, Some(20), None));
    // As long as the log stands still, there is nothing to cosign.
    stage.goes_on(20, 30).await;
    assert_eq!(look(40).await, good(30, 10, Some(20), Some(40)));
    stage.goes_on(30, 40).await;
    stage.says_of_cosigned(&failed("checkpoint", "TIMED_OUT"));
    assert_eq!(look(51).await, good(40, 10, Some(20), Some(40)), "no answer is no word");
    stage.goes_on(40, 50).await;
    stage.says_of_cosigned(r#"{"data":{"checkpoint":null}}"#);
    match look(52).await {
        Followed::Alarm { kind: "WITNESS_SILENT", message, silent_witnesses } if silent_witnesses == ["w.example"] => {
            let said = "the witness w.example has cosigned 20 events and nothing behind them";
            assert!(message.starts_with(said) && message.contains("50 now"), "{message}");
        }
        other => panic!("it was to be silent, and not {other:?}"),
    }
    cosign(50).await;
    stage.shows().await;
    assert_eq!(look(53).await, good(50, 0, Some(50), None));
    // Of many checkpoints it cosigns some: not those that are shown, and one that comes while they are looked at.
    stage.grows(50, 60).await;
    cosign(60).await;
    stage.goes_on(60, 70).await;
    stage.proves(50, 70).await;
    assert_eq!(look(60).await, good(70, 20, Some(60), Some(60)));
    stage.grows(70, 80).await;
    cosign(80).await;
    stage.says_of_cosigned(&stage.shown(Sealed::Latest).await);
    stage.proves(70, 80).await;
    assert_eq!(look(61).await, good(70, 0, Some(80), None));
}

/// What the witness is said to have cosigned is signed by the log, and of another tree.
#[tokio::test]
async fn a_cosigned_tree_that_the_log_does_not_go_on_from_is_an_alarm() {
    let stage = Stage::set().await;
    let (witness, _) = stage.house.witnessed().await;
    let name = stage.house.key().await.name().to_owned();
    let log = NoteSigner::new(&name, Algorithm::Ed25519, SigningKey::from_bytes(&[7; 32])).expect("a name");
    let signed = |size, root| {
        let text = Checkpoint { origin: name.clone(), head: TreeHead { size, root } }.to_string();
        json!({ "data": { "checkpoint": { "note": format!("{text}\n{}", log.sign(&text, 0)) } } }).to_string()
    };
    let shown = async |size| signed(size, stage.house.app.root(size).await.expect("it reads"));
    let keys = vec![log.verifier().clone(), witness.verifier().clone()];
    let memory = stage.house.folder.path().join("seen");
    let follower = Follower::new(&stage.url, &stage.token_file(), keys, &memory).expect("it follows");
    stage.says(&shown(10).await);
    follower.look(noon()).await.expect("an answer");
    let seen = fs::read_to_string(&memory).expect("it is kept");
    stage.goes_on(10, 20).await;
    stage.says(&shown(20).await);
    for (size, kind) in [(10, "CONSISTENCY_PROOF"), (20, "LOG_FORKED")] {
        stage.says_of_cosigned(&signed(size, [9; 32]));
        assert_eq!(alarm(&follower).await, kind);
        assert_eq!(fs::read_to_string(&memory).expect("it reads"), seen, "what was seen stays");
    }
    stage.says_of_cosigned(&shown(10).await);
    assert!(matches!(follower.look(noon()).await.expect("an answer"), Followed::Good { size: 20, grown_by: 10, .. }));
}
