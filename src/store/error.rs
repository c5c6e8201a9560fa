//! What can go wrong in the store, and whether asking again may help.

use std::path::PathBuf;
use std::sync::Arc;

use cqrs_es::persist::PersistenceError;
use sqlx::migrate::MigrateError;

use crate::store::StreamId;

/// A failure of the store itself, as opposed to a refusal of one append.
///
/// It is `Clone` because a failed group commit is answered to every waiter of its batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database URL names no database that Etalon can use.
    #[error("database URL {url:?} is not usable: {reason}")]
    BadUrl {
        /// The URL with its login left out.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database does not answer, or refuses the connection.
    #[error("cannot open the database {url:?}")]
    Unreachable {
        /// The URL with its login left out.
        url: String,
        /// What the driver said.
        source: Arc<sqlx::Error>,
    },
    /// Only in UTF-8 every letter of a log has a place.
    #[error(
        "the database {url:?} has the encoding {encoding}, and a log needs UTF8: make another one with \
         `create database … encoding 'UTF8' locale 'C' template template0`; a log goes into it by `etalon backup` and \
         `etalon restore`"
    )]
    Encoding {
        /// The URL with its login left out.
        url: String,
        /// What PostgreSQL calls it.
        encoding: String,
    },
    /// Nothing of Etalon is in the database, which only a new log is begun in.
    #[error(
        "the database {url:?} holds no log: is it the right one? `etalon serve` and `etalon migrate` begin a new log"
    )]
    NoLog {
        /// The URL with its login left out.
        url: String,
    },
    /// The database was migrated by a newer Etalon.
    #[error("the database has schema version {version}, which this version of etalon does not know")]
    NewerSchema {
        /// The first unknown migration.
        version: i64,
    },
    /// The database needs migrations that the role of this process may not run.
    #[error(
        "the database has schema version {found} and needs {needed}: run `etalon migrate` as the role that owns its tables"
    )]
    OlderSchema {
        /// The last migration that was applied.
        found: i64,
        /// The last one of this program.
        needed: i64,
    },
    /// Rights are given by whoever owns the log.
    #[error("the role {role} does not own the log: run `etalon migrate --server-role` as the role {owner}")]
    NotOwner {
        /// Who has tried.
        role: String,
        /// Whose the log is.
        owner: String,
    },
    /// The role of a server has to be one that the log is out of reach of.
    #[error(
        "the role {role} cannot be kept from changing the log: it owns the log or its schema, or is a member of a role \
         that does; make the servers a role of their own, and run this as the role {owner}"
    )]
    OwnerServes {
        /// The role.
        role: String,
        /// Whose the log is.
        owner: String,
    },
    /// The role of a server may write whatever table there is, the log among them.
    #[error(
        "the role {role} may write every table, since it is a member of pg_write_all_data: revoke that from it, and from what \
         it is a member of, or make the servers a role of their own"
    )]
    ServerWritesAll {
        /// The role.
        role: String,
    },
    /// Something was made by a role that does not own the log, and may be run or read in place of what it looks like.
    #[error(
        "{what} was made by the role {by}, which does not own the log: look at what it does, and drop it, before anything \
         else is done here"
    )]
    Planted {
        /// What.
        what: String,
        /// Whose it is.
        by: String,
    },
    /// The role of a server can still make functions and views beside the log.
    #[error(
        "the role {role} may make functions beside the log, and that is not this role's to take: as the owner of the schema \
         run `revoke create on schema {schema} from public, {role}`"
    )]
    ServerMakes {
        /// The role.
        role: String,
        /// The schema of the log.
        schema: String,
    },
    /// What makes read rows anew runs with the rights of the owner of the log, who gives them to servers.
    #[error(
        "the role {role} may not run {step}, which makes the read rows anew with the rights of the owner of the log: run \
         `etalon migrate --server-role {role}` as the role {owner}"
    )]
    RebuildNotGranted {
        /// Who has tried.
        role: String,
        /// A function.
        step: String,
        /// Whose the log is.
        owner: String,
    },
    /// A migration failed; it was rolled back.
    #[error("cannot migrate the database")]
    Migration {
        /// What the migrator said.
        source: Arc<sqlx::migrate::MigrateError>,
    },
    /// A statement failed.
    #[error("cannot {operation}")]
    Database {
        /// What the store was doing.
        operation: &'static str,
        /// What the driver said.
        source: Arc<sqlx::Error>,
    },
    /// A commit has failed when it may have come to its end: whether it is stored is not known. Sending the same command
    /// key again tells.
    #[error("it is not known whether what was committed is stored")]
    Unsettled {
        /// What has failed.
        source: Arc<Self>,
    },
    /// The database gave a read up that took longer than whoever asked would wait; see
    /// [`limited`](crate::store::limited).
    #[error("gave up to {operation}: it took too long")]
    TimedOut {
        /// What the store was doing.
        operation: &'static str,
        /// What the driver said.
        source: Arc<sqlx::Error>,
    },
    /// The stock event repository failed while loading a stream.
    #[error("cannot load stream {stream}")]
    Load {
        /// `Case/0192…`
        stream: String,
        /// What the repository said.
        source: Arc<PersistenceError>,
    },
    /// A stored value is not what this program writes.
    #[error("the database holds a damaged value: {what}")]
    Corrupt {
        /// Table, column and value.
        what: String,
    },
    /// The read rows are of another form than this program writes: nothing was stored. Either they are being made anew,
    /// or a newer Etalon has made them.
    #[error("the read rows have form {stored}, and this version of etalon writes form {ours}")]
    OtherRows {
        /// Of the rows in the database.
        stored: u64,
        /// Of this program.
        ours: u64,
    },
    /// The database takes no writes, as a standby does until it takes over: nothing was stored.
    #[error("the database takes no writes: it is a standby, or was told to be read only")]
    ReadOnly,
    /// The database is not that which this process has seen, or not as it was: nothing was stored, and nothing will be
    /// before the process is started again, since what it keeps in memory is of events that are gone.
    #[error(
        "the event at position {position}, which this process has seen, is not in the database any more: that was put back \
         from a backup, or a standby without the last commits has taken over; start the process again (LOG_WENT_BACK)"
    )]
    WentBack {
        /// The first of those that were seen and are gone.
        position: u64,
    },
    /// Another file stands where that did which this process has open: nothing was stored, and nothing will be before the
    /// process is started again, since nobody would find it.
    #[error(
        "the file at {} is another than the one that this process has open: a database was put in its place; start the \
         process again (LOG_WENT_BACK)",
        path.display()
    )]
    Replaced {
        /// The path of both.
        path: PathBuf,
    },
    /// What this process would record would give its time to all that follows until that has come: nothing was stored.
    #[error(
        "the clock of this process is {seconds} s ahead of that of the database: set it right, or that of the database, and \
         it records again (CLOCK_AHEAD)"
    )]
    ClockAhead {
        /// By how much.
        seconds: i64,
    },
    /// Somebody else has taken the lease of the rebuild meanwhile: nothing was written.
    #[error("another process has taken over the rebuild of the read rows")]
    TakenOver,
    /// The caller asked for something that cannot be stored or queried.
    #[error("invalid request to the store: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// A backup was put into the database and not found good yet.
    #[error("the database {url:?} is being restored: end that with `etalon restore`, or put the backup elsewhere")]
    Restoring {
        /// The URL with its login left out.
        url: String,
    },
    /// One restore fills a database at a time.
    #[error("the database {url:?} is being filled: {who}; order it again when that has ended")]
    RestoredByAnother {
        /// The URL with its login left out.
        url: String,
        /// Who fills it.
        who: String,
    },
    /// A copy is put only where nothing is.
    #[error("the database {url:?} is not empty: {what}")]
    NotEmpty {
        /// The URL with its login left out.
        url: String,
        /// What is in it.
        what: String,
    },
    /// A restore has failed, and its mark could not be taken away.
    #[error(
        "{failed}; the database stays marked as being restored, whatever of the backup is in it ({reason}): when it answers \
         again, order the same restore once more"
    )]
    StillMarked {
        /// What has failed first.
        failed: String,
        /// Why the mark stays.
        reason: String,
    },
    /// A program of the database's own failed.
    #[error("{program} failed: {reason}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What it said.
        reason: String,
    },
    /// The writer's queue is full; nothing was stored.
    #[error("the writer's queue of {capacity} commands is full")]
    Overloaded {
        /// The limit that was reached.
        capacity: usize,
    },
    /// The writer is shutting down; nothing was stored.
    #[error("the writer is shutting down")]
    Closed,
    /// The task that commits has broken with the command in its hands. Whether that is stored is not known: sending the
    /// same command key again tells.
    #[error("the task that commits has broken, and it is not known whether the command was stored")]
    WriterBroken,
}

/// What the databases say of a statement that was given up: PostgreSQL `query_canceled`, SQLite `SQLITE_INTERRUPT`.
const GIVEN_UP: [&str; 2] = ["57014", "9"];

impl From<std::convert::Infallible> for StoreError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl StoreError {
    /// Whether what is stored is not what this program writes, as against a database that fails.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Load { source, .. } => matches!(**source, PersistenceError::DeserializationError(_)),
            Self::Corrupt { .. } => true,
            _ => false,
        }
    }

    /// Whether the same request, with the same command key, may succeed later.
    pub fn is_retryable(&self) -> bool {
        let fails_for_now = matches!(
            self,
            Self::Database { .. }
                | Self::Unsettled { .. }
                | Self::TimedOut { .. }
                | Self::Load { .. }
                | Self::Unreachable { .. }
                | Self::OtherRows { .. }
                | Self::ReadOnly
                | Self::WentBack { .. }
                | Self::Replaced { .. }
                | Self::ClockAhead { .. }
                | Self::TakenOver
                | Self::Overloaded { .. }
                | Self::Closed
                | Self::WriterBroken
        );
        fails_for_now && !self.is_damage()
    }

    /// Whether a command may be stored although its commit has failed; after every other error of a commit it is not.
    pub fn is_unsettled(&self) -> bool {
        matches!(self, Self::Unsettled { .. } | Self::WriterBroken)
    }

    /// Of a commit that may have come to its end all the same.
    pub(super) fn unsettled(self) -> Self {
        Self::Unsettled { source: Arc::new(self) }
    }

    /// Wraps a driver error with the operation it interrupted; made for `map_err`.
    pub(super) fn during(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| {
            let code = source.as_database_error().and_then(|error| error.code());
            let is_given_up = code.is_some_and(|code| GIVEN_UP.contains(&code.as_ref()));
            if let sqlx::Error::Decode(reason) | sqlx::Error::ColumnDecode { source: reason, .. } = &source {
                return Self::Corrupt { what: format!("cannot {operation}: {reason}") };
            }
            let source = Arc::new(source);
            match is_given_up {
                true => Self::TimedOut { operation, source },
                false => Self::Database { operation, source },
            }
        }
    }
}

/// Why one append of a batch was not committed. Its neighbours are not affected.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream has moved on since the command was decided.
    #[error("the stream is at version {current_version}")]
    Conflict {
        /// Number of events the stream holds, those of earlier appends of the batch included.
        current_version: u64,
    },
    /// Another stream, which the decision was based on, has moved on since.
    #[error("{stream}, which the decision was based on, has moved on")]
    Outdated {
        /// Which.
        stream: StreamId,
    },
    /// The idempotency key was used before by this actor, for another command.
    #[error("the idempotency key was used for another command")]
    KeyReused,
    /// The store failed; see [`StoreError::is_retryable`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MigrateError> for StoreError {
    fn from(source: MigrateError) -> Self {
        match source {
            MigrateError::VersionMissing(version) => Self::NewerSchema { version },
            source => Self::Migration { source: Arc::new(source) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_not_asked_for_again() {
        let load = |source| StoreError::Load { stream: "Case/1".to_owned(), source: Arc::new(source) };
        for (error, is_damage) in [
            (load(PersistenceError::DeserializationError("no JSON".into())), true),
            (load(PersistenceError::ConnectionError("gone".into())), false),
            (StoreError::Corrupt { what: "a time".to_owned() }, true),
            (StoreError::Closed, false),
        ] {
            assert_eq!((error.is_damage(), error.is_retryable()), (is_damage, !is_damage), "{error}");
        }
    }
}
