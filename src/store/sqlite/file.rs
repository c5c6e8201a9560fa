//! Which file is open. Another one may come to stand under its name, as where a copy is moved into its place: what is
//! committed then is in a file that nobody finds any more.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::blocking::blocking;
use crate::store::StoreError;
use crate::store::seen::InPlace;
use crate::store::sqlite::SqliteBackend;

/// A file that is open.
pub(super) struct OpenFile {
    path: PathBuf,
    opened: Option<Identity>,
}

/// What a file is known by, whatever its name: its device, and its number there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl OpenFile {
    /// The file at that path, which was opened just now.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), opened: Identity::of(path) }
    }

    /// Fails where its name leads to another one. One that leads nowhere says nothing: the file may have been moved with
    /// its folder, and is whole.
    pub(super) fn must_be_in_place(&self) -> Result<(), StoreError> {
        let found = Identity::of(&self.path);
        match found.is_some() && self.opened.is_some() && found != self.opened {
            true => Err(StoreError::Replaced { path: self.path.clone() }),
            false => Ok(()),
        }
    }
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self { device: found.dev(), inode: found.ino() })
    }
}

impl InPlace for SqliteBackend {
    async fn must_be_in_place(&self) -> Result<(), StoreError> {
        let file = self.file.clone();
        blocking(move || file.must_be_in_place()).await
    }
}
