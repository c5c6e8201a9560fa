//! The installation's own signing key: one file, made on first use, readable by its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock};

/// The Ed25519 key that signs and verifies this installation's tokens.
///
/// Its `Debug` text holds no key material.
#[derive(Debug, Clone)]
pub struct LocalKey {
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
}

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is there and cannot be read.
    #[error("cannot read the token key {}", path.display())]
    Read {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody else than the owner may read or write the file, so anybody's tokens may be forged.
    #[error("the token key {} is open to others (mode {mode:03o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no Ed25519 private key as PKCS#8 PEM.
    #[error("the token key {} is no Ed25519 private key in PKCS#8 PEM", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// A new key could not be written.
    #[error("cannot create the token key {}", path.display())]
    Create {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
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
        if let Some(key) = open(path)? {
            return Ok(key);
        }
        let failed = |source| KeyError::Create { path: path.to_owned(), source };
        create(path).map_err(failed)?;
        // Read back what the file holds: another process may have been first.
        open(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
    }

    fn from_signing_key(key: &SigningKey) -> Option<Self> {
        let der = key.to_pkcs8_der().ok()?;
        Some(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
        })
    }
}

fn open(path: &Path) -> Result<Option<LocalKey>, KeyError> {
    let failed = |source| KeyError::Read { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The open file's mode, not the path's: a path may point elsewhere a moment later.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let key = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|pem| SigningKey::from_pkcs8_pem(pem).ok())
        .and_then(|key| LocalKey::from_signing_key(&key));
    key.map(Some).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })
}

/// Writes a new key beside `path` and links it there, which fails where a file exists: nobody ever sees half a key,
/// and nobody's key is replaced.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Keys come from the operating system whatever clock the caller works with: a seeded one would be guessable.
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&SystemClock.random());
    seed[16..].copy_from_slice(&SystemClock.random());
    let pem = SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;

    let draft = folder.join(format!(".token-key-{}", Uuid::from_bytes(SystemClock.random()).simple()));
    let written = write_durably(&draft, pem.as_bytes()).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    File::open(folder)?.sync_all()
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/data/token-key.pem");
        let made = LocalKey::open_or_create(&path).expect("made");
        let pem = fs::read_to_string(&path).expect("readable");
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"), "{pem}");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let opened = LocalKey::open_or_create(&path).expect("opened");
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
