//! The driver of the connections that Etalon steps through itself: how they are opened, how arguments get into a
//! statement, and how a failure is told as everywhere else in the store.

use std::borrow::Cow;
use std::error::Error;
use std::io;
use std::path::Path;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};
use sqlx::error::{DatabaseError, ErrorKind};

use crate::store::StoreError;
use crate::store::sqlite::BUSY_TIMEOUT;
use crate::store::sqlite::write::log_of;
use crate::store::statement::{Argument, Statement};

/// Opens a file that is there.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Gives a statement its arguments.
pub(super) fn bind(prepared: &mut rusqlite::Statement<'_>, statement: &Statement) -> rusqlite::Result<()> {
    for (place, argument) in statement.arguments.iter().enumerate() {
        // To SQLite `$2` is a name, wherever it stands.
        if let Some(index) = prepared.parameter_index(&format!("${}", place + 1))? {
            prepared.raw_bind_parameter(index, argument)?;
        }
    }
    Ok(())
}

/// Runs a statement that gives no rows; how many it touched.
pub(super) fn execute_on(connection: &Connection, statement: &Statement) -> rusqlite::Result<u64> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    bind(&mut prepared, statement)?;
    let touched = prepared.raw_execute()?;
    if statement.is_planned_anew {
        prepared.discard();
    }
    log_of(&statement.sql, touched);
    Ok(touched as u64)
}

impl ToSql for Argument {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Integer(number) => number.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

/// How work fails that does more than run statements.
#[derive(Debug)]
pub(super) enum Failed {
    Driver(rusqlite::Error),
    Store(StoreError),
}

impl Failed {
    /// Of the end of a transaction; made for `map_err`. Where the file takes all of it and fails then, as when it is
    /// flushed, what was written may be whole when it is read again.
    pub(super) fn of_commit(operation: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        let is_whole = |said: &ffi::Error| {
            said.code == ErrorCode::SystemIoFailure && said.extended_code != ffi::SQLITE_IOERR_WRITE
        };
        move |error| match error.sqlite_error().is_some_and(is_whole) {
            true => Self::Store(StoreError::during(operation)(driver_error(error)).unsettled()),
            false => Self::Driver(error),
        }
    }

    /// As the store tells it, with the operation that was interrupted; made for `map_err`.
    pub(super) fn during(operation: &'static str) -> impl FnOnce(Self) -> StoreError {
        move |failed| match failed {
            Self::Driver(error) => StoreError::during(operation)(driver_error(error)),
            Self::Store(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// After these the other connections may be of no use either: the file cannot be read, or is not there any more.
const OF_THE_FILE: [ErrorCode; 3] = [ErrorCode::SystemIoFailure, ErrorCode::CannotOpen, ErrorCode::NotADatabase];

/// A failure as the store tells it, whichever driver it comes from.
pub(super) fn driver_error(error: rusqlite::Error) -> sqlx::Error {
    match error.sqlite_error().copied() {
        Some(of_sqlite) if OF_THE_FILE.contains(&of_sqlite.code) => sqlx::Error::Io(io::Error::other(error)),
        Some(of_sqlite) => {
            sqlx::Error::Database(Box::new(Said { code: of_sqlite.extended_code, message: error.to_string() }))
        }
        // What is left comes of taking values.
        None => sqlx::Error::Decode(error.into()),
    }
}

/// What SQLite says of a statement, in the form of the other driver.
#[derive(Debug, thiserror::Error)]
#[error("(code: {code}) {message}")]
struct Said {
    code: i32,
    message: String,
}

impl DatabaseError for Said {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_was_written_and_not_flushed_may_be_stored() {
        for (code, may_be_stored) in [
            (ffi::SQLITE_IOERR_FSYNC, true),
            (ffi::SQLITE_IOERR_WRITE, false),
            (ffi::SQLITE_FULL, false),
            (ffi::SQLITE_BUSY, false),
        ] {
            let failed =
                Failed::of_commit("commit a batch")(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            let told = Failed::during("commit a batch")(failed);
            assert_eq!(told.is_unsettled(), may_be_stored, "{code}: {told}");
            assert!(told.is_retryable(), "{code}: {told}");
        }
    }
}
