//! A database that goes back under servers that run, as where a standby takes its place without the last commits: what
//! they keep in memory of those is of no log any more, and nothing is recorded, shown or promised by it.

use std::fs;
use std::time::Duration;

use etalon::store::{
    self, PassedBy, Store, StoreError, Turn, Webhook, WebhookAction, WebhookChange, WebhookConfiguration, WebhookState,
    WebhookWrite,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::interval;
use uuid::Uuid;

use crate::faults::{COMMENT, coordinator, report_a_case};
use crate::store::samples::{case_stream, commit_one, id, note};
use crate::store::support::{START, TestClock};
use crate::support::postgres::{FreshDatabase, fresh_database};
use crate::support::server::{Installation, Server, ask, carry_out};

/// How often it is looked whether something has come about.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

const SAID: &str = "query($id: ID!) { case(id: $id) { version comments { text } } }";

/// Says something about the case, whatever version it is at.
async fn says(installation: &Installation, server: &Server, case: &str, words: &str) {
    let input = json!({ "caseId": case, "text": words, "idempotencyKey": Uuid::new_v4().to_string() });
    let token = installation.token(&coordinator());
    let answer = carry_out(&reqwest::Client::new(), &server.graphql, &token, COMMENT, input).await;
    assert_eq!(answer["addComment"]["userErrors"], json!([]), "{answer}");
}

async fn said(installation: &Installation, server: &Server, case: &str) -> Value {
    let (client, token) = (reqwest::Client::new(), installation.token(&coordinator()));
    let mut asks = interval(LOOKS_EVERY);
    loop {
        asks.tick().await;
        // What comes on a connection to a database that is gone may be asked again.
        if let Some(answer) = ask(&client, &server.graphql, &token, SAID, json!({ "id": case })).await {
            return answer["case"].clone();
        }
    }
}

/// Comes back when the server has ended by itself.
async fn ends(server: &Server) {
    server.says("(LOG_WENT_BACK)").await;
    let mut looks = interval(LOOKS_EVERY);
    for _ in 0..1_000 {
        looks.tick().await;
        if server.has_ended() {
            return;
        }
    }
    panic!("it goes on:\n{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_end_whose_database_has_lost_what_they_have_seen() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let server = installation.start();
    let case = report_a_case(&installation, &server.graphql).await;
    says(&installation, &server, &case, "kept").await;
    assert!(server.stop(), "{}", server.log());
    let standby = database.copy();
    let (writes, reads) = (installation.start(), installation.start());
    says(&installation, &writes, &case, "lost").await;
    let seen = said(&installation, &reads, &case).await;
    assert_eq!(seen, json!({ "version": 3, "comments": [{ "text": "kept" }, { "text": "lost" }] }));
    // Nobody asks for anything: the servers find it out by themselves.
    database.put_back(&standby);
    ends(&writes).await;
    ends(&reads).await;
    // Whoever looks after them starts them again, and nothing is left of what is lost.
    let server = installation.start();
    says(&installation, &server, &case, "anew").await;
    let seen = said(&installation, &server, &case).await;
    assert_eq!(seen, json!({ "version": 3, "comments": [{ "text": "kept" }, { "text": "anew" }] }));
    assert!(server.stop(), "{}", server.log());
}

/// As an operator puts a file back who forgets the server: what that has open goes on, under no name.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_whose_file_another_has_replaced() {
    let installation = Installation::embedded();
    let of = |name: &str| installation.folder().join(name);
    let server = installation.start();
    let case = report_a_case(&installation, &server.graphql).await;
    says(&installation, &server, &case, "kept").await;
    let copied = installation.command().args(["backup", "--output"]).arg(of("backup")).output().expect("it runs");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    says(&installation, &server, &case, "lost").await;
    for beside in ["etalon.db-wal", "etalon.db-shm"] {
        fs::remove_file(of(beside)).expect("removed");
    }
    fs::rename(of("backup/database"), of("etalon.db")).expect("moved");
    ends(&server).await;
    let server = installation.start();
    says(&installation, &server, &case, "anew").await;
    let seen = said(&installation, &server, &case).await;
    assert_eq!(seen, json!({ "version": 3, "comments": [{ "text": "kept" }, { "text": "anew" }] }));
    assert!(server.stop(), "{}", server.log());
}

#[tokio::test]
async fn nothing_is_committed_into_a_file_that_nobody_finds_any_more() {
    let folder = TempDir::new().expect("a folder");
    let [path, other] = ["etalon.db", "other.db"].map(|name| folder.path().join(name));
    let url = format!("sqlite:{}", path.display());
    let store = store::open(url.as_str(), TestClock::new()).await.expect("the database opens");
    commit_one(&*store, note(case_stream(1), 0, "kept")).await.expect("accepted");
    // Moved away, it is still the only one.
    fs::rename(&path, &other).expect("moved");
    commits(&*store, 1).await.expect("it is whole");
    fs::rename(&other, &path).expect("moved");
    store.look_back().await.expect("it is in its place");
    fs::write(&other, "another").expect("written");
    fs::rename(&other, &path).expect("moved");
    for refused in [commits(&*store, 2).await, store.look_back().await] {
        assert!(matches!(refused, Err(StoreError::Replaced { .. })), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_the_same_after_all_ends_no_server() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let server = installation.start();
    let case = report_a_case(&installation, &server.graphql).await;
    assert!(server.stop(), "{}", server.log());
    let standby = database.copy();
    let server = installation.start();
    assert_eq!(said(&installation, &server, &case).await["version"], 1);
    database.put_back(&standby);
    // On a connection to another database, which has everything.
    says(&installation, &server, &case, "after").await;
    assert_eq!(said(&installation, &server, &case).await["version"], 2);
    assert!(server.stop(), "it goes on until it is told to end:\n{}", server.log());
}

/// The copy of a log of one event.
async fn grown(database: &FreshDatabase) -> FreshDatabase {
    let store = store::open(database.url(), TestClock::new()).await.expect("the database opens");
    commit_one(&*store, note(case_stream(1), 0, "kept")).await.expect("accepted");
    drop(store);
    database.copy()
}

/// What became of a commit on that version of the stream, which is what this process knows of it.
async fn commits(store: &dyn Store, version: u64) -> Result<(), StoreError> {
    let outcomes = store.commit(vec![note(case_stream(1), version, "on what is lost")]).await?;
    outcomes.into_iter().next().expect("an outcome for each").expect("nothing stands against it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_committed_by_what_is_lost_however_long_the_log_is_again() {
    for others in [0, 2, 3] {
        let database = fresh_database();
        let standby = grown(&database).await;
        let open = || store::open(database.url(), TestClock::new());
        let (writes, loads, reads) = (open().await.unwrap(), open().await.unwrap(), open().await.unwrap());
        for version in [1, 2] {
            commit_one(&*writes, note(case_stream(1), version, &format!("lost {version}"))).await.expect("accepted");
        }
        assert_eq!(loads.load(case_stream(1), 0).await.expect("it reads").len(), 3);
        assert_eq!(reads.log(None, None, 10).await.expect("it reads").len(), 3);
        for store in [&writes, &loads, &reads] {
            store.look_back().await.expect("everything is there");
        }
        database.put_back(&standby);
        let another = open().await.unwrap();
        for version in 1..=others {
            commit_one(&*another, note(case_stream(1), version, &format!("other {version}"))).await.expect("accepted");
        }
        for store in [&writes, &loads, &reads] {
            // On a connection that is lost with it the first one might have come to its end before that.
            commits(&**store, 3).await.expect_err("nothing is committed");
            let refused = commits(&**store, 3).await;
            assert!(matches!(refused, Err(StoreError::WentBack { position: 1 | 2 })), "{others}: {refused:?}");
        }
        another.look_back().await.expect("everything is there");
        let log = another.log(None, None, 10).await.expect("it reads");
        assert_eq!(log.len() as u64, 1 + others, "nothing was added");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_seen_no_more_than_is_there_commits() {
    let database = fresh_database();
    let standby = grown(&database).await;
    let store = store::open(database.url(), TestClock::new()).await.expect("the database opens");
    assert_eq!(store.load(case_stream(1), 0).await.expect("it reads").len(), 1);
    database.put_back(&standby);
    commits(&*store, 1).await.expect("it has everything that was seen");
}

/// An endpoint that has been sent a log of one event.
fn endpoint() -> Webhook {
    Webhook {
        id: id(3_001),
        version: 1,
        configuration: WebhookConfiguration {
            url: "https://receiver.invalid/".to_owned(),
            ..WebhookConfiguration::default()
        },
        owner: "manager".to_owned(),
        owned_since: START,
        owner_role: "MANAGER".to_owned(),
        jurisdiction: String::new(),
        state: WebhookState::Enabled,
        key_id: "a key".to_owned(),
        secret_number: 1,
        old_secret_until: 0,
        oldest_secret_number: 1,
        created_at: START,
        updated_at: START,
        first_position: 0,
        next_position: 1,
        turn: 0,
        rest_until: 0,
        delivered: None,
        failed: None,
    }
}

fn change(number: u128, action: WebhookAction) -> WebhookChange {
    let Webhook { id: webhook_id, configuration, .. } = endpoint();
    WebhookChange {
        id: id(number),
        webhook_id,
        jurisdiction: String::new(),
        at: START,
        actor: "manager".to_owned(),
        action,
        configuration,
        idempotency_key: format!("change {number}"),
        digest: String::new(),
    }
}

/// The first turn of the endpoint, in which it was sent every event before that position.
fn turn_to(next_position: u64) -> Turn {
    let Webhook { id, configuration, .. } = endpoint();
    Turn {
        webhook_id: id,
        turn: 0,
        version: 1,
        url: configuration.url,
        next_position,
        rest_until: 0,
        delivered: None,
        failed: None,
        kept: Vec::new(),
        done: Vec::new(),
        gone: None,
    }
}

/// A turn over events that are lost would keep those that come in their places from being sent at all.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_of_webhooks_by_who_has_seen_what_is_lost() {
    let database = fresh_database();
    let open = || store::open(database.url(), TestClock::new());
    let first = open().await.unwrap();
    commit_one(&*first, note(case_stream(1), 0, "kept")).await.expect("accepted");
    let create = WebhookWrite::Create(endpoint());
    assert!(first.write_webhook(&create, &change(1, WebhookAction::Created)).await.expect("the database works"));
    drop(first);
    let standby = database.copy();
    let (delivers, another) = (open().await.unwrap(), open().await.unwrap());
    for version in [1, 2] {
        commit_one(&*delivers, note(case_stream(1), version, &format!("lost {version}"))).await.expect("accepted");
    }
    assert_eq!(another.load(case_stream(1), 0).await.expect("it reads").len(), 3);
    database.put_back(&standby);
    for store in [&delivers, &another] {
        let mut asks = interval(LOOKS_EVERY);
        // The connections that it had are lost with the database.
        while store.takes_commands().await.is_err() {
            asks.tick().await;
        }
    }
    let passed = PassedBy { webhook_id: endpoint().id, turn: 0, next_position: 3 };
    for refused in [
        delivers.write_turn(&turn_to(3)).await,
        another.write_webhook(&WebhookWrite::Update(endpoint()), &change(2, WebhookAction::Paused)).await,
        delivers.pass_by(&[passed]).await.map(|()| true),
        // It is known for good.
        delivers.write_turn(&turn_to(1)).await,
    ] {
        assert!(matches!(refused, Err(StoreError::WentBack { position: 1 | 2 })), "{refused:?}");
    }
    let started_again = open().await.unwrap();
    assert_eq!(started_again.webhook(endpoint().id).await.expect("it reads"), Some(endpoint()));
    assert!(started_again.write_turn(&turn_to(1)).await.expect("it has everything that was seen"));
}
