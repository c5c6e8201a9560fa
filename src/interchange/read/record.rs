//! The records of CSV (RFC 4180), as `csv-core` splits them, with the lines that they take up.
//!
//! Every byte passes here, so that the line of a record is known whatever stands before it, and a record that is too
//! large is passed over to where the next one begins.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::interchange::read::input::{Input, is_over_budget};

/// The records of a file, one at a time.
pub(super) struct Records {
    input: Input,
    /// Its tables are larger than all the rest.
    reader: Box<Reader>,
    record: Record,
}

/// What comes next in the file.
pub(super) enum Next {
    /// Nothing.
    End,
    /// A record.
    Whole,
    /// A record that takes up more than an event may. The next one can be read.
    TooLarge,
    /// A record that is not closed before the file ends.
    Unclosed,
}

impl Records {
    pub(super) fn new(input: Input, delimiter: u8) -> Self {
        Self {
            input,
            reader: Box::new(ReaderBuilder::new().delimiter(delimiter).build()),
            record: Record::new(delimiter),
        }
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// The record that was read last.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn read(&mut self) -> io::Result<Next> {
        let Self { input, reader, record } = self;
        record.clear();
        let mut is_too_large = false;
        loop {
            // Neither empty lines nor what is passed over are part of an event.
            if is_too_large || !record.lines.has_begun {
                input.begin_event();
            }
            let bytes = match input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_over_budget(&error) => {
                    is_too_large = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if is_too_large {
                record.forget();
            }
            if bytes.is_empty() {
                if !record.lines.has_begun {
                    return Ok(Next::End);
                }
                // A line break does not end a record that it is a part of.
                let (is_closed, _) = record.take(reader, b"\n");
                return Ok(if is_closed { whole(is_too_large) } else { Next::Unclosed });
            }
            let (has_ended, count) = record.take(reader, bytes);
            record.lines.take(&bytes[..count]);
            record.marks.take(&bytes[..count]);
            input.consume(count);
            if has_ended {
                return Ok(whole(is_too_large));
            }
        }
    }
}

fn whole(is_too_large: bool) -> Next {
    if is_too_large { Next::TooLarge } else { Next::Whole }
}

/// A record, as far as it is read.
pub(super) struct Record {
    lines: Lines,
    marks: Marks,
    /// The fields, one behind the other, with room for more.
    bytes: Vec<u8>,
    byte_count: usize,
    /// Where each of them ends, with room for more.
    ends: Vec<usize>,
    field_count: usize,
}

impl Record {
    fn new(delimiter: u8) -> Self {
        let marks = Marks { delimiter, within: Within::Start, has_text_behind: false };
        Self {
            lines: Lines::default(),
            marks,
            bytes: vec![0; 1 << 10],
            byte_count: 0,
            ends: vec![0; 64],
            field_count: 0,
        }
    }

    /// The line it begins in, from 1.
    pub(super) fn first_line(&self) -> u64 {
        self.lines.first + 1
    }

    /// The line it ends in, from 1.
    pub(super) fn last_line(&self) -> u64 {
        self.lines.last + 1
    }

    /// What is wrong with its quotation marks.
    pub(super) fn problem(&self) -> Option<&'static str> {
        self.marks.has_text_behind.then_some(
            "text stands behind a closing quotation mark: a mark that is part of a quoted text has to stand there twice",
        )
    }

    pub(super) fn len(&self) -> usize {
        self.field_count
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.field_count];
        let begins = std::iter::once(0).chain(ends.iter().copied());
        begins.zip(ends).map(|(begin, end)| &self.bytes[begin..*end])
    }

    fn clear(&mut self) {
        self.forget();
        self.lines.has_begun = false;
        self.marks.has_text_behind = false;
    }

    /// What of it was read is not wanted.
    fn forget(&mut self) {
        (self.byte_count, self.field_count) = (0, 0);
    }

    /// Takes the next bytes, up to the end of the record: whether it has ended, and how many they were.
    fn take(&mut self, reader: &mut Reader, bytes: &[u8]) -> (bool, usize) {
        let mut taken = 0;
        loop {
            let (room, places) = (&mut self.bytes[self.byte_count..], &mut self.ends[self.field_count..]);
            let (result, read, written, ended) = reader.read_record(&bytes[taken..], room, places);
            taken += read;
            self.byte_count += written;
            self.field_count += ended;
            match result {
                ReadRecordResult::OutputFull => self.bytes.resize(2 * self.bytes.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record => return (true, taken),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return (false, taken),
            }
        }
    }
}

/// The lines of a file, which LF, CR LF or CR ends, counted from 0.
#[derive(Default)]
struct Lines {
    /// That of the next byte.
    next: u64,
    /// An LF that follows belongs to the same line break.
    follows_cr: bool,
    /// Whether a byte of the record was read; empty lines before it are none.
    has_begun: bool,
    /// Those of the record's first and last byte.
    first: u64,
    last: u64,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let is_break = matches!(byte, b'\r' | b'\n');
            if !self.has_begun && !is_break {
                self.has_begun = true;
                self.first = self.next;
            }
            if self.has_begun {
                self.last = self.next;
            }
            let continues_break = *byte == b'\n' && self.follows_cr;
            self.next += u64::from(is_break && !continues_break);
            self.follows_cr = *byte == b'\r';
        }
    }
}

/// The quotation marks of a file. `csv-core` takes text behind a closing one for a part of the field, which then is not what
/// somebody wrote.
struct Marks {
    delimiter: u8,
    within: Within,
    /// Whether the record has text behind a closing mark.
    has_text_behind: bool,
}

/// What the next byte stands in.
#[derive(Clone, Copy)]
enum Within {
    /// The beginning of a field.
    Start,
    /// A field that does not begin with a mark: in it a mark is a character as any other.
    Plain,
    Quoted,
    /// Behind a mark in a quoted field: the first of two, or what closes it.
    Closed,
}

impl Marks {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let next = match (self.within, *byte) {
                (Within::Start | Within::Closed, b'"') => Within::Quoted,
                (Within::Quoted, b'"') => Within::Closed,
                (Within::Quoted, _) => Within::Quoted,
                (_, b'\r' | b'\n') => Within::Start,
                (_, byte) if byte == self.delimiter => Within::Start,
                (Within::Closed, _) => {
                    self.has_text_behind = true;
                    Within::Plain
                }
                (Within::Start | Within::Plain, _) => Within::Plain,
            };
            self.within = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::interchange::read::LARGEST_EVENT_BYTES;

    /// The records with the lines that they take up.
    fn records(text: &str) -> Vec<(u64, u64, Vec<String>)> {
        let mut records = Records::new(Input::open(Cursor::new(text.to_owned()), LARGEST_EVENT_BYTES).unwrap(), b';');
        let mut found = Vec::new();
        while let Next::Whole = records.read().unwrap() {
            let record = records.record();
            let fields = record.fields().map(|field| String::from_utf8(field.to_vec()).unwrap());
            found.push((record.first_line(), record.last_line(), fields.collect()));
        }
        found
    }

    #[test]
    fn a_record_ends_where_its_quotation_marks_say() {
        let (text, long) = ("a;\"b\n\"\"c\"\rd;e\"f;\n\"g", "x".repeat(5_000));
        let fields: Vec<_> = records(text).into_iter().map(|(.., fields)| fields).collect();
        assert_eq!(fields, [vec!["a", "b\n\"c"], vec!["d", "e\"f", ""]], "what is not closed is none");
        let wide = format!("{};\"{long}\"", "a;".repeat(200));
        let (.., fields) = &records(&wide)[0];
        assert_eq!((fields.len(), &fields[200], &fields[201]), (202, &String::new(), &long));
    }

    #[test]
    fn behind_a_closing_quotation_mark_comes_the_next_field_or_line() {
        let text = "\"a\"b;c\n\"a;\"\";\n\";\"\"\nd\"e\"f;3\" g\n\"h\" ;\"i\"\r\n\"j\";\"k\"\"\"\r\n";
        let mut records = Records::new(Input::open(Cursor::new(text), LARGEST_EVENT_BYTES).unwrap(), b';');
        let mut are_bad = Vec::new();
        while let Next::Whole = records.read().unwrap() {
            are_bad.push(records.record().problem().is_some());
        }
        assert_eq!(are_bad, [true, false, false, true, false]);
    }

    #[test]
    fn lines_are_counted_by_all_line_breaks() {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = "a;b\n\n\n\"c\nd\";e\n\nf\n".replace('\n', line_break);
            let lines: Vec<_> = records(&text).into_iter().map(|(first, last, _)| (first, last)).collect();
            assert_eq!(lines, [(1, 1), (4, 5), (7, 7)], "{line_break:?}");
        }
        // A header of another program, and the rows of this one.
        let mixed: Vec<_> = records("a\nb\r\n\r\nc\r\rd").into_iter().map(|(first, ..)| first).collect();
        assert_eq!(mixed, [1, 2, 4, 6]);
    }
}
