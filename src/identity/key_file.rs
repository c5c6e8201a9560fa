//! Key files: made once, readable by their owner alone, never overwritten.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::small_file::{self, Opened, SECRET_BYTES};

/// What a key file of [`super::key`] holds.
pub(super) const ED25519: &str = "an Ed25519 private key in PKCS#8 PEM";

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is there and cannot be read.
    #[error("cannot read the key {}", path.display())]
    Read {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody else than the owner may read or write the file, so what it signs may be forged.
    #[error("the key {} is open to others (mode {mode:03o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds no such key.
    #[error("the key {} is not {expected}", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// A new key could not be written.
    #[error("cannot create the key {}", path.display())]
    Create {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Reads the key at `path`, or makes one there (mode 0600, its folders 0700) when there is no such file.
///
/// A file that exists is never overwritten: of several processes that start at once, one makes the key and all use it.
///
/// # Errors
///
/// See [`KeyError`]. A key that others may read is refused rather than repaired, since it may be known by then.
pub(super) fn read_or_create<K>(
    path: &Path,
    expected: &'static str,
    parse: impl Fn(&[u8]) -> Option<K>,
    make: impl FnOnce([u8; 32]) -> io::Result<Vec<u8>>,
) -> Result<K, KeyError> {
    if let Some(key) = read_key(path, expected, &parse)? {
        return Ok(key);
    }
    let failed = |source| KeyError::Create { path: path.to_owned(), source };
    make(seed()).and_then(|bytes| create(path, &bytes)).map_err(failed)?;
    // Read back what the file holds: another process may have been first.
    read_key(path, expected, parse)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

/// Reads the key at `path`, if there is such a file.
///
/// # Errors
///
/// See [`KeyError`].
pub(super) fn read_key<K>(
    path: &Path,
    expected: &'static str,
    parse: impl Fn(&[u8]) -> Option<K>,
) -> Result<Option<K>, KeyError> {
    let key_of = |bytes: Vec<u8>| parse(&bytes).ok_or_else(|| KeyError::Malformed { path: path.to_owned(), expected });
    read(path)?.map(key_of).transpose()
}

/// Keys come from the operating system whatever clock the caller works with: a seeded one would be guessable.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&SystemClock.random());
    seed[16..].copy_from_slice(&SystemClock.random());
    seed
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    let failed = |source| KeyError::Read { path: path.to_owned(), source };
    let Opened { bytes, metadata } = match small_file::open(path, SECRET_BYTES) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The open file's mode, not the path's: a path may point elsewhere a moment later.
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    Ok(Some(bytes))
}

/// Writes a new key beside `path` and links it there, which fails where a file exists: nobody ever sees half a key,
/// and nobody's key is replaced.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!(".new-key-{}", Uuid::from_bytes(SystemClock.random()).simple()));
    let written = write_durably(&draft, bytes).and_then(|()| match fs::hard_link(&draft, path) {
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
