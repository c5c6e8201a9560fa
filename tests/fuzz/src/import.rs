//! Logs of other trackers, and the files that say what their words mean.

use std::io::Cursor;
use std::sync::LazyLock;

use etalon::interchange::format::Format;
use etalon::interchange::mapping::Mapping;
use etalon::interchange::read::{Columns, Events, ForeignEvent, LARGEST_EVENT_BYTES, open};

/// The mapping that explains every key; the corpora of tables and lines are logs that it is for.
const EXAMPLE: &str = include_str!("../../../schema/mappings/example-csv.toml");
/// One for XES.
const PROBLEM_DESK: &str = include_str!("../../../schema/mappings/bpic2013.toml");

static TICKETS: LazyLock<Mapping> = LazyLock::new(|| Mapping::parse("example", EXAMPLE).expect("it is good"));
static PROBLEMS: LazyLock<Mapping> = LazyLock::new(|| Mapping::parse("desk", PROBLEM_DESK).expect("it is good"));

pub fn csv(bytes: &[u8]) {
    log(bytes, Format::Csv, &TICKETS);
}

pub fn xes(bytes: &[u8]) {
    log(bytes, Format::Xes, &PROBLEMS);
}

pub fn jsonl(bytes: &[u8]) {
    log(bytes, Format::Jsonl, &TICKETS);
}

/// A mapping is read or is told what is wrong with it, and one that is read makes something of an event or says why not.
pub fn mapping(bytes: &[u8]) {
    match Mapping::parse("mapping.toml", &String::from_utf8_lossy(bytes)) {
        Ok(mapping) => {
            for line in ["ticket;status;changed\nT-1;new;14.03.2012 09:30\n", "a,b\n1,2\n"] {
                log(line.as_bytes(), Format::Csv, &mapping);
            }
        }
        Err(error) => assert!(!error.message.is_empty() && !error.place.is_empty(), "it says nothing: {error:?}"),
    }
}

/// A log ends, in order, and what was read of it comes back from JSON Lines.
fn log(bytes: &[u8], format: Format, mapping: &Mapping) {
    let Ok(events) = open(Cursor::new(bytes.to_vec()), format, &mapping.columns) else { return };
    let mut last = (0, 0);
    for read in events {
        let place = read.as_ref().map_or_else(|error| error.place(), |event| Some(event.place));
        if let Some(place) = place {
            assert!(place.order() >= last, "{place} comes behind {last:?}");
            last = place.order();
        }
        match read {
            Ok(event) => {
                plans(&event, mapping);
                comes_back(&event, &mapping.columns);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// What becomes of an event depends on nothing but the event.
fn plans(event: &ForeignEvent, mapping: &Mapping) {
    let keys = [mapping.plan(event), mapping.plan(event)].map(|planned| planned.map(|planned| planned.key));
    assert_eq!(keys[0], keys[1]);
    if let Err(error) = mapping.opening(event) {
        assert!(!error.to_string().is_empty());
    }
}

fn comes_back(event: &ForeignEvent, columns: &Columns) {
    let line = serde_json::to_vec(&event.attributes).expect("texts are always JSON");
    // Written with its escapes it may be longer than an event may be.
    if line.len() as u64 >= LARGEST_EVENT_BYTES {
        return;
    }
    let read: Events = open(Cursor::new(line), Format::Jsonl, columns).expect("lines have no header");
    let read: Vec<_> = read.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{event:?}: {error}"));
    assert_eq!(read.len(), 1);
    assert_eq!((&read[0].case, &read[0].activity, read[0].at), (&event.case, &event.activity, event.at));
    assert_eq!(read[0].attributes, event.attributes);
}
