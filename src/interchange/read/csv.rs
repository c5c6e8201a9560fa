//! CSV by RFC 4180: a header, one event a row. An empty field says nothing and is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::interchange::read::error::ReadError;
use crate::interchange::read::input::Input;
use crate::interchange::read::{Place, Row};

pub(super) struct Rows {
    reader: csv::Reader<Input>,
    header: Vec<String>,
    record: csv::ByteRecord,
    /// Lines by which the positions of rows lag: a row that ends in CR LF is over at the CR, so that the next one
    /// begins a line too early.
    lag: u64,
    last: Option<Place>,
}

impl Rows {
    pub(super) fn open(input: Input, delimiter: u8) -> Result<Self, ReadError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            // The number of fields is checked here: a ragged row still tells its case.
            .flexible(true)
            .has_headers(false)
            .from_reader(input);
        let mut record = csv::ByteRecord::new();
        let found = reader.read_byte_record(&mut record);
        let place = Some(Place::Line(1));
        if !found.map_err(|error| explain(&reader, error, None))? {
            return Err(ReadError::malformed(None, "the file is empty: its first line has to name the columns"));
        }
        let mut header = Vec::with_capacity(record.len());
        let mut seen = BTreeSet::new();
        for (column, name) in (1..).zip(&record) {
            let name = std::str::from_utf8(name)
                .map_err(|_| ReadError::malformed(place, "the header is not UTF-8: save the file as UTF-8"))?
                .trim();
            if name.is_empty() {
                return Err(ReadError::malformed(place, format!("column {column} has no name in the header")));
            }
            if !seen.insert(name.to_owned()) {
                return Err(ReadError::malformed(place, format!("two columns are named `{name}` in the header")));
            }
            header.push(name.to_owned());
        }
        let breaks = record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let lag = u64::from(reader.position().line() == 1 + breaks);
        Ok(Self { reader, header, record, lag, last: None })
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        self.reader.get_mut().begin_event();
        let found = self.reader.read_byte_record(&mut self.record);
        if !found.map_err(|error| explain(&self.reader, error, self.last))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line) + self.lag;
        let place = Place::Line(line);
        self.last = Some(place);
        if self.reader.get_ref().ends_in_quotation() {
            return Err(ReadError::malformed(
                Some(place),
                "a quotation mark is opened here or before and never closed",
            ));
        }
        let mut row = Row { attributes: BTreeMap::new(), place, problem: None };
        if self.record.len() != self.header.len() {
            row.problem = Some(format!(
                "the row has {} fields, the header {}: is the delimiter right, are quotation marks closed?",
                self.record.len(),
                self.header.len()
            ));
        }
        for (name, field) in self.header.iter().zip(&self.record) {
            match std::str::from_utf8(field) {
                Ok("") => {}
                Ok(text) => {
                    row.attributes.insert(name.clone(), text.to_owned());
                }
                Err(_) => {
                    row.problem = Some(format!("the field `{name}` is not UTF-8: save the file as UTF-8"));
                }
            }
        }
        Ok(Some(row))
    }
}

fn explain(reader: &csv::Reader<Input>, error: csv::Error, after: Option<Place>) -> ReadError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => reader.get_ref().explain(error, after),
        other => ReadError::malformed(after, format!("the rows cannot be read: {other:?}")),
    }
}
