//! CSV by RFC 4180: a header, one event a row. An empty field says nothing and is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::interchange::read::error::ReadError;
use crate::interchange::read::input::Input;
use crate::interchange::read::record::{Next, Record, Records};
use crate::interchange::read::{LARGEST_EVENT_BYTES, Place, Row, Weight};

/// The most bytes of a column's name. It stands in the file once, and comes in with each row that says something of it.
const LONGEST_NAME_BYTES: usize = 1_000;

pub(super) struct Rows {
    records: Records,
    header: Vec<String>,
    last: Option<Place>,
}

impl Rows {
    pub(super) fn open(input: Input, delimiter: u8) -> Result<Self, ReadError> {
        let mut records = Records::new(input, delimiter);
        let next = records.read().map_err(|error| records.input().explain(error, None))?;
        let place = Some(Place::Line(records.record().first_line()));
        let header = match next {
            Next::Whole => header(records.record(), place)?,
            Next::End => {
                return Err(ReadError::malformed(None, "the file is empty: its first line has to name the columns"));
            }
            Next::TooLarge => {
                let message = format!("the header takes up more than {LARGEST_EVENT_BYTES} bytes");
                return Err(ReadError::malformed(place, message));
            }
            Next::Unclosed => {
                return Err(ReadError::malformed(place, "a quotation mark is opened in the header and never closed"));
            }
        };
        Ok(Self { records, header, last: None })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let next = self.records.read().map_err(|error| self.records.input().explain(error, self.last))?;
        let record = self.records.record();
        let place = Place::Line(record.first_line());
        match next {
            Next::End => return Ok(None),
            Next::Unclosed => {
                let message = "a quotation mark is opened here or before and never closed";
                return Err(ReadError::malformed(Some(place), message));
            }
            Next::Whole | Next::TooLarge => self.last = Some(place),
        }
        let mut row = Row { attributes: BTreeMap::new(), empty: BTreeSet::new(), place, problem: None };
        if matches!(next, Next::TooLarge) {
            row.problem = Some(format!(
                "the row, which ends in line {}, takes up more than {LARGEST_EVENT_BYTES} bytes: no event may be larger; \
                 are quotation marks closed?",
                record.last_line()
            ));
            return Ok(Some(row));
        }
        if record.len() != self.header.len() {
            row.problem = Some(format!(
                "the row has {} fields, the header {}: is the delimiter right, are quotation marks closed?",
                record.len(),
                self.header.len()
            ));
        }
        if let Some(problem) = record.problem() {
            row.problem = Some(problem.to_owned());
        }
        let mut weight = Weight::default();
        for (name, field) in self.header.iter().zip(record.fields()) {
            match std::str::from_utf8(field) {
                Ok("") => {}
                Ok(text) => {
                    // Taken in all the same, for it may be what says the case. The row and the header have their limits.
                    if let Err(problem) = weight.add(name).and_then(|()| weight.add(text)) {
                        row.problem.get_or_insert(problem);
                    }
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

/// The names of the columns.
fn header(record: &Record, place: Option<Place>) -> Result<Vec<String>, ReadError> {
    if let Some(problem) = record.problem() {
        return Err(ReadError::malformed(place, problem));
    }
    let mut header = Vec::with_capacity(record.len());
    let mut seen = BTreeSet::new();
    for (column, name) in (1..).zip(record.fields()) {
        let name = std::str::from_utf8(name)
            .map_err(|_| ReadError::malformed(place, "the header is not UTF-8: save the file as UTF-8"))?
            .trim();
        if name.is_empty() {
            return Err(ReadError::malformed(place, format!("column {column} has no name in the header")));
        }
        if name.len() > LONGEST_NAME_BYTES {
            let message = format!(
                "the name of column {column} has {} bytes in the header: at most {LONGEST_NAME_BYTES}, for it comes in with \
                 each row; are quotation marks closed?",
                name.len()
            );
            return Err(ReadError::malformed(place, message));
        }
        if !seen.insert(name.to_owned()) {
            return Err(ReadError::malformed(place, format!("two columns are named `{name}` in the header")));
        }
        header.push(name.to_owned());
    }
    Ok(header)
}
