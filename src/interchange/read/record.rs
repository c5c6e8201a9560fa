//! The records of CSV (RFC 4180). A quotation mark counts where a field begins with it; outside of quotation marks a line
//! break ends the record, be it LF, CR LF or CR. Empty lines are none.
//!
//! Every byte passes here, so that the line of a record is known whatever stands before it, and a record that is too
//! large is passed over to where the next one begins.

use std::io::{self, BufRead};

use crate::interchange::read::input::{Input, is_over_budget};

/// The records of a file, one at a time.
pub(super) struct Records {
    input: Input,
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
        Self { input, record: Record::new(delimiter) }
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// The record that was read last.
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn read(&mut self) -> io::Result<Next> {
        let Self { input, record } = self;
        record.clear();
        let mut is_too_large = false;
        loop {
            // Neither empty lines nor what is passed over are part of an event.
            if record.state == State::Before || is_too_large {
                input.begin_event();
            }
            let bytes = match input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_over_budget(&error) => {
                    is_too_large = true;
                    record.forget();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_over = bytes.is_empty();
            let count = bytes.iter().position(|byte| record.take(*byte)).map_or(bytes.len(), |last| last + 1);
            input.consume(count);
            if is_over {
                record.end_of_file();
            }
            match record.state {
                State::Ended if is_too_large => return Ok(Next::TooLarge),
                State::Ended => return Ok(Next::Whole),
                State::Quoted if is_over => return Ok(Next::Unclosed),
                _ if is_over => return Ok(Next::End),
                _ => {}
            }
        }
    }
}

/// A record, as far as it is read.
pub(super) struct Record {
    delimiter: u8,
    state: State,
    /// The line of the next byte, from 1.
    line: u64,
    /// An LF that follows belongs to the same line break.
    follows_cr: bool,
    first_line: u64,
    last_line: u64,
    /// The fields, one behind the other.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Nothing more of this record is kept.
    is_forgotten: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No byte of it was read.
    Before,
    /// At the first byte of a field.
    FieldBegins,
    Unquoted,
    Quoted,
    /// Behind a quotation mark within quotation marks: another one stands for the character itself.
    QuotationMark,
    Ended,
}

impl Record {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::Before,
            line: 1,
            follows_cr: false,
            first_line: 1,
            last_line: 1,
            bytes: Vec::new(),
            ends: Vec::new(),
            is_forgotten: false,
        }
    }

    /// The line it begins in, from 1.
    pub(super) fn first_line(&self) -> u64 {
        self.first_line
    }

    /// The line it ends in, from 1.
    pub(super) fn last_line(&self) -> u64 {
        self.last_line
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(move |(begin, end)| &self.bytes[begin..*end])
    }

    fn clear(&mut self) {
        self.state = State::Before;
        self.bytes.clear();
        self.ends.clear();
        self.is_forgotten = false;
    }

    /// From here on the record is only followed to its end.
    fn forget(&mut self) {
        self.is_forgotten = true;
        self.bytes.clear();
        self.ends.clear();
    }

    /// Takes the next byte; whether it ends the record.
    fn take(&mut self, byte: u8) -> bool {
        let is_break = matches!(byte, b'\r' | b'\n');
        if self.state == State::Before && !is_break {
            self.first_line = self.line;
            self.state = State::FieldBegins;
        }
        self.last_line = self.line;
        self.state = match self.state {
            State::Before => State::Before,
            State::FieldBegins if byte == b'"' => State::Quoted,
            State::Quoted if byte == b'"' => State::QuotationMark,
            State::Quoted => self.keep(byte, State::Quoted),
            State::QuotationMark if byte == b'"' => self.keep(byte, State::Quoted),
            _ if is_break => self.end_field(State::Ended),
            _ if byte == self.delimiter => self.end_field(State::FieldBegins),
            _ => self.keep(byte, State::Unquoted),
        };
        let continues_break = byte == b'\n' && self.follows_cr;
        self.line += u64::from(is_break && !continues_break);
        self.follows_cr = byte == b'\r';
        self.state == State::Ended
    }

    /// A record may end without a line break.
    fn end_of_file(&mut self) {
        if !matches!(self.state, State::Before | State::Quoted | State::Ended) {
            self.state = self.end_field(State::Ended);
        }
    }

    fn keep(&mut self, byte: u8, state: State) -> State {
        if !self.is_forgotten {
            self.bytes.push(byte);
        }
        state
    }

    fn end_field(&mut self, state: State) -> State {
        if !self.is_forgotten {
            self.ends.push(self.bytes.len());
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The records with the lines that they take up.
    fn records(text: &str) -> Vec<(u64, u64, Vec<String>)> {
        let mut records = Records::new(Input::open(Cursor::new(text.to_owned())).unwrap(), b';');
        let mut found = Vec::new();
        while let Next::Whole = records.read().unwrap() {
            let record = records.record();
            let fields = record.fields().map(|field| String::from_utf8(field.to_vec()).unwrap());
            found.push((record.first_line(), record.last_line(), fields.collect()));
        }
        found
    }

    fn fields(text: &str) -> Vec<Vec<String>> {
        records(text).into_iter().map(|(_, _, fields)| fields).collect()
    }

    /// As another reader of CSV has them.
    fn peer(text: &str) -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(b';').flexible(true).has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn fields_are_what_another_reader_makes_of_them() {
        // Every text of so many pieces.
        const PIECES: [&str; 6] = ["a", "\"", ";", "\n", "\r", " "];
        for number in 0..PIECES.len().pow(6) {
            let text: String = (0..6).map(|place| PIECES[number / PIECES.len().pow(place) % PIECES.len()]).collect();
            let mut open = Records::new(Input::open(Cursor::new(text.clone())).unwrap(), b';');
            let is_closed = loop {
                match open.read().unwrap() {
                    Next::Whole => {}
                    Next::End => break true,
                    Next::TooLarge | Next::Unclosed => break false,
                }
            };
            if is_closed {
                assert_eq!(fields(&text), peer(&text), "{text:?}");
            }
        }
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
