//! The key that webhook secrets are derived from: one file, made on first use, readable by its owner alone.
//!
//! No secret is stored anywhere. The one of an endpoint is HMAC-SHA256 of this key over the endpoint's id and a number
//! that every rotation counts up: it can be made again for signing, and neither the database nor a backup of it tells
//! it.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::identity::key_file;

pub use key_file::KeyError;

/// What the derivations are for, so that they never meet others of the same key.
const OF_A_SECRET: &[u8] = b"etalon webhook secret 1\0";
const OF_A_NAME: &[u8] = b"etalon webhook key id 1\0";

/// The key. Its `Debug` text holds no key material.
#[derive(Clone)]
pub struct WebhookKey([u8; 32]);

/// The secret of an endpoint, at least 24 bytes as Standard Webhooks wants it. Its `Debug` text does not hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret([u8; 32]);

impl WebhookKey {
    /// Opens the key at `path`, or makes one there when there is no such file.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        key_file::read_or_create(
            path,
            "32 bytes in Base64",
            |bytes| {
                let text = std::str::from_utf8(bytes).ok()?.trim_ascii();
                STANDARD.decode(text).ok()?.try_into().ok().map(Self)
            },
            |seed| Ok(format!("{}\n", STANDARD.encode(seed)).into_bytes()),
        )
    }

    /// What the key is called: servers that share a database must have the same one.
    #[must_use]
    pub fn id(&self) -> String {
        Uuid::from_slice(&self.derive(OF_A_NAME, &[])[..16]).expect("sixteen bytes").simple().to_string()
    }

    /// A secret of an endpoint.
    #[must_use]
    pub fn secret(&self, webhook: Uuid, number: u32) -> WebhookSecret {
        let mut about = webhook.as_bytes().to_vec();
        about.extend(number.to_be_bytes());
        WebhookSecret(self.derive(OF_A_SECRET, &about))
    }

    fn derive(&self, purpose: &[u8], about: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(purpose);
        mac.update(about);
        mac.finalize().into_bytes().into()
    }
}

impl WebhookSecret {
    /// The bytes that signatures are made with.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is told to whoever receives: `whsec_` and Base64. Whoever calls this answers for who sees it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey([redacted])")
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_again_from_the_file_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("webhook-key");
        let made = WebhookKey::open_or_create(&path).expect("made");
        let opened = WebhookKey::open_or_create(&path).expect("opened");
        assert_eq!(opened.id(), made.id());
        let webhook = Uuid::from_u128(7);
        let secret = made.secret(webhook, 1);
        assert_eq!(opened.secret(webhook, 1), secret);
        assert!(secret.reveal().starts_with("whsec_") && secret.bytes().len() >= 24);
    }

    #[test]
    fn no_two_secrets_are_alike() {
        let [one, other] = [WebhookKey([1; 32]), WebhookKey([2; 32])];
        let [first, second] = [1, 2].map(Uuid::from_u128);
        let secrets = [one.secret(first, 1), one.secret(first, 2), one.secret(second, 1), other.secret(first, 1)];
        for (place, secret) in secrets.iter().enumerate() {
            assert!(!secrets[..place].contains(secret), "number {place}");
        }
        assert_ne!(one.id(), other.id());
    }

    #[test]
    fn neither_is_printed() {
        let key = WebhookKey([7; 32]);
        let secret = key.secret(Uuid::nil(), 1);
        assert_eq!(format!("{key:?} {secret:?}"), "WebhookKey([redacted]) WebhookSecret([redacted])");
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("webhook-key");
        WebhookKey::open_or_create(&path).expect("made");
        for content in ["", "c2hvcnQ=", "not base64!"] {
            std::fs::write(&path, content).expect("written");
            let refused = WebhookKey::open_or_create(&path).expect_err("refused");
            assert!(matches!(refused, KeyError::Malformed { .. }), "{refused}");
        }
    }
}
