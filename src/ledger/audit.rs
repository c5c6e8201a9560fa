//! The audit of a whole log: entry after entry in, findings out.
//!
//! Memory is what the number of aggregates asks for, some 50 to 80 bytes each, and 32 bytes for every 256 events.

mod entry_checks;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::ledger::audit::entry_checks::EntryChecks;
use crate::ledger::bounds::Word;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::leaf_hash;
use crate::ledger::finding::{FindingKind, Findings};
use crate::ledger::names::{EarlierName, Names, Recovered};
use crate::ledger::note::VerifierKey;
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::proof::verify_consistency;
use crate::ledger::signed::SignedCheckpoint;
use crate::ledger::tree::{Frontier, Hash, TreeHead, base64};

/// What an auditor holds against a log.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Which log; from the auditor, never from the log.
    pub origin: &'a str,
    /// The names that it had before it was recovered from backups, by the log's own word: each is checked.
    pub earlier: &'a [EarlierName],
    /// Keys of the log and of witnesses; from the auditor, never from the log.
    pub keys: &'a [VerifierKey],
    /// Checkpoints with their cosignatures, in any order: the log's, and those that somebody outside has kept.
    pub checkpoints: &'a [&'a [u8]],
    /// From time-stamp tokens that were verified elsewhere.
    pub time_stamps: &'a [Word],
    /// See [`TimeBounds::new`](crate::ledger::bounds::TimeBounds::new).
    pub tolerance: Option<SignedDuration>,
    /// The present, by the clock of the auditor.
    pub now: Timestamp,
}

/// An event as it was exported.
#[derive(Clone, Copy, Debug)]
pub struct AuditedEvent<'a> {
    /// The bytes of its entry, without a newline.
    pub entry: &'a [u8],
    /// The bytes of its payload.
    pub payload: &'a [u8],
    /// The bytes of its metadata.
    pub metadata: &'a [u8],
    /// The stored hash of the leaf, from the database or a tile of level 0, if there is one.
    pub stored_hash: Option<Hash>,
}

/// Takes all events of a log in order and checks them.
#[derive(Debug)]
pub struct Verifier {
    /// What is signed, by size; the largest first.
    signed: Vec<SignedCheckpoint>,
    /// Time stamps that were given apart from what is signed; the largest first.
    time_stamps: Vec<Word>,
    entries: EntryChecks,
    tree: Frontier,
    /// Over the stored hashes, from where they differ from the entries.
    stored: Option<StoredTree>,
    /// By tile level, from 1.
    nodes: Vec<Vec<Hash>>,
    /// Those that the stored hashes make otherwise, by tile level and place.
    stored_nodes: HashMap<(u8, u64), Hash>,
    sealed: Option<TreeHead>,
    /// When the first event was recorded that no checkpoint confirms so far.
    unsealed_since: Option<Timestamp>,
    /// Whether the entries do not make a root that was signed.
    is_forked: bool,
    vouched: BTreeMap<String, u64>,
    findings: Findings,
}

#[derive(Debug)]
struct StoredTree {
    differs_from: u64,
    tree: Frontier,
}

/// What came out of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many events there were, and the root that they make.
    pub head: TreeHead,
    /// The largest tree that a checkpoint of the log confirms.
    pub sealed: Option<TreeHead>,
    /// When the first event was recorded that none confirms, as far as that can be read.
    pub unsealed_since: Option<Timestamp>,
    /// Who has signed or cosigned such checkpoints, each with the largest of them.
    pub vouched: BTreeMap<String, u64>,
    /// Where it was restored from backups.
    pub recovered: Vec<Recovered>,
    /// What is wrong.
    pub findings: Findings,
}

impl Verifier {
    /// A verifier at the beginning of the log. Signatures of the checkpoints are checked here.
    pub fn new(evidence: &Evidence<'_>) -> Self {
        let mut findings = Findings::default();
        let names = Names::new(evidence.earlier, evidence.origin);
        let (mut signed, mut time_stamps) = (Vec::new(), evidence.time_stamps.to_vec());
        for bytes in evidence.checkpoints {
            match SignedCheckpoint::verify(bytes, &names, evidence.keys) {
                Ok(one) if ends_in_time(&names, &one.checkpoint, &mut findings) => signed.push(one),
                Ok(_) => {}
                Err(error) => findings.add(FindingKind::Checkpoint, None, || with_sources(&error)),
            }
        }
        signed.sort_unstable_by_key(|signed| Reverse(signed.checkpoint.head.size));
        time_stamps.sort_unstable_by_key(|stamp| Reverse(stamp.size));
        let mut verifier = Self {
            signed,
            time_stamps,
            entries: EntryChecks::new(names, evidence),
            tree: Frontier::default(),
            stored: None,
            nodes: Vec::new(),
            stored_nodes: HashMap::new(),
            sealed: None,
            unsealed_since: None,
            is_forked: false,
            vouched: BTreeMap::new(),
            findings,
        };
        verifier.compare_with_checkpoints();
        verifier
    }

    /// How many events were taken.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root that they make.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Takes a checkpoint that covers the events taken so far, or more than those. Where the events make its root, the times
    /// at which others saw it bound when they were recorded, and when those were that follow. Once a root was not the
    /// signed one, the later ones would all be others, and are not told again.
    pub fn take(&mut self, one: SignedCheckpoint) {
        let size = one.checkpoint.head.size;
        if !ends_in_time(self.entries.names(), &one.checkpoint, &mut self.findings) || self.is_forked {
            return;
        }
        if size > self.tree.size() {
            let place = self.signed.partition_point(|signed| signed.checkpoint.head.size > size);
            self.signed.insert(place, one);
        } else if size == self.tree.size() {
            self.compare(&one);
        }
    }

    /// Whether the entries do not make a root that was signed.
    pub fn is_forked(&self) -> bool {
        self.is_forked
    }

    /// Takes the next event. What its entry says comes back, if it is one.
    pub fn feed<'e>(&mut self, event: &AuditedEvent<'e>) -> Option<ParsedEntry<'e>> {
        let index = self.tree.size();
        let parsed = ParsedEntry::parse(event.entry);
        match &parsed {
            Ok(entry) => {
                self.unsealed_since.get_or_insert(entry.recorded_at);
                let root = || self.tree.root();
                self.entries.check(index, entry, event, root, &mut self.findings);
            }
            Err(error) => {
                self.findings.add(error.kind(), Some(index), || with_sources(error));
            }
        }
        self.grow(leaf_hash(event.entry), event.stored_hash);
        self.compare_with_checkpoints();
        parsed.ok()
    }

    /// Compares a stored hash of a tile above level 0 with the entries below it, or their stored hashes; they must have
    /// been taken.
    pub fn check_node(&mut self, level: u8, index: u64, stored: Hash) {
        let of_level = usize::from(level).checked_sub(1).and_then(|place| self.nodes.get(place));
        let computed = of_level.and_then(|nodes| nodes.get(usize::try_from(index).ok()?));
        // A wrong leaf is told where it is, and not again by every node above it.
        if computed == Some(&stored) || self.stored_nodes.get(&(level, index)) == Some(&stored) {
            return;
        }
        let width = 1_u64.checked_shl(u32::from(level) * 8);
        let first = width.and_then(|width| index.checked_mul(width));
        self.findings.add(FindingKind::NodeHash, first, || match computed {
            Some(computed) => format!(
                "the hash {index} of tile level {level} is stored as {}, not {}",
                base64(&stored),
                base64(computed)
            ),
            None => format!("the hash {index} of tile level {level} is stored, and no entries are below it"),
        });
    }

    /// Checks the proof that goes with two checkpoints.
    pub fn check_consistency(&mut self, earlier: TreeHead, later: TreeHead, proof: &[Hash]) {
        if let Err(error) = verify_consistency(earlier, later, proof) {
            let (from, to) = (earlier.size, later.size);
            self.findings.add(FindingKind::ConsistencyProof, None, || format!("from {from} to {to} events: {error}"));
        }
    }

    /// Ends the log here.
    pub fn finish(mut self) -> Report {
        let head = TreeHead { size: self.tree.size(), root: self.tree.root() };
        for SignedCheckpoint { checkpoint: Checkpoint { head: missing, .. }, .. } in &self.signed {
            let message = || format!("a checkpoint covers {} events, and there are {}", missing.size, head.size);
            self.findings.add(FindingKind::EntriesMissing, None, message);
        }
        let sealed_size = self.sealed.map_or(0, |sealed| sealed.size);
        if sealed_size < head.size {
            // Where a root is another than was signed, what is wrong begins somewhere else.
            let first = (!self.is_forked).then_some(sealed_size);
            let since = self.unsealed_since.map(|since| format!(", of which the first was recorded at {since}"));
            self.findings.add(FindingKind::NotSealed, first, || {
                format!("no checkpoint confirms the events from {sealed_size} on{}", since.unwrap_or_default())
            });
        }
        let recovered = self.entries.finish(head.size, &mut self.findings);
        Report {
            head,
            sealed: self.sealed,
            unsealed_since: self.unsealed_since,
            vouched: self.vouched,
            recovered,
            findings: self.findings,
        }
    }

    fn grow(&mut self, computed: Hash, stored: Option<Hash>) {
        let index = self.tree.size();
        let kept = stored.unwrap_or(computed);
        if kept != computed {
            self.findings.add(FindingKind::LeafHash, Some(index), || {
                format!("stored as {}, not {}", base64(&kept), base64(&computed))
            });
            let tree = &self.tree;
            self.stored.get_or_insert_with(|| StoredTree { differs_from: index, tree: tree.clone() });
        }
        if let Some(stored) = &mut self.stored {
            let nodes = &mut self.stored_nodes;
            stored.tree.append(kept, |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        let nodes = &mut self.nodes;
        self.tree.append(computed, |level, _, hash| {
            let place = usize::from(level) - 1;
            if nodes.len() == place {
                nodes.push(Vec::new());
            }
            nodes[place].push(hash);
        });
    }

    fn compare_with_checkpoints(&mut self) {
        while let Some(one) = self.signed.pop_if(|one| one.checkpoint.head.size == self.tree.size()) {
            self.compare(&one);
        }
        while let Some(stamp) = self.time_stamps.pop_if(|stamp| stamp.size == self.tree.size()) {
            // What was stamped of another log bounds nothing of this one.
            if !self.is_forked {
                self.entries.see(stamp, &mut self.findings);
            }
        }
    }

    /// Compares what was signed of as many events as were taken.
    fn compare(&mut self, one: &SignedCheckpoint) {
        let (signed, root) = (one.checkpoint.head, self.tree.root());
        if signed.root == root {
            self.sealed = Some(signed);
            self.unsealed_since = None;
            one.words().for_each(|word| self.entries.see(word, &mut self.findings));
            self.vouched.extend(one.signers().map(|name| (name.to_owned(), signed.size)));
            return;
        }
        self.is_forked = true;
        // The stored hashes are nobody's word until they make the signed root.
        let witness = self.stored.as_ref().filter(|stored| stored.tree.root() == signed.root);
        let first_wrong = witness.map(|stored| stored.differs_from);
        let confirmed = self.sealed.map_or(0, |sealed| sealed.size);
        self.findings.add(FindingKind::RootWrong, first_wrong, || {
            let size = signed.size;
            let differs = format!(
                "the first {size} entries make the root {}, and {} is signed",
                base64(&root),
                base64(&signed.root)
            );
            match first_wrong {
                Some(index) => {
                    format!("{differs}; the stored hashes make the signed one, and differ first at {index}")
                }
                None => format!("{differs}; the first {confirmed} are confirmed"),
            }
        });
    }
}

/// Whether a checkpoint covers no more than the log had under the name that signed it; told where it does.
fn ends_in_time(names: &Names, Checkpoint { origin, head }: &Checkpoint, findings: &mut Findings) -> bool {
    let Some(end) = names.end_of(origin).filter(|end| *end < head.size) else { return true };
    findings.add(FindingKind::EntriesMissing, None, || {
        format!("a checkpoint covers {} events of {origin:?}, which had {end} when it ended", head.size)
    });
    false
}

fn with_sources(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

#[cfg(test)]
mod tests;
