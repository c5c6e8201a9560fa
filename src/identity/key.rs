//! The installation's own signing key: one file, made on first use, readable by its owner alone.

use std::io;
use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::identity::key_file;
use crate::identity::proved::Proved;
use crate::identity::token::Signed;

pub use key_file::KeyError;

/// The Ed25519 key that signs and verifies this installation's tokens.
///
/// Its `Debug` text holds no key material.
#[derive(Debug, Clone)]
pub struct LocalKey {
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) proved: Proved<Signed>,
}

impl LocalKey {
    /// Opens the key at `path`, or makes one there (mode 0600, its folders 0700) when there is no such file.
    ///
    /// A file that exists is never overwritten: of several processes that start at once, one makes the key and all
    /// use it.
    ///
    /// # Errors
    ///
    /// See [`KeyError`]. A key that others may read is refused rather than repaired, since it may be known by then.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        Self::of(&open_or_create(path)?, path)
    }

    /// Opens the key at `path`, if there is one, and makes none.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn open(path: &Path) -> Result<Option<Self>, KeyError> {
        open(path)?.map(|key| Self::of(&key, path)).transpose()
    }

    fn of(key: &SigningKey, path: &Path) -> Result<Self, KeyError> {
        Self::from_signing_key(key)
            .ok_or_else(|| KeyError::Malformed { path: path.to_owned(), expected: key_file::ED25519 })
    }

    fn from_signing_key(key: &SigningKey) -> Option<Self> {
        let der = key.to_pkcs8_der().ok()?;
        Some(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            proved: Proved::default(),
        })
    }
}

/// Opens the Ed25519 key at `path`, or makes one there when there is no such file.
pub(super) fn open_or_create(path: &Path) -> Result<SigningKey, KeyError> {
    key_file::read_or_create(path, key_file::ED25519, parse, |seed| {
        let pem = SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        Ok(pem.as_bytes().to_vec())
    })
}

/// Opens the Ed25519 key at `path`, if there is one.
pub(super) fn open(path: &Path) -> Result<Option<SigningKey>, KeyError> {
    key_file::read_key(path, key_file::ED25519, parse)
}

fn parse(bytes: &[u8]) -> Option<SigningKey> {
    SigningKey::from_pkcs8_pem(std::str::from_utf8(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/data/token-key.pem");
        let made = LocalKey::open_or_create(&path).expect("made");
        let pem = fs::read_to_string(&path).expect("readable");
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"), "{pem}");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(LocalKey::open(&folder.path().join("elsewhere.pem")).expect("there is none").is_none());
        let opened = LocalKey::open(&path).expect("opened").expect("it is there");
        assert_eq!(opened.signing.as_bytes(), made.signing.as_bytes());
        let files = fs::read_dir(path.parent().expect("a parent")).expect("listed").count();
        assert_eq!(files, 1, "no draft stays behind");
    }

    #[test]
    fn many_starters_share_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token-key.pem");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starters: Vec<_> = (0..8).map(|_| scope.spawn(|| LocalKey::open_or_create(&path))).collect();
            starters.into_iter().map(|starter| starter.join().expect("no panic").expect("a key")).collect()
        });
        assert!(keys.iter().all(|key| key.signing.as_bytes() == keys[0].signing.as_bytes()));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token-key.pem");
        LocalKey::open_or_create(&path).expect("made");
        for mode in [0o604, 0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
            let refused = LocalKey::open_or_create(&path).expect_err("refused");
            assert!(matches!(refused, KeyError::Exposed { mode: seen, .. } if seen == mode), "{refused}");
        }
    }

    #[test]
    fn a_broken_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token-key.pem");
        for content in
            [&b""[..], b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff"]
        {
            fs::write(&path, content).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
            let refused = LocalKey::open_or_create(&path).expect_err("refused");
            assert!(matches!(refused, KeyError::Malformed { .. }), "{refused}");
            assert_eq!(fs::read(&path).expect("there"), content);
        }
    }

    #[test]
    fn a_folder_in_the_keys_place_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("changed");
        let refused = LocalKey::open_or_create(folder.path()).expect_err("refused");
        assert!(matches!(refused, KeyError::Read { .. }), "{refused}");
        assert!(refused.to_string().contains(&folder.path().display().to_string()));
    }

    #[test]
    fn debug_shows_no_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = LocalKey::open_or_create(&folder.path().join("token-key.pem")).expect("made");
        assert!(format!("{key:?}").contains("[redacted]"));
    }
}
