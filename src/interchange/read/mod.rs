//! A log of another tracker, as a stream of events in the order of its file.
//!
//! What the file says is kept as text: nothing is interpreted here beyond which case an event belongs to, what was
//! done, and when.

pub mod error;
pub mod input;
pub mod moment;

mod csv;
mod jsonl;
mod piece;
mod record;
mod xes;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::Read;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::interchange::format::Format;
use crate::interchange::read::error::ReadError;
use crate::interchange::read::input::Input;
use crate::interchange::read::moment::TimeFormat;
use crate::interchange::template::Template;

/// The most bytes that one event may take up in the (decompressed) file.
pub const LARGEST_EVENT_BYTES: u64 = 1 << 20;

/// The same for XES, where the attributes of an event have as many bytes at most as any event: written with references
/// they take up to six times as much (`&quot;`), and have elements around them.
const LARGEST_XES_EVENT_BYTES: u64 = 8 * LARGEST_EVENT_BYTES;

/// The most bytes that what a trace says of its case may take up in all its events together: it stands in the file once, and
/// comes in with each of them into a log of which nothing is ever taken out.
const MOST_REPEATED_BYTES: u64 = 64 << 20;

/// What the attributes of an event weigh, those of its case included: a nested one bears every name above it, so a
/// short line could take many times its length in memory.
#[derive(Clone, Copy, Default)]
struct Weight(u64);

impl Weight {
    /// Adds a name with its path, or a value; says what is wrong when there are too many.
    fn add(&mut self, text: &str) -> Result<(), String> {
        self.0 += text.len() as u64;
        if self.0 <= LARGEST_EVENT_BYTES {
            return Ok(());
        }
        Err(format!(
            "the attributes, each named by its whole path, have more than {LARGEST_EVENT_BYTES} bytes together"
        ))
    }
}

/// How deep attributes may be nested within each other.
const DEEPEST: usize = 32;

/// Attributes of a case bear this prefix, as process-mining tools name them.
pub const CASE_PREFIX: &str = "case:";

/// Attributes of another tracker bear this prefix in an export of ours where their name is taken there.
pub const SOURCE_PREFIX: &str = "source:";

/// An event as another tracker recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignEvent {
    /// The case's id there.
    pub case: String,
    /// The place in its case, from 0.
    pub index: u64,
    /// By which it is told from the other events of its case in the log here: its place, as far as the file alone can
    /// say.
    pub number: u64,
    /// What was done, in that tracker's words.
    pub activity: String,
    /// When it was done, to the microsecond.
    pub at: Timestamp,
    /// All that the file says of the event, what stands above included; attributes of its case as `case:…`.
    pub attributes: BTreeMap<String, String>,
    /// Lists and objects that it says to be empty.
    pub empty: BTreeSet<String>,
    /// Where it stands in the file.
    pub place: Place,
}

impl ForeignEvent {
    /// SHA-256 over all that the file says of it, whatever the mapping makes of it, and its number: a second import
    /// knows it again by this. Without what is empty: earlier builds left that out, and what they imported goes on.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let content = (&self.case, self.number, &self.activity, self.at, &self.attributes);
        let content = serde_json::to_vec(&content).expect("text and numbers are always JSON");
        Sha256::digest(content).into()
    }
}

/// Where something stands in a file, for people. In the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The line it begins in, from 1.
    Line(u64),
    /// A trace, from 1.
    Trace(u64),
    /// A trace and the event in it, both from 1.
    Event {
        /// Which trace.
        trace: u64,
        /// Which event of it.
        event: u64,
    },
}

impl Place {
    /// By which places of the same file compare.
    #[must_use]
    pub fn order(self) -> (u64, u64) {
        match self {
            Self::Line(number) | Self::Trace(number) => (number, 0),
            Self::Event { trace, event } => (trace, event),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Trace(trace) => write!(f, "trace {trace}"),
            Self::Event { trace, event } => write!(f, "trace {trace}, event {event}"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which attributes say what every event has to say.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The case's id, made of attributes.
    pub case: Template,
    /// The attribute that says what was done.
    pub activity: String,
    /// The attribute that says when.
    pub at: String,
    /// How it says when.
    pub time: TimeFormat,
    /// What separates the fields of a CSV row.
    pub delimiter: u8,
}

impl Columns {
    /// The trace that an event of that place stands in, where nothing but its trace says which case it belongs to.
    fn trace_of_a_case(&self, place: Place) -> Option<u64> {
        match place {
            Place::Event { trace, .. } if self.case.attributes().all(|name| name.starts_with(CASE_PREFIX)) => {
                Some(trace)
            }
            Place::Event { .. } | Place::Trace(_) | Place::Line(_) => None,
        }
    }
}

/// An event before it is known which attributes matter.
struct Row {
    attributes: BTreeMap<String, String>,
    empty: BTreeSet<String>,
    place: Place,
    /// What is wrong with it. Its case is counted all the same, as far as that can be known.
    problem: Option<String>,
}

enum Rows {
    Xes(xes::Rows),
    Csv(csv::Rows),
    Jsonl(jsonl::Rows),
}

/// The events of a log, in the order of its file. It ends after the first error that cannot be read past.
///
/// Memory is bounded by the largest event allowed, plus two numbers for each case.
pub struct Events {
    rows: Rows,
    columns: Columns,
    cases: HashMap<String, Met>,
    over: bool,
}

/// What was read of a case so far.
struct Met {
    /// How many events.
    events: u64,
    /// The trace it is, where traces alone say which case an event belongs to.
    trace: Option<u64>,
}

/// Opens a log; gzip is recognised by its first bytes.
///
/// # Errors
/// Where the file cannot be read at all, or its header is none.
pub fn open(file: impl Read + Send + 'static, format: Format, columns: &Columns) -> Result<Events, ReadError> {
    let rows = match format {
        Format::Xes => Rows::Xes(xes::Rows::new(Input::open(file, LARGEST_XES_EVENT_BYTES)?)),
        Format::Csv => Rows::Csv(csv::Rows::open(Input::open(file, LARGEST_EVENT_BYTES)?, columns.delimiter)?),
        Format::Jsonl => Rows::Jsonl(jsonl::Rows::new(Input::open(file, LARGEST_EVENT_BYTES)?)),
    };
    Ok(Events { rows, columns: columns.clone(), cases: HashMap::new(), over: false })
}

impl Events {
    /// Cases that were seen without any event: there is nothing of them to bring in. Only XES can say so.
    #[must_use]
    pub fn empty_cases(&self) -> u64 {
        match &self.rows {
            Rows::Xes(rows) => rows.empty_traces(),
            Rows::Csv(_) | Rows::Jsonl(_) => 0,
        }
    }

    /// Names that the file has whatever its events say: those of a table's columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        match &self.rows {
            Rows::Csv(rows) => rows.header(),
            Rows::Xes(_) | Rows::Jsonl(_) => &[],
        }
    }

    /// Cases that had an event so far.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.cases.len() as u64
    }

    fn event(&mut self, row: Row) -> Result<ForeignEvent, ReadError> {
        let Row { attributes, empty, place, problem } = row;
        let missing = |what: &str, attribute: &str| {
            ReadError::event(place, format!("no {what}: the attribute `{attribute}` is missing or empty"))
        };
        let said = |name: &str| attributes.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
        let case = self.columns.case.fill(said).map_err(|absent| missing("case id", &absent.0));
        // Counted as soon as the case is known: what cannot be read keeps its place there. Where not even the case is
        // known, the later ones of the case stand one place too early; they are known again by what they say.
        let index = match &case {
            Ok(case) => {
                let trace = self.columns.trace_of_a_case(place);
                let met = self.cases.entry(case.clone()).or_insert(Met { events: 0, trace });
                if let Some(first) = met.trace.filter(|first| Some(*first) != trace) {
                    return Err(ReadError::event(place, second_trace(first)));
                }
                met.events += 1;
                met.events - 1
            }
            Err(_) => 0,
        };
        if let Some(problem) = problem.or_else(|| nul_in(&attributes, &empty)) {
            return Err(ReadError::event(place, problem));
        }
        let case = case?;
        let activity =
            said(&self.columns.activity).ok_or_else(|| missing("activity", &self.columns.activity))?.to_owned();
        let at = said(&self.columns.at).ok_or_else(|| missing("time", &self.columns.at))?;
        let at = self
            .columns
            .time
            .parse(at)
            .map_err(|message| ReadError::event(place, format!("`{}`: {message}", self.columns.at)))?;
        Ok(ForeignEvent { case, index, number: index, activity, at, attributes, empty, place })
    }
}

/// What is wrong with a trace that has the case id of an earlier one. A trace is a case (IEEE 1849-2016, clause 5), so these are
/// two, of which nobody could tell here which event is whose. The id is part of what an event is known again by, so that it can
/// be made of something else only as long as nothing of the log is there.
fn second_trace(first: u64) -> String {
    format!(
        "trace {first} has the same case id, and two cases would become one: give this one another name in the file; or, where \
         nothing of this log has come in yet, make `case.id` in the mapping of what tells them apart: with another `case.id` \
         every case comes in anew"
    )
}

/// What is wrong with an attribute that has U+0000: PostgreSQL has no text with it.
fn nul_in(attributes: &BTreeMap<String, String>, empty: &BTreeSet<String>) -> Option<String> {
    let has_nul = |(name, value): &(&String, &str)| name.contains('\0') || value.contains('\0');
    let said = attributes.iter().map(|(name, value)| (name, value.as_str()));
    let (name, _) = said.chain(empty.iter().map(|name| (name, ""))).find(has_nul)?;
    let name = name.replace('\0', "\\0");
    Some(format!("the attribute `{name}` has the character U+0000, which no text has here: leave it out"))
}

impl Iterator for Events {
    type Item = Result<ForeignEvent, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let row = match &mut self.rows {
            Rows::Xes(rows) => rows.next_row(),
            Rows::Csv(rows) => rows.next_row(),
            Rows::Jsonl(rows) => rows.next_row(),
        };
        let event = match row.transpose()? {
            Ok(row) => self.event(row),
            Err(error) => Err(error),
        };
        self.over = event.as_ref().is_err_and(|error| !error.concerns_one_event());
        Some(event)
    }
}
