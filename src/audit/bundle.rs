//! The files of a bundle.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

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
pub(super) const TIME_STAMPS: &str = "time-stamps";
const PROOFS: &str = "proofs";

/// What the names of proofs end with, behind the position.
const PROOF: &str = ".tlog-proof";

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

/// A file of the folder; `None` where there is none.
pub(super) fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, AuditError> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::of_file(path)(error)),
    }
}

/// The file that proves the event at that position.
pub(super) fn proof_of(position: u64) -> String {
    format!("{PROOFS}/{position}{PROOF}")
}

/// The positions that the bundle has proofs of, by the names of the files.
pub(super) fn proved_positions(folder: &Path) -> Result<BTreeSet<u64>, AuditError> {
    let path = folder.join(PROOFS);
    let mut positions = BTreeSet::new();
    let files = match fs::read_dir(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(positions),
        files => files.map_err(AuditError::of_file(&path))?,
    };
    for file in files {
        let name = file.map_err(AuditError::of_file(&path))?.file_name();
        positions.extend(name.to_str().and_then(|name| name.strip_suffix(PROOF)?.parse::<u64>().ok()));
    }
    Ok(positions)
}

pub(super) fn no_bundle(folder: &Path, reason: &str) -> AuditError {
    AuditError::NoBundle { path: folder.to_owned(), reason: reason.to_owned() }
}

/// Lines of a file, one at a time into one buffer.
pub(super) struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let file = File::open(path).map_err(AuditError::of_file(path))?;
        Ok(Self { reader: BufReader::with_capacity(1 << 20, file), line: Vec::new() })
    }

    /// The next line without its newline; `None` behind the last.
    pub(super) fn next(&mut self) -> std::io::Result<Option<&[u8]>> {
        self.line.clear();
        if self.reader.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        Ok(Some(&self.line))
    }
}
