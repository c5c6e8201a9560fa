//! From the `Authorization` header to the actor who is asking. Nobody is anonymous here.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::app::Standing;
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::Division;
use crate::http::Front;
use crate::http::admission::Peer;
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

/// Reads and verifies the bearer token of a request that came from there.
///
/// # Errors
/// 401, with what a client needs to do better and nothing that helps a forger; 429 when too much of that came from
/// there; 503 when nobody can be known.
pub(crate) async fn asker(headers: &HeaderMap, peer: Peer, front: &Front) -> Result<Asker, Refused> {
    let mut given = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::to_str);
    let known = match (given.next(), given.next()) {
        (None, _) => bearer(None, front).await,
        (Some(Ok(value)), None) => bearer(Some(value), front).await,
        // Of two each reader would take another one.
        (Some(_), _) => Err(IdentityError::Malformed),
    };
    match known {
        Ok(asker) => Ok(asker),
        Err(IdentityError::Unavailable) => Err(refused(IdentityError::Unavailable)),
        Err(error) => Err(front.admission.stranger(peer).err().unwrap_or_else(|| refused(error))),
    }
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

/// Whether a stream may begin that ends at that time. A single request is answered a little later than its token ends,
/// since clocks differ; a stream that ends as soon as it begins would be asked for again and again.
///
/// # Errors
/// [`IdentityError::Expired`].
pub(crate) fn may_begin(ends_at: Timestamp, front: &Front) -> Result<(), IdentityError> {
    if ends_at > front.app.now() { Ok(()) } else { Err(IdentityError::Expired) }
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
pub(crate) fn refused(error: IdentityError) -> Refused {
    let challenge = match error {
        IdentityError::Unavailable => {
            let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), error.to_string());
            return refused.again_in(Duration::from_secs(5));
        }
        IdentityError::Missing => "Bearer realm=\"etalon\"",
        _ => "Bearer realm=\"etalon\", error=\"invalid_token\"",
    };
    let message = match error {
        IdentityError::Missing => format!("{error}: send `Authorization: Bearer …`"),
        error => error.to_string(),
    };
    Refused::new(StatusCode::UNAUTHORIZED, error.code(), message)
        .with_header("www-authenticate", HeaderValue::from_static(challenge))
}
