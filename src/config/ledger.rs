//! The settings of the ledger: who signs the log, and who vouches for it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::list::ListOrText;

/// Who signs the log, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSettings {
    /// `ledger_key_file`: the key that this process signs checkpoints with. Default: `ledger-key.pem` in the data
    /// folder.
    pub key_file: PathBuf,
    /// `ledger_memory_file`: what that key has signed last. Default: `ledger-memory.json` in the data folder.
    pub memory_file: PathBuf,
    /// The signer that is another process. Default: none, this process signs.
    pub signer: Option<SignerSettings>,
    /// `witnesses`: who cosigns checkpoints. Default: nobody.
    pub witnesses: Vec<WitnessSettings>,
    /// `time_stamp_url`: an authority for RFC 3161 time stamps. Default: none.
    pub time_stamp_url: Option<String>,
    /// `time_stamp_every_ms`: how often a checkpoint is stamped while the log grows, 1 s to a week. Default: an hour.
    pub time_stamp_every: Duration,
}

/// A signer that is another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerSettings {
    /// `signer_url`: where it listens.
    pub url: String,
    /// `signer_key`: what its signatures are checked with.
    pub key: String,
    /// `signer_token_file`: what it is shown. Default: `signer-token` in the data folder.
    pub token_file: PathBuf,
}

/// Somebody who cosigns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSettings {
    /// Its submission prefix.
    pub url: String,
    /// What its cosignatures are checked with.
    pub key: String,
}

/// Witnesses, each as its URL, a space and its key; as a list, or as a text with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "ListOrText")]
pub(super) struct Witnesses(pub(super) Vec<WitnessSettings>);

impl TryFrom<ListOrText> for Witnesses {
    type Error = String;

    fn try_from(given: ListOrText) -> Result<Self, Self::Error> {
        let witness = |text: &String| match text.split_once(' ') {
            Some((url, key)) => Ok(WitnessSettings { url: url.to_owned(), key: key.trim().to_owned() }),
            None => Err(format!("`{text}` is no witness: write its URL, a space and its verifier key")),
        };
        given.list().iter().map(witness).collect::<Result<_, _>>().map(Self)
    }
}
