//! What a provider's tokens have to say, and what an identity is made of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::identity::claims::{Claims, ClaimsError, ROLES};
use crate::identity::credential::{self, RevocationKey};
use crate::identity::{Identity, IdentityError};
use crate::telemetry::causes::with_causes;

/// The longest `sub` (OpenID Connect Core 1.0, section 2), in bytes.
const LONGEST_SUBJECT: usize = 255;

/// What the actor ids of services begin with; what follows is the name that the settings give.
const SERVICE: &str = "service:";

/// What tokens are held to, and what their claims mean.
#[derive(Debug)]
pub struct Terms {
    /// `iss`, to the letter.
    pub issuer: String,
    /// What `aud` is, or has among others.
    pub audience: String,
    /// How far the provider's clock and this one may be apart.
    pub leeway: SignedDuration,
    /// The longest that a token may last.
    pub longest_life: SignedDuration,
    /// Where it is said who somebody is.
    pub claims: ClaimNames,
    /// Which of the provider's words are which roles.
    pub roles: Roles,
    /// The names of services, by their subjects.
    pub services: BTreeMap<String, String>,
    /// How ids are written in claims.
    pub read_ids: ReadIds,
}

/// The claims that say who somebody is, each by its name or, where it begins with `/`, by its place as a JSON Pointer
/// (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// A list of texts, or one text with white space between the words.
    pub roles: String,
    /// A division code, or `CN`.
    pub jurisdiction: String,
    /// The institution's id.
    pub institution: String,
    /// The enterprise's id.
    pub enterprise: String,
    /// The id of the person's register entry; without it the actor's id is made of issuer and subject.
    pub person: String,
    /// From when the token holds. `nbf` counts beside it where a token has that too.
    pub not_before: String,
}

/// Reads the ids of one type, as people write them; `None` for what is none.
pub type ReadId = fn(&str) -> Option<Uuid>;

/// How ids are written: this room does not know the forms that the API gives them.
#[derive(Debug, Clone, Copy)]
pub struct ReadIds {
    /// A person's.
    pub person: ReadId,
    /// An institution's.
    pub institution: ReadId,
    /// An enterprise's.
    pub enterprise: ReadId,
}

/// Which of the provider's words are which roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, &'static str>);

impl Roles {
    /// Every role by its own name, in capital or small letters.
    #[must_use]
    pub fn by_name() -> Self {
        let names = ROLES.into_iter().flat_map(|role| [(role.to_owned(), role), (role.to_ascii_lowercase(), role)]);
        Self(names.collect())
    }

    /// Those that are mapped, and no others.
    ///
    /// # Errors
    /// [`ClaimsError::UnknownRole`] when a word is mapped to something else.
    pub fn mapped(words: &BTreeMap<String, String>) -> Result<Self, ClaimsError> {
        let role = |(word, name): (&String, &String)| {
            let role = ROLES.into_iter().find(|role| role.eq_ignore_ascii_case(name));
            role.map(|role| (word.clone(), role)).ok_or_else(|| ClaimsError::UnknownRole(name.clone()))
        };
        words.iter().map(role).collect::<Result<_, _>>().map(Self)
    }

    /// The roles among the words; a provider has many words that are of no concern here.
    fn among(&self, claim: &Value) -> BTreeSet<&'static str> {
        let words: Vec<&str> = match claim {
            Value::String(text) => text.split_ascii_whitespace().collect(),
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        words.into_iter().filter_map(|word| self.0.get(word).copied()).collect()
    }
}

impl Terms {
    /// The identity that a token's payload makes at the time `now`. Its signature was verified before.
    pub(super) fn identity(&self, payload: &Map<String, Value>, now: Timestamp) -> Result<Identity, IdentityError> {
        // A token that is bound to a key is worth nothing without the proof of it (RFC 9449, section 7.1), which no
        // bearer gives.
        if payload.contains_key("cnf") {
            return Err(unusable("cnf"));
        }
        let issuer = text(payload, "iss")?.ok_or_else(|| unusable("iss"))?;
        if issuer != self.issuer {
            return Err(IdentityError::Issuer);
        }
        self.check_audience(payload.get("aud").ok_or_else(|| unusable("aud"))?)?;
        let subject = text(payload, "sub")?.ok_or_else(|| unusable("sub"))?;
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(unusable("sub"));
        }
        let (issued_at, expires_at) = self.check_times(payload, now)?;
        let claims = Claims {
            actor: self.actor(payload, subject)?,
            roles: claim(payload, &self.claims.roles)
                .map(|roles| self.roles.among(roles).into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
            jurisdiction: text(payload, &self.claims.jurisdiction)?.unwrap_or_default().to_owned(),
            institution: id(payload, &self.claims.institution, self.read_ids.institution)?,
            enterprise: id(payload, &self.claims.enterprise, self.read_ids.enterprise)?,
            issued_at,
            expires_at,
        };
        let mut identity = claims.check().map_err(|error| {
            tracing::debug!(error = %with_causes(&error), "a provider's token makes no identity");
            IdentityError::Claims
        })?;
        identity.credential.known_by.push(RevocationKey::of_subject(&self.issuer, subject));
        if let Some(token_id) = text(payload, "jti")? {
            if token_id.is_empty() || token_id.len() > RevocationKey::LONGEST_TOKEN_ID {
                return Err(unusable("jti"));
            }
            identity.credential.known_by.push(RevocationKey::of_token(token_id));
        }
        identity.credential = identity.credential.issued_by_a_clock_within(self.leeway);
        Ok(identity)
    }

    fn check_audience(&self, audience: &Value) -> Result<(), IdentityError> {
        let is_ours = |audience: &Value| audience.as_str() == Some(self.audience.as_str());
        let is_for_us = match audience {
            Value::String(_) => is_ours(audience),
            Value::Array(audiences) => audiences.iter().any(is_ours),
            _ => return Err(unusable("aud")),
        };
        if is_for_us { Ok(()) } else { Err(IdentityError::Audience) }
    }

    /// When the token was issued, and when it ends.
    fn check_times(
        &self,
        payload: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(Timestamp, Timestamp), IdentityError> {
        let expires_at = time(payload, "exp")?.ok_or_else(|| unusable("exp"))?;
        let issued_at = time(payload, "iat")?.ok_or_else(|| unusable("iat"))?;
        let begins = [
            time(payload, &self.claims.not_before)?.ok_or_else(|| unusable(&self.claims.not_before))?,
            time(payload, "nbf")?.unwrap_or(issued_at),
            issued_at,
        ];
        if now.duration_since(expires_at) >= self.leeway {
            return Err(IdentityError::Expired);
        }
        if begins.into_iter().any(|begins| begins.duration_since(now) > self.leeway) {
            return Err(IdentityError::NotYetValid);
        }
        if expires_at.duration_since(issued_at) > self.longest_life {
            return Err(unusable("exp"));
        }
        Ok((issued_at, expires_at))
    }

    /// Under which id somebody acts. It stays in the log, so it tells nothing of a person.
    fn actor(&self, payload: &Map<String, Value>, subject: &str) -> Result<String, IdentityError> {
        if let Some(name) = self.services.get(subject) {
            return Ok(format!("{SERVICE}{name}"));
        }
        let person = id(payload, &self.claims.person, self.read_ids.person)?;
        Ok(person.unwrap_or_else(|| credential::opaque(&self.issuer, subject)).to_string())
    }
}

/// A claim by its name or place; one that is null is as if it were not there.
fn claim<'a>(payload: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = match name.strip_prefix('/') {
        None => payload.get(name),
        Some(path) => {
            let (first, rest) = path.split_once('/').map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
            payload.get(&first.replace("~1", "/").replace("~0", "~")).and_then(|value| value.pointer(rest))
        }
    };
    found.filter(|value| !value.is_null())
}

fn text<'a>(payload: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, IdentityError> {
    claim(payload, name).map(|value| value.as_str().ok_or_else(|| unusable(name))).transpose()
}

fn id(payload: &Map<String, Value>, name: &str, read: ReadId) -> Result<Option<Uuid>, IdentityError> {
    text(payload, name)?.map(|text| read(text).ok_or_else(|| unusable(name))).transpose()
}

/// A time in seconds since the Unix epoch, whole or with a fraction (RFC 7519, section 2, `NumericDate`), and not
/// before it.
fn time(payload: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, IdentityError> {
    let read = |value: &Value| {
        let since_epoch = match value.as_i64() {
            Some(seconds) => SignedDuration::from_secs(seconds),
            None => SignedDuration::try_from_secs_f64(value.as_f64()?).ok()?,
        };
        Timestamp::from_duration(since_epoch).ok().filter(|_| !since_epoch.is_negative())
    };
    claim(payload, name).map(|value| read(value).ok_or_else(|| unusable(name))).transpose()
}

/// A claim is missing or cannot be used. Whoever runs the server is told which; what it says is not logged.
fn unusable(name: &str) -> IdentityError {
    tracing::debug!(claim = name, "a provider's token lacks a claim, or it cannot be used");
    IdentityError::Claims
}
