//! A report for a spreadsheet: a figure a line. A cell that a spreadsheet would take for a formula is marked as text.

use csv::{Terminator, WriterBuilder};

use crate::interchange::cell::harmless;
use crate::report::ReportError;
use crate::report::document::{Block, Document, LongTable};

/// Spreadsheets take a file without it for one in their own country's characters.
const BYTE_ORDER_MARK: &str = "\u{feff}";

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
                }
            }
            Block::Table(table) | Block::LongTable(LongTable { table, .. }) => {
                for row in &table.rows {
                    for (column, cell) in table.columns.iter().zip(row).skip(1) {
                        line([section, &row[0], &column.title, cell])?;
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
