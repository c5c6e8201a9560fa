//! A folder that appears under its name once it is whole: nobody takes the half of one for all of it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder that is being written, for its owner alone, beside where it appears. One that does not come to that is
/// thrown away when it goes out of scope; one whose process was killed, when the next begins.
#[derive(Debug)]
pub struct DraftFolder {
    draft: PathBuf,
    folder: PathBuf,
}

impl DraftFolder {
    /// Begins a folder of that name; what an interrupted one has left is thrown away.
    ///
    /// # Errors
    /// When the folder is there already, or cannot be written.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        // Without a slash at the end, so that a name beside it can be made of it.
        let folder: PathBuf = folder.components().collect();
        if folder.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut draft = folder.as_os_str().to_owned();
        draft.push(".draft");
        let draft = PathBuf::from(draft);
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&draft)?;
        Ok(Self { draft, folder })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.draft
    }

    /// Has it appear, and stay after a crash with all that is in it.
    ///
    /// # Errors
    /// When something in it cannot be written to the disk, or the folder not be renamed.
    pub fn appear(self) -> io::Result<()> {
        let parent = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync(&self.draft)?;
        fs::rename(&self.draft, &self.folder)?;
        File::open(parent)?.sync_all()
    }
}

impl Drop for DraftFolder {
    fn drop(&mut self) {
        // Gone already if it has appeared. What cannot be removed now is by the next that begins.
        let _ = fs::remove_dir_all(&self.draft);
    }
}

/// Has the disk keep every file of a folder, and then that they are there.
fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync(&entry.path())?,
            false => File::open(entry.path())?.sync_all()?,
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_when_it_is_whole_and_never_over_another() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle/");
        let interrupted = DraftFolder::begin(&folder).expect("begun");
        fs::write(interrupted.path().join("rest"), "x").expect("written");
        // As if the process had been killed.
        std::mem::forget(interrupted);
        let draft = DraftFolder::begin(&folder).expect("begun anew");
        fs::create_dir_all(draft.path().join("within/it")).expect("made");
        fs::write(draft.path().join("within/it/file"), "x").expect("written");
        assert!(!folder.exists());
        draft.appear().expect("appeared");
        assert!(folder.join("within/it/file").exists() && !folder.join("rest").exists());
        assert_eq!(DraftFolder::begin(&folder).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(house.path()).expect("it reads").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_reach_the_disk_does_not_appear() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle");
        let draft = DraftFolder::begin(&folder).expect("begun");
        fs::create_dir(draft.path().join("within")).expect("made");
        std::os::unix::fs::symlink("nowhere", draft.path().join("within/file")).expect("linked");
        assert_eq!(draft.appear().expect_err("it leads nowhere").kind(), io::ErrorKind::NotFound);
        assert!(!folder.exists());
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let draft = DraftFolder::begin(&house.path().join("bundle")).expect("begun");
        fs::write(draft.path().join("file"), "x").expect("written");
        drop(draft);
        assert_eq!(fs::read_dir(house.path()).expect("it reads").count(), 0);
    }
}
