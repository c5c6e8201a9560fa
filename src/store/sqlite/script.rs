//! Statements that SQLite's thread is handed together.
//!
//! When it is handed them one by one, it goes to sleep after each, and so does the task that waits for it: waking one
//! another took longer than most statements of a commit.

use sqlx::encode::Encode;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use sqlx::types::Type;
use sqlx::{Arguments, Executor};

/// Statements in the making; their arguments are `?`, one after the other.
pub(super) struct Script<'c, 'q> {
    connection: &'c mut SqliteConnection,
    text: String,
    arguments: SqliteArguments<'q>,
}

impl<'c, 'q> Script<'c, 'q> {
    pub(super) fn on(connection: &'c mut SqliteConnection) -> Self {
        Self { connection, text: String::new(), arguments: SqliteArguments::default() }
    }

    /// Adds a statement, whose arguments are bound next.
    pub(super) fn add(&mut self, statement: &str) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push_str("; ");
        }
        self.text.push_str(statement);
        self
    }

    /// Binds the next argument.
    pub(super) fn bind<T: Encode<'q, Sqlite> + Type<Sqlite> + 'q>(&mut self, value: T) -> &mut Self {
        self.arguments.add(value).expect("texts, bytes and numbers always encode");
        self
    }

    /// Runs what was added; nothing if that is nothing. Where a statement fails, those behind it are not run.
    pub(super) async fn run(&mut self) -> Result<(), sqlx::Error> {
        let (text, arguments) = (std::mem::take(&mut self.text), std::mem::take(&mut self.arguments));
        if !text.is_empty() {
            self.connection.execute(sqlx::query_with(&text, arguments)).await?;
        }
        Ok(())
    }
}
