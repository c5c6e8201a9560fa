//! The axis of what had happened: where an append stands on it, and which rows it needs there.
//!
//! A state on this axis is what the events of one stream that occurred by a time make, in the order of the log. While
//! they come in the order in which they happened, the row of an append serves this axis as well. An append that is
//! back-dated brings the stream's whole history on this axis anew.

use crate::store::record::EventRecord;
use crate::store::row::{CaseRow, RegisterRow};

/// When what an append records had happened. Times are microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// All of it at this time, and nothing of its stream later: from here on its row is what was so.
    InOrder {
        /// When.
        at: i64,
    },
    /// Some of it before other events of its stream, or at several times.
    Anew {
        /// What was so before `last_at`, in the order of time, without gaps.
        states: Vec<PastState>,
        /// When the latest event of the stream happened: from here on the append's own row is what was so.
        last_at: i64,
    },
}

impl Default for Happened {
    fn default() -> Self {
        Self::InOrder { at: 0 }
    }
}

impl Happened {
    /// When the latest event of the stream happened.
    pub(super) fn until(&self) -> i64 {
        match self {
            Self::InOrder { at } => *at,
            Self::Anew { last_at, .. } => *last_at,
        }
    }
}

/// What was so from a time until the next state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastState {
    /// Since when.
    pub from: i64,
    /// How many events had happened.
    pub version: u64,
    /// Which of them the log took last.
    pub last: LastEvent,
    /// The row.
    pub row: PastRow,
}

/// The last event of a state, by the order of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEvent {
    /// One that the log had already.
    Stored {
        /// Where.
        position: u64,
        /// When the log took it.
        recorded_at: i64,
    },
    /// One of the append.
    OfAppend {
        /// How many events of the append follow it.
        followed_by: u64,
    },
}

impl From<&EventRecord> for LastEvent {
    fn from(record: &EventRecord) -> Self {
        Self::Stored { position: record.position, recorded_at: record.recorded_at }
    }
}

/// The row of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every row is the large variant")]
pub enum PastRow {
    /// Of a case.
    Case(CaseRow),
    /// Of an entry of a register.
    Register(RegisterRow),
}
