//! A log that was restored from a backup: whether it can go on as it is, or has to take another name.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::ledger::{NoProof, Witness};
use crate::app::request::{Failure, Fault, Key, Request};
use crate::domain::actor::Actor;
use crate::domain::log::Log;
use crate::domain::log::command::RecordRecovery;
use crate::domain::log::event::{RecoveredFrom, SignedTree};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::tree::{TreeHead, base64};
use crate::ledger::witness::{AddCheckpoint, NotSigned};
use crate::signer::{SignError, Signer};
use crate::store::Sealed;

/// How a restored log goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Resumed {
    /// As it was: the signer has signed exactly this tree, and nothing after it.
    AsItWas,
    /// Under another name.
    Renamed {
        /// What was recorded of it.
        recovery: RecoveredFrom,
        /// Whether the signer knows the name of before, and so what was signed under it last.
        is_remembered: bool,
    },
}

/// Why a restored log does not go on.
#[derive(Debug, thiserror::Error)]
pub enum NotResumed {
    /// Nobody signs it.
    #[error("nobody signs the log in this process")]
    NoSigner,
    /// The signer or a witness has seen another tree of as many events.
    #[error("{size} other events of this log were signed: the backup is not of it, or was changed")]
    Forked {
        /// How many.
        size: u64,
    },
    /// The signer or a witness gave no answer.
    #[error(transparent)]
    Signer(SignError),
    /// The log cannot be read.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] NoProof),
    /// The recovery cannot be recorded.
    #[error(transparent)]
    Recording(#[from] Failure),
}

impl App {
    /// Has a restored log go on. The memories of the signer and of the witnesses decide: where they end with just this
    /// tree, nothing is lost. Else something may be, and the log takes another name, so that no position is ever signed
    /// for two events of one name; and so it does where its key is lost, for no other one signs under its name. `seen` is
    /// the largest tree of it that somebody else has kept.
    ///
    /// # Errors
    /// See [`NotResumed`]; nothing is recorded then.
    pub async fn resume(&self, seen: Option<TreeHead>) -> Result<Resumed, NotResumed> {
        let seals = self.seals.clone().ok_or(NotResumed::NoSigner)?;
        let tree = self.tree().await?;
        let previous_origin = self.origin().await?;
        let signed = self.signed_up_to(&*seals.signer, &previous_origin, tree.size()).await?;
        let mut last = signed;
        for Witness(witness) in &seals.anchors.witnesses {
            last = last.max(self.witnessed_up_to(witness, &previous_origin).await?);
        }
        let seen = seen.filter(|seen| seen.size > tree.size());
        let key = seals.signer.verifier(&previous_origin).map_err(NotResumed::Signer)?;
        let has_its_key =
            self.checkpoint_of_this_name().await?.is_none_or(|latest| key.has_signed(&latest.note).is_ok());
        if tree.size() > 0 && signed == tree.size() && last == signed && seen.is_none() && has_its_key {
            return Ok(Resumed::AsItWas);
        }
        let id = Uuid::from_bytes(self.clock.random());
        let recovery = RecoveredFrom {
            origin: format!("etalon.local/{}", id.simple()),
            previous_origin,
            size: tree.size(),
            root: base64(&tree.root()),
            last_signed: last_signed(last, seen),
        };
        let request = Request {
            actor: Actor::clock(),
            key: Key::unique(self.new_id()),
            expected_version: None,
            occurred_at: None::<Timestamp>,
            source: None,
        };
        let command = RecordRecovery { recovery: recovery.clone() };
        self.execute::<Log>(&request, id, command.into()).await?;
        Ok(Resumed::Renamed { recovery, is_remembered: signed > 0 })
    }

    /// Has a restored log served from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_restore(&self) -> Result<(), Fault> {
        Ok(self.store.end_restore().await?)
    }

    /// How many events of that name the signer has signed, once it is known to have signed these where there are so
    /// many.
    async fn signed_up_to(&self, signer: &dyn Signer, origin: &str, size: u64) -> Result<u64, NotResumed> {
        let mut size = size;
        loop {
            let head = TreeHead { size, root: self.root(size).await? };
            let checkpoint = Checkpoint { origin: origin.to_owned(), head }.to_string();
            match self.asked(signer, AddCheckpoint { old_size: size, proof: Vec::new(), checkpoint }).await? {
                // It has signed fewer: are they those that are here?
                last if 0 < last && last < size => size = last,
                last => return Ok(last),
            }
        }
    }

    /// How many events of that name the witness has seen, by the checkpoint that the log has of it; 0 where it has
    /// none.
    async fn witnessed_up_to(&self, witness: &dyn Signer, origin: &str) -> Result<u64, NotResumed> {
        let kept = self.store.checkpoint(Sealed::Latest).await.map_err(Fault::from)?;
        let Some(kept) = kept.filter(|kept| kept.origin() == origin) else { return Ok(0) };
        let request = AddCheckpoint { old_size: kept.size, proof: Vec::new(), checkpoint: kept.note };
        self.asked(witness, request).await
    }

    /// How far it was seen that was to go on from just there.
    async fn asked(&self, signer: &dyn Signer, request: AddCheckpoint) -> Result<u64, NotResumed> {
        match signer.sign(&request, self.clock.now()).await {
            Ok(_) => Ok(request.old_size),
            Err(SignError::NotSigned(NotSigned::Outdated { size })) => Ok(size),
            Err(SignError::NotSigned(NotSigned::Forked { size })) => Err(NotResumed::Forked { size }),
            Err(error) => Err(NotResumed::Signer(error)),
        }
    }
}

/// The larger of what the signer says and of what somebody else has; only that one comes with its root.
fn last_signed(signed: u64, seen: Option<TreeHead>) -> Option<SignedTree> {
    match seen {
        Some(seen) if seen.size >= signed => Some(SignedTree { size: seen.size, root: Some(base64(&seen.root)) }),
        _ => (signed > 0).then_some(SignedTree { size: signed, root: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_tree_was_signed_last() {
        let seen = |size| Some(TreeHead { size, root: [1; 32] });
        assert_eq!(last_signed(0, None), None);
        assert_eq!(last_signed(7, None).map(|signed| (signed.size, signed.root)), Some((7, None)));
        assert_eq!(last_signed(7, seen(6)).map(|signed| (signed.size, signed.root)), Some((7, None)));
        assert_eq!(last_signed(7, seen(7)).map(|signed| (signed.size, signed.root)), Some((7, Some(base64(&[1; 32])))));
    }
}
