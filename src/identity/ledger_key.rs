//! What signs a log, and what a server shows to a signer that is another process.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

use crate::identity::{key, key_file};

pub use key_file::KeyError;

/// Opens the Ed25519 key that checkpoints are signed or cosigned with, or makes one there when there is no such file.
///
/// # Errors
/// See [`KeyError`].
pub fn open_or_create(path: &Path) -> Result<SigningKey, KeyError> {
    key::open_or_create(path)
}

/// Opens the Ed25519 key that checkpoints are signed with, if there is one, and makes none.
///
/// # Errors
/// See [`KeyError`].
pub fn open(path: &Path) -> Result<Option<SigningKey>, KeyError> {
    key::open(path)
}

/// What whoever asks a signer for a signature has to know. Its `Debug` text does not hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct CallerToken([u8; 32]);

/// What the file of a caller's token holds.
const CALLER_TOKEN: &str = "32 bytes in URL-safe Base64";

impl CallerToken {
    /// Opens the token at `path`, or makes one there when there is no such file.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        key_file::read_or_create(path, CALLER_TOKEN, Self::parse, |seed| {
            Ok(format!("{}\n", URL_SAFE_NO_PAD.encode(seed)).into_bytes())
        })
    }

    /// Opens the token at `path`, if there is one, and makes none.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open(path: &Path) -> Result<Option<Self>, KeyError> {
        key_file::read_key(path, CALLER_TOKEN, Self::parse)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim_ascii();
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The value of an `Authorization` header. Whoever calls this answers for who sees it.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Whether a header shows it. Digests are compared, so that the time it takes tells nothing.
    pub fn is_shown_by(&self, header: &str) -> bool {
        Sha256::digest(header) == Sha256::digest(self.bearer())
    }
}

impl fmt::Debug for CallerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerToken([redacted])")
    }
}
