//! From the `Authorization` header to the actor who is asking. Nobody is anonymous here.

use std::collections::BTreeSet;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::app::Standing;
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::Division;
use crate::http::Front;
use crate::http::answer::Refused;
use crate::identity::credential::Credential;
use crate::identity::{Identity, IdentityError, token};

/// Who is asking, and until when that holds.
#[derive(Debug)]
pub(crate) struct Asker {
    /// The actor.
    pub(crate) actor: Actor,
    /// When the token ends.
    pub(crate) expires_at: Timestamp,
    /// What the token is known by, should it be revoked meanwhile.
    pub(crate) credential: Credential,
}

/// Reads and verifies the bearer token.
///
/// # Errors
/// 401, with what a client needs to do better and nothing that helps a forger; 503 when nobody can be known.
pub(crate) async fn asker(headers: &HeaderMap, front: &Front) -> Result<Asker, Refused> {
    let authorization = match headers.get(AUTHORIZATION).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(value)) => Some(value),
        Some(Err(_)) => return Err(refused(IdentityError::Malformed)),
    };
    bearer(authorization, front).await.map_err(refused)
}

/// The same, for a header's value that has come by another way.
///
/// # Errors
/// Why nobody is known by it.
pub(crate) async fn bearer(authorization: Option<&str>, front: &Front) -> Result<Asker, IdentityError> {
    let identity = front.verifier.verify(token::bearer(authorization)?, front.app.now()).await?;
    match front.app.standing(&identity.credential) {
        Standing::Good => of_identity(identity).ok_or(IdentityError::Claims),
        Standing::Revoked => Err(IdentityError::Revoked),
        Standing::Unknown => Err(IdentityError::Unavailable),
    }
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
        credential: identity.credential,
    })
}

/// RFC 6750, section 3: a missing token gets the bare challenge, a bad one the error.
fn refused(error: IdentityError) -> Refused {
    let (status, header, value) = match error {
        IdentityError::Missing => (StatusCode::UNAUTHORIZED, "www-authenticate", "Bearer realm=\"etalon\""),
        IdentityError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "retry-after", "5"),
        _ => (StatusCode::UNAUTHORIZED, "www-authenticate", "Bearer realm=\"etalon\", error=\"invalid_token\""),
    };
    let message = match error {
        IdentityError::Missing => format!("{error}: send `Authorization: Bearer …`"),
        error => error.to_string(),
    };
    Refused::new(status, error.code(), message).with_header(header, HeaderValue::from_static(value))
}
