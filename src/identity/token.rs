//! Bearer tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), for this installation by itself.

use jiff::Timestamp;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::claims::{Claims, ClaimsError, LEEWAY};
use crate::identity::key::LocalKey;
use crate::identity::{Identity, IdentityError};

const ISSUER: &str = "etalon-local";
const AUDIENCE: &str = "etalon";

/// A token longer than this is not looked at: Etalon's own are a tenth of it, those of providers a half at most.
pub(super) const LONGEST_TOKEN_BYTES: usize = 8 * 1024;

/// The token's payload, as RFC 7519 names it. Every registered claim is required.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    roles: Vec<String>,
    jurisdiction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    institution: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enterprise: Option<Uuid>,
}

/// Who a signed token says is asking, and from when on.
pub(super) struct Signed {
    issued_at: Timestamp,
    identity: Identity,
}

/// The installation's key is read once, when the process starts.
const ONE_EDITION: u64 = 0;

/// The token in the value of an `Authorization` header (RFC 6750, section 2.1).
///
/// # Errors
///
/// [`IdentityError::Missing`] without a header, [`IdentityError::Malformed`] when it is of another scheme or has
/// more or less than one token.
pub fn bearer(authorization: Option<&str>) -> Result<&str, IdentityError> {
    let value = authorization.ok_or(IdentityError::Missing)?;
    let mut words = value.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(scheme), Some(token), None) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(IdentityError::Malformed),
    }
}

impl LocalKey {
    /// Signs a token that says what `claims` says.
    ///
    /// # Errors
    ///
    /// When the claims break a rule: see [`ClaimsError`].
    pub fn issue(&self, claims: &Claims) -> Result<String, ClaimsError> {
        let identity = claims.check()?;
        let issued_at = claims.issued_at.as_second();
        let payload = Payload {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: identity.actor,
            iat: issued_at,
            nbf: issued_at,
            exp: identity.expires_at.as_second(),
            roles: identity.roles.into_iter().map(str::to_owned).collect(),
            jurisdiction: identity.jurisdiction,
            institution: identity.institution,
            enterprise: identity.enterprise,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &payload, &self.signing);
        Ok(token.expect("a checked Ed25519 key signs any payload that is JSON"))
    }

    /// Who the token says is asking, at the time `now`.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`]. The signature is looked at before anything that the token says.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, IdentityError> {
        if token.len() > LONGEST_TOKEN_BYTES {
            return Err(IdentityError::Malformed);
        }
        let signed = self.proved.payload(token, ONE_EDITION, || self.prove(token))?;
        let (now_seconds, leeway_seconds) = (now.as_second(), LEEWAY.as_secs());
        if now_seconds >= signed.identity.expires_at.as_second().saturating_add(leeway_seconds) {
            return Err(IdentityError::Expired);
        }
        if now_seconds.saturating_add(leeway_seconds) < signed.issued_at.as_second() {
            return Err(IdentityError::NotYetValid);
        }
        Ok(signed.identity.clone())
    }

    /// What a token says that this key has signed, whenever that holds.
    fn prove(&self, token: &str) -> Result<Signed, IdentityError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdentityError::Malformed)?;
        // What a token calls critical has to be understood, and nothing of the kind is (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(IdentityError::Malformed);
        }
        let payload = jsonwebtoken::decode::<Payload>(token, &self.verifying, &signature_only(Algorithm::EdDSA))
            .map_err(|error| refusal(&error))?
            .claims;
        if payload.iss != ISSUER || payload.aud != AUDIENCE {
            return Err(IdentityError::Claims);
        }
        let claims = claims(payload).ok_or(IdentityError::Claims)?;
        let identity = claims.check().map_err(|_| IdentityError::Claims)?;
        let credential = identity.credential.issued_by_a_clock_within(LEEWAY);
        Ok(Signed { issued_at: claims.issued_at, identity: Identity { credential, ..identity } })
    }
}

/// The library checks the signature and nothing else: it would compare times with the system's clock, and it accepts
/// an issuer or audience that is absent.
pub(super) fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

pub(super) fn refusal(error: &Error) -> IdentityError {
    match error.kind() {
        // Another algorithm is no proof either, however well that one is signed.
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => {
            IdentityError::Signature
        }
        // The header was read before, so what is left to read is the payload, behind a good signature.
        ErrorKind::Json(_) => IdentityError::Claims,
        _ => IdentityError::Malformed,
    }
}

/// `None` when a time is not one, or when the token would begin at another moment than it was issued: Etalon issues
/// none such.
fn claims(payload: Payload) -> Option<Claims> {
    if payload.nbf != payload.iat {
        return None;
    }
    Some(Claims {
        actor: payload.sub,
        roles: payload.roles,
        jurisdiction: payload.jurisdiction,
        institution: payload.institution,
        enterprise: payload.enterprise,
        issued_at: Timestamp::from_second(payload.iat).ok()?,
        expires_at: Timestamp::from_second(payload.exp).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jiff::SignedDuration;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::identity::credential::Credential;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    /// A key of its own; its file is gone when this returns, which the key in memory does not mind.
    fn key() -> LocalKey {
        let folder = tempfile::tempdir().expect("a folder");
        LocalKey::open_or_create(&folder.path().join("token-key.pem")).expect("made")
    }

    fn noon() -> Timestamp {
        "2026-05-04T12:00:00Z".parse().expect("a timestamp")
    }

    fn lead() -> Claims {
        Claims {
            actor: "bureau-44".into(),
            roles: vec!["lead".into(), "VISITOR".into()],
            jurisdiction: "44".into(),
            institution: Some(Uuid::from_u128(7)),
            enterprise: None,
            issued_at: noon(),
            expires_at: noon() + HOUR,
        }
    }

    fn payload() -> Value {
        let second = noon().as_second();
        json!({
            "iss": "etalon-local", "aud": "etalon", "sub": "bureau-44", "iat": second, "nbf": second,
            "exp": second + 3_600, "roles": ["VISITOR"], "jurisdiction": "44",
        })
    }

    fn signed(key: &LocalKey, payload: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), payload, &key.signing).expect("signed")
    }

    #[test]
    fn a_token_says_what_was_claimed() {
        let key = key();
        let token = key.issue(&lead()).expect("issued");
        let expected = Identity {
            actor: "bureau-44".into(),
            roles: BTreeSet::from(["LEAD", "VISITOR"]),
            jurisdiction: "44".into(),
            institution: Some(Uuid::from_u128(7)),
            enterprise: None,
            expires_at: noon() + HOUR,
            // A clock that is half a minute ahead may have issued it before noon.
            credential: Credential::of_actor("bureau-44", noon() - LEEWAY),
        };
        assert_eq!(key.verify(&token, noon()), Ok(expected));
        assert_eq!(key.issue(&Claims { institution: None, ..lead() }), Err(ClaimsError::NoInstitution("LEAD")));
    }

    #[test]
    fn time_is_the_callers_and_has_a_leeway_of_thirty_seconds() {
        let key = key();
        let token = key.issue(&lead()).expect("issued");
        let verdict = |seconds| key.verify(&token, noon() + SignedDuration::from_secs(seconds)).map(|_| ());
        assert_eq!(verdict(-31), Err(IdentityError::NotYetValid));
        assert_eq!(verdict(-30), Ok(()));
        assert_eq!(verdict(3_600 + 29), Ok(()));
        assert_eq!(verdict(3_600 + 30), Err(IdentityError::Expired));
    }

    #[test]
    fn only_this_installations_signature_counts() {
        let key = key();
        let [header, body, signature] = <[String; 3]>::try_from(
            key.issue(&lead()).expect("issued").split('.').map(str::to_owned).collect::<Vec<_>>(),
        )
        .expect("three parts");
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let manager = {
            let mut said: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&body).expect("base64")).expect("json");
            said["roles"] = json!(["MANAGER"]);
            encode(said)
        };
        let mac_over_public_key = {
            let secret = EncodingKey::from_secret(key.verifying.try_get_as_bytes().expect("public bytes"));
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &payload(), &secret).expect("signed")
        };
        let cases = [
            (self::key().issue(&lead()).expect("issued"), IdentityError::Signature),
            (format!("{header}.{manager}.{signature}"), IdentityError::Signature),
            (format!("{header}.{body}."), IdentityError::Signature),
            (format!("{header}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64])), IdentityError::Signature),
            (mac_over_public_key, IdentityError::Signature),
            (format!("{}.{body}.{signature}", encode(json!({"alg": "ES256"}))), IdentityError::Signature),
            (format!("{}.{body}.", encode(json!({"alg": "none"}))), IdentityError::Malformed),
            (format!("{header}.{body}.{signature}="), IdentityError::Malformed),
            (format!("{header}.{body}"), IdentityError::Malformed),
            (format!("{header}.{body}.{signature}.{signature}"), IdentityError::Malformed),
            (String::new(), IdentityError::Malformed),
            ("é.é.é".into(), IdentityError::Malformed),
            ("a".repeat(LONGEST_TOKEN_BYTES + 1), IdentityError::Malformed),
        ];
        for (token, expected) in cases {
            assert_eq!(key.verify(&token, noon()), Err(expected), "{token}");
        }
    }

    #[test]
    fn a_flipped_byte_anywhere_is_refused() {
        let key = key();
        let token = key.issue(&lead()).expect("issued");
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ascii");
            assert!(key.verify(&changed, noon()).is_err(), "byte {index}");
        }
    }

    #[test]
    fn a_signed_token_that_etalon_would_not_issue_is_refused() {
        let key = key();
        assert!(key.verify(&signed(&key, &payload()), noon()).is_ok(), "the payload is good as it is");
        for claim in ["iss", "aud", "sub", "iat", "nbf", "exp", "roles", "jurisdiction"] {
            let mut lacking = payload();
            lacking.as_object_mut().expect("an object").remove(claim);
            assert_eq!(key.verify(&signed(&key, &lacking), noon()), Err(IdentityError::Claims), "without {claim}");
        }
        let second = noon().as_second();
        let changes = [
            ("iss", json!("elsewhere")),
            ("aud", json!("other")),
            ("aud", json!(["etalon", "other"])),
            ("sub", json!("")),
            ("iat", json!(second + 1)),
            ("exp", json!(second)),
            ("exp", json!(second as f64 + 0.5)),
            ("exp", json!("tomorrow")),
            ("exp", json!(i64::MAX)),
            ("roles", json!([])),
            ("roles", json!(["ROOT"])),
            ("roles", json!(["ENTERPRISE"])),
            ("jurisdiction", json!("4")),
            ("institution", json!("not an id")),
        ];
        for (claim, value) in changes {
            let mut changed = payload();
            changed[claim] = value;
            assert_eq!(key.verify(&signed(&key, &changed), noon()), Err(IdentityError::Claims), "{changed}");
        }
    }

    #[test]
    fn the_header_holds_one_bearer_token() {
        assert_eq!(bearer(None), Err(IdentityError::Missing));
        for good in ["Bearer abc", "bearer abc", "BEARER  abc"] {
            assert_eq!(bearer(Some(good)), Ok("abc"));
        }
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer abc def"] {
            assert_eq!(bearer(Some(bad)), Err(IdentityError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_key_made_by_openssl_works() {
        // RFC 8410, section 10.3: the example private key, as `openssl genpkey -algorithm ed25519` writes them.
        let pem = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token-key.pem");
        fs::write(&path, pem).expect("written");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changed");
        let key = LocalKey::open_or_create(&path).expect("opened");
        assert!(key.verify(&key.issue(&lead()).expect("issued"), noon()).is_ok());
    }
}
