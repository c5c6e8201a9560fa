//! The files of a bundle.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::{EventRecord, stored};
use crate::audit::AuditError;
use crate::codec;
use crate::domain::log::event::LogFact;
use crate::ledger::names::EarlierName;

pub(super) const MANIFEST: &str = "MANIFEST.json";
pub(super) const ENTRIES: &str = "entries.jsonl";
pub(super) const PAYLOADS: &str = "payloads.jsonl";
pub(super) const CHECKPOINT: &str = "checkpoint";
pub(super) const PREVIOUS_CHECKPOINT: &str = "previous-checkpoint";
pub(super) const CONSISTENCY_PROOF: &str = "consistency-proof";
/// What was stamped: the checkpoint as the log signed it, before anybody cosigned. It stands beside the checkpoint.
const STAMPED: &str = "time-stamps/stamped";
const TIME_STAMPS: &str = "time-stamps";
const PROOFS: &str = "proofs";
const ANCHORS: &str = "anchors";

/// What the names of proofs end with, behind the position.
const PROOF: &str = ".tlog-proof";

/// What those of time stamps end with, behind a number: an export counts them from 0.
const TOKEN: &str = ".tst";

/// What is read of a line of entries; no log has an entry that is as long.
pub(super) const LONGEST_ENTRY_LINE_BYTES: u64 = 1 << 20;

/// What is read of a line of payloads: eight times what a server takes in a request unless it is told otherwise.
pub(super) const LONGEST_PAYLOAD_LINE_BYTES: u64 = 64 << 20;

/// What is read of any other file; a manifest or a checkpoint has some hundred bytes, a tile 8 KiB.
const LONGEST_FILE_BYTES: u64 = 1 << 20;

/// The form of the bundles that this program writes and reads.
pub(super) const FORM: &str = "etalon-audit-bundle/1";

/// What a bundle says of itself; nothing of it is believed.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) form: String,
    /// The name of the log.
    pub(super) origin: String,
    /// The names that it had before it was recovered from backups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<EarlierName>,
    /// How many events are in it.
    pub(super) events: u64,
    /// Which they are.
    pub(super) part: Contents,
}

/// Which events a bundle has. One of a part has the recoveries beside them, which tell the names of the log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Contents {
    /// All events up to the checkpoint, from the first on.
    Whole,
    /// Every event from one position to another, both included.
    Range {
        /// The first position.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// Every event of a stream, from its first on.
    Stream {
        /// The type of the aggregate.
        aggregate: String,
        /// Its id.
        id: String,
        /// The last position that was looked at.
        last: u64,
    },
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the whole log"),
            Self::Range { first, last } => write!(f, "a part: positions {first} to {last}"),
            Self::Stream { aggregate, id, last } => write!(
                f,
                "a part: the stream of {aggregate} {id} up to position {last}; whether it has later events than these by \
                 then, only the whole log shows"
            ),
        }
    }
}

/// A line of `payloads.jsonl`: both to the byte.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayloadLine<'a> {
    #[serde(borrow)]
    pub(super) payload: &'a RawValue,
    #[serde(borrow)]
    pub(super) metadata: &'a RawValue,
}

/// The names that a log had before these recoveries. One that cannot be read is none: the entries after it then bear a
/// wrong name.
pub(super) fn earlier_names(recoveries: &[EventRecord]) -> Vec<EarlierName> {
    let upcasters = codec::upcasters();
    let name = |record: &EventRecord| {
        let LogFact::RecoveredFrom(fact) = codec::decode_stored::<LogFact>(stored(record), &upcasters).ok()?.fact;
        Some(EarlierName { origin: fact.previous_origin, until: record.position })
    };
    recoveries.iter().filter_map(name).collect()
}

/// Opens a file of the folder, if it is there. What is none, behind all links, makes it no bundle and is not opened:
/// somebody would have to write to a pipe first, and some devices have no end.
fn open(folder: &Path, name: &str) -> Result<Option<File>, AuditError> {
    let path = folder.join(name);
    let there = match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        there => there.map_err(AuditError::of_file(&path))?,
    };
    if !there.is_file() {
        return Err(no_bundle(folder, &format!("{name} is no regular file")));
    }
    File::open(&path).map(Some).map_err(AuditError::of_file(&path))
}

/// A file of the folder; `None` where there is none. One that is longer than any of a bundle makes it none.
pub(super) fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, AuditError> {
    let Some(file) = open(folder, name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = file.take(LONGEST_FILE_BYTES + 1).read_to_end(&mut bytes);
    let size_bytes = read.map_err(AuditError::of_file(folder.join(name)))?;
    if size_bytes as u64 > LONGEST_FILE_BYTES {
        return Err(no_bundle(folder, &format!("{name} is longer than {LONGEST_FILE_BYTES} bytes")));
    }
    Ok(Some(bytes))
}

/// The file that proves the event at that position.
pub(super) fn proof_of(position: u64) -> String {
    format!("{PROOFS}/{position}{PROOF}")
}

/// Where the checkpoint of so many events stands that somebody outside has vouched for, as the bundle's own stands in the
/// bundle: with a slash at the end.
pub(super) fn anchor_of(size: u64) -> String {
    format!("{ANCHORS}/{size}/")
}

/// The file with what was stamped of the checkpoint that stands there; nothing is before the bundle's own.
pub(super) fn stamped_of(within: &str) -> String {
    format!("{within}{STAMPED}")
}

/// The file with the time stamp of that number of the checkpoint that stands there.
pub(super) fn token_of(within: &str, number: u64) -> String {
    format!("{within}{TIME_STAMPS}/{number}{TOKEN}")
}

/// The files beside the proofs of the bundle: the positions of those that are named as proofs, and the names of all
/// others.
pub(super) fn proofs(folder: &Path) -> Result<(BTreeSet<u64>, Vec<String>), AuditError> {
    numbered(folder, PROOFS, proof_of)
}

/// The numbers of the time stamps of the checkpoint that stands there.
pub(super) fn tokens(folder: &Path, within: &str) -> Result<BTreeSet<u64>, AuditError> {
    Ok(numbered(folder, &format!("{within}{TIME_STAMPS}"), |number| token_of(within, number))?.0)
}

/// The checkpoints of the bundle that somebody outside has vouched for, by how many events they are of, and the names of
/// whatever else is beside them.
pub(super) fn anchors(folder: &Path) -> Result<(BTreeSet<u64>, Vec<String>), AuditError> {
    numbered(folder, ANCHORS, |size| format!("{ANCHORS}/{size}"))
}

/// The files in that folder of the bundle: the numbers of those that are named by one, and the names of all others.
fn numbered(
    folder: &Path,
    within: &str,
    name_of: impl Fn(u64) -> String,
) -> Result<(BTreeSet<u64>, Vec<String>), AuditError> {
    let path = folder.join(within);
    let (mut numbers, mut others) = (BTreeSet::new(), Vec::new());
    let files = match fs::read_dir(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((numbers, others)),
        files => files.map_err(AuditError::of_file(&path))?,
    };
    for file in files {
        let file = file.map_err(AuditError::of_file(&path))?.file_name();
        let name = format!("{within}/{}", file.to_string_lossy());
        let number = file.to_str().and_then(|file| file.split('.').next()?.parse::<u64>().ok());
        match number.filter(|number| name_of(*number) == name) {
            Some(number) => drop(numbers.insert(number)),
            None => others.push(name),
        }
    }
    // The folder has its files in an order of its own.
    others.sort_unstable();
    Ok((numbers, others))
}

pub(super) fn no_bundle(folder: &Path, reason: &str) -> AuditError {
    AuditError::NoBundle { path: folder.to_owned(), reason: reason.to_owned() }
}

/// Lines of a file, one at a time into one buffer, which grows no longer than the longest of them may be.
pub(super) struct Lines {
    name: &'static str,
    path: PathBuf,
    longest_bytes: u64,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

/// A line without its newline.
pub(super) struct Line<'a> {
    /// All of it, or as much as is read.
    pub(super) bytes: &'a [u8],
    /// Its number, from 1.
    pub(super) number: u64,
    /// What is wrong with it where it has more bytes than these.
    pub(super) too_long: Option<String>,
}

impl Lines {
    /// Lines of the file of that name, of which no more than so many bytes each are read.
    pub(super) fn open(folder: &Path, name: &'static str, longest_bytes: u64) -> Result<Self, AuditError> {
        let file = open(folder, name)?.ok_or_else(|| no_bundle(folder, &format!("it has no {name}")))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        Ok(Self { name, path: folder.join(name), longest_bytes, reader, line: Vec::new(), number: 0 })
    }

    /// The next line; `None` behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, AuditError> {
        let filled = self.fill();
        let Some(is_cut) = filled.map_err(AuditError::of_file(&self.path))? else { return Ok(None) };
        self.number += 1;
        let Self { name, longest_bytes, number, .. } = *self;
        let too_long = is_cut.then(|| format!("line {number} of {name} is longer than {longest_bytes} bytes"));
        Ok(Some(Line { bytes: &self.line, number, too_long }))
    }

    /// Reads a line into the buffer, and past it. Answers whether the rest of it was left out, or that there is none.
    fn fill(&mut self) -> std::io::Result<Option<bool>> {
        self.line.clear();
        // The newline has room behind the longest line.
        let most_bytes = self.longest_bytes + 1;
        if self.reader.by_ref().take(most_bytes).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.pop_if(|byte| *byte == b'\n').is_some() || (self.line.len() as u64) < most_bytes {
            return Ok(Some(false));
        }
        self.line.pop();
        self.reader.skip_until(b'\n')?;
        Ok(Some(true))
    }
}
