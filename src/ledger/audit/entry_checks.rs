//! What is checked of each entry: that it says what it must at its place, and fits its event.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::ledger::audit::{AuditedEvent, Evidence};
use crate::ledger::bounds::{TimeBounds, Word, is_to_come};
use crate::ledger::finding::{FindingKind, Findings};
use crate::ledger::names::{Names, Recovered};
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::tree::Hash;

/// What must be remembered from entry to entry.
#[derive(Debug)]
pub(super) struct EntryChecks {
    names: Names,
    bounds: TimeBounds,
    now: Timestamp,
    tolerance: Option<SignedDuration>,
    /// The last place in the stream of each aggregate.
    sequences: HashMap<[u8; 16], u64>,
    /// When the last event was recorded.
    last: Option<Timestamp>,
    recovered: Vec<Recovered>,
}

impl EntryChecks {
    /// Checks from the first entry on.
    pub(super) fn new(names: Names, evidence: &Evidence<'_>) -> Self {
        Self {
            names,
            bounds: TimeBounds::new(evidence.tolerance, evidence.now),
            now: evidence.now,
            tolerance: evidence.tolerance,
            sequences: HashMap::new(),
            last: None,
            recovered: Vec::new(),
        }
    }

    /// The names that the log has had.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Takes the word of somebody who saw the log with the events that were checked so far, and no others.
    pub(super) fn see(&mut self, word: Word, findings: &mut Findings) {
        self.bounds.see(word).iter().for_each(|wrong| findings.add_time(wrong));
    }

    /// Ends a log of that size: where it was recovered.
    pub(super) fn finish(self, size: u64, findings: &mut Findings) -> Vec<Recovered> {
        self.bounds.finish().iter().for_each(|wrong| findings.add_time(wrong));
        for name in self.names.unended(size) {
            let message = || format!("no event ends the name {:?} at {}", name.origin, name.until);
            findings.add(FindingKind::OriginWrong, None, message);
        }
        self.recovered
    }

    /// Checks the next event; `root` is that of the events before it.
    pub(super) fn check(
        &mut self,
        index: u64,
        entry: &ParsedEntry<'_>,
        event: &AuditedEvent<'_>,
        root: impl FnOnce() -> Hash,
        findings: &mut Findings,
    ) {
        let mut found = |kind, message: &dyn Fn() -> String| findings.add(kind, Some(index), message);
        if entry.origin != self.names.at(index) {
            found(FindingKind::OriginWrong, &|| format!("it is of the log {:?}", entry.origin));
        }
        if let Some(ended) = self.names.ended_at(index) {
            match self.names.recovery(ended, entry, event.payload, Some(&root())) {
                Some(recovered) => self.recovered.push(recovered),
                None => found(FindingKind::OriginWrong, &|| {
                    format!("the log was {:?} up to here, and this is no recovery from there", ended.origin)
                }),
            }
        }
        if entry.position != index {
            found(FindingKind::IndexWrong, &|| format!("it says that its place is {}", entry.position));
        }
        if !entry.has_payload(event.payload) {
            found(FindingKind::PayloadHash, &|| "the payload is not the one that the entry names".to_owned());
        }
        if !entry.has_metadata(event.metadata) {
            found(FindingKind::MetadataHash, &|| "the metadata are not those that the entry names".to_owned());
        }
        let at = entry.recorded_at;
        if let Some(before) = self.last.replace(at).filter(|before| at < *before) {
            found(FindingKind::TimeDecreases, &|| format!("recorded at {at}, and the one before it at {before}"));
        }
        if is_to_come(at, self.now, self.tolerance) {
            found(FindingKind::TimeToCome, &|| format!("recorded at {at}, and now it is {}", self.now));
        }
        let last = self.sequences.entry(aggregate_key(entry)).or_default();
        let expected = *last + 1;
        *last = entry.sequence;
        if entry.sequence != expected {
            found(FindingKind::SequenceWrong, &|| {
                format!("{} {} is at {}, not {expected}", entry.aggregate_type, entry.aggregate_id, entry.sequence)
            });
        }
        self.bounds.check(index, at).iter().for_each(|wrong| findings.add_time(wrong));
    }
}

/// 128 bits that stand for an aggregate, whatever the length of its names.
fn aggregate_key(entry: &ParsedEntry<'_>) -> [u8; 16] {
    let length = (entry.aggregate_type.len() as u64).to_be_bytes();
    let digest = Sha256::new()
        .chain_update(length)
        .chain_update(&*entry.aggregate_type)
        .chain_update(&*entry.aggregate_id)
        .finalize();
    *digest.first_chunk().expect("SHA-256 has more than 16 bytes")
}
