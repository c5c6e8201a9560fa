//! Why a log cannot be written.

use std::io;

/// Why a log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system does not take it.
    #[error("the log cannot be written")]
    Out(#[from] io::Error),
    /// What is stored is not what an event is.
    #[error("what is stored at position {position} cannot be read as an event")]
    Stored {
        /// Which event.
        position: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// What is stored runs over several lines, which JSON Lines cannot carry without changing it.
    #[error("what is stored at position {position} runs over several lines")]
    SeveralLines {
        /// Which event.
        position: u64,
    },
    /// A case has to come from its first event on.
    #[error("the case {case} does not come from its first event on: position {position} is sequence {sequence}")]
    WithoutBeginning {
        /// Which case.
        case: String,
        /// Which event.
        position: u64,
        /// Its place in its case.
        sequence: u64,
    },
}
