//! Rows of the read tables as lines of JSON: the same bytes from both databases and from the program, so that what the log
//! makes, what is served and what is digested are held against one another as they stand.
//!
//! A database puts the rows together itself: one text comes to the program for all rows of a question, instead of a value for
//! each column of each, which the drivers make far more of than of bytes.

pub(super) mod made;

use serde_json::{Map, Value};
use sqlx::FromRow;

use crate::store::StoreError;
use crate::store::backend::Backend;
use crate::store::sql::{
    case_columns, figure_columns, present_case_columns, register_columns, span_columns, text_row_columns,
};
use crate::store::statement::{Argument, Statement};

/// Rows of a table, or a side of them.
pub(super) struct Lines {
    /// What they are told by.
    pub(super) table: &'static str,
    /// What stands in a line, in its order; names alone.
    columns: &'static str,
    /// Where they are read from: a table, or a query in brackets with a name.
    source: &'static str,
    /// What they are ordered by, and what tells them apart; some of the columns.
    key: &'static str,
}

impl Lines {
    pub(super) const PRESENT_CASES: Self = Self::of("cases", present_case_columns!(), "case_id");
    pub(super) const CASES: Self =
        Self::of("case_versions", concat!(case_columns!(), ", ", span_columns!()), "case_id, from_position, lane");
    pub(super) const MEMBERS: Self = Self::of("case_members", "case_id, actor", "case_id, actor");
    pub(super) const LINKS: Self =
        Self::of("case_links", "case_id, other_id, relation, from_position", "case_id, other_id, relation");
    pub(super) const TEXTS: Self = Self::of("search_texts", text_row_columns!(), "case_id, text_id");
    pub(super) const REGISTERS: Self = Self::of(
        "register_versions",
        concat!(register_columns!(), ", ", span_columns!()),
        "aggregate_type, aggregate_id, from_position, lane",
    );
    pub(super) const FIGURES: Self = Self::of("figures", figure_columns!(), "aggregate_id, position, kind, lane");
    pub(super) const SERIES: Self = Self::of("case_number_series", "series, last", "series");

    /// All that a table has in these columns.
    const fn of(table: &'static str, columns: &'static str, key: &'static str) -> Self {
        Self { table, columns, source: table, key }
    }

    /// A side of the rows that is read from somewhere else.
    pub(super) const fn side(self, table: &'static str, columns: &'static str, source: &'static str) -> Self {
        Self { table, columns, source, ..self }
    }

    /// What orders them.
    pub(super) const fn by(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    /// The query for them; a condition may follow, and [`ordered`](Self::ordered).
    pub(super) fn query<B: Backend>(&self) -> Statement {
        Statement::new(&B::lines(self.columns, self.source))
    }

    /// In the order of the key.
    pub(super) fn ordered(&self, mut statement: Statement) -> Statement {
        statement.push(" order by ");
        statement.push(self.key);
        statement
    }

    /// Pushes the condition that a row comes after this one.
    pub(super) fn push_after(&self, statement: &mut Statement, line: &[u8]) -> Result<(), StoreError> {
        statement.push(" (");
        statement.push(self.key);
        statement.push(") > (");
        for (place, (_, value)) in self.key_of(line)?.into_iter().enumerate() {
            if place > 0 {
                statement.push(", ");
            }
            statement.push_argument(match value {
                Value::Number(number) => Argument::Integer(number.as_i64().unwrap_or(i64::MAX)),
                Value::String(text) => Argument::Text(text),
                other => Argument::Text(other.to_string()),
            });
        }
        statement.push(")");
        Ok(())
    }

    /// What a row is told by: the columns of its key.
    pub(super) fn name_of(&self, line: &[u8]) -> Result<String, StoreError> {
        let key = self.key_of(line)?.into_iter().map(|(column, value)| match value {
            Value::String(text) => format!("{column} {text}"),
            other => format!("{column} {other}"),
        });
        Ok(key.collect::<Vec<_>>().join(", "))
    }

    fn key_of(&self, line: &[u8]) -> Result<Vec<(&'static str, Value)>, StoreError> {
        let mut row: Map<String, Value> = serde_json::from_slice(line)
            .map_err(|error| StoreError::Corrupt { what: format!("a row of {}: {error}", self.table) })?;
        Ok(self.key.split(", ").map(|column| (column, row.remove(column).unwrap_or_default())).collect())
    }

    /// Reads them: each ends with a line break, and JSON has no other.
    pub(super) async fn read<B: Backend>(&self, backend: &B, mut statement: Statement) -> Result<String, StoreError> {
        // The order that a query in brackets asks for is that in which both databases put the text together.
        statement.sql = format!("select coalesce({}, '') as lines from ({}) l", B::ONE_TEXT, statement.sql);
        let texts: Vec<OneText> = backend.fetch(&statement).await.map_err(StoreError::during("read what is served"))?;
        Ok(texts.into_iter().map(|text| text.lines).collect())
    }
}

/// How many lines there are.
pub(super) fn count(lines: &str) -> usize {
    lines.bytes().filter(|byte| *byte == b'\n').count()
}

#[derive(FromRow)]
struct OneText {
    lines: String,
}
