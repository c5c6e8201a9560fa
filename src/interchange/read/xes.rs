//! XES 1.0 (IEEE 1849-2016, clause 5; 1849-2023): an XML log of traces of events, all of them bags of typed attributes.
//!
//! Extensions, globals and classifiers describe the log and are passed over: a global default is what a tool may
//! assume, not what was recorded. There are no document types and no entities beyond those of XML itself, so that
//! nothing can be fetched or blown up.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, io};

use quick_xml::XmlVersion;

use crate::interchange::read::error::ReadError;
use crate::interchange::read::input::Input;
use crate::interchange::read::piece::{Element, Piece, interpret};
use crate::interchange::read::{CASE_PREFIX, DEEPEST, MOST_REPEATED_BYTES, Place, Row, Weight};

/// The attribute elements of the standard.
const ATTRIBUTES: &[&str] = &["string", "date", "int", "float", "boolean", "id", "list", "container"];

const CUT_OFF: &str = "the file ends in the middle: not every element is closed";

pub(super) struct Rows {
    xml: quick_xml::Reader<Input>,
    buffer: Vec<u8>,
    version: XmlVersion,
    /// Elements that are open.
    depth: usize,
    has_log: bool,
    in_trace: bool,
    in_event: bool,
    trace: u64,
    event: u64,
    empty_traces: u64,
    case: BTreeMap<String, String>,
    case_weight: Weight,
    /// What the events of the trace have of that so far.
    repeated_bytes: u64,
}

/// Attributes on their way in, and the first thing that is wrong with them.
#[derive(Default)]
struct Bag {
    attributes: BTreeMap<String, String>,
    weight: Weight,
    problem: Option<String>,
}

impl Bag {
    fn note(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    /// Whether there is room for this besides.
    fn has_room(&mut self, text: &str) -> bool {
        let weighed = self.weight.add(text);
        let has_room = weighed.is_ok();
        weighed.unwrap_or_else(|problem| self.note(problem));
        has_room
    }

    fn insert(&mut self, path: &str, value: String) {
        if !self.has_room(&value) {
            return;
        }
        if self.attributes.insert(path.to_owned(), value).is_some() {
            self.note(format!("the attribute `{path}` stands there twice"));
        }
    }
}

impl Rows {
    pub(super) fn new(input: Input) -> Self {
        let mut xml = quick_xml::Reader::from_reader(input);
        xml.config_mut().check_comments = true;
        Self {
            xml,
            buffer: Vec::new(),
            version: XmlVersion::Implicit1_0,
            depth: 0,
            has_log: false,
            in_trace: false,
            in_event: false,
            trace: 0,
            event: 0,
            empty_traces: 0,
            case: BTreeMap::new(),
            case_weight: Weight::default(),
            repeated_bytes: 0,
        }
    }

    pub(super) fn empty_traces(&self) -> u64 {
        self.empty_traces
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            self.xml.get_mut().begin_event();
            match self.piece()? {
                Piece::End => return self.end().map(|()| None),
                Piece::Close => self.leave(),
                Piece::Open(element) if self.in_trace => {
                    if element.name == "event" {
                        return self.read_event(&element).map(Some);
                    }
                    self.read_case_attribute(element)?;
                }
                Piece::Open(element) => self.enter(&element)?,
            }
        }
    }

    /// Opens an element outside of traces.
    fn enter(&mut self, element: &Element) -> Result<(), ReadError> {
        let own_depth = if element.is_closed { self.depth + 1 } else { self.depth };
        match (own_depth, element.name.as_str()) {
            (1, "log") => {
                self.has_log = true;
                Ok(())
            }
            (1, other) => Err(self.malformed(format!("the file begins with <{other}>: XES begins with <log>"))),
            (2, "trace") => {
                self.trace += 1;
                self.event = 0;
                self.case.clear();
                self.case_weight = Weight::default();
                self.repeated_bytes = 0;
                self.in_trace = !element.is_closed;
                self.empty_traces += u64::from(element.is_closed);
                Ok(())
            }
            (2, "event") => {
                Err(self.malformed("an event stands outside of a trace: there is no case that it belongs to"))
            }
            _ => self.skip(element),
        }
    }

    fn leave(&mut self) {
        if self.in_trace {
            self.in_trace = false;
            self.empty_traces += u64::from(self.event == 0);
        }
    }

    fn end(&self) -> Result<(), ReadError> {
        if self.depth > 0 {
            return Err(self.malformed(CUT_OFF));
        }
        if !self.has_log {
            return Err(self.malformed("there is no <log> in the file: is it XES?"));
        }
        Ok(())
    }

    /// Passes over what describes the log. Its parts count one by one, since a log's description may be longer than any
    /// event.
    fn skip(&mut self, element: &Element) -> Result<(), ReadError> {
        if element.is_closed {
            return Ok(());
        }
        let around = self.depth - 1;
        while self.depth > around {
            self.xml.get_mut().begin_event();
            if matches!(self.piece()?, Piece::End) {
                return self.end();
            }
        }
        Ok(())
    }

    fn read_case_attribute(&mut self, element: Element) -> Result<(), ReadError> {
        if self.event > 0 {
            return Err(self.malformed(format!(
                "<{}> stands behind an event: what a trace says of its case has to come before its events",
                element.name
            )));
        }
        let mut bag = Bag { weight: self.case_weight, ..Bag::default() };
        self.read_attribute(element, String::new(), &mut bag, 0)?;
        self.case_weight = bag.weight;
        for (key, value) in bag.attributes {
            if self.case.insert(format!("{CASE_PREFIX}{key}"), value).is_some() {
                bag.problem = Some(format!("the attribute `{key}` stands there twice"));
            }
        }
        bag.problem.map_or(Ok(()), |problem| Err(self.malformed(problem)))
    }

    fn read_event(&mut self, element: &Element) -> Result<Row, ReadError> {
        self.event += 1;
        self.in_event = true;
        let (place, line) = (self.place(), self.xml.get_ref().line());
        let mut bag = Bag { attributes: self.case.clone(), weight: self.case_weight, problem: self.repeat_case() };
        if !element.is_closed {
            self.read_children(Children::Named, "", &mut bag, 0)?;
        }
        self.in_event = false;
        let problem = bag.problem.map(|problem| format!("{problem} (line {line} of the file)"));
        Ok(Row { attributes: bag.attributes, empty: BTreeSet::new(), place, problem })
    }

    /// Counts what the trace says of its case for one more of its events; says what is wrong where that is too much.
    fn repeat_case(&mut self) -> Option<String> {
        self.repeated_bytes += self.case_weight.0;
        (self.repeated_bytes > MOST_REPEATED_BYTES).then(|| {
            format!(
                "what the trace says of its case comes in with each of its events, and has more than {MOST_REPEATED_BYTES} \
                 bytes in them together: leave out of it what they need not have"
            )
        })
    }

    /// Reads attributes until the element around them is closed.
    fn read_children(
        &mut self,
        children: Children,
        path: &str,
        bag: &mut Bag,
        nesting: usize,
    ) -> Result<(), ReadError> {
        let mut position = 0;
        loop {
            match self.piece()? {
                Piece::Close => return Ok(()),
                Piece::End => return Err(self.malformed(CUT_OFF)),
                // The list's items stand in an element of their own, beside what the list says of itself.
                Piece::Open(values) if matches!(children, Children::ListOf) && values.name == "values" => {
                    if !values.is_closed {
                        self.read_children(Children::Numbered, path, bag, nesting + 1)?;
                    }
                }
                Piece::Open(element) => {
                    let around = match children {
                        Children::Named | Children::ListOf if path.is_empty() => String::new(),
                        Children::Named | Children::ListOf => format!("{path}/"),
                        Children::Numbered => format!("{path}/{position}/"),
                    };
                    position += 1;
                    self.read_attribute(element, around, bag, nesting + 1)?;
                }
            }
        }
    }

    /// Reads an attribute and those nested in it, under their path.
    fn read_attribute(
        &mut self,
        element: Element,
        around: String,
        bag: &mut Bag,
        nesting: usize,
    ) -> Result<(), ReadError> {
        if nesting > DEEPEST {
            return Err(self.malformed(format!("attributes are nested deeper than {DEEPEST} levels")));
        }
        if !ATTRIBUTES.contains(&element.name.as_str()) {
            bag.note(format!("<{}> is no attribute: there are {}", element.name, ATTRIBUTES.join(", ")));
        }
        let children = match element.name.as_str() {
            "list" => Children::ListOf,
            "container" => Children::Numbered,
            _ => Children::Named,
        };
        let path = match &element.key {
            // Nothing that is named by it is taken in either.
            Some(key) if !bag.has_room(&around) || !bag.has_room(key) => String::new(),
            Some(key) => around + key,
            None => {
                bag.note(format!("a <{}> has no key", element.name));
                around
            }
        };
        let known = bag.attributes.len();
        match (children, element.value) {
            (_, Some(value)) => bag.insert(&path, value),
            (Children::Named, None) => bag.note(format!("the attribute `{path}` has no value")),
            (Children::ListOf | Children::Numbered, None) => {}
        }
        if !element.is_closed {
            self.read_children(children, &path, bag, nesting)?;
        }
        // An empty list was recorded too.
        if bag.attributes.len() == known && !matches!(children, Children::Named) {
            bag.insert(&path, String::new());
        }
        Ok(())
    }

    fn piece(&mut self) -> Result<Piece, ReadError> {
        loop {
            self.buffer.clear();
            let mut buffer = std::mem::take(&mut self.buffer);
            let piece = match self.xml.read_event_into(&mut buffer) {
                Ok(event) => interpret(event, &mut self.version),
                Err(quick_xml::Error::Io(error)) => {
                    let error = std::sync::Arc::try_unwrap(error).unwrap_or_else(|shared| shared.kind().into());
                    return Err(self.unreadable(error));
                }
                Err(error) => Err(error.to_string()),
            };
            self.buffer = buffer;
            let Some(piece) = piece.map_err(|message| self.malformed(message))? else {
                continue;
            };
            match &piece {
                Piece::Open(element) if !element.is_closed => self.depth += 1,
                Piece::Close => self.depth = self.depth.saturating_sub(1),
                Piece::Open(_) | Piece::End => {}
            }
            if self.depth > 2 * DEEPEST {
                return Err(self.malformed(format!("elements are nested deeper than {} levels", 2 * DEEPEST)));
            }
            return Ok(piece);
        }
    }

    /// Where reading is, or was last.
    fn place(&self) -> Place {
        match self.event {
            0 => Place::Trace(self.trace),
            event => Place::Event { trace: self.trace, event },
        }
    }

    fn last_read(&self) -> Option<Place> {
        (self.trace > 0).then(|| self.place())
    }

    fn unreadable(&self, error: io::Error) -> ReadError {
        let too_large = match self.event {
            _ if self.in_event => Some("the event"),
            0 if self.in_trace => Some("what stands before its first event"),
            _ => None,
        };
        match (self.xml.get_ref().explain(error, self.last_read()), too_large) {
            (ReadError::TooLarge { limit, .. }, Some(what)) => {
                self.malformed(format!("{what} takes up more than {limit} bytes: no event may be larger"))
            }
            (error, _) => error,
        }
    }

    fn malformed(&self, message: impl fmt::Display) -> ReadError {
        ReadError::malformed(self.last_read(), format!("{message} (line {} of the file)", self.xml.get_ref().line()))
    }
}

/// How the attributes within an element are told apart.
#[derive(Clone, Copy)]
enum Children {
    /// By their keys.
    Named,
    /// By their order: keys may come twice.
    Numbered,
    /// By their order within `values`, by their keys outside of it.
    ListOf,
}
