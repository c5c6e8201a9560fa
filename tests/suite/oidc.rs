//! Tokens of an OpenID Connect provider, and tokens that are revoked.
//!
//! Most tests have a small provider of their own, whose keys they make; one asks oidc-provider.

mod attacks;
mod fetching;
mod provider;
mod real;
mod revoking;

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use crate::support::server::{Installation, Server};
use provider::Provider;

/// What a server says to somebody who shows a token.
struct Said {
    status: u16,
    /// The code of the refusal; empty where there is none.
    code: String,
    viewer: Value,
    headers: HeaderMap,
    text: String,
}

impl Said {
    /// Asserts that it is the refusal of a bad token, with that code, and tells nothing more.
    fn is_refusal(&self, code: &str, token: &str) {
        assert_eq!((self.status, self.code.as_str()), (401, code), "{token}: {}", self.text);
        assert_eq!(self.headers[WWW_AUTHENTICATE], "Bearer realm=\"etalon\", error=\"invalid_token\"");
        assert!(token.is_empty() || !self.text.contains(token), "{}", self.text);
        let error = &serde_json::from_str::<Value>(&self.text).expect("JSON")["errors"][0];
        assert_eq!(error.as_object().expect("an object").len(), 2, "{error}");
        assert_eq!(error["extensions"], json!({ "code": code }));
    }

    fn is_unavailable(&self) -> bool {
        let is_unavailable = self.code == "IDENTITY_UNAVAILABLE";
        if is_unavailable {
            assert_eq!((self.status, &self.headers[RETRY_AFTER]), (503, &"5".parse().expect("a value")));
            assert!(!self.headers.contains_key(WWW_AUTHENTICATE), "it is no fault of the token");
        }
        is_unavailable
    }

    fn is_answer(&self) -> bool {
        self.status == 200 && self.viewer.is_object()
    }
}

/// Asks a server who is asking.
async fn show(server: &Server, token: &str) -> Said {
    let body = json!({ "query": "{ viewer { id roles } }" });
    let request = reqwest::Client::new().post(&server.graphql).bearer_auth(token).json(&body);
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    Said { status, code, viewer: answer["data"]["viewer"].clone(), headers, text }
}

/// Shows what is made anew each time, until what is said is as it should be.
async fn shown_until(server: &Server, token: impl Fn() -> String, is_so: impl Fn(&Said) -> bool) -> Said {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    loop {
        again.tick().await;
        let said = show(server, &token()).await;
        if is_so(&said) {
            return said;
        }
    }
}

/// A server that takes the provider's tokens, with settings of its own.
fn start(installation: &Installation, provider: &Provider, settings: &[(&str, &str)]) -> Server {
    let mut command = installation.command();
    command.env("ETALON_OIDC_ISSUER", &provider.issuer).env("ETALON_OIDC_AUDIENCE", provider::AUDIENCE);
    command.env("ETALON_OIDC_ALGORITHM", "EdDSA").envs(settings.iter().copied());
    Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]))
}
