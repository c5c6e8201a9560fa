//! Who is asking: the one room that knows how a person proves who they are.
//!
//! A bearer token comes in as text and leaves as an [`Identity`], or as an [`IdentityError`] that says no more than
//! the asker may know. Tokens are signed with the installation's own key ([`key::LocalKey`]). What an identity may
//! *do* is decided elsewhere: this room knows the names of roles, not what they allow.

pub mod claims;
pub mod key;
mod key_file;
pub mod ledger_key;
pub mod token;
pub mod webhook_key;

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

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
    /// The token was not signed by this installation, or was changed afterwards.
    #[error("the bearer token was not signed by this installation")]
    Signature,
    /// The token's time is over.
    #[error("the bearer token has expired")]
    Expired,
    /// The token's time has not begun.
    #[error("the bearer token is not valid yet")]
    NotYetValid,
    /// The token is signed, but is not for Etalon or says something that no token of Etalon's says.
    #[error("the bearer token is not one for this service")]
    Claims,
}

impl IdentityError {
    /// The stable code that clients may test for.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Signature => "TOKEN_SIGNATURE",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::Claims => "TOKEN_CLAIMS",
        }
    }
}
