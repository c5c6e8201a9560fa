//! Why a log, or one event of it, cannot be read.

use std::io;

use crate::interchange::read::Place;

/// Why a log, or one event of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file itself fails.
    #[error("the file cannot be read {}", behind(.after))]
    File {
        /// The last thing that was read.
        after: Option<Place>,
        /// What the system says.
        source: io::Error,
    },
    /// The gzip data is cut off or damaged.
    #[error("the gzip data is cut off or damaged {}", behind(.after))]
    Gzip {
        /// The last thing that was read.
        after: Option<Place>,
        /// What is wrong with it.
        source: io::Error,
    },
    /// One event takes up too much of the file.
    #[error(
        "what stands {} takes up more than {limit} bytes without an end: no event may be larger",
        behind(.after)
    )]
    TooLarge {
        /// The last thing that was read.
        after: Option<Place>,
        /// The most bytes allowed.
        limit: u64,
    },
    /// The file is not what it should be, and cannot be read past this place.
    #[error("{}{message}", prefix(.place))]
    Malformed {
        /// Where.
        place: Option<Place>,
        /// What is wrong and what would be right.
        message: String,
    },
    /// One event is not what it should be; the next ones can be read.
    #[error("{place}: {message}")]
    Event {
        /// Where.
        place: Place,
        /// What is wrong and what would be right.
        message: String,
    },
}

fn behind(place: &Option<Place>) -> String {
    match place {
        Some(place) => format!("after {place}"),
        None => "before its first event".to_owned(),
    }
}

fn prefix(place: &Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!("{place}: "))
}

impl ReadError {
    pub(crate) fn event(place: Place, message: impl Into<String>) -> Self {
        Self::Event { place, message: message.into() }
    }

    pub(crate) fn malformed(place: Option<Place>, message: impl Into<String>) -> Self {
        Self::Malformed { place, message: message.into() }
    }

    /// Whether reading goes on behind it: what `--continue` may skip.
    #[must_use]
    pub fn concerns_one_event(&self) -> bool {
        match self {
            Self::Event { .. } => true,
            Self::File { .. } | Self::Gzip { .. } | Self::TooLarge { .. } | Self::Malformed { .. } => false,
        }
    }

    /// Where in the file it is; for what is cut off, the last place that was read.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Event { place, .. } => Some(*place),
            Self::Malformed { place, .. } => *place,
            Self::File { after, .. } | Self::Gzip { after, .. } | Self::TooLarge { after, .. } => *after,
        }
    }
}
