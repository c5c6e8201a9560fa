//! Tokens of an OpenID Connect provider: access tokens that are signed JSON Web Tokens (RFC 9068, or near enough).
//!
//! The provider is found by its issuer ([OpenID Connect Discovery
//! 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html)), its keys are kept and renewed, and what its
//! tokens say becomes an identity by the installation's own [`Terms`]. One algorithm is taken and no other, whatever a
//! token or a key says of itself (RFC 8725, section 3.1).

mod jwk;
mod keys;
mod source;
mod terms;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::identity::proved::Proved;
use crate::identity::token::{LONGEST_TOKEN_BYTES, refusal, signature_only};
use crate::identity::{Identity, IdentityError};

pub use keys::Pace;
pub use source::Source;
pub use terms::{ClaimNames, ReadId, ReadIds, Roles, Terms};

use keys::{Key, Keys};

/// What a header may call the type of a token: other kinds of a provider's, such as a logout token, are none (RFC 8725,
/// section 3.11).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Signing {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// A provider whose tokens are taken.
#[derive(Debug)]
pub struct Provider {
    signing: Signing,
    terms: Terms,
    keys: Keys,
    proved: Proved<Payload>,
}

impl Provider {
    /// The provider whose keys come from there. It has none before [`Provider::run`] has been there.
    #[must_use]
    pub fn new(signing: Signing, terms: Terms, source: Source, pace: Pace) -> Self {
        Self { signing, terms, keys: Keys::new(source, signing, pace), proved: Proved::default() }
    }

    /// Keeps the keys fresh until it is stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        self.keys.run(&stop).await;
    }

    /// Who the token says is asking, at the time `now`. Waits for the provider at most once, where it might have a key
    /// that is not known yet.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, IdentityError> {
        let key_id = self.key_id(token)?;
        let Key { key, edition } = self.keys.find(&key_id).await?;
        let payload = self.proved.payload(token, edition, || {
            let decoded = jsonwebtoken::decode::<Payload>(token, &key, &signature_only(self.signing.algorithm()));
            decoded.map(|decoded| decoded.claims).map_err(|error| refusal(&error))
        })?;
        self.terms.identity(&payload.0, now)
    }

    /// Which key the token says it is signed with, if it says so in a form that could hold.
    fn key_id(&self, token: &str) -> Result<String, IdentityError> {
        if token.len() > LONGEST_TOKEN_BYTES {
            return Err(IdentityError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdentityError::Malformed)?;
        let is_known_type = header.typ.is_none_or(|kind| TYPES.iter().any(|known| known.eq_ignore_ascii_case(&kind)));
        // What a token calls critical has to be understood, and nothing of the kind is (RFC 7515, section 4.1.11).
        if !is_known_type || header.crit.is_some() {
            return Err(IdentityError::Malformed);
        }
        if header.alg != self.signing.algorithm() {
            return Err(IdentityError::Signature);
        }
        header.kid.ok_or(IdentityError::UnknownKey)
    }
}

/// What a token says. One that says something twice is of no use: another reader may believe the other of the two (RFC
/// 7519, section 4).
struct Payload(Map<String, Value>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("claims, each once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = map.next_entry()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim stands there twice"));
                    }
                }
                Ok(Payload(claims))
            }
        }
        deserializer.deserialize_map(Once)
    }
}
