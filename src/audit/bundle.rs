//! The files of a bundle.

use std::fs::File;
use std::io::{BufRead, BufReader};
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
pub(super) const PROOFS: &str = "proofs";

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
    /// Whether these are all events up to the checkpoint, from the first on.
    pub(super) whole: bool,
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
