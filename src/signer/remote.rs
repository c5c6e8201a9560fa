//! A signer that is another process, and how a witness is asked: the same request, the same answers.

use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jiff::Timestamp;

use super::{SignError, Signer};
use crate::identity::ledger_key::CallerToken;
use crate::ledger::note::VerifierKey;
use crate::ledger::witness::{AddCheckpoint, NotSigned};
use crate::outbound::{Client, Endpoint, EndpointError, Networks};

/// How long a signer or a witness may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody elsewhere who signs.
pub struct RemoteSigner {
    client: Client,
    endpoint: Endpoint,
    key: VerifierKey,
    headers: HeaderMap,
    /// Who it is, as errors tell.
    peer: String,
}

impl RemoteSigner {
    /// The signer of a log at that URL, which is shown that token.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn signer(url: &str, key: VerifierKey, token: &CallerToken) -> Result<Self, EndpointError> {
        let mut bearer = HeaderValue::try_from(token.bearer()).expect("Base64 is visible ASCII");
        bearer.set_sensitive(true);
        let headers = [(AUTHORIZATION, bearer)].into_iter().collect();
        Self::at("the signer".to_owned(), &format!("{}/sign-checkpoint", url.trim_end_matches('/')), key, headers)
    }

    /// The witness whose submission prefix that URL is.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn witness(url: &str, key: VerifierKey) -> Result<Self, EndpointError> {
        let witness = format!("the witness {}", key.name());
        Self::at(witness, &format!("{}/add-checkpoint", url.trim_end_matches('/')), key, HeaderMap::new())
    }

    fn at(who: String, url: &str, key: VerifierKey, headers: HeaderMap) -> Result<Self, EndpointError> {
        let networks = Networks::any();
        let endpoint = Endpoint::parse(url, &networks)?;
        let peer = format!("{who} at {}", endpoint.host());
        Ok(Self { client: Client::new(networks, PATIENCE), endpoint, key, headers, peer })
    }

    /// Its key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn gave_none(&self, reason: impl Into<String>) -> SignError {
        SignError::Remote { peer: self.peer.clone(), reason: reason.into() }
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    /// The key that it is known by, under the name of that log: it signs for each by its own.
    fn verifier(&self, origin: &str) -> Result<VerifierKey, SignError> {
        Ok(self.key.named(origin)?)
    }

    async fn sign(&self, request: &AddCheckpoint, _now: Timestamp) -> Result<String, SignError> {
        let body = Bytes::from(request.to_text());
        let answer = self.client.post(&self.endpoint, "text/plain; charset=utf-8", &self.headers, body).await;
        let answer = answer.map_err(|failure| self.gave_none(failure.to_string()))?;
        let text = || match &answer.body {
            Ok(body) => Ok(String::from_utf8_lossy(body)),
            Err(failure) => Err(self.gave_none(failure.to_string())),
        };
        match answer.status {
            StatusCode::OK => Ok(text()?.into_owned()),
            StatusCode::CONFLICT => match text()?.trim_end().parse() {
                Ok(size) if size == request.old_size => Err(NotSigned::Forked { size }.into()),
                Ok(size) => Err(NotSigned::Outdated { size }.into()),
                Err(_) => Err(self.gave_none("it answered 409 without a size")),
            },
            StatusCode::UNPROCESSABLE_ENTITY => Err(NotSigned::Unproved { size: request.old_size }.into()),
            StatusCode::UNAUTHORIZED if self.headers.contains_key(AUTHORIZATION) => {
                Err(self.gave_none("the token in `signer_token_file` is not this signer's (401)"))
            }
            status => Err(self.gave_none(format!("it answered {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use ed25519_dalek::SigningKey;
    use tokio::net::TcpListener;
    use tokio_util::task::AbortOnDropHandle;

    use super::*;
    use crate::ledger::note::{Algorithm, NoteSigner};

    /// Serves the routes for as long as the handle is there; where.
    async fn serving(routes: Router) -> (String, AbortOnDropHandle<std::io::Result<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (url, AbortOnDropHandle::new(tokio::spawn(async move { axum::serve(listener, routes).await })))
    }

    fn key(algorithm: Algorithm) -> VerifierKey {
        let signer = NoteSigner::new("w.example", algorithm, SigningKey::from_bytes(&[7; 32]));
        signer.expect("a name").verifier().clone()
    }

    /// Why there is no signature.
    async fn refusal(asked: &RemoteSigner) -> String {
        let request = AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint: String::new() };
        asked.sign(&request, Timestamp::UNIX_EPOCH).await.expect_err("there is none").to_string()
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_no_signature() {
        let routes = Router::new().route("/add-checkpoint", post(async || vec![b'x'; 100_000]));
        let (url, _serving) = serving(routes).await;
        let said = refusal(&RemoteSigner::witness(&url, key(Algorithm::Cosignature)).expect("a URL")).await;
        assert!(said.contains("gave no signature: INTERRUPTED: its answer is longer than 65536 bytes"), "{said}");
    }

    #[tokio::test]
    async fn a_token_that_the_signer_does_not_take_is_told_as_that() {
        let unauthorized = || post(async || StatusCode::UNAUTHORIZED);
        let routes = Router::new().route("/sign-checkpoint", unauthorized()).route("/add-checkpoint", unauthorized());
        let (url, _serving) = serving(routes).await;
        let folder = tempfile::tempdir().expect("a folder");
        let token = CallerToken::open_or_create(&folder.path().join("signer-token")).expect("made");
        let said = refusal(&RemoteSigner::signer(&url, key(Algorithm::Ed25519), &token).expect("a URL")).await;
        assert!(said.contains("the token in `signer_token_file` is not this signer's"), "{said}");
        let said = refusal(&RemoteSigner::witness(&url, key(Algorithm::Cosignature)).expect("a URL")).await;
        assert!(said.contains("it answered 401"), "a witness is shown none: {said}");
    }
}
