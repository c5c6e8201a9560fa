//! A log that was restored from a backup: whether it can go on as it is, or has to take another name.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::ledger::seal::NotSealed;
use crate::app::request::{Failure, Fault, Key, Request};
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::log::Log;
use crate::domain::log::command::RecordRecovery;
use crate::domain::log::event::{RecoveredFrom, SignedTree};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::tree::{TreeHead, base64};
use crate::ledger::witness::{AddCheckpoint, NotSigned};
use crate::signer::SignError;

/// How a restored log goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Resumed {
    /// As it was: the signer has signed exactly this tree, and nothing after it.
    AsItWas,
    /// Under another name.
    Renamed(RecoveredFrom),
}

/// Why a restored log does not go on.
#[derive(Debug, thiserror::Error)]
pub enum NotResumed {
    /// Nobody signs it.
    #[error("nobody signs the log in this process")]
    NoSigner,
    /// The signer has signed another tree of as many events.
    #[error("the signer has signed {size} other events of this log: the backup is not of it, or was changed")]
    Forked {
        /// How many.
        size: u64,
    },
    /// The signer gave no answer.
    #[error(transparent)]
    Signer(SignError),
    /// The log cannot be read.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The recovery cannot be recorded.
    #[error(transparent)]
    Recording(#[from] Failure),
    /// What was recorded cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] NotSealed),
}

impl App {
    /// Has a restored log go on. The signer's memory decides: where it ends with just this tree, nothing is lost. Else
    /// something may be, and the log takes another name, so that no position is ever signed for two events of one name.
    /// `seen` is the largest tree of it that somebody outside has.
    ///
    /// # Errors
    /// See [`NotResumed`]; nothing is recorded then.
    pub async fn resume(&self, seen: Option<TreeHead>) -> Result<Resumed, NotResumed> {
        let seals = self.seals.clone().ok_or(NotResumed::NoSigner)?;
        let tree = self.tree().await?;
        let previous_origin = self.origin().await?;
        let checkpoint = Checkpoint { origin: previous_origin.clone(), head: tree.head() };
        let request = AddCheckpoint { old_size: tree.size(), proof: Vec::new(), checkpoint: checkpoint.to_string() };
        let signed = match seals.signer.sign(&request, self.clock.now()).await {
            Ok(_) => tree.size(),
            Err(SignError::NotSigned(NotSigned::Outdated { size })) => size,
            Err(SignError::NotSigned(NotSigned::Forked { size })) => return Err(NotResumed::Forked { size }),
            Err(error) => return Err(NotResumed::Signer(error)),
        };
        let seen = seen.filter(|seen| seen.size > tree.size());
        if signed == tree.size() && seen.is_none() {
            return Ok(Resumed::AsItWas);
        }
        let id = Uuid::from_bytes(self.clock.random());
        let recovery = RecoveredFrom {
            origin: format!("etalon.local/{}", id.simple()),
            previous_origin,
            size: tree.size(),
            root: base64(&tree.root()),
            last_signed: last_signed(signed, seen),
        };
        let request = Request {
            actor: Actor::of_the_server(ActorId::clock(), Role::Clock),
            key: Key::unique(self.new_id()),
            expected_version: None,
            occurred_at: None::<Timestamp>,
            source: None,
        };
        let command = RecordRecovery { recovery: recovery.clone() };
        self.execute::<Log>(&request, id, command.into()).await?;
        self.seal_now().await?;
        Ok(Resumed::Renamed(recovery))
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
