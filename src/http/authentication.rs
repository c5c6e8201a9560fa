//! From the `Authorization` header to the actor who is asking. Nobody is anonymous here.

use std::collections::BTreeSet;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::Division;
use crate::http::answer::Refused;
use crate::identity::key::LocalKey;
use crate::identity::{Identity, IdentityError, token};

/// Who is asking, and until when that holds.
#[derive(Debug)]
pub(crate) struct Asker {
    /// The actor.
    pub(crate) actor: Actor,
    /// When the token ends.
    pub(crate) expires_at: Timestamp,
}

/// Reads and verifies the bearer token.
///
/// # Errors
/// 401, with what a client needs to do better and nothing that helps a forger.
pub(crate) fn asker(headers: &HeaderMap, key: &LocalKey, now: Timestamp) -> Result<Asker, Refused> {
    let authorization = match headers.get(AUTHORIZATION).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(value)) => Some(value),
        Some(Err(_)) => return Err(refused(IdentityError::Malformed)),
    };
    bearer(authorization, key, now).map_err(refused)
}

/// The same, for a header's value that has come by another way.
///
/// # Errors
/// Why nobody is known by it.
pub(crate) fn bearer(authorization: Option<&str>, key: &LocalKey, now: Timestamp) -> Result<Asker, IdentityError> {
    let verified = token::bearer(authorization).and_then(|token| key.verify(token, now));
    verified.and_then(|identity| of_identity(identity).ok_or(IdentityError::Claims))
}

/// The actor whom the identity names; `None` where it names a division that is in no table.
fn of_identity(identity: Identity) -> Option<Asker> {
    let roles: Option<BTreeSet<_>> = identity.roles.iter().map(|role| Role::named(role)).collect();
    Some(Asker {
        actor: Actor {
            id: ActorId::parse(&identity.actor).ok()?,
            roles: roles?,
            jurisdiction: Division::parse(&identity.jurisdiction).ok()?,
            institution: identity.institution.map(Into::into),
            enterprise: identity.enterprise.map(Into::into),
        },
        expires_at: identity.expires_at,
    })
}

/// RFC 6750, section 3: a missing token gets the bare challenge, a bad one the error.
fn refused(error: IdentityError) -> Refused {
    let (challenge, message) = match error {
        IdentityError::Missing => (
            "Bearer realm=\"etalon\"",
            "a bearer token is required: send `Authorization: Bearer …` with one that `etalon token` has made"
                .to_owned(),
        ),
        error => ("Bearer realm=\"etalon\", error=\"invalid_token\"", error.to_string()),
    };
    Refused::new(StatusCode::UNAUTHORIZED, error.code(), message)
        .with_header("www-authenticate", HeaderValue::from_static(challenge))
}
