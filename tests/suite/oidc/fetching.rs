//! When the provider is asked for its keys, and what holds while it cannot be.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use jsonwebtoken::Header;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::following::subscriber::{connected, say};
use crate::oidc::provider::{Key, Provider};
use crate::oidc::{show, shown_until, start};
use crate::support::server::Installation;

/// The keys are had by two requests: for the document, and for the set that it names.
const REQUESTS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_does_not_reach_the_provider() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    let interval = Duration::from_millis(500);
    // Else most of it would be refused before its keys are looked at.
    let settings = [("ETALON_OIDC_KEYS_REFETCH_MS", "500"), ("ETALON_ANONYMOUS_REQUESTS_PER_MINUTE", "1000000")];
    let server = start(&installation, &provider, &settings);
    let payload = provider.payload("somebody");
    assert!(show(&server, &key.token(&payload)).await.is_answer());
    let (before, began) = (provider.asked(), Instant::now());
    let flood = |round: usize| {
        let tokens = (0..100).map(|n| {
            let header = Header { kid: Some(format!("unknown {round} {n}")), ..key.header() };
            key.token_under(&header, &payload)
        });
        join_all(tokens.map(async |token| show(&server, &token).await.is_refusal("TOKEN_KEY_UNKNOWN", &token)))
    };
    let mut round = 0;
    while began.elapsed() < interval * 3 {
        flood(round).await;
        round += 1;
    }
    // One that was begun may end later.
    let intervals = began.elapsed().as_millis() / interval.as_millis() + 1;
    let asked = (provider.asked() - before) / REQUESTS;
    assert!(asked >= 1, "a key that is unknown is looked for");
    assert!(asked as u128 <= intervals, "{} tokens made {asked} requests in {intervals} intervals", round * 100);
    assert!(show(&server, &key.token(&payload)).await.is_answer(), "those with a good one are let in all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_changes_its_keys() {
    let [old, new] = ["old", "new"].map(Key::ed);
    let provider = Provider::with(&[&old]).await;
    let installation = Installation::embedded();
    let pace = [("ETALON_OIDC_KEYS_REFETCH_MS", "100"), ("ETALON_OIDC_KEYS_REFRESH_MS", "1000")];
    let server = start(&installation, &provider, &pace);
    let payload = provider.payload("somebody");
    assert!(show(&server, &old.token(&payload)).await.is_answer());
    provider.has(&[&old, &new]);
    shown_until(&server, || new.token(&payload), |said| said.is_answer()).await;
    assert!(show(&server, &old.token(&payload)).await.is_answer(), "both are good for a while");
    provider.has(&[&new]);
    let token = old.token(&payload);
    shown_until(&server, || token.clone(), |said| !said.is_answer()).await.is_refusal("TOKEN_KEY_UNKNOWN", &token);
    assert!(show(&server, &new.token(&payload)).await.is_answer());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_kept_for_a_while_when_the_provider_is_down() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    provider.is_down(true);
    let installation = Installation::embedded();
    let pace = [
        ("ETALON_OIDC_KEYS_REFETCH_MS", "100"),
        ("ETALON_OIDC_KEYS_REFRESH_MS", "1000"),
        ("ETALON_OIDC_KEYS_STALE_MS", "15000"),
    ];
    let server = start(&installation, &provider, &pace);
    let payload = provider.payload("somebody");
    let token = key.token(&payload);
    assert!(show(&server, &token).await.is_unavailable(), "nobody can be known yet");
    let mut socket = connected(&server.graphql, "graphql-transport-ws").await.expect("it is a stranger's");
    let authorization = format!("Bearer {token}");
    say(&mut socket, json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("it is closed in words") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1013, r#"{"code":"IDENTITY_UNAVAILABLE"}"#));
    provider.is_down(false);
    shown_until(&server, || token.clone(), |said| said.is_answer()).await;
    provider.is_down(true);
    assert!(show(&server, &token).await.is_answer(), "what is known holds");
    let unknown = key.token_under(&Header { kid: Some("unknown".to_owned()), ..key.header() }, &payload);
    show(&server, &unknown).await.is_refusal("TOKEN_KEY_UNKNOWN", &unknown);
    shown_until(&server, || token.clone(), |said| said.is_unavailable()).await;
    provider.is_down(false);
    shown_until(&server, || token.clone(), |said| said.is_answer()).await;
    assert!(server.log().contains("the discovery document was answered with the status 502"), "{}", server.log());
}

/// An issuer is the one that is set, to the letter (OpenID Connect Discovery 1.0, section 4.3).
#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_another_issuer_is_not_believed() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    provider.calls_itself(&format!("{}/", provider.issuer));
    let server = start(&installation, &provider, &[("ETALON_OIDC_KEYS_REFETCH_MS", "100")]);
    let token = key.token(&provider.payload("somebody"));
    assert!(show(&server, &token).await.is_unavailable());
    provider.calls_itself(&provider.issuer);
    shown_until(&server, || token.clone(), |said| said.is_answer()).await;
    assert!(server.log().contains("write the issuer as the provider does"), "{}", server.log());
}
