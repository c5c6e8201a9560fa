//! Where a provider's keys come from: its discovery document, and the set of keys that it names.

use axum::body::Bytes;
use serde::Deserialize;

use crate::identity::oidc::Signing;
use crate::identity::oidc::jwk::{self, KeySet};
use crate::outbound::{Client, Endpoint, EndpointError, Failure, Networks};

/// A provider, asked over the network.
pub struct Source {
    client: Client,
    issuer: String,
    discovery: Endpoint,
}

/// Why there are no keys. For the server's log: nothing of it is told to whoever shows a token.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("{what} cannot be had")]
    Unreachable { what: &'static str, source: Failure },
    #[error("{what} was answered with the status {status}")]
    Status { what: &'static str, status: u16 },
    #[error("{what} is no such document")]
    Unreadable { what: &'static str, source: serde_json::Error },
    #[error("the discovery document is of the issuer `{0}`: write the issuer as the provider does, to the last `/`")]
    OtherIssuer(String),
    #[error("the keys are at a place that cannot be called")]
    Place(#[source] EndpointError),
}

const DISCOVERY: &str = "the discovery document";
const KEYS: &str = "the set of keys";

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

fn unreadable(what: &'static str) -> impl FnOnce(serde_json::Error) -> SourceError {
    move |source| SourceError::Unreadable { what, source }
}

impl Source {
    /// The provider of that issuer.
    ///
    /// # Errors
    /// When the issuer is no URL to ask: it has no query, and is HTTPS unless it is on this machine.
    pub fn new(issuer: &str, client: Client) -> Result<Self, EndpointError> {
        if issuer.contains('?') {
            return Err(EndpointError::Malformed);
        }
        let discovery = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
        let discovery = Endpoint::parse(&discovery, &Networks::any_by_tls())?;
        Ok(Self { client, issuer: issuer.to_owned(), discovery })
    }

    /// The keys for that way of signing, as they are now. The way to them is asked anew each time, for it may change.
    pub(super) async fn keys(&self, signing: Signing) -> Result<KeySet, SourceError> {
        let document = self.get(DISCOVERY, &self.discovery).await?;
        let document: Discovery = serde_json::from_slice(&document).map_err(unreadable(DISCOVERY))?;
        if document.issuer != self.issuer {
            return Err(SourceError::OtherIssuer(document.issuer));
        }
        let place = Endpoint::parse(&document.jwks_uri, &Networks::any_by_tls()).map_err(SourceError::Place)?;
        let set = self.get(KEYS, &place).await?;
        jwk::usable(&set, signing).map_err(unreadable(KEYS))
    }

    async fn get(&self, what: &'static str, place: &Endpoint) -> Result<Bytes, SourceError> {
        let unreachable = |source| SourceError::Unreachable { what, source };
        let answer = self.client.get(place).await.map_err(unreachable)?;
        match answer.status.is_success() {
            true => answer.body.map_err(unreachable),
            false => Err(SourceError::Status { what, status: answer.status.as_u16() }),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
