//! A report for a spreadsheet: a figure a line. A cell that a spreadsheet would take for a formula is marked as text.

use std::borrow::Cow;
use std::collections::HashMap;

use csv::{Terminator, WriterBuilder};

use crate::interchange::cell::{BYTE_ORDER_MARK, harmless};
use crate::report::ReportError;
use crate::report::document::{Block, Document, LongTable};

pub(super) fn lines(document: &Document) -> Result<String, ReportError> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut line = |cells: [&str; 4]| writer.write_record(cells.map(|cell| harmless(cell.into()).into_owned()));
    line(["section", "row", "measure", "value"])?;
    for text in &document.subtitle {
        line([&document.title, "", "", text])?;
    }
    let mut section = "";
    for block in &document.blocks {
        match block {
            Block::Heading(text) => section = text,
            Block::Note(text) => line([section, "", "", text])?,
            Block::Headlines(headlines) => {
                for headline in headlines {
                    line([section, "", &headline.label, &headline.value.to_string()])?;
                    if let Some(note) = &headline.note {
                        line([section, &headline.label, &note.measure, &note.value])?;
                    }
                }
            }
            Block::Table(table) | Block::LongTable(LongTable { table, .. }) => {
                for (name, row) in names_of(&table.rows).iter().zip(&table.rows) {
                    for (column, cell) in table.columns.iter().zip(row).skip(1) {
                        line([section, name, &column.title, cell])?;
                    }
                }
            }
            // What it shows stands in a table.
            Block::Chart(_) => {}
        }
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    let text = String::from_utf8(bytes).expect("records of texts are text");
    Ok(format!("{BYTE_ORDER_MARK}{text}"))
}

/// What the lines of each row call it: by its first cell, with its number among those of the table that begin alike, as
/// two trainings of one day do.
fn names_of(rows: &[Vec<String>]) -> Vec<Cow<'_, str>> {
    let mut alike: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        *alike.entry(&row[0]).or_default() += 1;
    }
    let mut named: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(rows.len());
    for row in rows {
        let first = row[0].as_str();
        let number = named.entry(first).or_default();
        *number += 1;
        names.push(if alike[first] > 1 { format!("{first} ({number})").into() } else { first.into() });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Column, Table};

    #[test]
    fn rows_that_begin_alike_are_told_apart() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let trainings = Table {
            columns: ["Date", "Topic", "Trainees"].map(|title| Column::text(title.to_owned())).into(),
            rows: vec![
                row(["2026-05-12", "bores", "14"]),
                row(["2026-05-13", "bores", "9"]),
                row(["2026-05-12", "threads", "3"]),
            ],
        };
        let blocks = vec![Block::Heading("Trainings".to_owned()), Block::Table(trainings)];
        let document = Document { language: "en", title: "Report".to_owned(), subtitle: Vec::new(), blocks };
        let told = [
            "section,row,measure,value",
            "Trainings,2026-05-12 (1),Topic,bores",
            "Trainings,2026-05-12 (1),Trainees,14",
            "Trainings,2026-05-13,Topic,bores",
            "Trainings,2026-05-13,Trainees,9",
            "Trainings,2026-05-12 (2),Topic,threads",
            "Trainings,2026-05-12 (2),Trainees,3",
        ];
        let lines = lines(&document).expect("lines");
        assert_eq!(lines.trim_start_matches(BYTE_ORDER_MARK).lines().collect::<Vec<_>>(), told);
    }
}
