//! Audits: the log goes out as a bundle, and whoever has one verifies it without this house; inside, the log is
//! replayed and compared with what is served.
//!
//! A bundle is a folder. `entries.jsonl` has a ledger entry a line and `payloads.jsonl` its payload and metadata, to
//! the byte. `checkpoint` is what the signer signed of them, with cosignatures; `previous-checkpoint` and
//! `consistency-proof` tie it to the one before, `time-stamps/` holds RFC 3161 tokens. A whole log comes with its
//! hashes as `tile/…` (C2SP tlog-tiles) and with `anchors/SIZE/`, checkpoints of before with everybody outside who has
//! cosigned or stamped them; a part of one with `proofs/POSITION.tlog-proof` for each event.
//! `MANIFEST.json` says which it is, and a verdict repeats that: every position of a range is asked for, and every
//! event of a stream from its first on. Whether the end of a stream was cut off, only the whole log can tell. Keys are
//! never in it: an auditor has them from elsewhere.

mod anchors;
mod bundle;
mod case;
mod commands;
mod draft;
mod export;
mod follow;
mod part;
mod replay;
mod sealed;
mod tiles;
mod verdict;
mod verify;
mod vouchers;
mod witnesses;

use std::io;
use std::path::PathBuf;

pub use case::state_of_case;
pub use draft::DraftFolder;
pub use export::{Part, export};
pub use follow::{Followed, Follower};
pub use replay::replay;
pub use verdict::{Fault, Projection, Verdict};
pub use verify::{Trusted, origin, verify};
pub use witnesses::Witnessed;

use crate::app;

/// Why an audit could not be made: nothing is said of the log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file or folder cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is no bundle.
    #[error("{} is no bundle: {reason}", path.display())]
    NoBundle {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is no checkpoint of the log.
    #[error("{} is no checkpoint of the log: {reason}", path.display())]
    NoCheckpoint {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What was asked for is not there, or is not sealed.
    #[error("{0}")]
    NothingToExport(String),
    /// The keys are not enough to verify anything.
    #[error("{0}")]
    Keys(String),
    /// The application failed.
    #[error(transparent)]
    App(#[from] app::Fault),
    /// A proof could not be made.
    #[error(transparent)]
    Proof(#[from] app::NoProof),
    /// The server that is followed gave no usable answer.
    #[error("the server gave no usable answer: {0}")]
    Server(String),
}

impl AuditError {
    /// What kind of failure: a stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "FILE_UNUSABLE",
            Self::NoBundle { .. } => "NO_BUNDLE",
            Self::NoCheckpoint { .. } => "NO_CHECKPOINT",
            Self::NothingToExport(_) => "NOTHING_TO_EXPORT",
            Self::Keys(_) => "KEYS_MISSING",
            Self::Proof(_) => "NO_PROOF",
            Self::Server(_) => "NO_ANSWER",
            Self::App(fault) if fault.is_damage() => "DATABASE_DAMAGED",
            Self::App(_) => "DATABASE_UNUSABLE",
        }
    }

    fn of_file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
