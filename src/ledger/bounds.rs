//! Bounds on when events were recorded, from the word of those who saw the log grow.
//!
//! A word says that at its time the log had so many events and no more: these were recorded by then, and those that follow
//! were not recorded before. An event that a word speaks against is a fault, by more than clocks may differ, and each word
//! counts that no other one contradicts, whatever is said later.
//!
//! Two words contradict each other where that for more events is the earlier one: who saw the larger tree saw all that the
//! other one is said to have been without. So one of them has its time wrong, or was asked about a tree that the log had left
//! behind. What the log says decides which of them bounds nothing: that for the larger tree where the log had not even recorded
//! these events by then, and that for the smaller one where it had. The log is no judge in its own case: the word that is set
//! aside is a fault as well, and so is one that is still to come. Nothing is dated back against a word without a fault.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::ledger::counted::counted;
use crate::ledger::finding::FindingKind;

/// Cosignatures and time stamps state whole seconds: one that is stated may be nearly over.
const STATED: SignedDuration = SignedDuration::from_secs(1);

/// Somebody else's word: at this time the log had this size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Word {
    /// When it was seen, by the clock of who saw it.
    #[serde(rename = "seenAt")]
    pub at: Timestamp,
    /// Size of the log.
    pub size: u64,
    /// Who saw it.
    #[serde(flatten)]
    pub by: Voucher,
}

/// Who vouches for checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Voucher {
    /// A witness, by the name of its key.
    Witness(String),
    /// An authority for time stamps, by the subject of its certificate.
    Authority(String),
}

/// A time that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongTime {
    /// A log that had the event then would have shown it.
    TooEarly {
        /// Position of the event.
        index: u64,
        /// When it was recorded, as it says.
        at: Timestamp,
        /// Who saw the log without it.
        word: Word,
    },
    /// The event was seen before it was recorded, as it says.
    TooLate {
        /// Position of the event.
        index: u64,
        /// When it was recorded, as it says.
        at: Timestamp,
        /// Who saw the log with it.
        word: Word,
    },
    /// The word is of a time that is still to come, and bounds nothing.
    ToCome {
        /// The word.
        word: Word,
        /// The present, by the auditor's clock.
        now: Timestamp,
    },
    /// The word bounds nothing, as another contradicts it that the log agrees with.
    Contradicted {
        /// The word.
        word: Word,
        /// The other one.
        by: Word,
    },
}

/// When events can have been recorded, by what is seen of the log while it is read: words and events come by size and
/// position. What is kept are the words whose times the log has not reached yet, with the one before them, and the events that
/// these speak against.
#[derive(Clone, Debug)]
pub struct TimeBounds {
    tolerance: Option<SignedDuration>,
    now: Timestamp,
    /// The words that may still bound or be contradicted, by their times.
    seen: VecDeque<Word>,
    /// Those that bound nothing.
    set_aside: BTreeSet<Word>,
    /// The events that words speak against which may still be contradicted, by the earliest of these.
    early: BTreeMap<Word, Vec<(u64, Timestamp)>>,
    latest: Option<Latest>,
}

/// The event that was recorded last, as it says.
#[derive(Clone, Copy, Debug)]
struct Latest {
    index: u64,
    at: Timestamp,
    /// Whether it was told that it was seen before.
    is_told: bool,
}

/// Whether a time is still to come, by more than clocks may differ by; without a bound on that, none is.
pub fn is_to_come(at: Timestamp, now: Timestamp, tolerance: Option<SignedDuration>) -> bool {
    tolerance.is_some_and(|tolerance| now.duration_until(at) > tolerance)
}

impl TimeBounds {
    /// Nothing is bounded yet. `tolerance` is what clocks may differ by, together with the time that passes between an event
    /// and the checkpoint that a witness sees; where that is by any time, nothing bounds. `now` is the auditor's present.
    pub fn new(tolerance: Option<SignedDuration>, now: Timestamp) -> Self {
        Self { tolerance, now, seen: VecDeque::new(), set_aside: BTreeSet::new(), early: BTreeMap::new(), latest: None }
    }

    /// Takes a word for the events that were checked so far, and no others. What is wrong with it, or with these. Times do not
    /// decrease: where the latest of them is not too late, none is, and where it is, it alone is told.
    pub fn see(&mut self, word: Word) -> Vec<WrongTime> {
        let Some(tolerance) = self.tolerance.filter(|_| !self.set_aside.contains(&word)) else { return Vec::new() };
        if is_to_come(word.at, self.now, Some(tolerance)) {
            self.set_aside.insert(word.clone());
            return vec![WrongTime::ToCome { word, now: self.now }];
        }
        let is_later = |other: &&Word| word.at.duration_until(other.at) > tolerance;
        let later = self.seen.iter().rev().take_while(is_later);
        let against: Vec<_> = later.filter(|other| other.size < word.size).cloned().collect();
        let too_late = self.latest.filter(|latest| word.at.duration_until(latest.at) >= tolerance + STATED);
        let wrong = match (too_late, against.first()) {
            (Some(_), Some(by)) => {
                self.set_aside.insert(word.clone());
                return vec![WrongTime::Contradicted { by: by.clone(), word }];
            }
            (Some(latest @ Latest { index, at, is_told: false }), None) => {
                self.latest = Some(Latest { is_told: true, ..latest });
                vec![WrongTime::TooLate { index, at, word: word.clone() }]
            }
            _ => against.into_iter().map(|other| self.disbelieve(other, &word)).collect(),
        };
        // The same checkpoint may come twice.
        if let Err(place) = self.seen.binary_search(&word) {
            self.seen.insert(place, word);
        }
        wrong
    }

    /// Takes the next event. What is known by now to be wrong with its time, or with that of those before it.
    pub fn check(&mut self, index: u64, at: Timestamp) -> Vec<WrongTime> {
        let Some(tolerance) = self.tolerance else { return Vec::new() };
        let against = self.seen.partition_point(|word| at.duration_until(word.at) <= tolerance);
        if let Some(word) = self.seen.get(against) {
            self.early.entry(word.clone()).or_default().push((index, at));
        }
        let latest = self.latest.filter(|latest| at < latest.at).unwrap_or(Latest { index, at, is_told: false });
        self.latest = Some(latest);
        // Whoever contradicts such a word from now on is contradicted by the log as well, and not believed.
        let is_past = |word: &Word| word.at.duration_until(latest.at) >= STATED;
        while self.seen.get(1).is_some_and(is_past) {
            self.seen.pop_front();
        }
        let mut wrong = Vec::new();
        while let Some(past) = self.early.first_entry().filter(|early| is_past(early.key())) {
            let (word, events) = past.remove_entry();
            wrong.extend(too_early(&word, events));
        }
        wrong
    }

    /// Ends the log here: nobody contradicts any more what was said.
    pub fn finish(self) -> Vec<WrongTime> {
        self.early.into_iter().flat_map(|(word, events)| too_early(&word, events).collect::<Vec<_>>()).collect()
    }

    /// A word speaks against no event any more. Where it is the earliest that did, the others that did are later, and are
    /// not believed either.
    fn disbelieve(&mut self, word: Word, by: &Word) -> WrongTime {
        self.seen.retain(|other| *other != word);
        self.early.remove(&word);
        self.set_aside.insert(word.clone());
        WrongTime::Contradicted { word, by: by.clone() }
    }
}

fn too_early(word: &Word, events: Vec<(u64, Timestamp)>) -> impl Iterator<Item = WrongTime> {
    events.into_iter().map(|(index, at)| WrongTime::TooEarly { index, at, word: word.clone() })
}

impl WrongTime {
    /// What kind of fault it is: of an event, or of the word.
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::TooEarly { .. } | Self::TooLate { .. } => FindingKind::TimeOutOfBounds,
            Self::ToCome { word, .. } | Self::Contradicted { word, .. } => match word.by {
                Voucher::Witness(_) => FindingKind::Cosignature,
                Voucher::Authority(_) => FindingKind::TimeStamp,
            },
        }
    }

    /// The position of the event, where it is a fault of one.
    pub fn index(&self) -> Option<u64> {
        match self {
            Self::TooEarly { index, .. } | Self::TooLate { index, .. } => Some(*index),
            Self::ToCome { .. } | Self::Contradicted { .. } => None,
        }
    }

    /// The word that it rests on, or is wrong with.
    pub fn word(&self) -> &Word {
        match self {
            Self::TooEarly { word, .. }
            | Self::TooLate { word, .. }
            | Self::ToCome { word, .. }
            | Self::Contradicted { word, .. } => word,
        }
    }
}

impl fmt::Display for WrongTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooEarly { at, word, .. } => write!(f, "recorded at {at}, and {word}, without it"),
            Self::TooLate { at, word, .. } => write!(f, "recorded at {at}, and {word}, with it"),
            Self::ToCome { word, now } => write!(f, "{word}, as it says, and now it is {now}: this bounds nothing"),
            Self::Contradicted { word, by } => write!(
                f,
                "{word}, as it says, and {by}: one of them has the time wrong, or was not shown all that the log had; by what \
                 the log says it is the former, which bounds nothing"
            ),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, size, by } = self;
        write!(f, "at {at} {by} saw the log of {}", counted(*size, "event", "events"))
    }
}

impl fmt::Display for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Witness(name) => write!(f, "the witness {name}"),
            Self::Authority(name) => write!(f, "the authority {name}"),
        }
    }
}

#[cfg(test)]
mod tests;
