//! Revocation: at every server, for requests and for streams that are open, within the time that is promised.

use std::process::Command;
use std::time::{Duration, Instant};

use etalon::app::Revoker;
use serde_json::{Value, json};

use crate::following::subscriber::{EVENTS, Got, Subscriber, TRANSPORTS, Transport};
use crate::life::scene::Scene;
use crate::life::world::{World, uuid_of};
use crate::oidc::provider::{Key, Provider};
use crate::oidc::{show, shown_until, start};
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who};

const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { userErrors { code } } }";

/// Runs `etalon revoke`.
fn revoke(mut command: Command, arguments: [&str; 2]) {
    let ran = command.arg("revoke").args(arguments).output().expect("the program runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let of_webhooks = match arguments[0] {
        "--actor" => "the webhooks of this actor are paused by then",
        _ => "webhooks go on unless the actor who owns them is revoked (`--actor`)",
    };
    assert_eq!(said.trim_end(), format!("revoked; every server knows it within 5 seconds; {of_webhooks}"));
}

/// A stream of each kind at the server, which has begun.
async fn streams(server: &Server, token: &str) -> Vec<(Transport, Subscriber)> {
    let mut opened = Vec::new();
    for transport in TRANSPORTS {
        let from_start = json!({ "fromStart": true });
        let subscriber = Subscriber::open(transport, &server.graphql, token, EVENTS, from_start).await;
        let mut subscriber = subscriber.expect("the token is good");
        subscriber.update().await;
        opened.push((transport, subscriber));
    }
    opened
}

/// Waits until the stream is ended, and asserts that it is for a token that was revoked.
async fn is_ended(transport: Transport, mut subscriber: Subscriber) {
    let told = loop {
        match (transport, subscriber.next().await) {
            (_, Got::Update(_)) => {}
            (Transport::WebSocket, Got::Closed(4403, reason)) => break serde_json::from_str(&reason).expect("JSON"),
            (Transport::EventStream, Got::Error(extensions)) => break extensions,
            (_, other) => panic!("{transport:?} ends in words, not by {other:?}"),
        }
    };
    let told: Value = told;
    assert_eq!(told["code"], "TOKEN_REVOKED", "{transport:?}");
}

/// Something to stream.
async fn open_campaign(server: &Server, token: &str) {
    let client = reqwest::Client::new();
    let input = json!({ "input": crate::life::scene::campaign("计量服务") });
    let open = crate::following::resuming::OPEN;
    crate::support::server::ask(&client, &server.graphql, token, open, input).await.expect("it is opened");
}

async fn an_actors_tokens_end(installation: Installation) {
    // Several servers over one database; an embedded one has one.
    let count = if installation.database().starts_with("sqlite:") { 1 } else { 2 };
    let servers: Vec<_> = (0..count).map(|_| installation.start()).collect();
    let [manager, auditor] = [Who::new("manager", "MANAGER", "CN"), Who::new("the-auditor", "AUDITOR", "CN")];
    open_campaign(&servers[0], &installation.token(&manager)).await;
    let token = installation.token(&auditor);
    let mut open = Vec::new();
    for server in &servers {
        open.extend(streams(server, &token).await);
    }
    revoke(installation.command(), ["--actor", "the-auditor"]);
    let began = Instant::now();
    for (transport, subscriber) in open {
        is_ended(transport, subscriber).await;
    }
    for server in &servers {
        let refused = shown_until(server, || token.clone(), |said| !said.is_answer()).await;
        refused.is_refusal("TOKEN_REVOKED", &token);
        assert!(Subscriber::open(Transport::WebSocket, &server.graphql, &token, EVENTS, json!({})).await.is_none());
    }
    assert!(began.elapsed() < Revoker::WITHIN, "it took {:?}", began.elapsed());
    for server in &servers {
        assert!(show(server, &installation.token(&manager)).await.is_answer(), "nobody else's");
    }
    drop(servers);
    let later = installation.start();
    show(&later, &token).await.is_refusal("TOKEN_REVOKED", &token);
    assert!(show(&later, &installation.token(&manager)).await.is_answer());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_an_actors_tokens_end() {
    an_actors_tokens_end(Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_an_actors_tokens_end_at_every_server() {
    let database = fresh_database();
    an_actors_tokens_end(Installation::on(database.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_of_a_provider_or_a_single_token_is_revoked() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    let server = start(&installation, &provider, &[("ETALON_OIDC_LEEWAY_MS", "0")]);
    let token = |subject: &str, id: &str| {
        let mut payload = provider.payload(subject);
        payload["jti"] = json!(id);
        payload["person"] = json!("0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e70");
        key.token(&payload)
    };
    let command = || {
        let mut command = installation.command();
        command.env("ETALON_OIDC_ISSUER", &provider.issuer).env("ETALON_OIDC_AUDIENCE", "etalon");
        command
    };
    let [lost, kept, of_another] = [token("li.na", "lost"), token("li.na", "kept"), token("other", "theirs")];
    for good in [&lost, &kept, &of_another] {
        assert!(show(&server, good).await.is_answer());
    }
    revoke(command(), ["--token-id", "lost"]);
    let refused = shown_until(&server, || lost.clone(), |said| !said.is_answer()).await;
    refused.is_refusal("TOKEN_REVOKED", &lost);
    assert!(show(&server, &kept).await.is_answer(), "it is another token of the same subject");
    revoke(command(), ["--subject", "li.na"]);
    let refused = shown_until(&server, || kept.clone(), |said| !said.is_answer()).await;
    refused.is_refusal("TOKEN_REVOKED", &kept);
    assert!(show(&server, &of_another).await.is_answer(), "the same person by another subject");
    // One that is issued later is good, as soon as its second is a later one.
    shown_until(&server, || token("li.na", "new"), |said| said.is_answer()).await;
}

#[test]
fn a_subject_and_the_id_of_a_token_are_a_providers() {
    for named in [["--subject", "li.na"], ["--token-id", "lost"]] {
        let ran = Installation::embedded().command().arg("revoke").args(named).output().expect("the program runs");
        let said = String::from_utf8_lossy(&ran.stderr);
        let why = format!("`{}` is for tokens of an identity provider, and `oidc.issuer` is not set", named[0]);
        assert!(ran.status.code() == Some(1) && said.contains(&why), "{said}");
    }
}

async fn who_is_erased_is_let_in_no_more(world: &World) {
    let scene = Scene::set(world).await;
    let token = world.token("expert");
    assert!(show(&world.server, &token).await.is_answer());
    let open = streams(&world.server, &token).await;
    let expert = uuid_of(&scene.expert).to_string();
    world.admit("manager elsewhere", &Who::new("manager-elsewhere", "MANAGER", "32"));
    world.admit("expert as manager", &Who::new(expert.clone(), "MANAGER", "32"));
    let webhook = json!({ "url": "https://events.example.org/", "eventTypes": ["LegacyActivityRecorded"] });
    let made = world.ask("expert as manager", CREATE, json!({ "input": webhook })).await;
    assert_eq!(made["createWebhook"]["userErrors"], json!([]));
    let erasure = json!({ "personId": scene.expert, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" });
    world.takes("manager elsewhere", "erasePerson", erasure).await;
    let began = Instant::now();
    for (transport, subscriber) in open {
        is_ended(transport, subscriber).await;
    }
    assert!(began.elapsed() < Revoker::WITHIN, "it took {:?}", began.elapsed());
    let anew = world.installation.token(&Who::new(expert.clone(), "AUDITOR", "CN"));
    for token in [&token, &anew] {
        show(&world.server, token).await.is_refusal("TOKEN_REVOKED", token);
    }
    // By the webhooks that they own as well.
    let look = "{ webhooks(first: 1) { nodes { state changes(first: 2) { nodes { action actorId } } } } }";
    let done = |action: &str, by: &str| json!({ "action": action, "actorId": by });
    let paused = json!({ "state": "PAUSED", "changes": { "nodes": [
        done("CREATED", &expert), done("OWNER_REVOKED", "etalon:clock"),
    ] } });
    let mut again = tokio::time::interval(Duration::from_millis(100));
    while world.ask("manager elsewhere", look, json!({})).await["webhooks"]["nodes"] != json!([paused]) {
        again.tick().await;
    }
    assert!(show(&world.server, &world.token("lead")).await.is_answer());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_who_is_erased_is_let_in_no_more() {
    who_is_erased_is_let_in_no_more(&World::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_who_is_erased_is_let_in_no_more() {
    who_is_erased_is_let_in_no_more(&World::on_postgresql().await).await;
}
