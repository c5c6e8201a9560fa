//! Who has a database open. Of an embedded one a file beside it tells the processes of this machine, locked for as long as
//! a process lives: it holds nothing, and stays, for whoever removed it would part those who look at it. Of another one
//! the database itself tells.
//!
//! Several servers may share the file of a database, whose commits wait for one another. Whoever fills it is alone, and so is
//! who has it go on with other data keys.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::cli::problem::Problem;
use crate::cli::serve::target;
use crate::config::{DatabaseUrl, Settings};
use crate::store::{self, Alone, AmongServers};
use crate::telemetry::causes::with_causes;
use crate::whole_file::folder_of;

/// How often it is tried to share a database, and how long it is waited in between. Another server that begins looks
/// for a moment whether it is alone, and nobody can share it then; whoever fills it is there for longer.
const LOOKS: usize = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// What is to be done about whoever has it.
const THEN: &str = "try again when that has ended";

const CANNOT_BE_OPENED: &str = "the database cannot be opened";

/// What keeps the database for a process, until it is dropped.
#[derive(Debug)]
pub struct Held {
    /// The system lets go of the lock when it is closed, and when the process dies.
    _file: File,
}

/// Joins those who serve the database; says so where somebody else does. Nothing is kept of a database that is no file.
///
/// # Errors
/// When it is being restored, or goes on with other data keys.
pub fn to_serve(database: &DatabaseUrl) -> Result<Option<Held>, Problem> {
    let Some(path) = database.file() else { return Ok(None) };
    match shared(path) {
        Ok((file, is_alone)) => {
            if !is_alone {
                tracing::warn!(
                    %database,
                    "another server has this database open: each hears of what the other commits within a second and not at once, \
                     and their commits wait for one another; end one of them, or have several servers on PostgreSQL"
                );
            }
            Ok(Some(Held { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let by = "another process restores it, or has it go on with other data keys";
            Err(in_use(&path.display(), by, THEN))
        }
        Err(TryLockError::Error(error)) => {
            tracing::warn!(error = %with_causes(&error), "it cannot be seen whether another server has this database open");
            Ok(None)
        }
    }
}

/// Takes the database for this process alone.
///
/// # Errors
/// When somebody else serves or restores it, or the file beside it cannot be used.
pub fn alone(database: &DatabaseUrl) -> Result<Option<Held>, Problem> {
    let Some(path) = database.file() else { return Ok(None) };
    match opened(path).map_err(TryLockError::Error).and_then(|file| file.try_lock().map(|()| file)) {
        Ok(file) => Ok(Some(Held { _file: file })),
        Err(TryLockError::WouldBlock) => Err(in_use(&path.display(), "another process serves or restores it", THEN)),
        Err(TryLockError::Error(error)) => {
            Err(Problem::while_doing(format!("{} cannot be locked", lock_of(path).display()))(error))
        }
    }
}

/// Joins the servers of a database that is no file, before anything of it is looked at.
///
/// # Errors
/// When it goes on with other data keys, or cannot be reached.
pub async fn among_servers(settings: &Settings) -> Result<AmongServers, Problem> {
    let joined = store::join_servers(target(settings)).await.map_err(Problem::while_doing(CANNOT_BE_OPENED))?;
    let by = "another process has it go on with other data keys";
    joined.ok_or_else(|| in_use(&settings.database, by, THEN))
}

/// Takes a database that is no file for what no server may be beside.
///
/// # Errors
/// When a server has it, or it cannot be reached.
pub async fn without_servers(settings: &Settings) -> Result<Alone, Problem> {
    let taken = store::take_alone(target(settings)).await.map_err(Problem::while_doing(CANNOT_BE_OPENED))?;
    taken.ok_or_else(|| in_use(&settings.database, "a server has it", "end all of its servers first"))
}

/// The file, locked together with others, and whether there are none. `WouldBlock` where somebody wants to be alone.
fn shared(path: &Path) -> Result<(File, bool), TryLockError> {
    let file = opened(path).map_err(TryLockError::Error)?;
    let is_alone = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(error) => return Err(error),
    };
    // From here on others may come, and one may come between: a lock is changed by letting go of the old one first.
    for _ in 0..LOOKS {
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_LOOKS),
            locked => return locked.map(|()| (file, is_alone)),
        }
    }
    Err(TryLockError::WouldBlock)
}

fn opened(path: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(lock_of(path))
}

fn in_use(database: &dyn Display, by: &str, advice: &str) -> Problem {
    Problem::coded("DATABASE_IN_USE", format!("{database} is in use: {by}; {advice} (DATABASE_IN_USE)"))
}

fn lock_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn database(scheme: &str, file: &Path) -> DatabaseUrl {
        DatabaseUrl::try_from(format!("{scheme}{}", file.display())).expect("the URL of a file")
    }

    #[test]
    fn servers_share_a_database_and_whoever_fills_it_is_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("within/etalon.db");
        let database = database("sqlite:", &path);
        let first = alone(&database).expect("nobody has it").expect("a file");
        let refused = alone(&database).expect_err("somebody fills it");
        assert_eq!((refused.code(), refused.to_string().contains("serves or restores it")), ("DATABASE_IN_USE", true));
        assert_eq!(to_serve(&database).expect_err("somebody fills it").code(), "DATABASE_IN_USE");
        drop(first);
        let (server, is_alone) = shared(&path).expect("nobody fills it");
        assert!(is_alone);
        let (other, is_alone) = shared(&path).expect("it is shared");
        assert!(!is_alone && alone(&database).is_err());
        drop((server, other));
        assert!(shared(&path).expect("nobody has it").1);
    }

    #[test]
    fn servers_that_begin_at_once_all_share_the_database() {
        const SERVERS: usize = 8;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("etalon.db");
        for _ in 0..20 {
            let together = Barrier::new(SERVERS);
            let begin = || {
                together.wait();
                shared(&path)
            };
            thread::scope(|scope| {
                let servers: Vec<_> = (0..SERVERS).map(|_| scope.spawn(begin)).collect();
                for server in servers {
                    server.join().expect("it does not panic").expect("nobody fills it");
                }
            });
        }
    }

    #[test]
    fn a_database_is_the_same_file_however_its_url_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("etalon.db");
        let [plain, slashes] = ["sqlite:", "sqlite://"].map(|scheme| database(scheme, &path));
        assert_eq!((plain.file(), slashes.file()), (Some(path.as_path()), Some(path.as_path())));
        let held = alone(&plain).expect("nobody has it");
        assert_eq!(to_serve(&slashes).expect_err("somebody fills it").code(), "DATABASE_IN_USE");
        drop(held);
    }
}
