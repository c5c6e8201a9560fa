//! The log goes out: whole as JSON Lines, its cases as a table or as traces for process mining.
//!
//! Writers write as they are fed and keep nothing but the case they are at.

pub mod error;

mod csv;
mod jsonl;
mod trace;
mod xes;

use std::io::Write;

use jiff::Timestamp;

use crate::domain::value::CampaignId;
use crate::interchange::format::Format;
use crate::interchange::write::error::WriteError;

/// An event of the log, as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct ExportedEvent<'a> {
    /// Its place in the log, from 0.
    pub position: u64,
    /// What kind of thing it happened to.
    pub aggregate_type: &'a str,
    /// Which one.
    pub aggregate_id: &'a str,
    /// Its place in that one's stream, from 1.
    pub sequence: u64,
    /// What happened.
    pub event_type: &'a str,
    /// The version of the payload's shape.
    pub event_version: &'a str,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// Who made it so.
    pub actor: &'a str,
    /// The stored bytes, which are JSON.
    pub payload: &'a str,
    /// The stored bytes, which are JSON.
    pub metadata: &'a str,
    /// Its case, where it is one's. JSON Lines leaves it out: it is no part of the log.
    pub case: Option<ExportedCase<'a>>,
}

/// What a case is called as of the end of the export, whatever its first event called it.
#[derive(Clone, Copy, Debug)]
pub struct ExportedCase<'a> {
    /// Its title.
    pub title: &'a str,
    /// The name of its enterprise.
    pub organisation: &'a str,
}

/// Which log goes out, and as of when.
#[derive(Clone, Debug)]
pub struct ExportedLog {
    /// Its name.
    pub origin: String,
    /// Up to which position, inclusive.
    pub up_to: u64,
    /// When it took the event there.
    pub as_of: Timestamp,
    /// The campaign of the log that was imported first, if any was: its cases keep their names.
    pub first_import: Option<CampaignId>,
}

/// Writes a log in one of the formats.
pub struct LogWriter<W: Write> {
    writer: Writer<W>,
}

enum Writer<W: Write> {
    Jsonl(W),
    Csv(Box<csv::Table<W>>),
    Xes(Box<xes::Traces<W>>),
}

/// What a format has to be fed with, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Every event, by position.
    Log,
    /// The events of cases, case by case, each from its first event on.
    Cases,
}

/// What a format has to be fed with.
#[must_use]
pub fn feed(format: Format) -> Feed {
    match format {
        Format::Jsonl => Feed::Log,
        Format::Csv | Format::Xes => Feed::Cases,
    }
}

impl<W: Write> LogWriter<W> {
    /// Begins a log.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn begin(format: Format, out: W, log: &ExportedLog) -> Result<Self, WriteError> {
        let writer = match format {
            Format::Jsonl => Writer::Jsonl(out),
            Format::Csv => Writer::Csv(Box::new(csv::Table::begin(out)?)),
            Format::Xes => Writer::Xes(Box::new(xes::Traces::begin(out, log)?)),
        };
        Ok(Self { writer })
    }

    /// Writes the next event, in the order that [`feed`] tells.
    ///
    /// # Errors
    /// Where nothing can be written, where a payload is none, and where a case does not come from its first event on.
    pub fn write(&mut self, event: &ExportedEvent<'_>) -> Result<(), WriteError> {
        match &mut self.writer {
            Writer::Jsonl(out) => jsonl::write(out, event),
            Writer::Csv(table) => table.write(event),
            Writer::Xes(traces) => traces.write(event),
        }
    }

    /// Ends the log; without it, the log may be cut off.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn finish(self) -> Result<W, WriteError> {
        let mut out = match self.writer {
            Writer::Jsonl(out) => out,
            Writer::Csv(table) => table.finish()?,
            Writer::Xes(traces) => traces.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}
