//! What an audit finds.

use std::collections::BTreeMap;
use std::fmt;

use crate::ledger::bounds::{Word, WrongTime};

/// What kind of fault. The codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// The entry is too long to be one.
    EntryTooLong,
    /// The entry is not in its one form.
    EntryNotCanonical,
    /// The entry is of another log.
    OriginWrong,
    /// The entry says another place than it has.
    IndexWrong,
    /// The place in the aggregate's stream does not follow the one before.
    SequenceWrong,
    /// The log took this event before the one before it.
    TimeDecreases,
    /// The time contradicts what witnesses or time stamps state.
    TimeOutOfBounds,
    /// What a witness states contradicts the auditor's clock, or what others state.
    Cosignature,
    /// What a time stamp states contradicts the auditor's clock, or what others state.
    TimeStamp,
    /// The time is still to come.
    TimeToCome,
    /// The payload is not the one that the entry was made of.
    PayloadHash,
    /// The metadata are not those that the entry was made of.
    MetadataHash,
    /// The stored hash is not that of the entry.
    LeafHash,
    /// A stored hash of a tile is not that of the entries below it.
    NodeHash,
    /// A checkpoint cannot be read or is not signed as it should be.
    Checkpoint,
    /// The entries do not make the root of a checkpoint.
    RootWrong,
    /// A checkpoint covers more entries than there are.
    EntriesMissing,
    /// No checkpoint confirms the last entries.
    NotSealed,
    /// A consistency proof between checkpoints is wrong.
    ConsistencyProof,
}

impl FindingKind {
    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EntryTooLong => "ENTRY_TOO_LONG",
            Self::EntryNotCanonical => "ENTRY_NOT_CANONICAL",
            Self::OriginWrong => "ORIGIN_WRONG",
            Self::IndexWrong => "INDEX_WRONG",
            Self::SequenceWrong => "SEQUENCE_WRONG",
            Self::TimeDecreases => "TIME_DECREASES",
            Self::TimeOutOfBounds => "TIME_OUT_OF_BOUNDS",
            Self::Cosignature => "COSIGNATURE",
            Self::TimeStamp => "TIME_STAMP",
            Self::TimeToCome => "TIME_TO_COME",
            Self::PayloadHash => "PAYLOAD_HASH",
            Self::MetadataHash => "METADATA_HASH",
            Self::LeafHash => "LEAF_HASH",
            Self::NodeHash => "NODE_HASH",
            Self::Checkpoint => "CHECKPOINT",
            Self::RootWrong => "ROOT_WRONG",
            Self::EntriesMissing => "ENTRIES_MISSING",
            Self::NotSealed => "NOT_SEALED",
            Self::ConsistencyProof => "CONSISTENCY_PROOF",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Place in the log; none for a fault of the whole.
    pub index: Option<u64>,
    /// What kind of fault.
    pub kind: FindingKind,
    /// In words.
    pub message: String,
    /// Whose word on a time it rests on, or is wrong with.
    pub word: Option<Word>,
}

impl From<&WrongTime> for Finding {
    fn from(wrong: &WrongTime) -> Self {
        let message = harmless(&wrong.to_string(), Findings::MESSAGE_LENGTH);
        Self { index: wrong.index(), kind: wrong.kind(), message, word: Some(wrong.word().clone()) }
    }
}

/// Faults: all are counted, the first of them are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<FindingKind, u64>,
    first_indexes: BTreeMap<FindingKind, u64>,
}

impl Findings {
    /// How many are kept with their words.
    pub const KEPT: usize = 1_000;

    /// How many characters of words are kept of each.
    pub const MESSAGE_LENGTH: usize = 400;

    /// The first of them, in the order in which they were found.
    pub fn kept(&self) -> &[Finding] {
        &self.kept
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &BTreeMap<FindingKind, u64> {
        &self.counts
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The first place in the log that has a fault.
    pub fn first_index(&self) -> Option<u64> {
        self.first_indexes.values().copied().min()
    }

    /// All but that the end is not sealed yet, which is no fault of a log that goes on.
    #[must_use]
    pub fn without_unsealed_end(mut self) -> Self {
        self.counts.remove(&FindingKind::NotSealed);
        self.first_indexes.remove(&FindingKind::NotSealed);
        self.kept.retain(|finding| finding.kind != FindingKind::NotSealed);
        self
    }

    /// Takes note. The words are made only if they are kept.
    pub(super) fn add(&mut self, kind: FindingKind, index: Option<u64>, message: impl FnOnce() -> String) {
        self.keep(kind, index, || Finding {
            index,
            kind,
            message: harmless(&message(), Self::MESSAGE_LENGTH),
            word: None,
        });
    }

    /// Takes note of a time that cannot be.
    pub(super) fn add_time(&mut self, wrong: &WrongTime) {
        self.keep(wrong.kind(), wrong.index(), || wrong.into());
    }

    fn keep(&mut self, kind: FindingKind, index: Option<u64>, finding: impl FnOnce() -> Finding) {
        *self.counts.entry(kind).or_default() += 1;
        if let Some(index) = index {
            self.first_indexes.entry(kind).and_modify(|first| *first = index.min(*first)).or_insert(index);
        }
        if self.kept.len() < Self::KEPT {
            self.kept.push(finding());
        }
    }
}

/// Words may quote the log, a catalogue or a file, which may try to reach the terminal, to begin a line of their own there
/// or to turn one around, to fill the memory or to say nothing else.
pub(crate) fn harmless(text: &str, characters: usize) -> String {
    // Separators of lines and paragraphs, and controls of the direction (Unicode UAX #9).
    let is_harmful = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().take(characters).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_kept() {
        let mut findings = Findings::default();
        findings.add(FindingKind::Checkpoint, None, || "none".to_owned());
        for index in (0..5_000).rev() {
            findings.add(FindingKind::LeafHash, Some(index), || index.to_string());
        }
        assert_eq!(findings.kept().len(), Findings::KEPT);
        assert_eq!((findings.total(), findings.counts()[&FindingKind::LeafHash]), (5_001, 5_000));
        assert_eq!(findings.first_index(), Some(0));
        assert_eq!(findings.kept()[1].message, "4999");
        assert_eq!(FindingKind::LeafHash.to_string(), "LEAF_HASH");
    }

    #[test]
    fn an_unsealed_end_that_is_no_fault_leaves_nothing() {
        let mut findings = Findings::default();
        findings.add(FindingKind::NotSealed, Some(7), String::new);
        assert_eq!(findings.first_index(), Some(7));
        assert_eq!(findings.clone().without_unsealed_end(), Findings::default());
        findings.add(FindingKind::LeafHash, Some(9), String::new);
        assert_eq!(findings.without_unsealed_end().first_index(), Some(9));
    }

    #[test]
    fn words_are_short_and_harmless() {
        let mut findings = Findings::default();
        findings.add(FindingKind::OriginWrong, None, || format!("\u{1b}[2J\u{9b}\n{}", "x".repeat(1_000)));
        let message = &findings.kept()[0].message;
        assert_eq!(message.chars().count(), Findings::MESSAGE_LENGTH);
        assert!(message.starts_with("\u{fffd}[2J\u{fffd}\u{fffd}x"));
    }

    #[test]
    fn words_keep_to_their_line_and_their_direction() {
        assert_eq!(harmless("a\u{2028}b\u{202e}c\u{2069}d\r\n", 400), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}");
        assert_eq!(harmless("计量 – «étalon»", 400), "计量 – «étalon»");
    }
}
