//! A file that appears under its name once it is whole: nobody takes the half of one for all of it, and what fails
//! leaves the old one as it is. What is no file, such as a device or a pipe, is written through and never replaced.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// As many links, one to the other, as Linux follows.
const MOST_LINKS: usize = 40;

/// Who may read a file that was not there before. One that was keeps its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever may read what this user writes, by the umask.
    Usual,
    /// Its owner alone.
    Owner,
}

/// What is being written to the place that a path leads to.
#[derive(Debug)]
pub struct WholeFile(Written);

#[derive(Debug)]
enum Written {
    /// Beside the file that it becomes, which is behind all links, and with the permissions of the one that it replaces.
    Beside { draft: NamedTempFile, path: PathBuf, permissions: Option<Permissions> },
    /// Into what is no file.
    Through(File),
}

impl WholeFile {
    /// Begins to write. A pipe is waited for until somebody reads it.
    ///
    /// # Errors
    /// When a folder is there, or nothing can be written.
    pub fn begin(path: &Path, access: Access) -> io::Result<Self> {
        let permissions = match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder")),
            Ok(there) if there.is_file() => Some(there.permissions()),
            Ok(_) => return Ok(Self(Written::Through(OpenOptions::new().write(true).open(path)?))),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let path = led_to(path)?;
        // Until it has the mode of the old one, what may be secret is its owner's.
        let mode = if permissions.is_none() && access == Access::Usual { 0o666 } else { 0o600 };
        let draft = Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder_of(&path))?;
        Ok(Self(Written::Beside { draft, path, permissions }))
    }

    /// Has it appear, and stay after a crash.
    ///
    /// # Errors
    /// When it cannot be written to the disk, or not be put in its place.
    pub fn appear(self) -> io::Result<()> {
        match self.0 {
            Written::Through(mut file) => file.flush(),
            Written::Beside { draft, path, permissions } => {
                if let Some(permissions) = permissions {
                    draft.as_file().set_permissions(permissions)?;
                }
                draft.as_file().sync_all()?;
                draft.persist(&path)?;
                File::open(folder_of(&path))?.sync_all()
            }
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Written::Beside { draft, .. } => draft.write(bytes),
            Written::Through(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Written::Beside { draft, .. } => draft.flush(),
            Written::Through(file) => file.flush(),
        }
    }
}

/// Writes all of it.
///
/// # Errors
/// Those of [`WholeFile::begin`] and [`WholeFile::appear`].
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = WholeFile::begin(path, access)?;
    file.write_all(bytes)?;
    file.appear()
}

/// Whether what the path leads to is there and is neither a file nor a folder.
#[must_use]
pub fn is_written_through(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Where the path leads to, behind all links, whether anything is there or not.
///
/// # Errors
/// When a link cannot be read, or links lead to each other.
pub fn led_to(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            // It is no link, or nothing.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its links lead to each other"))
}

/// The folder that the file is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let folder = folder();
        let path = folder.path().join("file");
        fs::write(&path, "old and longer").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        for access in [Access::Usual, Access::Owner] {
            let mut file = WholeFile::begin(&path, access).expect("begun");
            file.write_all(b"new").expect("written");
            assert_ne!(fs::read(&path).expect("it reads"), b"new", "not before it is whole");
            file.appear().expect("whole");
            assert_eq!((fs::read(&path).expect("it reads"), mode(&path)), (b"new".to_vec(), 0o640));
            fs::write(&path, "old").expect("written");
        }
        drop(WholeFile::begin(&path, Access::Usual).expect("begun"));
        assert_eq!(fs::read(&path).expect("it reads"), b"old", "one that failed has changed nothing");
        assert_eq!(fs::read_dir(folder.path()).expect("it reads").count(), 1, "and has left nothing");
    }

    #[test]
    fn a_new_file_has_the_usual_mode_unless_it_is_for_its_owner() {
        let folder = folder();
        let [beside, usual, secret] = ["beside", "usual", "secret"].map(|name| folder.path().join(name));
        File::create(&beside).expect("made");
        write(&usual, b"x", Access::Usual).expect("written");
        write(&secret, b"x", Access::Owner).expect("written");
        assert_eq!((mode(&usual), mode(&secret)), (mode(&beside), 0o600));
    }

    #[test]
    fn links_are_followed_and_stay() {
        let folder = folder();
        fs::create_dir(folder.path().join("within")).expect("made");
        let target = folder.path().join("within/target");
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        symlink("within/target", &second).expect("linked");
        symlink(&second, &first).expect("linked");
        for content in ["where nothing was", "again"] {
            write(&first, content.as_bytes(), Access::Usual).expect("written");
            assert_eq!(fs::read_to_string(&target).expect("it reads"), content);
            for link in [&first, &second] {
                assert!(link.is_symlink(), "{}", link.display());
            }
        }
        let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
        symlink(&here, &there).expect("linked");
        symlink(&there, &here).expect("linked");
        assert!(write(&here, b"x", Access::Usual).is_err() && here.is_symlink() && there.is_symlink());
    }

    #[test]
    fn a_pipe_is_written_through_and_stays_one() {
        let folder = folder();
        let [pipe, link] = ["pipe", "link"].map(|name| folder.path().join(name));
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
        symlink(&pipe, &link).expect("linked");
        for path in [&pipe, &link] {
            // Whoever could write as well does not wait for a writer.
            let mut reader = OpenOptions::new().read(true).write(true).open(&pipe).expect("opened");
            write(path, b"through", Access::Usual).expect("written");
            assert!(fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo() && link.is_symlink());
            let mut bytes = [0; 7];
            reader.read_exact(&mut bytes).expect("it reads");
            assert_eq!(&bytes, b"through");
        }
        assert!(is_written_through(&link) && !is_written_through(folder.path()));
    }

    #[test]
    fn a_folder_is_refused() {
        let folder = folder();
        let refused = write(folder.path(), b"x", Access::Usual).expect_err("it is a folder");
        assert_eq!((refused.kind(), refused.to_string().as_str()), (ErrorKind::IsADirectory, "it is a folder"));
    }
}
