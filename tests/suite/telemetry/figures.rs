//! The figures, and the dashboard that shows them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use etalon::identity::ledger_key::CallerToken;
use serde_json::{Value, json};

use crate::faults::{COMMENT, coordinator, report_a_case, report_cases};
use crate::ledger::serving::origin_of;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask, program};

/// Its names are in nothing else that is said.
const NAMED_QUERY: &str = "query NobodyElseCallsItThat { viewer { roles } nothingOfThatName }";

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_on_sqlite_is_counted() {
    what_happens_is_counted(&Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_on_postgresql_is_counted() {
    let database = fresh_database();
    what_happens_is_counted(&Installation::on(database.url())).await;
}

/// A server that serves its figures, and where.
pub fn start(installation: &Installation) -> (Server, String) {
    start_as(installation.command())
}

fn start_as(mut command: Command) -> (Server, String) {
    command.env("ETALON_METRICS_LISTEN", "127.0.0.1:0").env("ETALON_WEBHOOK_NETWORKS", "127.0.0.0/8");
    let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
    let log = server.log();
    let told = log.lines().find_map(|line| line.split_once("figures at ")).expect("it says where they are");
    let address = told.1.trim().to_owned();
    (server, address)
}

/// Whoever has an alarm on its age has to hear it when nothing can be signed any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_latest_checkpoint_grows_older_while_the_database_is_away() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let (server, address) = start(&installation);
    report_a_case(&installation, &server.graphql).await;
    let age = "etalon_checkpoint_age_seconds";
    shown(&address, |figures| figures[age] > 0.0).await;
    drop(database);
    let away = shown(&address, |figures| figures["etalon_database_up"] == 0.0).await;
    shown(&address, |figures| figures["etalon_database_up"] == 0.0 && figures[age] > away[age]).await;
}

/// So has whoever waits for the first one in vain.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_never_sealed_tells_how_long_it_has_waited_for_it() {
    let installation = Installation::embedded();
    let (origin, folder) = (origin_of(&installation), installation.folder().join("signer"));
    let told = program().args(["signer", "--key-of", &origin, "--folder"]).arg(folder).output().expect("it runs");
    let key = String::from_utf8(told.stdout).expect("a line");
    CallerToken::open_or_create(&installation.folder().join("signer-token")).expect("made");
    // Nobody listens there.
    let mut command = installation.command();
    command.env("ETALON_SIGNER_URL", "http://127.0.0.1:1").env("ETALON_SIGNER_KEY", key.trim());
    let (server, address) = start_as(command);
    report_a_case(&installation, &server.graphql).await;
    let figures = shown(&address, |figures| figures["etalon_checkpoint_age_seconds"] > 0.0).await;
    assert!(figures["etalon_log_events"] > 0.0 && figures["etalon_checkpoint_events"] == 0.0, "{figures:?}");
}

/// The figures, once they are so.
async fn shown(address: &str, are_so: impl Fn(&BTreeMap<String, f64>) -> bool) -> BTreeMap<String, f64> {
    let client = reqwest::Client::new();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_000 {
        looks.tick().await;
        let answer = client.get(address).send().await.expect("an answer");
        let figures = read(&answer.text().await.expect("text"));
        if are_so(&figures) {
            return figures;
        }
    }
    panic!("it does not come to that")
}

async fn what_happens_is_counted(installation: &Installation) {
    let (server, address) = start(installation);
    let client = reqwest::Client::new();
    let cases = report_cases(installation, &server.graphql).await;
    let token = installation.token(&coordinator());
    // The same command twice, and one that expects a version that has passed.
    let first = json!({ "caseId": cases[0], "text": "读数 / reading", "idempotencyKey": "once" });
    let late = json!({ "caseId": cases[0], "text": "读数 / reading", "expectedVersion": 1 });
    for input in [&first, &first, &late] {
        ask(&client, &server.graphql, &token, COMMENT, json!({ "input": input })).await.expect("an answer");
    }
    let refused = client.post(&server.graphql).bearer_auth(&token).json(&json!({ "query": NAMED_QUERY }));
    refused.send().await.expect("an answer");
    client.get(server.graphql.replace("/graphql", "/somebody/s/path")).send().await.expect("an answer");
    client.post(&server.graphql).send().await.expect("an answer");

    let answer = client.get(&address).send().await.expect("an answer");
    let content_type = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert!(content_type.starts_with("application/openmetrics-text"), "{content_type}");
    let text = answer.text().await.expect("text");
    let figures = read(&text);
    let exactly = [
        ("etalon_commands_total{aggregate=\"Case\",outcome=\"recorded\"}", 201.0),
        ("etalon_commands_total{aggregate=\"Case\",outcome=\"replayed\"}", 1.0),
        ("etalon_commands_total{aggregate=\"Case\",outcome=\"conflict\"}", 1.0),
        ("etalon_commands_total{aggregate=\"Campaign\",outcome=\"recorded\"}", 1.0),
        ("etalon_appends_total{outcome=\"committed\"}", 203.0),
        ("etalon_appends_total{outcome=\"overloaded\"}", 0.0),
        ("etalon_graphql_operations_total{operation=\"mutation\",code=\"OK\"}", 205.0),
        ("etalon_refused_total{code=\"GRAPHQL_VALIDATION_FAILED\"}", 1.0),
        ("etalon_refused_total{code=\"TOKEN_MISSING\"}", 1.0),
        ("etalon_http_requests_total{route=\"other\",status=\"404\"}", 1.0),
        ("etalon_http_requests_total{route=\"/graphql\",status=\"401\"}", 1.0),
        ("etalon_writer_queue_commands", 0.0),
        ("etalon_database_up", 1.0),
        ("etalon_webhooks_enabled", 0.0),
        ("etalon_webhook_lag_events", 0.0),
        ("etalon_streams_open", 0.0),
    ];
    for (name, value) in exactly {
        assert_eq!(figures.get(name), Some(&value), "{name} in\n{text}");
    }
    let at_least = [
        ("etalon_log_events", 203.0),
        ("etalon_log_ahead_seconds", 0.0),
        ("etalon_connections_open", 1.0),
        ("etalon_arriving_body_bytes", 0.0),
        ("etalon_unsent_answer_bytes", 0.0),
        ("etalon_committed_events_total", 203.0),
        ("etalon_commit_seconds_count", 1.0),
        ("etalon_commit_batch_commands_sum", 203.0),
        ("etalon_database_acquire_seconds_count", 1.0),
        ("etalon_database_connections_limit", 1.0),
        ("etalon_resident_memory_bytes", 1_000_000.0),
        ("etalon_start_time_seconds", 1_700_000_000.0),
        // Until the end of 2026 at least.
        ("etalon_working_days_known_until_seconds", 1_798_732_799.0),
    ];
    for (name, value) in at_least {
        assert!(figures.get(name).is_some_and(|told| *told >= value), "{name} in\n{text}");
    }
    assert_eq!(figures["etalon_log_events"], figures["etalon_committed_events_total"], "one server, one log");
    for secret in ["NobodyElseCallsItThat", "nothingOfThatName", "somebody", "coordinator", "内径测量", &token] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    follows_and_seals(installation, &server, &client, &address).await;
    the_dashboard_shows_what_there_is(&text);

    // Nothing else is served there, and the figures are nowhere else.
    let elsewhere = [address.replace("/metrics", "/graphql"), server.graphql.replace("/graphql", "/metrics")];
    for url in elsewhere {
        assert_eq!(client.get(&url).send().await.expect("an answer").status(), 404, "{url}");
    }
    assert!(server.stop(), "it ends in order");
}

/// The checkpoint covers the log within a second, and a webhook that nobody answers falls behind.
async fn follows_and_seals(installation: &Installation, server: &Server, client: &reqwest::Client, address: &str) {
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let create = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } userErrors { code message } } }";
    // A port that nobody listens at.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let input = json!({ "input": { "url": format!("http://{free}/"), "subjects": ["CASE"], "after": "0" } });
    let made = ask(client, &server.graphql, &manager, create, input).await.expect("an answer");
    assert_eq!(made["createWebhook"]["userErrors"], json!([]), "{made}");
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(50));
    let (mut last, mut figures) = (String::new(), BTreeMap::new());
    for _ in 0..400 {
        looks.tick().await;
        last = client.get(address).send().await.expect("an answer").text().await.expect("text");
        figures = read(&last);
        let is_sealed = figures["etalon_checkpoint_events"] == figures["etalon_log_events"];
        if is_sealed && figures["etalon_webhook_waiting"] > 0.0 {
            break;
        }
    }
    assert_eq!(figures["etalon_checkpoint_events"], figures["etalon_log_events"], "{last}");
    assert!(figures["etalon_checkpoint_age_seconds"] >= 0.0, "{last}");
    assert_eq!(figures["etalon_webhooks_enabled"], 1.0, "{last}");
    assert!(figures["etalon_webhook_waiting"] > 0.0, "{last}");
    assert!(figures["etalon_webhook_deliveries_total{outcome=\"failed\"}"] > 0.0, "{last}");
}

/// Every figure with its labels.
fn read(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

fn the_dashboard_shows_what_there_is(text: &str) {
    let printed = program().arg("dashboard").output().expect("it runs");
    assert!(printed.status.success());
    let dashboard: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let shown: BTreeSet<_> =
        targets.flat_map(|target| named(target["expr"].as_str().expect("an expression"))).collect();
    assert!(shown.len() > 25, "{shown:?}");
    let there: BTreeSet<_> = read(text).into_keys().flat_map(|figure| named(&figure)).collect();
    let missing: Vec<_> = shown.difference(&there).collect();
    assert!(missing.is_empty(), "the dashboard asks for {missing:?}, which is not in\n{text}");
}

/// The figures that a text names.
fn named(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("etalon_")).map(str::to_owned).collect()
}
