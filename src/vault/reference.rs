//! What an event holds in the place of personal data: `{"$p":{"k":…,"c":…,"h":…}}`.
//!
//! `c` commits to the value, so that a disclosed one can be checked without a key; `h` commits to the ciphertext, so
//! that a changed or missing one is found without a key.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Tells a commitment from every other hash of the ledger (leaves are prefixed with 0x00, nodes with 0x01).
const COMMITMENT_PREFIX: u8 = 0x10;

/// The length of a salt in bytes: as long as the hash, so that a short value cannot be found by trying.
pub const SALT_BYTES: usize = 32;

/// The id of a data key. It is opaque and outlives the key, so it must not be derived from whom it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub Uuid);

/// A SHA-256 hash; Base64 with padding where it is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

/// Stands for a value in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Marked", into = "Marked")]
pub struct Reference {
    /// The key that opens the ciphertext.
    pub key: KeyId,
    /// [`commitment`] of the value and its salt.
    pub commitment: Digest,
    /// SHA-256 of the stored ciphertext with its nonce.
    pub ciphertext: Digest,
}

/// The mark that tells personal data from anything else of an event.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    #[serde(rename = "$p")]
    personal: Sealed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    k: KeyId,
    c: Digest,
    h: Digest,
}

/// A text that is not what a reference has in this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Not the one spelling of a key id.
    #[error("a key id is a UUID in lower case with hyphens")]
    KeyId,
    /// Not the one spelling of a hash.
    #[error("a hash is 32 bytes in Base64 with padding")]
    Digest,
}

/// SHA-256 of 0x10, the salt and the value as canonical JSON (RFC 8785).
pub fn commitment(salt: &[u8; SALT_BYTES], value: &str) -> Digest {
    // `serde_json` escapes strings exactly as RFC 8785 §3.2.2.2 asks, and a string is all there is to a value.
    let canonical = serde_json::to_vec(value).expect("strings always serialise");
    Digest(Sha256::new().chain_update([COMMITMENT_PREFIX]).chain_update(salt).chain_update(canonical).finalize().into())
}

impl From<Marked> for Reference {
    fn from(Marked { personal: Sealed { k, c, h } }: Marked) -> Self {
        Self { key: k, commitment: c, ciphertext: h }
    }
}

impl From<Reference> for Marked {
    fn from(reference: Reference) -> Self {
        Self { personal: Sealed { k: reference.key, c: reference.commitment, h: reference.ciphertext } }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl TryFrom<String> for KeyId {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        // Only the spelling that is written is read: one reference has one sequence of bytes.
        Uuid::try_parse(&text).map(Self).ok().filter(|id| id.to_string() == text).ok_or(ReferenceError::KeyId)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl TryFrom<String> for Digest {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(ReferenceError::Digest)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        STANDARD.encode(digest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "01920000-0000-7000-8000-00000000000a";
    const HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn a_reference_has_one_form() {
        let json = format!(r#"{{"$p":{{"k":"{KEY}","c":"{HASH}","h":"{HASH}"}}}}"#);
        let reference: Reference = serde_json::from_str(&json).expect("a reference");
        assert_eq!(reference.key.to_string(), KEY);
        // SHA-256 of nothing, FIPS 180-4.
        assert_eq!(reference.commitment.0, <[u8; 32]>::from(Sha256::digest([])));
        assert_eq!(serde_json::to_string(&reference).expect("text"), json);
    }

    #[test]
    fn no_other_form_is_read() {
        let bare = HASH.trim_end_matches('=');
        let upper = KEY.to_uppercase();
        let simple = KEY.replace('-', "");
        for json in [
            format!(r#"{{"k":"{KEY}","c":"{HASH}","h":"{HASH}"}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","c":"{HASH}"}}}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","c":"{HASH}","h":"{HASH}","v":"x"}}}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","c":"{HASH}","h":"{HASH}"}},"x":1}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","k":"{KEY}","c":"{HASH}","h":"{HASH}"}}}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","c":"{bare}","h":"{HASH}"}}}}"#),
            format!(r#"{{"$p":{{"k":"{KEY}","c":"AAAA","h":"{HASH}"}}}}"#),
            // The last character's spare bits are not zero.
            format!(r#"{{"$p":{{"k":"{KEY}","c":"{HASH}","h":"{}"}}}}"#, HASH.replace("FU=", "FV=")),
            format!(r#"{{"$p":{{"k":"{upper}","c":"{HASH}","h":"{HASH}"}}}}"#),
            format!(r#"{{"$p":{{"k":"{simple}","c":"{HASH}","h":"{HASH}"}}}}"#),
        ] {
            assert!(serde_json::from_str::<Reference>(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_commitment_is_over_canonical_json() {
        let by_hand = |json: &[u8]| -> [u8; 32] {
            Sha256::new().chain_update([0x10]).chain_update([7; 32]).chain_update(json).finalize().into()
        };
        let salt = [7; SALT_BYTES];
        assert_eq!(commitment(&salt, "王建国").0, by_hand("\"王建国\"".as_bytes()));
        // The escapes of RFC 8785 §3.2.2.2, and what it leaves alone: the slash, DEL and U+2028.
        assert_eq!(
            commitment(&salt, "\u{8}\t\n\u{c}\r\"\\\u{0}\u{1f}/\u{7f}\u{2028}€😀").0,
            by_hand("\"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u001f/\u{7f}\u{2028}€😀\"".as_bytes())
        );
        assert_ne!(commitment(&salt, "a"), commitment(&[8; SALT_BYTES], "a"));
    }
}
