//! Sealing: what was committed is signed as a checkpoint within a second.
//!
//! Any number of servers may seal one log: the signer's memory lets each checkpoint be signed once, and the same
//! signature is kept once.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::ledger::{NoProof, Seals};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::NoteError;
use crate::ledger::proof::Plan;
use crate::ledger::witness::{AddCheckpoint, NotSigned};
use crate::signer::{SignError, Signer};
use crate::store::{LogEnd, StoreError, StoredCheckpoint};
use crate::telemetry::causes::with_causes;

/// How often the log is looked at for what other processes have committed: a commit is sealed within a second.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// How long it waits after a failure; doubled with each one that follows, up to the longest. A signer that is back is
/// soon asked again: what is not sealed is nobody's word.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(4);

/// How often a signer is asked again, from where it says that it was. More is for one that does not keep to what it
/// says, such as several behind one address with a memory each.
const CORRECTIONS: usize = 3;

/// Why a log is not sealed.
#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    /// The signer gave no signature.
    #[error(transparent)]
    Signer(#[from] SignError),
    /// The tree that was signed last cannot be proved to have become this one.
    #[error(transparent)]
    Proof(#[from] NoProof),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the signer gave is no signature by its key.
    #[error("the signer's signature does not verify by its own key")]
    Signature(#[source] NoteError),
    /// The log was sealed with another key before.
    #[error(
        "the log was sealed by another key before (LEDGER_KEY_OTHER): all servers of a log need the same ledger key, or one \
         signer"
    )]
    OtherKey(#[source] NoteError),
}

/// Seals what is committed, until it is stopped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sealer;

impl Sealer {
    /// Seals again and again, and a last time when it is stopped. Where nobody signs, it only waits. It ends by itself where
    /// another key has sealed the log, as that of the first of several servers of a new one: what it is to sign no auditor
    /// would take from it.
    pub async fn run(self, app: Arc<App>, stop: CancellationToken) {
        let Some(seals) = app.seals.clone() else { return stop.cancelled().await };
        let mut committed = app.writer.committed();
        let mut rest = FIRST_REST;
        let mut wait = seals.pause;
        loop {
            // Several commits are sealed together; one that comes alone does not wait long.
            sleep_or_stop(wait, &stop).await;
            if !stop.is_cancelled() {
                tokio::select! {
                    _ = committed.changed() => {}
                    () = tokio::time::sleep(LOOKS_EVERY) => {}
                    () = stop.cancelled() => {}
                }
            }
            let sealed = match stop.run_until_cancelled(app.seal(&seals)).await {
                Some(sealed) => sealed,
                // What was under way may lack what was committed last.
                None => app.seal(&seals).await,
            };
            (wait, rest) = match sealed {
                Ok(_) => (seals.pause, FIRST_REST),
                Err(error) => {
                    tracing::error!(error = %with_causes(&error), "the log is not sealed");
                    if matches!(error, NotSealed::OtherKey(_)) {
                        return;
                    }
                    (rest, longer(rest))
                }
            };
            if stop.is_cancelled() {
                return;
            }
        }
    }
}

/// How long it waits after a failure that follows one after which it has waited so long.
fn longer(rest: Duration) -> Duration {
    (rest * 2).min(LONGEST_REST)
}

async fn sleep_or_stop(pause: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = sleep_until(Instant::now() + pause) => {}
        () = stop.cancelled() => {}
    }
}

impl App {
    /// Seals the log as it is, if it is not; the size that is sealed.
    ///
    /// # Errors
    /// See [`NotSealed`].
    pub async fn seal_now(&self) -> Result<u64, NotSealed> {
        match &self.seals {
            Some(seals) => self.seal(&seals.clone()).await,
            None => Ok(0),
        }
    }

    async fn seal(&self, seals: &Seals) -> Result<u64, NotSealed> {
        let LogEnd { origin, tree, latest: last } = self.store.log_end().await?;
        last.iter().for_each(|last| self.has_seen(last));
        let sealed = last.as_ref().map_or(0, |last| last.size);
        let is_sealed = tree.size() <= sealed;
        let checkpoint = Checkpoint { origin, head: tree.head() };
        let key = seals.signer.verifier(&checkpoint.origin)?;
        // Looked at also where there is nothing to seal: while another server seals it all, there never is. What has not
        // changed since is not looked at again before there is.
        if let Some(last) = &last
            && last.origin() == checkpoint.origin
            && !(is_sealed && self.checkpoints.is_ours(last))
        {
            key.has_signed(&last.note).map_err(NotSealed::OtherKey)?;
            self.checkpoints.has_ours(last);
        }
        if is_sealed {
            return Ok(sealed);
        }
        let text = checkpoint.to_string();
        let now = self.clock.now();
        let signed = self.signature(&*seals.signer, sealed, &checkpoint, &text).await;
        if let Err(NotSealed::Signer(SignError::NotSigned(NotSigned::Outdated { size }))) = &signed
            && *size > checkpoint.head.size
            && self.store.tree().await?.size() >= *size
        {
            // Another server was faster: it had this log signed as it has become meanwhile.
            return Ok(sealed);
        }
        let line = signed?;
        let note = format!("{text}\n{line}");
        key.has_signed(&note).map_err(NotSealed::Signature)?;
        let stored = StoredCheckpoint {
            size: checkpoint.head.size,
            root: checkpoint.head.root,
            signed_at: now.as_microsecond(),
            note,
        };
        self.store.add_checkpoint(&stored).await?;
        self.has_seen(&stored);
        self.checkpoints.has_ours(&stored);
        Ok(checkpoint.head.size)
    }

    /// The signature of a checkpoint. The signer says where it was, if that is not where the database thinks: a crash
    /// may have come between a signature and its row, or another server was faster.
    ///
    /// # Errors
    /// See [`NotSealed`]; [`NotSigned::Outdated`] when a later one was signed, or the signer says again and again where
    /// it was.
    pub(super) async fn signature(
        &self,
        signer: &dyn Signer,
        last_size: u64,
        checkpoint: &Checkpoint,
        text: &str,
    ) -> Result<String, NotSealed> {
        let (mut old_size, mut corrections) = (last_size, 0);
        loop {
            let proof = match old_size {
                0 => Vec::new(),
                // Nothing else: whoever signs knows the root of before, and the checkpoint says the other.
                _ => {
                    let size = checkpoint.head.size;
                    let plan =
                        Plan::consistency(old_size, size).ok_or(NoProof::NotWithin { smaller: old_size, size })?;
                    self.computed(&plan).await.map_err(NoProof::from)?
                }
            };
            let request = AddCheckpoint { old_size, proof, checkpoint: text.to_owned() };
            match signer.sign(&request, self.clock.now()).await {
                Err(SignError::NotSigned(NotSigned::Outdated { size }))
                    if size <= checkpoint.head.size && corrections < CORRECTIONS =>
                {
                    old_size = size;
                    corrections += 1;
                }
                signed => return Ok(signed?),
            }
        }
    }
}

impl From<NotSigned> for NotSealed {
    fn from(refused: NotSigned) -> Self {
        Self::Signer(refused.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_that_is_back_is_asked_within_seconds() {
        let rests: Vec<_> = std::iter::successors(Some(FIRST_REST), |rest| Some(longer(*rest))).take(20).collect();
        assert!(rests.is_sorted() && rests[0] <= Duration::from_secs(1), "{rests:?}");
        assert!(rests[19] <= Duration::from_secs(5), "{rests:?}");
        assert!(LOOKS_EVERY <= Duration::from_millis(500), "with the pause between two seals it is a second at most");
    }
}
