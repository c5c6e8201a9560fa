//! Files that are whole or absent, readable by their owner alone, and gone when they are shredded.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::vault::Entropy;
use crate::vault::keys::KeyStoreError;

/// Held by whoever changes the store; the operating system lets go of it when its process ends. What changes a file
/// asks to be shown it.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for whoever holds it.
    pub(super) fn take(path: &Path) -> Result<Self, KeyStoreError> {
        let failed = failed("lock", path);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(&failed)?;
        file.lock().map_err(&failed)?;
        Ok(Self { _file: file })
    }
}

/// Makes a folder for its owner alone, or checks that the one there is.
pub(super) fn make_folder(path: &Path) -> Result<(), KeyStoreError> {
    create_folder(path)?;
    check_folder(path)
}

/// Checks that a folder is its owner's alone.
pub(super) fn check_folder(path: &Path) -> Result<(), KeyStoreError> {
    check_mode(path, &fs::metadata(path).map_err(failed("read", path))?, 0o700)
}

fn create_folder(path: &Path) -> Result<(), KeyStoreError> {
    if path.as_os_str().is_empty() || exists(path)? {
        return Ok(());
    }
    path.parent().map_or(Ok(()), create_folder)?;
    let created = match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    };
    created.and_then(|()| sync_folder_of(path)).map_err(failed("create the folder", path))
}

/// The names in a folder, in order; those that are not Unicode are nobody's here.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, KeyStoreError> {
    let failed = failed("read the folder", folder);
    let names: io::Result<Vec<OsString>> =
        fs::read_dir(folder).map_err(&failed)?.map(|entry| entry.map(|entry| entry.file_name())).collect();
    let mut names: Vec<String> =
        names.map_err(&failed)?.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

pub(super) fn exists(path: &Path) -> Result<bool, KeyStoreError> {
    path.try_exists().map_err(failed("look for", path))
}

/// What the file holds, when there is one.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError> {
    let failed = failed("read", path);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The open file's mode, not the path's: a path may point elsewhere a moment later.
    check_mode(path, &file.metadata().map_err(&failed)?, 0o600)?;
    // Of one read no copy stays behind that a growing buffer would leave; no file here is as long.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1_024));
    file.read_to_end(&mut bytes).map_err(&failed)?;
    Ok(Some(bytes))
}

fn check_mode(path: &Path, metadata: &fs::Metadata, right: u32) -> Result<(), KeyStoreError> {
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyStoreError::Exposed { path: path.to_owned(), mode, right }) }
}

/// Where the next content of a file is written. One name for each, so that what an interrupted write leaves is found.
pub(super) fn draft_of(path: &Path) -> PathBuf {
    path.with_added_extension("draft")
}

/// Writes a file that is not there yet. One that is there stays: nobody's key is replaced.
pub(super) fn write_new(path: &Path, bytes: &[u8], lock: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    let draft = write_draft(path, bytes, lock, entropy)?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    linked.and_then(|()| fs::remove_file(&draft)).and_then(|()| sync_folder_of(path)).map_err(failed("create", path))
}

/// Writes a file anew in one step: a reader sees what it held or what it holds.
pub(super) fn replace(path: &Path, bytes: &[u8], lock: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    let draft = write_draft(path, bytes, lock, entropy)?;
    fs::rename(&draft, path).and_then(|()| sync_folder_of(path)).map_err(failed("replace", path))
}

fn write_draft(path: &Path, bytes: &[u8], lock: &Lock, entropy: Entropy) -> Result<PathBuf, KeyStoreError> {
    let draft = draft_of(path);
    remove_stale_draft(&draft, lock, entropy)?;
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(failed("write", &draft))?;
    Ok(draft)
}

/// Removes what an interrupted write left. When it got as far as linking, the draft is the file itself and only a name
/// too many.
pub(super) fn remove_stale_draft(draft: &Path, lock: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    match fs::symlink_metadata(draft) {
        Ok(metadata) if metadata.nlink() > 1 => fs::remove_file(draft).map_err(failed("remove", draft)),
        _ => shred(draft, lock, entropy),
    }
}

/// Makes an empty file that stays, unless it is there.
pub(super) fn write_mark(path: &Path, _: &Lock) -> Result<(), KeyStoreError> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.and_then(|file| file.sync_all()).and_then(|()| sync_folder_of(path)).map_err(failed("create", path))
}

/// Overwrites a file with random bytes, makes sure that they reach the disk, and removes it. Nothing, when it is gone.
pub(super) fn shred(path: &Path, _: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    let failed = failed("destroy", path);
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(&failed)?.len();
    let mut noise = vec![0; usize::try_from(length).map_err(|error| failed(io::Error::other(error)))?];
    entropy(&mut noise);
    file.write_all(&noise)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::remove_file(path))
        .and_then(|()| sync_folder_of(path))
        .map_err(&failed)
}

/// A name is durable when its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

pub(super) fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> KeyStoreError {
    move |source| KeyStoreError::File { operation, path: path.to_owned(), source }
}
