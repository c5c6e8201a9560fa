//! What the files of the key store hold.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::Entropy;
use crate::vault::keys::KeyStoreError;
use crate::vault::reference::KeyId;
use crate::vault::seal::{DataKey, NONCE_BYTES};

/// What the encryption is for, so that its output is never taken for another of the same key.
const PURPOSE: &[u8] = b"etalon data key 1\0";

/// 32 bytes in Base64, and a line feed.
const KEK_FILE_BYTES: usize = 45;

/// A data key as its file holds it: `{"kek":1,"wrapped":…}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrapped {
    kek: u32,
    /// Base64 of the nonce, then the ciphertext with its tag.
    wrapped: String,
}

impl Wrapped {
    pub(super) fn close(key: &DataKey, number: u32, kek: &[u8; 32], entropy: Entropy) -> Self {
        let mut nonce = [0; NONCE_BYTES];
        entropy(&mut nonce);
        let sealed = XChaCha20Poly1305::new(kek.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: key.bytes(), aad: &bound_to(key.id(), number) })
            .expect("a key is far shorter than the cipher's limit of 256 GiB");
        Self { kek: number, wrapped: STANDARD.encode([&nonce[..], &sealed].concat()) }
    }

    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, KeyStoreError> {
        serde_json::from_slice(bytes).map_err(|_| malformed(path))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a number and a text always serialise");
        bytes.push(b'\n');
        bytes
    }

    /// The number of the key-encryption key that wraps it.
    pub(super) fn kek(&self) -> u32 {
        self.kek
    }

    pub(super) fn open(
        &self,
        id: KeyId,
        path: &Path,
        kek: &[u8; 32],
        kek_path: &Path,
    ) -> Result<DataKey, KeyStoreError> {
        let bytes = STANDARD.decode(&self.wrapped).map_err(|_| malformed(path))?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(|| malformed(path))?;
        let opened = XChaCha20Poly1305::new(kek.into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &bound_to(id, self.kek) })
            .map(Zeroizing::new)
            .map_err(|_| KeyStoreError::KekRefused { path: path.to_owned(), kek: kek_path.to_owned() })?;
        let key = <&[u8; 32]>::try_from(opened.as_slice()).map_err(|_| malformed(path))?;
        Ok(DataKey::new(id, *key))
    }
}

fn bound_to(id: KeyId, kek: u32) -> Vec<u8> {
    [PURPOSE, &kek.to_be_bytes(), id.0.as_bytes()].concat()
}

fn malformed(path: &Path) -> KeyStoreError {
    KeyStoreError::Malformed { path: path.to_owned(), expected: "a wrapped data key" }
}

/// A key-encryption key as its file holds it: Base64 and a line feed.
pub(super) fn kek_to_bytes(kek: &[u8; 32]) -> Zeroizing<[u8; KEK_FILE_BYTES]> {
    // Written into place, for a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new([b'\n'; KEK_FILE_BYTES]);
    STANDARD.encode_slice(kek, &mut text[..KEK_FILE_BYTES - 1]).expect("44 characters of Base64 are 32 bytes");
    text
}

pub(super) fn parse_kek(bytes: &[u8], path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
    let decoded = STANDARD.decode(bytes.trim_ascii()).map(Zeroizing::new).ok();
    decoded
        .and_then(|decoded| decoded.as_slice().try_into().ok().map(Zeroizing::new))
        .ok_or_else(|| KeyStoreError::Malformed { path: path.to_owned(), expected: "32 bytes in Base64" })
}
