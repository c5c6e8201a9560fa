//! The log: its level is changed while the server runs, and it tells nobody's secrets at any level.

use std::fs;

use serde_json::json;

use crate::erasure::{LATER_NAME, NAME, TELEPHONE};
use crate::following::subscriber::{EVENTS, Subscriber, TRANSPORTS, greeted};
use crate::life::scene::{Scene, person};
use crate::life::world::{World, with};
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask};

fn configure(installation: &Installation, settings: &str) {
    fs::write(installation.folder().join("etalon.toml"), settings).expect("written");
}

async fn ask_something(installation: &Installation, server: &Server) {
    let token = installation.token(&Who::new("somebody", "MANAGER", "44"));
    let answer = ask(&reqwest::Client::new(), &server.graphql, &token, "{ viewer { roles } }", json!({})).await;
    answer.expect("an answer");
}

/// How often requests were logged as answered.
fn answered(server: &Server) -> usize {
    server.log().matches("answered").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_is_changed_while_the_server_runs() {
    let installation = Installation::embedded();
    configure(&installation, "log_level = 'info'");
    let server = installation.start();
    ask_something(&installation, &server).await;
    configure(&installation, "log_level = 'debug'");
    assert!(server.tell("HUP"));
    server.says("the log level was taken anew").await;
    assert!(!server.log().contains('\u{1b}'), "no colours where there is no terminal:\n{}", server.log());
    assert_eq!(answered(&server), 0, "nothing was said before:\n{}", server.log());
    ask_something(&installation, &server).await;
    server.says("answered").await;

    // A level that is none is refused with those that there are, and everything stays as it was.
    configure(&installation, "log_level = 'inof'");
    assert!(server.tell("HUP"));
    server.says("`inof` is no log filter: write one of off, error, warn, info, debug, trace").await;
    let before = answered(&server);
    ask_something(&installation, &server).await;
    server.says("the log level stays as it is").await;
    configure(&installation, "log_level = 'warn,nobody=off'");
    assert!(server.tell("HUP"));
    server.says("warn,nobody=off").await;
    let at_most = answered(&server);
    assert!(at_most > before, "what was refused has changed nothing:\n{}", server.log());
    ask_something(&installation, &server).await;
    assert!(server.stop(), "it ends in order");
    assert_eq!(answered(&server), at_most, "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_on_sqlite() {
    let installation = Installation::embedded();
    tell_everything(&installation);
    no_secret_is_in_the_log(&World::of(installation, None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_on_postgresql() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    tell_everything(&installation);
    no_secret_is_in_the_log(&World::of(installation, Some(database)).await).await;
}

/// Its servers log whatever there is to log.
fn tell_everything(installation: &Installation) {
    configure(installation, "log_level = 'trace'\nwebhook_networks = '127.0.0.0/8'");
}

async fn no_secret_is_in_the_log(world: &World) {
    let scene = Scene::set(world).await;
    let input = with(person(NAME, &scene.institute), json!({ "telephone": TELEPHONE }));
    let worker = world.creates("coordinator", "registerPerson", input).await;
    world.takes("coordinator", "amendPerson", json!({ "personId": worker, "name": LATER_NAME })).await;
    let case = scene.researching(world, "谁也测不准").await;
    case.takes("lead", "recordFinding", json!({ "text": "温度梯度" })).await;

    // What is wrong is told to whoever asks, and to nobody else.
    let token = world.token("coordinator");
    let forged = format!("{token}x");
    for query in [format!("{{ person(name: \"{NAME}\") {{ name }} }}"), format!("{{ {NAME}")] {
        world.post("coordinator", &query, json!({})).await;
    }
    let url = &world.server.graphql;
    let by_get = world.client.get(format!("{url}?query={NAME}&access_token={token}"));
    by_get.header("apollo-require-preflight", "true").send().await.expect("an answer");
    world.client.get(url.replace("/graphql", "/secret-path")).send().await.expect("an answer");
    world.client.post(url).bearer_auth(&forged).body(TELEPHONE).send().await.expect("an answer");
    assert!(greeted(url, &forged).await.is_none(), "nobody is known by a forged token");
    for transport in TRANSPORTS {
        let variables = json!({ "fromStart": true });
        let opened = Subscriber::open(transport, url, &world.token("watcher"), EVENTS, variables).await;
        opened.expect("a stream").next().await;
    }
    let create =
        "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { secret userErrors { code } } }";
    let input = json!({ "input": { "url": "http://127.0.0.1:9/with/a/secret-path", "after": "0" } });
    let made = world.ask("manager", create, input).await;
    let secret = made["createWebhook"]["secret"].as_str().expect("a secret").to_owned();
    let erasure = json!({ "personId": worker, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" });
    world.takes("manager", "erasePerson", erasure).await;
    assert!(world.server.stop(), "it ends in order");

    let log = world.server.log();
    assert!(log.contains("answered") && log.contains("insert into"), "everything was logged:\n{log}");
    let names = [NAME, LATER_NAME, TELEPHONE, "领衔人", "接替人", "王某", "020-12345678", "0755-12345678"];
    // The part of a token that makes it one, and what only its holder knows.
    let tokens = ["coordinator", "lead", "manager", "watcher"].map(|name| world.token(name));
    let signatures = tokens.iter().map(|token| token.rsplit('.').next().expect("a signature"));
    let texts = ["同一工件两次测量相差", "温度梯度", "本人书面申请", "示例轴承厂", "secret-path", &secret];
    for needle in names.into_iter().chain(signatures).chain(texts) {
        assert!(!log.contains(needle), "`{needle}` is in the log:\n{}", around(&log, needle));
    }
    for key in ["token-key.pem", "ledger-key.pem", "webhook-key"] {
        let key = fs::read_to_string(world.installation.folder().join(key)).expect("a key");
        let secrets = key.lines().filter(|line| line.len() > 20 && !line.starts_with('-'));
        secrets.for_each(|line| assert!(!log.contains(line), "a key is in the log"));
    }
}

/// The lines of the log that hold it.
fn around(log: &str, needle: &str) -> String {
    log.lines().filter(|line| line.contains(needle)).take(5).collect::<Vec<_>>().join("\n")
}
