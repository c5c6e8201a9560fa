//! kill -9 under load, and two servers at once: every acknowledged command is in the log exactly once, positions have no gap, every case row equals its replay.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use etalon::app::App;
use etalon::clock::SystemClock;
use etalon::store;
use serde_json::{Value, json};

use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask};

const CLIENTS: usize = 32;
const COMMANDS: usize = 500;
const CASES: usize = 200;
const KILLS: usize = 5;

const CREDIT_CODE: &str = "91440300708461136T";

const OPEN: &str = "mutation($input: OpenCampaignInput!) { openCampaign(input: $input) { campaign { id } userErrors { code message } } }";
const ENROL: &str = "mutation($input: EnrolEnterpriseInput!) { enrolEnterprise(input: $input) { enterprise { id } userErrors { code message } } }";
const REPORT: &str = "mutation($input: ReportCaseInput!) { reportCase(input: $input) { case { id number } userErrors { code message } } }";
pub const COMMENT: &str = "mutation($input: AddCommentInput!) { addComment(input: $input) { receipt { position replayed } userErrors { code message } } }";

/// What was acknowledged: position by idempotency key.
type Acknowledged = HashMap<String, u64>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_a_server_on_sqlite_is_killed() {
    let installation = Installation::embedded();
    killed_under_load(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_a_server_on_postgresql_is_killed() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    killed_under_load(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_two_servers_on_one_postgresql() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let servers = [installation.start(), installation.start()];
    let cases = report_cases(&installation, &servers[0].graphql).await;
    let addresses: Vec<_> = servers.iter().map(|server| RwLock::new(server.graphql.clone())).collect();
    let load = Load::new(&installation, cases, addresses);
    let acknowledged = load.run().await;
    assert!(servers.iter().all(Server::stop), "both end in order");
    check(&installation, &acknowledged).await;
}

async fn killed_under_load(installation: &Installation) {
    let server = installation.start();
    let cases = report_cases(installation, &server.graphql).await;
    let load = Load::new(installation, cases, vec![RwLock::new(server.graphql.clone())]);
    let (acknowledged, last) = tokio::join!(load.run(), kill_now_and_then(installation, &load, server));
    assert!(last.stop(), "the last server ends in order");
    check(installation, &acknowledged).await;
}

/// Kills the server at certain numbers of acknowledged commands, and starts another.
async fn kill_now_and_then(installation: &Installation, load: &Load, mut server: Server) -> Server {
    for kill in 1..=KILLS {
        load.acknowledged_at_least(kill * CLIENTS * COMMANDS / (KILLS + 1)).await;
        server.kill();
        server = tokio::task::block_in_place(|| installation.start());
        *load.addresses[0].write().unwrap() = server.graphql.clone();
    }
    server
}

struct Load {
    client: reqwest::Client,
    token: String,
    cases: Vec<String>,
    addresses: Vec<RwLock<String>>,
    acknowledged: Mutex<Acknowledged>,
    count: AtomicUsize,
    changed: tokio::sync::Notify,
}

impl Load {
    fn new(installation: &Installation, cases: Vec<String>, addresses: Vec<RwLock<String>>) -> Self {
        Self {
            client: client(),
            token: installation.token(&coordinator()),
            cases,
            addresses,
            acknowledged: Mutex::default(),
            count: AtomicUsize::new(0),
            changed: tokio::sync::Notify::new(),
        }
    }

    async fn run(&self) -> Acknowledged {
        futures::future::join_all((0..CLIENTS).map(|client| self.one_client(client))).await;
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }

    async fn one_client(&self, client: usize) {
        for command in 0..COMMANDS {
            let key = format!("client-{client}-command-{command}");
            let case = &self.cases[(client * 31 + command * 7) % CASES];
            let input = json!({ "caseId": case, "text": format!("第{command}次读数 / reading {command}"), "idempotencyKey": key });
            let position = self.until_acknowledged(client + command, &input).await;
            self.acknowledged.lock().unwrap().insert(key, position);
            self.count.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
            // A late duplicate, as a client sends that did not hear the answer.
            if command % 50 == 0 {
                assert_eq!(self.until_acknowledged(client, &input).await, position, "the first receipt again");
            }
        }
    }

    /// Sends the command until it is answered, each time to the next server, under the same key.
    async fn until_acknowledged(&self, from: usize, input: &Value) -> u64 {
        let mut retry = tokio::time::interval(Duration::from_millis(20));
        for attempt in from.. {
            let address = self.addresses[attempt % self.addresses.len()].read().unwrap().clone();
            let answer = ask(&self.client, &address, &self.token, COMMENT, json!({ "input": input })).await;
            if let Some(answer) = answer {
                let payload = &answer["addComment"];
                assert_eq!(payload["userErrors"], json!([]), "{payload}");
                return payload["receipt"]["position"].as_str().expect("a position").parse().expect("a number");
            }
            retry.tick().await;
        }
        unreachable!("it is sent until it is answered")
    }

    async fn acknowledged_at_least(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            if self.count.load(Ordering::SeqCst) >= count {
                return;
            }
            changed.await;
        }
    }
}

/// Reads the log itself and compares it with what the clients were told.
async fn check(installation: &Installation, acknowledged: &Acknowledged) {
    assert_eq!(acknowledged.len(), CLIENTS * COMMANDS);
    let clock = Arc::new(SystemClock);
    let store = store::open(&installation.database(), clock.clone()).await.expect("the database opens");
    let app = App::new(store, clock);
    let (mut position, mut after) = (0, None);
    let mut seen = HashSet::new();
    let mut found = 0;
    loop {
        let events = app.log(after, None, 1_000).await.expect("the log can be read");
        let Some(last) = events.last() else { break };
        after = Some(last.position);
        for event in events {
            assert_eq!(event.position, position, "positions have no gap");
            position += 1;
            assert!(seen.insert((event.aggregate_id.clone(), event.sequence)), "no event is there twice");
            if let Some(told) = acknowledged.get(&event.command_id) {
                assert_eq!(*told, event.position, "the receipt says where it stands");
                found += 1;
            }
        }
    }
    assert_eq!(found, acknowledged.len(), "every acknowledged command is in the log exactly once");
    let rebuilt = app.rebuild(|_, _| {}).await.expect("the rows can be rebuilt");
    assert_eq!(rebuilt.events, position);
    assert_eq!(rebuilt.before, rebuilt.after, "every row equals its replay");
    app.shutdown().await;
}

pub async fn report_cases(installation: &Installation, url: &str) -> Vec<String> {
    let client = client();
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let token = installation.token(&coordinator());
    let campaign = json!({ "name": "计量服务走进万家中小企业", "divisionCode": "44", "startsOn": "2026-01-05", "reportingDeadline": "2026-10-31" });
    let campaign = one(&client, url, &manager, OPEN, campaign, "openCampaign", "campaign").await;
    let enterprise = json!({ "creditCode": CREDIT_CODE, "campaignId": campaign, "name": "示例轴承厂", "divisionCode": "440305", "consent": "signed" });
    let enterprise = one(&client, url, &token, ENROL, enterprise, "enrolEnterprise", "enterprise").await;
    let mut cases = Vec::new();
    for number in 0..CASES {
        let case = json!({ "enterpriseId": enterprise, "campaignId": campaign, "title": format!("内径测量 {number}"),
            "problem": "重复性不足 / not repeatable", "origin": { "ownReport": true } });
        cases.push(one(&client, url, &token, REPORT, case, "reportCase", "case").await);
    }
    cases
}

async fn one(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    mutation: &str,
    input: Value,
    name: &str,
    object: &str,
) -> String {
    let answer = ask(client, url, token, mutation, json!({ "input": input })).await.expect("an answer");
    assert_eq!(answer[name]["userErrors"], json!([]), "{answer}");
    answer[name][object]["id"].as_str().expect("an id").to_owned()
}

pub fn coordinator() -> Who {
    Who::new("coordinator", "COORDINATOR", "44")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().pool_max_idle_per_host(CLIENTS).build().expect("a client")
}
