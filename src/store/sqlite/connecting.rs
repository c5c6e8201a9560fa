//! How a file is connected to, and how its tables are brought up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use backon::{ConstantBuilder, Retryable};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::store::StoreError;
use crate::store::opening::Schema;
use crate::store::sqlite::{BUSY_PAUSE, BUSY_TIMEOUT, MIGRATIONS, sql};
use crate::whole_file::{folder_of, led_to};

/// How a file is opened that another process is making: SQLite waits for no lock when it turns a new one to WAL.
const WHILE_BUSY: ConstantBuilder = ConstantBuilder::new()
    .with_delay(BUSY_PAUSE)
    .with_max_times((BUSY_TIMEOUT.as_millis() / BUSY_PAUSE.as_millis()) as usize);

/// How many rows SQLite's thread may be ahead of who reads them: two threads that wait for each other at every few rows
/// do little else.
const ROWS_AHEAD: usize = 256;

/// How the file at that path is connected to. One that is taken as it is keeps its journal, too: a backup has none, and to
/// turn it to WAL would write into it, so that it is no longer the file that its digest is of.
pub(super) fn options(path: &Path, schema: Schema) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(may_begin(schema))
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "on")
        .statement_cache_capacity(256)
        .row_buffer_size(ROWS_AHEAD);
    match schema {
        Schema::Migrated | Schema::Existing | Schema::Restored => options.journal_mode(SqliteJournalMode::Wal),
        Schema::AsItIs => options,
    }
}

/// Whether a log may be begun in a file that is not there.
pub(super) fn may_begin(schema: Schema) -> bool {
    matches!(schema, Schema::Migrated | Schema::Restored)
}

/// Makes the file that the path leads to where it is missing, and its folder, for their owner alone. SQLite would leave that
/// to the umask, and makes what a link leads to as well; what it has beside a file has the mode of that. One that is there is
/// not touched: to close it would let go of the locks that this process has on it.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let path = led_to(path)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(&path))?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Connects for the first time, as a migration needs it: it may take its time, and wants no word of every statement that
/// does.
pub(super) async fn first(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let migrating = options.clone().disable_statement_logging();
    let connect = || SqliteConnection::connect_with(&migrating);
    connect.retry(WHILE_BUSY).when(is_busy).await
}

/// Whether another process holds a lock: `SQLITE_BUSY`, whatever stands above its eight bits.
fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// Migrates inside one immediate transaction, since sqlx takes no lock of its own here and two
/// processes may open a new file at once.
pub(super) async fn migrate(writer: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with(sql::BEGIN).await.map_err(StoreError::during("lock the database"))?;
    MIGRATIONS.run_direct(&mut *transaction).await?;
    transaction.commit().await.map_err(StoreError::during("commit the migration"))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use crate::store::opening::Schema;
    use crate::store::sqlite::SqliteBackend;

    #[tokio::test]
    async fn a_new_file_its_folder_and_what_stands_beside_it_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("within/etalon.db");
        let mode_of = |name: &str| {
            let found = fs::metadata(folder.path().join("within").join(name));
            found.expect("it is there").permissions().mode() & 0o777
        };
        let backend = SqliteBackend::open("x", &path, Schema::Migrated).await.expect("it opens");
        let modes = ["", "etalon.db", "etalon.db-wal", "etalon.db-shm"].map(mode_of);
        assert_eq!(modes, [0o700, 0o600, 0o600, 0o600]);
        drop(backend);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("changed");
        SqliteBackend::open("x", &path, Schema::Migrated).await.expect("it opens");
        assert_eq!(mode_of("etalon.db"), 0o640, "whoever opened it to others meant to");
    }

    #[tokio::test]
    async fn what_a_link_leads_to_is_made_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("link.db");
        symlink("within/etalon.db", &link).expect("linked");
        SqliteBackend::open("x", &link, Schema::Migrated).await.expect("it opens");
        let modes = ["within", "within/etalon.db"].map(|name| {
            let found = fs::metadata(folder.path().join(name)).expect("it is there");
            found.permissions().mode() & 0o777
        });
        assert_eq!(modes, [0o700, 0o600]);
    }
}
