//! CSV by RFC 4180: the events of cases, one a row, and no cell that a spreadsheet would run.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::interchange::cell::{BYTE_ORDER_MARK, harmless};
use crate::interchange::write::ExportedEvent;
use crate::interchange::write::error::WriteError;
use crate::interchange::write::trace::Follower;

const COLUMNS: &[&str] = &[
    "case_number",
    "case_id",
    "title",
    "organisation",
    "enterprise_id",
    "campaign_id",
    "division",
    "sequence",
    "activity",
    "event_type",
    "event_version",
    "occurred_at",
    "recorded_at",
    "actor",
    "position",
    "source_log",
    "source_case",
    "source_index",
];

pub(super) struct Table<W: Write> {
    out: csv::Writer<W>,
    follower: Follower,
}

impl<W: Write> Table<W> {
    pub(super) fn begin(mut out: W) -> Result<Self, WriteError> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        out.write_record(COLUMNS).map_err(of_csv)?;
        Ok(Self { out, follower: Follower::default() })
    }

    pub(super) fn write(&mut self, event: &ExportedEvent<'_>) -> Result<(), WriteError> {
        let (heading, circumstances, _) = self.follower.follow(event)?;
        let opening = &heading.opening;
        let source = circumstances.source.as_ref();
        let row: [Cow<'_, str>; COLUMNS.len()] = [
            opening.number.as_str().into(),
            heading.case_id.as_str().into(),
            event.case.map_or("", |case| case.title).into(),
            event.case.map_or("", |case| case.organisation).into(),
            opening.enterprise.as_str().into(),
            opening.campaign.as_str().into(),
            opening.division.as_str().into(),
            event.sequence.to_string().into(),
            circumstances.activity(event).into(),
            event.event_type.into(),
            event.event_version.into(),
            circumstances.occurred_at.to_string().into(),
            event.recorded_at.to_string().into(),
            circumstances.by.as_str().into(),
            event.position.to_string().into(),
            source.map_or("", |source| &source.log).into(),
            source.map_or("", |source| &source.case).into(),
            source.map_or_else(String::new, |source| source.index.to_string()).into(),
        ];
        let cells = row.into_iter().map(|cell| harmless(cell).into_owned());
        self.out.write_record(cells).map_err(of_csv)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        self.out.flush()?;
        let unwritten = |error: csv::IntoInnerError<csv::Writer<W>>| io::Error::other(error.to_string());
        Ok(self.out.into_inner().map_err(unwritten)?)
    }
}

/// What the system said, where it was the system: the library's own error does not tell its cause.
fn of_csv(error: csv::Error) -> io::Error {
    let told = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(told),
    }
}
