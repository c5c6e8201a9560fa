//! As of when a question is answered.

use serde::{Deserialize, Serialize};

/// As of when a question is answered. Who may see the answer is always judged on the present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// Now.
    #[default]
    Present,
    /// As the log had it just after the event at this position.
    Position(u64),
    /// What had happened by this time (microseconds since the Unix epoch), by what the log knows now: of every stream
    /// the events that occurred by then, in the order of the log.
    Occurred(i64),
}

impl Moment {
    /// The last position that is part of it; `None` where positions do not limit it.
    #[must_use]
    pub fn last_position(self) -> Option<u64> {
        match self {
            Self::Present | Self::Occurred(_) => None,
            Self::Position(position) => Some(position),
        }
    }
}
