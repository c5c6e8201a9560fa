//! Sealing a value under a data key, opening it again, and showing a single one to an auditor.
//!
//! Keys are wiped from memory when they are dropped; values are not, for they are on their way into or out of a
//! payload.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::vault::reference::{Digest, KeyId, Reference, SALT_BYTES, commitment};

/// The length of an XChaCha20 nonce in bytes, enough for random ones never to meet.
pub const NONCE_BYTES: usize = 24;

/// What the encryption is for, so that its output is never taken for another of the same key.
const PURPOSE: &[u8] = b"etalon personal value 1\0";

/// The same for what tells one input from another.
const PURPOSE_OF_DIGESTS: &[u8] = b"etalon input digest 1\0";

/// The key of one owner's personal data. Neither printed nor left in memory.
#[derive(Clone, ZeroizeOnDrop)]
pub struct DataKey {
    #[zeroize(skip)]
    id: KeyId,
    bytes: [u8; 32],
}

/// A sealed value as the side table holds it: the nonce, then the ciphertext with its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext(Vec<u8>);

/// A value and the salt its commitment was made with: proof of what an event says in one place.
///
/// As text it is the JSON object `{"salt":…,"value":…}`. Its `Debug` text holds neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    salt: Salt,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Salt([u8; SALT_BYTES]);

/// Why a sealed value does not open, or a disclosed one is not what an event says. Holds no word of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The stored ciphertext is another than the event refers to.
    #[error("the ciphertext is not the one that the event refers to")]
    CiphertextChanged,
    /// The key has another id than the event says.
    #[error("the event was sealed under another key")]
    OtherKey,
    /// The ciphertext is the right one and this key does not open it.
    #[error("the key does not open the ciphertext")]
    KeyRefused,
    /// What was sealed is not a salt and a text.
    #[error("what was sealed is not a salt and a text")]
    ContentMalformed,
    /// The value or its salt is another than the event commits to.
    #[error("the value is not the one that the event commits to")]
    CommitmentMismatch,
    /// A text that is no disclosure.
    #[error("a disclosure is a JSON object of `salt`, 32 bytes in Base64, and `value`, a text")]
    DisclosureMalformed,
}

impl SealError {
    /// A name for programs, which stays as it is.
    pub fn kind(self) -> &'static str {
        match self {
            Self::CiphertextChanged => "CIPHERTEXT_CHANGED",
            Self::OtherKey => "OTHER_KEY",
            Self::KeyRefused => "KEY_REFUSED",
            Self::ContentMalformed => "CONTENT_MALFORMED",
            Self::CommitmentMismatch => "COMMITMENT_MISMATCH",
            Self::DisclosureMalformed => "DISCLOSURE_MALFORMED",
        }
    }
}

/// Seals a value. The salt and the nonce must be random and used once.
pub fn seal(value: &str, key: &DataKey, salt: [u8; SALT_BYTES], nonce: [u8; NONCE_BYTES]) -> (Reference, Ciphertext) {
    let content = [&salt, value.as_bytes()].concat();
    let sealed = key
        .cipher()
        .encrypt(&XNonce::from(nonce), Payload { msg: &content, aad: &bound_to(key.id) })
        .expect("a value is far shorter than the cipher's limit of 256 GiB");
    let ciphertext = Ciphertext([&nonce[..], &sealed].concat());
    (Reference { key: key.id, commitment: commitment(&salt, value), ciphertext: ciphertext.digest() }, ciphertext)
}

/// Opens a sealed value and checks it against every word of the reference.
///
/// # Errors
/// See [`SealError`]; each tells another thing that was changed.
pub fn open(reference: &Reference, ciphertext: &Ciphertext, key: &DataKey) -> Result<Disclosure, SealError> {
    if ciphertext.digest() != reference.ciphertext {
        return Err(SealError::CiphertextChanged);
    }
    if key.id != reference.key {
        return Err(SealError::OtherKey);
    }
    let content = key.content(ciphertext)?;
    let (salt, value) = content.split_first_chunk::<SALT_BYTES>().ok_or(SealError::ContentMalformed)?;
    let value = std::str::from_utf8(value).map_err(|_| SealError::ContentMalformed)?;
    let disclosure = Disclosure { salt: Salt(*salt), value: value.to_owned() };
    disclosure.verify(reference)?;
    Ok(disclosure)
}

fn bound_to(key: KeyId) -> Vec<u8> {
    [PURPOSE, key.0.as_bytes()].concat()
}

impl DataKey {
    /// The key of this id and these bytes.
    pub fn new(id: KeyId, bytes: [u8; 32]) -> Self {
        Self { id, bytes }
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// A digest that nobody without the key can make, and so nobody can find out by trying what was digested
    /// (HMAC-SHA256, RFC 2104).
    pub fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.bytes).expect("a key may have any length");
        mac.update(PURPOSE_OF_DIGESTS);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// Whether a value was sealed under this key. Tells nothing of it.
    pub fn opens(&self, ciphertext: &Ciphertext) -> bool {
        self.content(ciphertext).is_ok()
    }

    fn content(&self, ciphertext: &Ciphertext) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = ciphertext.0.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::KeyRefused)?;
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &bound_to(self.id) });
        opened.map_err(|_| SealError::KeyRefused)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&self.bytes).into())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, [redacted])", self.id)
    }
}

impl Ciphertext {
    /// The ciphertext that was stored as these bytes, whatever they are: [`open`] finds out.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a reference says of it: whoever has both checks that it is there and unchanged, without a key.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(&self.0).into())
    }
}

impl Disclosure {
    /// Reads the text of a disclosure.
    ///
    /// # Errors
    /// [`SealError::DisclosureMalformed`], without a word of the text.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        serde_json::from_str(text).map_err(|_| SealError::DisclosureMalformed)
    }

    /// As it is handed to an auditor. Whoever calls this answers for who sees it.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("strings always serialise")
    }

    /// Checks that this is the value the event commits to. Needs neither key nor ciphertext.
    ///
    /// # Errors
    /// [`SealError::CommitmentMismatch`] when it is not.
    pub fn verify(&self, reference: &Reference) -> Result<(), SealError> {
        if commitment(&self.salt.0, &self.value) == reference.commitment {
            Ok(())
        } else {
            Err(SealError::CommitmentMismatch)
        }
    }

    /// The value. Whoever calls this answers for who sees it.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// The value, of which no copy is left here. Whoever calls this answers for who sees it.
    pub fn into_value(self) -> String {
        self.value
    }
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disclosure([personal])")
    }
}

impl TryFrom<String> for Salt {
    type Error = SealError;

    fn try_from(text: String) -> Result<Self, SealError> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(SealError::DisclosureMalformed)
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        STANDARD.encode(salt.0)
    }
}

#[cfg(test)]
mod tests;
