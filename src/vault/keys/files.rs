//! Files that are whole or absent, readable by their owner alone, and gone when they are shredded.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Uid, geteuid};
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
        let file = open(path, OpenOptions::new().write(true).create(true).truncate(false)).map_err(&failed)?;
        check_owner(path, &file.metadata().map_err(&failed)?)?;
        file.lock().map_err(&failed)?;
        Ok(Self { _file: file })
    }
}

/// Opens a file of the store; one that is made is for its owner alone. A link in its place is not followed: it leads to what
/// whoever put it there may have no right to, and this user may.
fn open(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    how.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)
}

/// Makes a folder for its owner alone, or checks that the one there is.
pub(super) fn make_folder(path: &Path) -> Result<(), KeyStoreError> {
    create_folder(path)?;
    check_folder(path)
}

/// Checks that a folder is its owner's alone, and the owner no other user.
pub(super) fn check_folder(path: &Path) -> Result<(), KeyStoreError> {
    check(path, &fs::metadata(path).map_err(failed("read", path))?, 0o700)
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
    check_folder(folder)?;
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
    let mut file = match open(path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The open file's, not the path's: a path may point elsewhere a moment later.
    check(path, &file.metadata().map_err(&failed)?, 0o600)?;
    // Of one read no copy stays behind that a growing buffer would leave; no file here is as long.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1_024));
    file.read_to_end(&mut bytes).map_err(&failed)?;
    Ok(Some(bytes))
}

fn check(path: &Path, metadata: &fs::Metadata, right: u32) -> Result<(), KeyStoreError> {
    check_owner(path, metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyStoreError::Exposed { path: path.to_owned(), mode, right }) }
}

/// Checks that the owner is this user, or root, who may do everything anyhow. What another user owns, that one may have made
/// to lead this one elsewhere; and what this one would write there, the other could not read any more.
fn check_owner(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyStoreError> {
    let (owner, user) = (metadata.uid(), geteuid().as_raw());
    match owner == user || owner == Uid::ROOT.as_raw() {
        true => Ok(()),
        false => Err(KeyStoreError::OfAnother { path: path.to_owned(), owner, user }),
    }
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
    let written = open(&draft, OpenOptions::new().write(true).create_new(true)).and_then(|mut file| {
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

/// Makes a file the draft that it was once, so that nobody finds the half of it under its name while it is shredded.
/// Nothing, when it is gone.
pub(super) fn withdraw(path: &Path, lock: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    let draft = draft_of(path);
    remove_stale_draft(&draft, lock, entropy)?;
    match fs::rename(path, &draft) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed.and_then(|()| sync_folder_of(path)).map_err(failed("withdraw", path)),
    }
}

/// Makes an empty file that stays, unless it is there.
pub(super) fn write_mark(path: &Path, _: &Lock) -> Result<(), KeyStoreError> {
    let made = open(path, OpenOptions::new().write(true).create(true).truncate(false));
    made.and_then(|file| file.sync_all()).and_then(|()| sync_folder_of(path)).map_err(failed("create", path))
}

/// Overwrites a file with random bytes, makes sure that they reach the disk, and removes it. Nothing, when it is gone.
pub(super) fn shred(path: &Path, _: &Lock, entropy: Entropy) -> Result<(), KeyStoreError> {
    let failed = failed("destroy", path);
    let mut file = match open(path, OpenOptions::new().write(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(&failed)?;
    check_owner(path, &metadata)?;
    let mut noise = vec![0; usize::try_from(metadata.len()).map_err(|error| failed(io::Error::other(error)))?];
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
    move |source| match source.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        true => KeyStoreError::Link { path: path.to_owned() },
        false => KeyStoreError::File { operation, path: path.to_owned(), source },
    }
}
