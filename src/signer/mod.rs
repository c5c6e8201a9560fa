//! Who signs a log: a [`Notary`] with its key and its own memory of what it has signed, in this process or, as a
//! [`service`], in another. It signs nothing that is not proved to go on from what it signed last, so whoever rewrites
//! the log and computes a new tree is found out.

mod memory;
mod notary;
mod remote;
pub mod service;

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;

pub use notary::{Notary, Role};
pub use remote::RemoteSigner;

use crate::ledger::note::{NoteError, VerifierKey};
use crate::ledger::witness::{AddCheckpoint, NotSigned};

/// Signs checkpoints.
#[async_trait]
pub trait Signer: Send + Sync {
    /// What its signatures of the log of this name are checked with.
    ///
    /// # Errors
    /// [`SignError::Note`] where the name is none.
    fn verifier(&self, origin: &str) -> Result<VerifierKey, SignError>;

    /// Signs a checkpoint that goes on from the last one; answers the signature line.
    ///
    /// # Errors
    /// See [`SignError`].
    async fn sign(&self, request: &AddCheckpoint, now: Timestamp) -> Result<String, SignError>;
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The checkpoint does not go on from what was signed last.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// The log is none that the signer knows.
    #[error("the log {origin:?} is not one that this witness cosigns")]
    UnknownLog {
        /// Its name.
        origin: String,
    },
    /// The checkpoint is none, or is not signed by its log.
    #[error("no checkpoint that its log has signed")]
    Note(#[from] NoteError),
    /// The checkpoint is none.
    #[error(transparent)]
    Checkpoint(#[from] crate::ledger::checkpoint::NoCheckpoint),
    /// What was signed before cannot be read or kept.
    #[error("the signer cannot use its memory {}", path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The signer or the witness is another process and gave no signature.
    #[error("{peer} gave no signature: {reason}")]
    Remote {
        /// Who, and at which host.
        peer: String,
        /// Why.
        reason: String,
    },
}
