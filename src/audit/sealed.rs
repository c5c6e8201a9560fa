//! What was sealed in the course of time: every checkpoint of a database against the tree of its log. The latest vouches for
//! all events; the others are what receipts and bundles as of earlier moments rest on.

use std::collections::VecDeque;

use crate::app::App;
use crate::audit::replay::told;
use crate::audit::{AuditError, Verdict};
use crate::ledger::names::Names;
use crate::ledger::note::{NoteError, VerifierKey};
use crate::ledger::signed::{NotSigned, SignedCheckpoint};
use crate::ledger::tree::{Hash, TreeHead};

/// Checkpoints read at a time.
const CHECKPOINTS_PAGE: u32 = 1_000;

/// The trees that were signed and are still to be compared, the smallest first.
pub(super) struct SealedTrees(VecDeque<TreeHead>);

impl SealedTrees {
    /// Those of all checkpoints that one of the keys has signed; what is no checkpoint of the log is told.
    pub(super) async fn read(
        app: &App,
        names: &Names,
        keys: &[VerifierKey],
        verdict: &mut Verdict,
    ) -> Result<Self, AuditError> {
        let (mut trees, mut of_others) = (VecDeque::new(), 0_u64);
        if keys.is_empty() {
            return Ok(Self(trees));
        }
        let mut after = 0;
        loop {
            let page = told(app.checkpoints(after, CHECKPOINTS_PAGE).await, "CHECKPOINTS_UNREADABLE", verdict)?;
            let page = page.unwrap_or_default();
            let Some(last) = page.last() else { break };
            after = last.size;
            for stored in page {
                let head = TreeHead { size: stored.size, root: stored.root };
                let wrong = match SignedCheckpoint::verify(stored.note.as_bytes(), names, keys) {
                    Ok(signed) if signed.checkpoint.head == head => {
                        trees.push_back(head);
                        continue;
                    }
                    Ok(_) => "what is signed is not what its columns say".to_owned(),
                    // The log had another key before it took another name; who has none of it learns nothing of these.
                    Err(NotSigned::Note(NoteError::Unsigned { .. })) => {
                        of_others += 1;
                        continue;
                    }
                    Err(error) => error.to_string(),
                };
                verdict.fault(None, "CHECKPOINT", format!("the checkpoint of {} events: {wrong}", head.size));
            }
        }
        if of_others > 0 {
            let message = format!("{of_others} checkpoints are signed with keys that were not given, and not verified");
            verdict.notes.push(message);
        }
        Ok(Self(trees))
    }

    /// Compares the one of so many events. After one that is of another tree the later ones would all be.
    pub(super) fn compare(&mut self, size: u64, root: impl FnOnce() -> Hash, verdict: &mut Verdict) {
        let Some(signed) = self.0.pop_front_if(|signed| signed.size == size) else { return };
        if signed.root != root() {
            self.0.clear();
            verdict.fault(None, "ROOT_WRONG", format!("the first {size} entries make another root than was signed"));
        }
    }
}
