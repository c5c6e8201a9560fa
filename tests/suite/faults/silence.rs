//! A network that loses its connections to the database without a word, as when the host of the database loses its power
//! and another one takes its place under the same name. Nothing tells that they are gone: what was asked is given up.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use etalon::store::{self, Store, Target, limited};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::following::resuming::OPEN;
use crate::following::subscriber::{EVENTS, Got, Subscriber, Transport, is_event};
use crate::life::scene::campaign;
use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::TestClock;
use crate::support::postgres::{FreshDatabase, fresh_database};
use crate::support::proxy::Proxy;
use crate::support::server::{Installation, Server, Who, ask, carry_out};

/// How long the database is listened to.
const PATIENCE: Duration = Duration::from_secs(1);

/// How soon everything goes on: it is a few seconds, and this bound is for a machine that does many other things. TCP
/// would wait a quarter of an hour, and for ever where it has taken what was sent.
const WITHIN: Duration = Duration::from_secs(30);

/// How often the connections are lost.
const SILENCES: usize = 2;

const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { replayed secret userErrors { code message } } }";

const CAMPAIGNS: &str = "{ campaigns(first: 1) { nodes { name } } }";

async fn in_time<T>(what: &str, happens: impl Future<Output = T>) -> T {
    timeout(WITHIN, happens).await.unwrap_or_else(|_| panic!("{what} does not go on"))
}

/// A server whose database is behind such a network, and one that reaches it without.
struct House {
    installation: Installation,
    client: reqwest::Client,
    proxy: Proxy,
    server: Server,
    other: Server,
    database: FreshDatabase,
}

impl House {
    async fn build() -> Self {
        let database = fresh_database();
        let proxy = Proxy::before(database.url()).await;
        let installation = Installation::on(&proxy.url);
        let patience = PATIENCE.as_millis().to_string();
        let serve = |command: &mut Command| Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        let mut behind = installation.command();
        behind.env("ETALON_DATABASE_TIMEOUT_MS", &patience).env("ETALON_STATEMENT_TIMEOUT_MS", &patience);
        let server = serve(&mut behind);
        let other = serve(installation.command().env("ETALON_DATABASE", database.url()));
        Self { installation, client: reqwest::Client::new(), proxy, server, other, database }
    }

    fn token(&self, actor: &str, role: &'static str) -> String {
        self.installation.token(&Who::new(actor, role, "CN"))
    }

    /// Commits an event at a server.
    async fn commits(&self, server: &Server) {
        let mut input = campaign("计量服务");
        input["idempotencyKey"] = Uuid::new_v4().to_string().into();
        let token = self.token("manager", "MANAGER");
        let answer = carry_out(&self.client, &server.graphql, &token, OPEN, input).await;
        assert_eq!(answer["openCampaign"]["userErrors"], json!([]), "{answer}");
    }

    /// How a manager's order fails at the server behind the network: its code, and whether it may be sent again.
    async fn refused(&self, mutation: &str, input: &Value) -> (Value, Value) {
        let body = json!({ "query": mutation, "variables": { "input": input } });
        let token = self.token("manager", "MANAGER");
        let sent = self.client.post(&self.server.graphql).bearer_auth(&token).json(&body).send();
        let answer: Value = sent.await.expect("an answer").json().await.expect("JSON");
        let told = &answer["errors"][0]["extensions"];
        (told["code"].clone(), told["retryable"].clone())
    }

    /// Comes back when the server behind the network answers a query.
    async fn is_answered(&self) {
        let token = self.token("manager", "MANAGER");
        let mut asks = interval(Duration::from_millis(100));
        let answer: Value = loop {
            asks.tick().await;
            if let Some(answer) = ask(&self.client, &self.server.graphql, &token, CAMPAIGNS, json!({})).await {
                break answer;
            }
        };
        assert_eq!(answer["campaigns"]["nodes"].as_array().map(Vec::len), Some(1), "{answer}");
    }

    /// A stream of the auditor at the server behind the network, from the start.
    async fn follows(&self) -> Subscriber {
        let (token, from_start) = (self.token("the-auditor", "AUDITOR"), json!({ "fromStart": true }));
        let subscriber = Subscriber::open(Transport::WebSocket, &self.server.graphql, &token, EVENTS, from_start).await;
        subscriber.expect("the token is good")
    }
}

/// The next event; the position alone may be told before.
async fn next_event(subscriber: &mut Subscriber) {
    while !is_event(&subscriber.update().await) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_queries_and_subscriptions_go_on_when_the_database_falls_silent() {
    let house = House::build().await;
    house.commits(&house.server).await;
    let mut subscriber = house.follows().await;
    next_event(&mut subscriber).await;
    for _ in 0..SILENCES {
        house.is_answered().await;
        house.proxy.falls_silent();
        in_time("a query", house.is_answered()).await;
        house.proxy.falls_silent();
        in_time("a command", house.commits(&house.server)).await;
        in_time("a subscription", next_event(&mut subscriber)).await;
        house.proxy.falls_silent();
        house.commits(&house.other).await;
        in_time("a subscription to what another server commits", next_event(&mut subscriber)).await;
    }
    assert!(house.server.stop(), "{}", house.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_are_heard_of_when_the_database_falls_silent() {
    let house = House::build().await;
    house.commits(&house.server).await;
    let mut subscriber = house.follows().await;
    next_event(&mut subscriber).await;
    house.proxy.falls_silent();
    let mut revoke = house.installation.command();
    revoke.env("ETALON_DATABASE", house.database.url()).args(["revoke", "--actor", "the-auditor"]);
    assert!(revoke.output().expect("the program runs").status.success());
    let ended = async {
        loop {
            match subscriber.next().await {
                Got::Update(_) => {}
                other => break other,
            }
        }
    };
    let ended = in_time("the look for revocations", ended).await;
    let Got::Closed(4403, reason) = ended else { panic!("it ends in words, not by {ended:?}") };
    assert!(reason.contains("TOKEN_REVOKED"), "{reason}");
    in_time("a query of somebody else", house.is_answered()).await;
}

/// The database takes a commit in and says nothing more of it: it may be carried out all the same.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_command_that_may_be_on_record_no_one_is_told_to_send_it_again_without_a_key() {
    for key in [Some("once"), None] {
        let house = House::build().await;
        // What comes next is committed by one statement, on what is known since.
        house.commits(&house.server).await;
        let token = house.token("manager", "MANAGER");
        let mut owner = PgConnection::connect(house.database.url()).await.expect("the database answers");
        owner.execute("begin; select 1 from log_head where id = 1 for update").await.expect("nobody commits");
        let mut input = campaign("一次而已");
        input["idempotencyKey"] = json!(key);
        assert_eq!(house.refused(OPEN, &input).await, (json!("OUTCOME_UNKNOWN"), json!(key.is_some())));
        // This one waits before anything of it is written.
        let unwritten = campaign("尚未写入");
        assert_eq!(house.refused(OPEN, &unwritten).await, (json!("UNAVAILABLE"), json!(true)));
        owner.execute("rollback").await.expect("it is given back");
        if key.is_some() {
            let carried_out = carry_out(&house.client, &house.server.graphql, &token, OPEN, input).await;
            assert_eq!(carried_out["openCampaign"]["userErrors"], json!([]), "{carried_out}");
            let asked = json!({});
            let all = "{ campaigns(first: 100) { nodes { name } } }";
            let shown = ask(&house.client, &house.server.graphql, &token, all, asked).await.expect("an answer");
            let names = shown["campaigns"]["nodes"].as_array().expect("campaigns").iter();
            assert_eq!(names.filter(|campaign| campaign["name"] == "一次而已").count(), 1, "{shown}");
        }
    }
}

/// A webhook that was created without an answer is not created twice either: nobody would know the secret of one.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_webhook_that_may_be_there_no_one_is_told_to_order_it_again_without_a_key() {
    /// Whoever changes a webhook waits for this lock in the commit itself.
    const IN_THE_COMMIT: &str = "create function waits() returns trigger language plpgsql as \
            'begin perform pg_advisory_xact_lock_shared(2012); return null; end'; \
        create constraint trigger waits after insert on webhook_changes deferrable initially deferred \
            for each row execute function waits()";
    let house = House::build().await;
    let mut owner = PgConnection::connect(house.database.url()).await.expect("the database answers");
    owner.execute(IN_THE_COMMIT).await.expect("it is made");
    owner.execute("select pg_advisory_lock(2012)").await.expect("nobody commits");
    let order = |key: Option<&str>| json!({ "url": "https://receiver.invalid/", "idempotencyKey": key });
    for key in [Some("once"), None] {
        let told = house.refused(CREATE, &order(key)).await;
        assert_eq!(told, (json!("OUTCOME_UNKNOWN"), json!(key.is_some())));
    }
    owner.execute("select pg_advisory_unlock(2012)").await.expect("both are committed all the same");
    owner.execute("select pg_advisory_lock(2012)").await.expect("both have ended");
    owner.execute("select pg_advisory_unlock(2012)").await.expect("it is given back");
    let token = house.token("manager", "MANAGER");
    let again = carry_out(&house.client, &house.server.graphql, &token, CREATE, order(Some("once"))).await;
    assert_eq!(again["createWebhook"], json!({ "replayed": true, "secret": null, "userErrors": [] }));
    let all = "{ webhooks(first: 10) { totalCount } }";
    let shown = ask(&house.client, &house.server.graphql, &token, all, json!({})).await.expect("an answer");
    assert_eq!(shown["webhooks"]["totalCount"], 2, "one of each order");
}

/// A database behind such a network.
async fn behind(proxy: &Proxy) -> Arc<dyn Store> {
    let target = Target::from(&proxy.url).with_patience(PATIENCE);
    store::open(target, TestClock::new()).await.expect("the database opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn word_of_other_servers_commits_is_heard_again() {
    let database = fresh_database();
    let proxy = Proxy::before(database.url()).await;
    let listening = behind(&proxy).await;
    let committing = store::open(database.url(), TestClock::new()).await.expect("the database opens");
    let mut news = listening.news();
    for case in 0..SILENCES {
        commit_one(&*committing, note(case_stream(case as u128), 0, &case.to_string())).await.expect("accepted");
        let heard = news.wait_for(|known| *known > case as u64);
        in_time("the word of a commit", heard).await.expect("somebody listens");
        proxy.falls_silent();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_a_read_of_a_silent_database_leaves_no_connection_behind() {
    let database = fresh_database();
    let proxy = Proxy::before(database.url()).await;
    let store = behind(&proxy).await;
    let asked = || limited(PATIENCE, store.takes_commands());
    let answered = || async {
        let mut asks = interval(Duration::from_millis(100));
        loop {
            asks.tick().await;
            if asked().await.is_ok() {
                break;
            }
        }
    };
    for _ in 0..SILENCES {
        in_time("a read", answered()).await;
        // As many connections as are kept, and more.
        join_all((0..40).map(|_| asked())).await;
        proxy.falls_silent();
        let gone = join_all((0..40).map(|_| timeout(Duration::from_millis(50), asked()))).await;
        assert!(gone.iter().any(Result::is_err), "nobody answers them");
    }
    in_time("a read", answered()).await;
}
