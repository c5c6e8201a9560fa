//! The report of a jurisdiction's year that a bureau can hand in: figures, tables, charts and what they rest on.
//!
//! [`gather`] asks the application, [`compose`] makes a document of the answers, and each format writes the document. A
//! report reads and never writes, so that it can be made while a server runs.

mod gather;
mod lines;

mod chart;
mod compose;
mod document;
mod tables;
mod words;

mod csv;
mod html;
mod markdown;

#[cfg(test)]
mod tests;

pub use document::Document;
pub use gather::{Data, gather};
pub use words::Language;

use clap::ValueEnum;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Markdown, with the charts as files beside it
    Md,
    /// One self-contained page, to be read or printed
    Html,
    /// Every figure on a line, for a spreadsheet
    Csv,
}

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is put behind the report's own name; nothing for the report itself.
    pub suffix: Option<String>,
    /// What it says.
    pub text: String,
}

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The log cannot be read.
    #[error("the figures cannot be read")]
    Read(#[from] crate::app::Fault),
    /// More groups than a report can show.
    #[error("the cases make {groups} groups: report of a smaller jurisdiction")]
    TooManyGroups {
        /// How many.
        groups: u64,
    },
    /// A chart cannot be drawn.
    #[error("a chart cannot be drawn")]
    Draw(#[from] chart::ChartError),
    /// A line cannot be written.
    #[error("a line cannot be written")]
    Line(#[from] ::csv::Error),
}

/// For how many cases the name of who leads the work is left out because it cannot be opened, though nobody has erased it.
#[must_use]
pub fn unreadable_leads(data: &Data) -> usize {
    data.difficult.iter().filter(|line| line.has_unreadable_lead).count()
}

/// Makes a document of the answers.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn compose(data: &Data, language: Language) -> Result<Document, ReportError> {
    compose::compose(data, language)
}

/// Writes a document: the report first, then what stands beside it. `name` is what links to it call it by.
///
/// # Errors
/// When a line cannot be written.
pub fn write(document: &Document, format: Format, name: Option<&str>) -> Result<Vec<File>, ReportError> {
    match format {
        Format::Html => Ok(vec![File { suffix: None, text: html::page(document) }]),
        Format::Csv => Ok(vec![File { suffix: None, text: csv::lines(document)? }]),
        Format::Md => Ok(markdown::files(document, name)),
    }
}
