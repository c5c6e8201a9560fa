//! A folder that appears under its name once it is whole: nobody takes the half of one for all of it.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::whole_file::folder_of;

/// The file in a draft that is locked for as long as its process lives, and its name until then.
const MARK: &str = ".etalon-draft";
const UNLOCKED_MARK: &str = ".etalon-draft-begun";

/// What the names of drafts end with.
const DRAFT: &str = ".draft";

/// A folder that is being written, for its owner alone, beside where it appears and under a name that no other has. One
/// that does not come to that is thrown away when it goes out of scope; one whose process was killed, when the next of
/// its name begins.
#[derive(Debug)]
pub struct DraftFolder {
    draft: TempDir,
    folder: PathBuf,
    /// None where files cannot be locked. The system lets go of the lock when it is closed, and when the process dies.
    mark: Option<File>,
}

impl DraftFolder {
    /// Begins a folder of that name; what interrupted ones have left is thrown away.
    ///
    /// # Errors
    /// When the folder is there already, or cannot be written.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        // Without a slash at the end, so that a name beside it can be made of it.
        let folder: PathBuf = folder.components().collect();
        // A link that leads nowhere is in its way, too.
        if folder.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut name = folder.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(".");
        let parent = folder_of(&folder);
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        throw_left_away(parent, &name);
        let for_its_owner = Permissions::from_mode(0o700);
        let draft =
            tempfile::Builder::new().prefix(&name).suffix(DRAFT).permissions(for_its_owner).tempdir_in(parent)?;
        let mark = marked(draft.path())?;
        Ok(Self { draft, folder, mark })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        self.draft.path()
    }

    /// Has it appear, and stay after a crash with all that is in it.
    ///
    /// # Errors
    /// When something in it cannot be written to the disk, or the folder not be renamed: another may be there by now.
    pub fn appear(self) -> io::Result<()> {
        let draft = self.draft.path();
        sync(draft)?;
        if self.mark.is_some() {
            fs::remove_file(draft.join(MARK))?;
            File::open(draft)?.sync_all()?;
        }
        // It takes the place of no file, and of no folder with anything in it.
        fs::rename(draft, &self.folder)?;
        let parent = folder_of(&self.folder);
        // There is nothing under its old name that could be removed.
        let _ = self.draft.keep();
        File::open(parent)?.sync_all()
    }
}

/// Marks a draft as being written. The mark has its name once it is locked: nobody finds one that is not, of a process
/// that lives.
fn marked(draft: &Path) -> io::Result<Option<File>> {
    let begun = draft.join(UNLOCKED_MARK);
    let mark = File::create_new(&begun)?;
    if mark.try_lock().is_err() {
        // Then what is left of it stays.
        fs::remove_file(begun)?;
        return Ok(None);
    }
    fs::rename(begun, draft.join(MARK))?;
    Ok(Some(mark))
}

/// Removes the drafts whose names begin so and whose processes have died, as far as it can: none is in the way of
/// another. A folder without a mark may be anybody's.
fn throw_left_away(parent: &Path, name: &OsStr) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let (found, draft) = (entry.file_name(), entry.path());
        let found = found.as_encoded_bytes();
        if !found.starts_with(name.as_encoded_bytes()) || !found.ends_with(DRAFT.as_bytes()) {
            continue;
        }
        let Ok(mark) = OpenOptions::new().write(true).open(draft.join(MARK)) else { continue };
        if mark.try_lock().is_ok() {
            // It may have appeared by now, or be removed by another that looks.
            let _ = fs::remove_dir_all(draft);
        }
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
    use std::ffi::OsString;

    use super::*;

    fn names_in(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> =
            fs::read_dir(folder).expect("it reads").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_when_it_is_whole_and_never_over_another() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle/");
        let draft = DraftFolder::begin(&folder).expect("begun");
        assert_eq!(fs::metadata(draft.path()).expect("it is there").permissions().mode() & 0o777, 0o700);
        fs::create_dir_all(draft.path().join("within/it")).expect("made");
        fs::write(draft.path().join("within/it/file"), "x").expect("written");
        assert!(!folder.exists());
        draft.appear().expect("appeared");
        assert_eq!(names_in(&folder), ["within"]);
        assert!(folder.join("within/it/file").exists());
        assert_eq!(DraftFolder::begin(&folder).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names_in(house.path()), ["bundle"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_in_the_way() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle");
        std::os::unix::fs::symlink("nowhere", &folder).expect("linked");
        assert_eq!(DraftFolder::begin(&folder).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names_in(house.path()), ["bundle"]);
    }

    #[test]
    fn of_two_of_one_name_each_is_whole_and_the_first_appears() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle");
        let drafts = ["one", "two"].map(|file| {
            let draft = DraftFolder::begin(&folder).expect("begun");
            fs::write(draft.path().join(file), "x").expect("written");
            draft
        });
        let [one, two] = drafts;
        one.appear().expect("appeared");
        two.appear().expect_err("another is there");
        assert_eq!(names_in(&folder), ["one"]);
        assert_eq!(names_in(house.path()), ["bundle"]);
    }

    #[test]
    fn what_a_killed_process_has_left_is_thrown_away_and_nothing_else() {
        let house = tempfile::tempdir().expect("a temporary folder");
        let folder = house.path().join("bundle");
        let DraftFolder { draft: left, mark, .. } = DraftFolder::begin(&folder).expect("begun");
        let left = left.keep();
        // What somebody has named so.
        for theirs in ["bundle.draft", "bundle.old.draft"] {
            fs::create_dir(house.path().join(theirs)).expect("made");
        }
        drop(DraftFolder::begin(&folder).expect("begun beside it"));
        assert!(left.exists(), "its process lives");
        drop(mark);
        drop(DraftFolder::begin(&folder).expect("begun anew"));
        assert_eq!(names_in(house.path()), ["bundle.draft", "bundle.old.draft"]);
    }

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
