//! A folder that appears under its name once it is whole: nobody takes the half of one for all of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that is being written, beside where it appears.
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
        fs::create_dir_all(&draft)?;
        Ok(Self { draft, folder })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.draft
    }

    /// Has it appear, and stay after a crash.
    ///
    /// # Errors
    /// When the folder cannot be renamed.
    pub fn appear(self) -> io::Result<()> {
        let parent = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(&self.draft)?.sync_all()?;
        fs::rename(&self.draft, &self.folder)?;
        File::open(parent)?.sync_all()
    }
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
        let draft = DraftFolder::begin(&folder).expect("begun anew");
        fs::write(draft.path().join("file"), "x").expect("written");
        assert!(!folder.exists());
        draft.appear().expect("appeared");
        assert!(folder.join("file").exists() && !folder.join("rest").exists());
        assert_eq!(DraftFolder::begin(&folder).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
    }
}
