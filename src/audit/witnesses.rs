//! How far each witness has cosigned what a follower has seen of a log, kept beside its memory. A server that shows one log
//! to this auditor and another one to a witness has no cosignatures of that witness to show here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::AuditError;
use crate::audit::follow::{beside, keep, read};
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::ledger::signed::SignedCheckpoint;

/// A witness of whom a follower has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its name.
    pub name: String,
    /// How many events the largest checkpoint covers that was seen with its cosignature; absent where none was.
    pub cosigned: Option<u64>,
    /// Since when the log was seen with more, by the clock of the auditor.
    pub behind_since: Option<Timestamp>,
}

/// What is kept of a witness.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    cosigned: Option<u64>,
    behind_since: Option<Timestamp>,
}

/// The witnesses of a follower.
pub(super) struct Witnesses {
    names: Vec<String>,
    path: PathBuf,
}

impl Witnesses {
    /// Those of these keys, of a follower with that memory.
    pub(super) fn of(keys: &[VerifierKey], memory: &Path) -> Self {
        let witnesses = keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature);
        let mut names: Vec<_> = witnesses.map(|key| key.name().to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        Self { names, path: beside(memory, ".witnesses") }
    }

    /// How far each had cosigned when it was looked at before.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(super) fn kept(&self) -> Result<Vec<Witnessed>, AuditError> {
        // What is no such file any more says nothing: it begins anew.
        let text = read(&self.path)?.unwrap_or_default();
        let kept: BTreeMap<String, Kept> = serde_json::from_str(&text).unwrap_or_default();
        let witnessed = |name: &String| {
            let Kept { cosigned, behind_since } = kept.get(name).copied().unwrap_or_default();
            // A program of before has kept 0 where it had seen none.
            Witnessed { name: name.clone(), cosigned: cosigned.filter(|size| *size > 0), behind_since }
        };
        Ok(self.names.iter().map(witnessed).collect())
    }

    /// No cosignature of any of them was seen yet.
    pub(super) fn unheard(&self) -> Vec<Witnessed> {
        let unheard = |name: &String| Witnessed { name: name.clone(), cosigned: None, behind_since: None };
        self.names.iter().map(unheard).collect()
    }

    /// Keeps how far each has cosigned.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn keep(&self, witnessed: &[Witnessed]) -> Result<(), AuditError> {
        if self.names.is_empty() {
            return Ok(());
        }
        let kept: BTreeMap<_, _> = witnessed
            .iter()
            .map(|Witnessed { name, cosigned, behind_since }| {
                (name, Kept { cosigned: *cosigned, behind_since: *behind_since })
            })
            .collect();
        keep(&self.path, &serde_json::to_string(&kept).expect("names, numbers and times always serialise"))
    }
}

impl Witnessed {
    /// Hears what was signed: that it is of the log was proved.
    pub(super) fn hear(&mut self, signed: &SignedCheckpoint) {
        let size = Some(signed.checkpoint.head.size);
        if size > self.cosigned && signed.signers().any(|signer| signer == self.name) {
            self.cosigned = size;
            self.behind_since = None;
        }
    }

    /// Takes note that the log was seen at that time with so many events.
    pub(super) fn compare(&mut self, size: u64, now: Timestamp) {
        let since = self.behind_since.filter(|since| *since <= now).unwrap_or(now);
        self.behind_since = (self.cosigned < Some(size)).then_some(since);
    }
}
