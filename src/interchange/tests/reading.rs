//! Logs as files: what is read, and what is said of a file that is not what it should be.

mod csv;
mod jsonl;
mod xes;

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::offset;

use crate::interchange::format::Format;
use crate::interchange::read::error::ReadError;
use crate::interchange::read::moment::TimeFormat;
use crate::interchange::read::{Columns, Events, ForeignEvent, open};
use crate::interchange::template::Template;

fn xes_columns() -> Columns {
    Columns {
        case: Template::parse("{case:concept:name}").unwrap(),
        activity: "concept:name".to_owned(),
        at: "time:timestamp".to_owned(),
        time: TimeFormat::default(),
        delimiter: b',',
    }
}

fn table_columns() -> Columns {
    Columns {
        case: Template::parse("{ticket}").unwrap(),
        activity: "action".to_owned(),
        at: "when".to_owned(),
        time: TimeFormat { pattern: None, offset: Some(offset(8)) },
        delimiter: b';',
    }
}

fn opened(bytes: &[u8], format: Format) -> Result<Events, ReadError> {
    let columns = match format {
        Format::Xes => xes_columns(),
        Format::Csv | Format::Jsonl => table_columns(),
    };
    open(Cursor::new(bytes.to_vec()), format, &columns)
}

fn read(bytes: &[u8], format: Format) -> Vec<Result<ForeignEvent, ReadError>> {
    opened(bytes, format).unwrap().collect()
}

fn events(bytes: &[u8], format: Format) -> Vec<ForeignEvent> {
    read(bytes, format).into_iter().map(Result::unwrap).collect()
}

/// The message of the only error, which is the last thing read.
fn message(bytes: &[u8], format: Format) -> String {
    match opened(bytes, format) {
        Err(error) => error.to_string(),
        Ok(events) => {
            let mut errors: Vec<_> = events.filter_map(Result::err).collect();
            assert_eq!(errors.len(), 1, "{errors:?}");
            errors.pop().unwrap().to_string()
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn trace(inside: &str) -> String {
    format!(r#"<log><trace><string key="concept:name" value="c1"/>{inside}</trace></log>"#)
}

const EVENT: &str = r#"<event><string key="concept:name" value="Queued"/><date key="time:timestamp" value="2012-03-15T11:53:52+01:00"/></event>"#;

#[test]
fn the_digest_of_an_event_is_about_what_the_file_says() {
    let log = trace(EVENT);
    let event = &events(log.as_bytes(), Format::Xes)[0];
    let changed = &events(log.replace("Queued", "Closed").as_bytes(), Format::Xes)[0];
    assert_eq!(event.digest(), events(gzip(log.as_bytes()).as_slice(), Format::Xes)[0].digest());
    assert_ne!(event.digest(), changed.digest());
}
