//! Reads of many rows: the streams of aggregates, the log of an audit or a rebuild, and the rows that are compared with
//! it.
//!
//! The driver that everything else is read with makes a copy of each value of each row, and hands row after row from
//! one thread to another: several times as much work as SQLite has to find them. Here a thread that may be kept waiting
//! steps through the rows and takes what it needs of them where they stand. It is not called off when nobody waits any
//! more: what is read at a time is a page.

use std::path::{Path, PathBuf};

use deadpool::managed::{Manager, Metrics, RecycleResult};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::json;

use crate::blocking::blocking;
use crate::store::PoolState;
use crate::store::lending::{Lender, is_young};
use crate::store::line::Line;
use crate::store::sqlite::READERS;
use crate::store::sqlite::driver::{self, bind, driver_error};
use crate::store::statement::Statement;

/// Reads a file on connections of its own.
pub(super) struct Scanner(Lender<Scanners>);

/// Makes those connections.
struct Scanners(PathBuf);

impl Scanner {
    pub(super) fn of(path: &Path) -> Self {
        Self(Lender::of(Scanners(path.to_owned()), READERS))
    }

    pub(super) fn state(&self) -> PoolState {
        self.0.state(READERS)
    }

    /// Runs a query and makes something of its rows.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        statement: &Statement,
        take: impl FnOnce(rusqlite::Rows<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let statement = statement.clone();
        self.look(move |connection| taken(connection, &statement, take)).await
    }

    /// Looks at the file on one of the connections.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let mut lent = self.0.lend().await?;
        blocking(move || {
            let seen = look(lent.reader()).map_err(driver_error);
            lent.ended(seen)
        })
        .await
    }
}

impl Manager for Scanners {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connection, sqlx::Error> {
        let path = self.0.clone();
        blocking(move || open(&path).map_err(driver_error)).await
    }

    async fn recycle(&self, _: &mut Connection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        is_young(metrics)
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = driver::open(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn taken<T>(
    connection: &Connection,
    statement: &Statement,
    take: impl FnOnce(rusqlite::Rows<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    bind(&mut prepared, statement)?;
    take(prepared.raw_query())
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(scanner: &Scanner, sql: &str) -> Result<Vec<i64>, sqlx::Error> {
        scanner.read(&Statement::new(sql), |rows| rows.mapped(|row| row.get(0)).collect()).await
    }

    #[tokio::test]
    async fn a_statement_that_fails_costs_its_own_connection_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("etalon.db");
        drop(Connection::open(&path).expect("a new file"));
        let scanner = Scanner::of(&path);
        let [first, second] = [scanner.0.lend().await.expect("lent"), scanner.0.lend().await.expect("lent")];
        first.ended(Ok(())).expect("back");
        second.ended(Ok(())).expect("back");
        let failed = read(&scanner, "select a from nowhere").await.expect_err("there is no such table");
        let said = failed.as_database_error().expect("SQLite says it").message();
        assert!(said.contains("no such table"), "{said}");
        assert_eq!(scanner.state().idle, 1, "the other one is kept");
        let failed = read(&scanner, "select 'a'").await.expect_err("it is no number");
        assert!(matches!(failed, sqlx::Error::Decode(_)), "{failed:?}");
        assert_eq!(read(&scanner, "select 7").await.expect("it reads"), [7]);
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_a_failure_of_reading() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = read(&Scanner::of(&folder.path().join("none.db")), "select 1").await.expect_err("it is not there");
        assert!(matches!(failed, sqlx::Error::Io(_)), "{failed:?}");
    }
}
