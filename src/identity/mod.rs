//! Who is asking: the one room that knows how a person proves who they are.
//!
//! A bearer token comes in as text and leaves as an [`Identity`], or as an [`IdentityError`] that says no more than
//! the asker may know. Tokens are signed by an OpenID Connect provider ([`oidc::Provider`]) or, where there is none,
//! with the installation's own key ([`key::LocalKey`]); never by both. What an identity may *do* is decided elsewhere:
//! this room knows the names of roles, not what they allow.

pub mod claims;
pub mod credential;
pub mod key;
mod key_file;
pub mod ledger_key;
pub mod oidc;
mod proved;
pub mod token;
pub mod webhook_key;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use credential::Credential;
use key::LocalKey;
use oidc::Provider;

/// Whose tokens are taken.
#[derive(Debug)]
pub enum Verifier {
    /// The installation's own.
    Local(LocalKey),
    /// An OpenID Connect provider's.
    Provider(Arc<Provider>),
}

impl Verifier {
    /// Who the token says is asking, at the time `now`.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`]. The signature is looked at before anything that the token says.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, IdentityError> {
        match self {
            Self::Local(key) => key.verify(token, now),
            Self::Provider(provider) => provider.verify(token, now).await,
        }
    }
}

/// Who is asking, as a verified token says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person's or service's id in the log: 1 to 128 characters without white space.
    pub actor: String,
    /// At least one of [`claims::ROLES`].
    pub roles: BTreeSet<&'static str>,
    /// A division code of 2, 4 or 6 digits (GB/T 2260), or `CN` for the nation.
    pub jurisdiction: String,
    /// The institution the actor works for; always there for `LEAD` and `EXPERT`.
    pub institution: Option<Uuid>,
    /// The enterprise the actor speaks for; always there for `ENTERPRISE`.
    pub enterprise: Option<Uuid>,
    /// When the token ends, UTC, in whole seconds.
    pub expires_at: Timestamp,
    /// What a revocation of the token would name.
    pub credential: Credential,
}

/// Why a request has no identity.
///
/// The text goes to whoever sent the request, so it names neither the key nor which part of a forged token was
/// nearly right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// There is no `Authorization` header.
    #[error("a bearer token is required")]
    Missing,
    /// The header is not `Bearer` and one token, or the token is not a signed JSON Web Token.
    #[error("the bearer token cannot be read")]
    Malformed,
    /// The token was not signed by whom this installation trusts, or was changed afterwards.
    #[error("the bearer token was not signed for this installation")]
    Signature,
    /// The provider has no such key, as far as is known.
    #[error("the bearer token is signed with a key that the provider is not known to have; ask again in a while")]
    UnknownKey,
    /// The token's time is over.
    #[error("the bearer token has expired")]
    Expired,
    /// The token's time has not begun.
    #[error("the bearer token is not valid yet")]
    NotYetValid,
    /// The token is signed, and is another issuer's.
    #[error("the bearer token is of another issuer")]
    Issuer,
    /// The token is signed, and is for another service.
    #[error("the bearer token is for another audience")]
    Audience,
    /// The token is signed, but is not for Etalon or says something that no token of Etalon's says.
    #[error("the bearer token is not one for this service")]
    Claims,
    /// The token was good, and was revoked.
    #[error("the bearer token was revoked")]
    Revoked,
    /// Nobody's token can be judged at the moment: that is no fault of the token.
    #[error("bearer tokens cannot be judged at the moment; ask again in a while")]
    Unavailable,
}

impl IdentityError {
    /// The stable code that clients may test for.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Signature => "TOKEN_SIGNATURE",
            Self::UnknownKey => "TOKEN_KEY_UNKNOWN",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::Issuer => "TOKEN_ISSUER",
            Self::Audience => "TOKEN_AUDIENCE",
            Self::Claims => "TOKEN_CLAIMS",
            Self::Revoked => "TOKEN_REVOKED",
            Self::Unavailable => "IDENTITY_UNAVAILABLE",
        }
    }
}
