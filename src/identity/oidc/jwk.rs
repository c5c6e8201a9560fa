//! Keys of a provider (RFC 7517): which of a set may verify tokens here.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::identity::oidc::Signing;

/// A shorter modulus is no protection (NIST SP 800-131A), a longer one is not verified by the library.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// Of an Ed25519 key, and of a coordinate of P-256.
const CURVE_BYTES: usize = 32;

/// Keys by their ids.
pub(super) type KeySet = HashMap<String, DecodingKey>;

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// A key as far as it matters. The texts of a key that is of another type, or private, are not looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The keys of a set that are for this way of signing. What else stands in it is of no concern here, such as keys to
/// encrypt with or those of an algorithm to come.
///
/// # Errors
/// When it is no set.
pub(super) fn usable(set: &[u8], signing: Signing) -> Result<KeySet, serde_json::Error> {
    let set: Jwks = serde_json::from_slice(set)?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(keys.filter_map(|key| Some((key.kid.clone(), key.usable(signing)?))).collect())
}

impl Jwk {
    /// The key, if it is one to verify with, of the right kind and of a sound size.
    fn usable(&self, signing: Signing) -> Option<DecodingKey> {
        let is_for_signatures = self.usage.as_ref().is_none_or(|usage| usage == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|it| it == "verify"));
        let (algorithm, kty, crv) = match signing {
            Signing::Rs256 => ("RS256", "RSA", None),
            Signing::Es256 => ("ES256", "EC", Some("P-256")),
            Signing::EdDsa => ("EdDSA", "OKP", Some("Ed25519")),
        };
        // RFC 9864 calls EdDSA with this curve by the name of the curve.
        let is_of_algorithm = self.alg.as_deref().is_none_or(|alg| alg == algorithm || Some(alg) == crv);
        let is_of_kind = self.kty == kty && (crv.is_none() || self.crv.as_deref() == crv);
        if !(is_for_signatures && verifies && is_of_algorithm && is_of_kind) {
            return None;
        }
        match signing {
            Signing::Rs256 => {
                let (modulus, exponent) = (decoded(self.n.as_ref()?)?, decoded(self.e.as_ref()?)?);
                // A leading zero would make a short modulus look longer.
                let is_sound = RSA_MODULUS_BYTES.contains(&modulus.len()) && modulus[0] != 0;
                is_sound.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
            }
            Signing::Es256 => {
                let (x, y) = (self.x.as_ref()?, self.y.as_ref()?);
                let is_sound = [x, y].into_iter().all(|text| decoded(text).is_some_and(|it| it.len() == CURVE_BYTES));
                if is_sound { DecodingKey::from_ec_components(x, y).ok() } else { None }
            }
            Signing::EdDsa => {
                let public = decoded(self.x.as_ref()?)?;
                // The library takes the first 32 bytes for granted.
                (public.len() == CURVE_BYTES).then(|| DecodingKey::from_ed_der(&public))
            }
        }
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(set: &Value, signing: Signing) -> Vec<String> {
        let mut names: Vec<_> = usable(set.to_string().as_bytes(), signing).expect("a set").into_keys().collect();
        names.sort();
        names
    }

    /// RFC 7517, appendix A.1, and RFC 8037, appendix A.2.
    fn rsa() -> Value {
        json!({
            "kty": "RSA", "kid": "rsa", "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        })
    }

    fn ec() -> Value {
        json!({
            "kty": "EC", "kid": "ec", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        })
    }

    fn ed() -> Value {
        json!({ "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn of_a_set_only_keys_of_one_kind_are_taken() {
        let set =
            json!({ "keys": [rsa(), ec(), ed(), { "kty": "oct", "kid": "oct", "k": "c2VjcmV0" }, 7, { "kid": "x" }] });
        assert_eq!(named(&set, Signing::Rs256), ["rsa"]);
        assert_eq!(named(&set, Signing::Es256), ["ec"]);
        assert_eq!(named(&set, Signing::EdDsa), ["ed"]);
        assert_eq!(named(&json!({ "keys": [] }), Signing::EdDsa), [] as [&str; 0]);
        for no_set in ["", "[]", "{}", r#"{"keys":7}"#] {
            assert!(usable(no_set.as_bytes(), Signing::Rs256).is_err(), "{no_set}");
        }
    }

    #[test]
    fn what_a_key_is_for_is_respected() {
        for (name, value, is_taken) in [
            ("use", json!("sig"), true),
            ("use", json!("enc"), false),
            ("key_ops", json!(["verify"]), true),
            ("key_ops", json!(["encrypt"]), false),
            ("alg", json!("ES256"), true),
            ("alg", json!("ES384"), false),
            ("alg", json!("HS256"), false),
            ("alg", json!("RS256"), false),
            ("crv", json!("P-384"), false),
            ("crv", json!("secp256k1"), false),
            ("kty", json!("OKP"), false),
            ("kid", Value::Null, false),
            ("x", json!("AAAA"), false),
            ("y", json!("not base64!"), false),
            ("y", Value::Null, false),
        ] {
            let set = json!({ "keys": [with(ec(), name, value.clone())] });
            assert_eq!(named(&set, Signing::Es256).len(), usize::from(is_taken), "{name}: {value}");
        }
        for (signing, key, name, value, is_taken) in [
            (Signing::EdDsa, ed(), "alg", json!("EdDSA"), true),
            (Signing::EdDsa, ed(), "alg", json!("Ed25519"), true),
            (Signing::EdDsa, ed(), "crv", json!("Ed448"), false),
            (Signing::EdDsa, ed(), "x", json!("AAAA"), false),
            (Signing::Rs256, rsa(), "alg", json!("RS256"), true),
            (Signing::Rs256, rsa(), "alg", json!("PS256"), false),
            (Signing::Rs256, rsa(), "n", json!(URL_SAFE_NO_PAD.encode([255; 128])), false),
            (Signing::Rs256, rsa(), "n", json!(URL_SAFE_NO_PAD.encode([0; 256])), false),
            (Signing::Rs256, rsa(), "n", json!(URL_SAFE_NO_PAD.encode([255; 1_024])), false),
            (Signing::Rs256, rsa(), "e", Value::Null, false),
        ] {
            let set = json!({ "keys": [with(key, name, value.clone())] });
            assert_eq!(named(&set, signing).len(), usize::from(is_taken), "{signing:?} {name}: {value}");
        }
    }
}
