//! Reads that go through whole tables: the log of an audit or a rebuild, and the rows that are compared with it.
//!
//! The driver that everything else is read with makes a copy of each value of each row, and hands row after row from one
//! thread to another: ten times as much work as SQLite has to find them. Here a thread that may be kept waiting steps through
//! the rows and takes what it needs of them where they stand.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::store::line::Line;
use crate::store::sqlite::BUSY_TIMEOUT;
use crate::store::statement::{Argument, Statement};

/// How many connections are kept between two reads: as many as an audit reads on at once.
const KEPT: usize = 4;

/// Reads a file, a connection for each read.
pub(super) struct Scanner {
    path: PathBuf,
    kept: Arc<Mutex<Vec<Connection>>>,
}

impl Scanner {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), kept: Arc::default() }
    }

    /// Runs a query and makes something of its rows.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        statement: &Statement,
        take: impl FnOnce(rusqlite::Rows<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let (path, kept, statement) = (self.path.clone(), self.kept.clone(), statement.clone());
        let read = move || {
            let all = || kept.lock().unwrap_or_else(PoisonError::into_inner);
            let one = all().pop();
            let connection = one.map_or_else(|| open(&path), Ok)?;
            let taken = {
                let mut prepared = connection.prepare_cached(&statement.sql)?;
                take(prepared.query(params_from_iter(&statement.arguments))?)?
            };
            // One whose read failed is closed.
            let mut all = all();
            if all.len() < KEPT {
                all.push(connection);
            }
            Ok(taken)
        };
        match spawn_blocking(read).await {
            Ok(read) => read.map_err(|error: rusqlite::Error| sqlx::Error::AnyDriverError(error.into())),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The process ends.
                Err(_) => Err(sqlx::Error::WorkerCrashed),
            },
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

impl ToSql for Argument {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Integer(number) => number.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

/// All rows as lines, with room for about so many bytes.
pub(super) fn lines(mut rows: rusqlite::Rows<'_>, room: usize) -> rusqlite::Result<Vec<u8>> {
    let columns = rows.as_ref().map_or(0, rusqlite::Statement::column_count);
    let mut lines = Vec::with_capacity(room);
    while let Some(row) = rows.next()? {
        let mut line = Line::begin(&mut lines);
        for column in 0..columns {
            push_value(row.get_ref(column)?, &mut line);
        }
        line.end();
    }
    Ok(lines)
}

fn push_value(value: ValueRef<'_>, line: &mut Line<'_>) {
    match value {
        ValueRef::Null => line.maybe_text(None),
        ValueRef::Integer(number) => line.integer(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => line.text(text),
            Err(_) => line.value(&json!({ "text": bytes })),
        },
        // No row that a log makes has any of these, so that what is damaged differs from it.
        ValueRef::Real(number) => line.value(&json!({ "real": number })),
        ValueRef::Blob(bytes) => line.value(&json!({ "blob": bytes })),
    };
}
