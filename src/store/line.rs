//! Rows of the read tables as lines of JSON, an array of its values each: the same bytes from both databases and from
//! the program, so that what the log makes, what is served and what is digested are held against one another as they
//! stand.

pub(super) mod made;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

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
    pub(super) const FIGURES: Self =
        Self::of("figures", figure_columns!(), "aggregate_id, position, kind, lane, counted_on");
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
            let argument = match &value {
                Value::Number(number) => number.as_i64().map(Argument::Integer),
                Value::String(text) => Some(Argument::Text(text.clone())),
                _ => None,
            };
            statement.push_argument(argument.ok_or_else(|| {
                let what = format!("a row of {} with {value} in its key", self.table);
                StoreError::Corrupt { what }
            })?);
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
        let row: Vec<Value> = serde_json::from_slice(line)
            .map_err(|error| StoreError::Corrupt { what: format!("a row of {}: {error}", self.table) })?;
        let mut values: HashMap<_, _> = self.columns.split(", ").zip(row).collect();
        Ok(self.key.split(", ").map(|column| (column, values.remove(column).unwrap_or_default())).collect())
    }
}

/// Reads the lines of a query, with room for about so many bytes.
pub(super) async fn read<B: Backend>(backend: &B, statement: &Statement, room: usize) -> Result<Vec<u8>, StoreError> {
    backend.read_lines(statement, room).await.map_err(StoreError::during("read what is served"))
}

/// Each of the lines.
pub(super) fn each(lines: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    lines.split_inclusive(|byte| *byte == b'\n')
}

/// How many lines there are.
pub(super) fn count(lines: &[u8]) -> usize {
    // As many at a time as a byte can count, which the processor does for a register full of them at once.
    let breaks = |lines: &[u8]| lines.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    lines.chunks(u8::MAX.into()).map(|lines| usize::from(breaks(lines))).sum()
}

/// A line under way: `["…", 1, null]`, with spaces as PostgreSQL makes them.
pub(super) struct Line<'a> {
    lines: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Line<'a> {
    /// A line behind those that are there.
    pub(super) fn begin(lines: &'a mut Vec<u8>) -> Self {
        lines.push(b'[');
        Self { lines, is_empty: true }
    }

    /// Ends it, with a line break: JSON has no other.
    pub(super) fn end(self) {
        self.lines.extend_from_slice(b"]\n");
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        if !is_plain(text) {
            return self.value(text);
        }
        self.part();
        self.lines.push(b'"');
        self.lines.extend_from_slice(text.as_bytes());
        self.lines.push(b'"');
        self
    }

    pub(super) fn integer(&mut self, number: i64) -> &mut Self {
        self.value(&number)
    }

    pub(super) fn id(&mut self, id: Uuid) -> &mut Self {
        self.value(&id)
    }

    pub(super) fn truth(&mut self, truth: bool) -> &mut Self {
        self.value(&i64::from(truth))
    }

    pub(super) fn maybe_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.value(&()),
        }
    }

    pub(super) fn maybe_integer(&mut self, number: Option<i64>) -> &mut Self {
        self.value(&number)
    }

    pub(super) fn maybe_id(&mut self, id: Option<Uuid>) -> &mut Self {
        self.value(&id)
    }

    /// Appends anything else as it is in JSON.
    pub(super) fn value(&mut self, value: &(impl Serialize + ?Sized)) -> &mut Self {
        self.part();
        serde_json::to_writer(&mut *self.lines, value).expect("what a column has always serialises");
        self
    }

    /// Parts what comes next from what is there.
    fn part(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.lines.extend_from_slice(b", ");
        }
    }
}

/// Whether JSON has the text as it stands. Every byte is looked at, so that the processor may take a register full of
/// them at once.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_an_array_of_its_values() {
        let mut lines = Vec::new();
        let mut line = Line::begin(&mut lines);
        line.text("校准").integer(-7).maybe_text(None).id(Uuid::nil()).truth(true).text("a \"b\" \\ \n\u{1}");
        line.end();
        let expected =
            "[\"校准\", -7, null, \"00000000-0000-0000-0000-000000000000\", 1, \"a \\\"b\\\" \\\\ \\n\\u0001\"]\n";
        assert_eq!(String::from_utf8(lines).expect("text"), expected);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in any::<String>()) {
            let mut lines = Vec::new();
            Line::begin(&mut lines).text(&text).maybe_text(Some(&text));
            lines.push(b']');
            let read: Vec<String> = serde_json::from_slice(&lines).expect("JSON");
            prop_assert_eq!(read, [text.clone(), text]);
        }
    }
}
