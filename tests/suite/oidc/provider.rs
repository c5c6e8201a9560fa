//! A provider on a port of its own: keys that the test makes, tokens that say what the test wants.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etalon::clock::{Clock, SystemClock};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub const AUDIENCE: &str = "etalon";

/// A key pair.
pub struct Key {
    pub id: String,
    pub algorithm: Algorithm,
    private: EncodingKey,
    /// As it stands in a set of keys.
    pub public: Value,
}

impl Key {
    /// A new one, made by openssl.
    pub fn new(id: &str, algorithm: Algorithm) -> Self {
        let kind: &[&str] = match algorithm {
            Algorithm::RS256 => &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Algorithm::ES256 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Algorithm::EdDSA => &["ED25519"],
            other => panic!("{other:?} is none of a provider here"),
        };
        let made = Command::new("openssl").args(["genpkey", "-algorithm"]).args(kind).output();
        let made = made.expect("openssl is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let pem = made.stdout.as_slice();
        let private = match algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(pem),
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
            _ => EncodingKey::from_ed_pem(pem),
        };
        let private = private.expect("a private key");
        let public = Jwk::from_encoding_key(&private, algorithm).expect("a public key");
        let mut public = serde_json::to_value(public).expect("JSON");
        public["kid"] = json!(id);
        public["use"] = json!("sig");
        Self { id: id.to_owned(), algorithm, private, public }
    }

    pub fn ed(id: &str) -> Self {
        Self::new(id, Algorithm::EdDSA)
    }

    /// The header of its tokens.
    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.clone()), typ: Some("at+jwt".to_owned()), ..Header::new(self.algorithm) }
    }

    pub fn token(&self, payload: &Value) -> String {
        self.token_under(&self.header(), payload)
    }

    /// The same under a header of another mind; its algorithm is the key's own.
    pub fn token_under(&self, header: &Header, payload: &Value) -> String {
        jsonwebtoken::encode(header, payload, &self.private).expect("signed")
    }

    /// A token whose payload is this text.
    pub fn token_of_text(&self, payload: &str) -> String {
        let payload = RawValue::from_string(payload.to_owned()).expect("JSON");
        jsonwebtoken::encode(&self.header(), &payload, &self.private).expect("signed")
    }
}

#[derive(Default)]
struct State {
    /// What the discovery document calls the issuer.
    issuer: Mutex<String>,
    keys: Mutex<Vec<Value>>,
    is_down: AtomicBool,
    /// How often the discovery document and the keys were asked for.
    asked: AtomicUsize,
}

pub struct Provider {
    pub issuer: String,
    state: Arc<State>,
    _stop: DropGuard,
}

impl Provider {
    pub async fn with(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}/realms/test", listener.local_addr().expect("an address"));
        let state = Arc::<State>::default();
        let routes = Router::new()
            .route(
                "/realms/test/.well-known/openid-configuration",
                get({
                    let state = state.clone();
                    async move || state.answer(State::discovery)
                }),
            )
            .route(
                "/realms/test/keys",
                get({
                    let state = state.clone();
                    async move || state.answer(State::set)
                }),
            );
        let stop = CancellationToken::new();
        let ends = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, routes) => served.expect("it serves"),
                () = ends.cancelled() => {}
            }
        });
        let provider = Self { issuer, state, _stop: stop.drop_guard() };
        provider.calls_itself(&provider.issuer);
        provider.has(keys);
        provider
    }

    /// From now on these are its keys.
    pub fn has(&self, keys: &[&Key]) {
        self.publishes(keys.iter().map(|key| key.public.clone()).collect());
    }

    pub fn publishes(&self, keys: Vec<Value>) {
        *self.state.keys.lock().unwrap() = keys;
    }

    pub fn calls_itself(&self, issuer: &str) {
        *self.state.issuer.lock().unwrap() = issuer.to_owned();
    }

    pub fn is_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How many requests have reached it.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// What a good token says: an auditor of the nation, from now on for ten minutes.
    pub fn payload(&self, subject: &str) -> Value {
        let now = SystemClock.now().as_second();
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "nbf": now, "exp": now + 600,
            "roles": ["auditor"], "jurisdiction": "CN",
        })
    }

    /// The same with some claims changed; null takes one away.
    pub fn payload_with(&self, changes: &[(&str, Value)]) -> Value {
        let mut payload = self.payload("somebody");
        for (name, value) in changes {
            match value {
                Value::Null => payload.as_object_mut().expect("an object").remove(*name),
                value => payload.as_object_mut().expect("an object").insert((*name).to_owned(), value.clone()),
            };
        }
        payload
    }
}

impl State {
    /// Counts, and answers while the provider is up.
    fn answer(&self, say: impl Fn(&Self) -> Value) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.is_down.load(Ordering::SeqCst) {
            true => StatusCode::BAD_GATEWAY.into_response(),
            false => say(self).to_string().into_response(),
        }
    }

    fn discovery(&self) -> Value {
        let issuer = self.issuer.lock().unwrap().clone();
        json!({ "issuer": issuer, "jwks_uri": format!("{}/keys", issuer.trim_end_matches('/')) })
    }

    fn set(&self) -> Value {
        json!({ "keys": *self.keys.lock().unwrap() })
    }
}
