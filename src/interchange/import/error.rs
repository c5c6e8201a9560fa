//! Why an import ended, and why one event cannot come in.

use std::io;

use jiff::Timestamp;

use crate::app::Failure;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Division;
use crate::interchange::mapping::personal::Unmet;
use crate::interchange::mapping::plan::PlanError;
use crate::interchange::read::Place;
use crate::interchange::read::error::ReadError;

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the file cannot be read again from its beginning")]
    File(#[source] io::Error),
    /// The log cannot be read, or an event of it cannot come in.
    #[error("nothing was imported")]
    Bad(#[source] BadEvent),
    /// An earlier import has the campaign serve elsewhere.
    #[error("nothing was imported: `campaign.jurisdiction`: the log has {recorded}, the mapping says {mapped}")]
    Jurisdiction {
        /// As the log has it.
        recorded: Division,
        /// As the mapping has it.
        mapped: Division,
    },
    /// The mapping lists names as personal that the file does not have: what it has under others would be on record for
    /// everybody to read, for good.
    #[error(
        "nothing was imported: the mapping lists as `personal` what no event of the file has: {0}: mend the names, or leave \
         them out where the file says nothing of the kind"
    )]
    PersonalUnmet(Unmet),
    /// The campaign or an organisation was refused.
    #[error("{what} cannot be put on record")]
    Frame {
        /// Which.
        what: String,
        /// Why.
        source: Failure,
    },
    /// The house failed; what was committed stays, and the same file given again goes on from there.
    #[error("the import was interrupted; give the same file again to go on")]
    Interrupted(#[source] Failure),
}

impl ImportError {
    /// What kind of failure: a stable code, where it has one of its own.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Jurisdiction { .. } => Some("JURISDICTION_DIFFERS"),
            Self::PersonalUnmet(_) => Some("PERSONAL_UNMET"),
            Self::File(_) | Self::Bad(_) | Self::Frame { .. } | Self::Interrupted(_) => None,
        }
    }
}

/// Why one event cannot come in.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    /// It cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// The mapping makes no sense of it.
    #[error(transparent)]
    Plan(PlanError),
    /// It cannot have happened then.
    #[error("{0}: {reason}", reason = .1.message)]
    Misdated(Place, Refusal),
    /// It is new, but may be an event that was brought in before, changed.
    #[error(
        "{place}: nothing new of this case comes in: the file has changed, it no longer has an event of {missing} as an \
         earlier import brought it in, and this may be that event"
    )]
    Changed {
        /// Where it stands.
        place: Place,
        /// When that event happened.
        missing: Timestamp,
    },
    /// What is there of its case cannot be compared with it.
    #[error(
        "{place}: nothing new of this case comes in: whether it has this event cannot be told any more, for what came in by \
         position {position} did so before the database went on with other data keys"
    )]
    Untold {
        /// Where it stands.
        place: Place,
        /// The position of an event of the case.
        position: u64,
    },
    /// Another import brings in the same log.
    #[error(
        "{0}: another import of this log brought in another event of this case meanwhile: give the file again when that \
         has ended"
    )]
    Overtaken(Place),
    /// It is internal, and would come in as what everybody reads who sees the case.
    #[error(
        "{0}: what is internal neither opens a case nor becomes a legacy activity, which whoever sees the case reads"
    )]
    Internal(Place),
    /// The domain refuses it even as a legacy activity.
    #[error("{0}: {1}")]
    Refused(Place, Refusal),
}

impl BadEvent {
    pub(super) fn refused(place: Place, refusal: Refusal) -> Self {
        if refusal.code == Code::IdempotencyKeyReused { Self::Overtaken(place) } else { Self::Refused(place, refusal) }
    }

    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::Read(error) => error.place(),
            Self::Plan(error) => Some(error.place),
            Self::Changed { place, .. }
            | Self::Untold { place, .. }
            | Self::Overtaken(place)
            | Self::Internal(place)
            | Self::Misdated(place, _)
            | Self::Refused(place, _) => Some(*place),
        }
    }
}
