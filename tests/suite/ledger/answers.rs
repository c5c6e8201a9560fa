//! What an auditor's daemon makes of the answers that a server may give in place of a good one.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use etalon::app::Sealed;
use etalon::audit::{Followed, Follower};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use crate::ledger::bundles::{House, grow};
use crate::store::support::Database;
use crate::support::server::program;

/// A log of ten events, and a server that says of it what the test wants.
struct Stage {
    house: House,
    _database: Database,
    url: String,
    said: Arc<Mutex<String>>,
}

impl Stage {
    async fn set() -> Self {
        let database = Database::sqlite();
        let house = House::on(&database).await;
        grow(&database, &house.clock, 0, 10).await;
        house.app.seal_now().await.expect("sealed");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let said = Arc::new(Mutex::new(String::new()));
        let saying = said.clone();
        let answer = move || {
            let answer = saying.lock().expect("nobody panics with it").clone();
            async move { answer }
        };
        // Ends with the runtime of the test.
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await.expect("served") });
        Self { house, _database: database, url, said }
    }

    fn says(&self, answer: &str) {
        answer.clone_into(&mut self.said.lock().expect("nobody panics with it"));
    }

    /// What the server shows when all is well.
    async fn shows(&self) {
        let latest = self.house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
        self.says(&json!({ "data": { "checkpoint": { "note": latest.note() } } }).to_string());
    }

    async fn follower(&self) -> Follower {
        let memory = self.house.folder.path().join("seen");
        Follower::new(&self.url, "a token", vec![self.house.key().await], &memory).expect("it follows")
    }

    /// `etalon audit follow --once`: its exit code and what it says.
    async fn looked_once(&self) -> (Option<i32>, String) {
        let folder = self.house.folder.path();
        std::fs::write(folder.join("token"), "a token").expect("written");
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
    Followed::Good { size, grown_by, silent: Vec::new() }
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
