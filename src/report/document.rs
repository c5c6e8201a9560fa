//! A report before it is written: what it says, without how it looks.

use crate::domain::value::Decimal;

/// A report.
#[derive(Clone, Debug)]
pub struct Document {
    /// The language of the page, as HTML names it.
    pub(super) language: &'static str,
    /// What it is.
    pub(super) title: String,
    /// Lines under the title.
    pub(super) subtitle: Vec<String>,
    /// What it says, in order.
    pub(super) blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// Begins a section.
    Heading(String),
    /// Something to know about what follows.
    Note(String),
    /// The figures that are read first.
    Headlines(Vec<Headline>),
    /// A table.
    Table(Table),
    /// A table that may be too long for a page.
    LongTable(LongTable),
    /// A chart.
    Chart(Chart),
}

/// A figure that is read first.
#[derive(Clone, Debug)]
pub(super) struct Headline {
    pub(super) label: String,
    pub(super) value: Decimal,
    /// What is said about it in small print.
    pub(super) note: Option<SmallPrint>,
}

/// Another figure beside one that is read first.
#[derive(Clone, Debug)]
pub(super) struct SmallPrint {
    /// What it counts.
    pub(super) measure: String,
    pub(super) value: String,
    /// Both of them, for reading.
    pub(super) shown: String,
}

impl Headline {
    /// The value for reading.
    pub(super) fn shown(&self) -> String {
        grouped(&self.value.to_string())
    }
}

/// A number for reading: `12345.6` as `12 345.6`, with narrow spaces that do not break, wherever it stands and in either
/// language. What is no number stays as it is.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && grouped != "-" {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    match rest {
        None => grouped,
        Some(rest) => format!("{grouped}.{rest}"),
    }
}

/// A table. Every row has as many cells as there are columns.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A table of which a page has the beginning, and a spreadsheet all.
#[derive(Clone, Debug)]
pub(super) struct LongTable {
    pub(super) table: Table,
    /// Says that there is more.
    pub(super) note: String,
}

/// The rows of a long table that a page has.
pub(super) const ROWS_ON_A_PAGE: usize = 100;

impl LongTable {
    /// What a page has of it, and what it says of the rest, where there is one.
    pub(super) fn on_a_page(&self) -> (Option<&str>, Table) {
        let rows = self.table.rows.iter().take(ROWS_ON_A_PAGE).cloned().collect();
        let table = Table { columns: self.table.columns.clone(), rows };
        ((self.table.rows.len() > ROWS_ON_A_PAGE).then_some(self.note.as_str()), table)
    }
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) title: String,
    pub(super) holds: Holds,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    /// Numbers of cases, dates, codes: never broken across lines.
    Codes,
    Numbers,
}

/// A chart, drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// What its file is called by.
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) svg: String,
}

impl Column {
    pub(super) fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), holds: Holds::Text }
    }

    pub(super) fn codes(title: impl Into<String>) -> Self {
        Self { title: title.into(), holds: Holds::Codes }
    }

    pub(super) fn numbers(title: impl Into<String>) -> Self {
        Self { title: title.into(), holds: Holds::Numbers }
    }

    /// A cell of it for reading.
    pub(super) fn shown(&self, cell: &str) -> String {
        match self.holds {
            Holds::Numbers => grouped(cell),
            Holds::Text | Holds::Codes => cell.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_groups_of_three() {
        let table = [
            ("0", "0"),
            ("980", "980"),
            ("7980", "7\u{202f}980"),
            ("-7980", "-7\u{202f}980"),
            ("-980.5", "-980.5"),
            ("1234567.0001", "1\u{202f}234\u{202f}567.0001"),
            ("–", "–"),
            ("", ""),
        ];
        for (number, expected) in table {
            assert_eq!(grouped(number), expected, "{number}");
        }
        assert_eq!(Column::codes("").shown("440106"), "440106");
    }
}
