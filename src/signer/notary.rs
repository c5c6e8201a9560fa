//! A key with a memory.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;

use super::memory::Memory;
use super::{SignError, Signer};
use crate::blocking::blocking;
use crate::identity::ledger_key::{self, KeyError};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{Algorithm, Note, NoteSigner, VerifierKey};
use crate::ledger::witness::{AddCheckpoint, goes_on};

/// In which role it signs.
#[derive(Clone, Debug)]
pub enum Role {
    /// For the logs themselves: each by its own name, from the text of the checkpoint.
    Log,
    /// As a witness of that name, of the logs with these keys, from the checkpoint as its log has signed it.
    Witness {
        /// Its name.
        name: String,
        /// The keys of the logs; the name of a key is the name of its log.
        logs: Vec<VerifierKey>,
    },
}

/// Signs what goes on from what it signed before.
#[derive(Clone)]
pub struct Notary(Arc<Inner>);

struct Inner {
    key: SigningKey,
    memory: Memory,
    role: Role,
}

impl Notary {
    /// A notary with this key and this memory. Both are made where there is neither; a key without its memory is
    /// refused.
    ///
    /// # Errors
    /// When the key cannot be used, or the memory cannot or is missing.
    pub fn open(key: &Path, memory: &Path, role: Role) -> Result<Self, NotaryError> {
        // The memory comes first, so that a key that is there has always had one.
        let memory = Memory::open(memory, !key.exists())
            .map_err(|source| SignError::Memory { path: memory.to_owned(), source })?;
        Ok(Self(Arc::new(Inner { key: ledger_key::open_or_create(key)?, memory, role })))
    }
}

/// Why there is no notary.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its memory cannot be used.
    #[error(transparent)]
    Memory(#[from] SignError),
}

impl Inner {
    fn signer(&self, origin: &str) -> Result<NoteSigner, SignError> {
        let (name, algorithm) = match &self.role {
            Role::Log => (origin, Algorithm::Ed25519),
            Role::Witness { name, .. } => (name.as_str(), Algorithm::Cosignature),
        };
        Ok(NoteSigner::new(name, algorithm, self.key.clone())?)
    }

    /// The text to sign, once it is known to be the log's.
    fn text(&self, checkpoint: &str) -> Result<String, SignError> {
        let Role::Witness { logs, .. } = &self.role else { return Ok(checkpoint.to_owned()) };
        let note = Note::parse(checkpoint)?;
        let origin = note.text().split('\n').next().unwrap_or_default();
        let keys: Vec<_> = logs.iter().filter(|key| key.name() == origin).cloned().collect();
        if keys.is_empty() {
            return Err(SignError::UnknownLog { origin: origin.to_owned() });
        }
        note.verify(&keys)?;
        Ok(note.text().to_owned())
    }

    fn sign(&self, request: &AddCheckpoint, now: Timestamp) -> Result<String, SignError> {
        let text = self.text(&request.checkpoint)?;
        let checkpoint: Checkpoint = text.parse()?;
        let new = checkpoint.head;
        let judged = self
            .memory
            .advance(&checkpoint.origin, |last| goes_on(last, request.old_size, &request.proof, new).map(|()| new));
        judged.map_err(|source| SignError::Memory { path: self.memory.path().to_owned(), source })??;
        Ok(self.signer(&checkpoint.origin)?.sign(&text, now.as_second().max(0).unsigned_abs()))
    }
}

#[async_trait]
impl Signer for Notary {
    fn verifier(&self, origin: &str) -> Result<VerifierKey, SignError> {
        Ok(self.0.signer(origin)?.verifier().clone())
    }

    async fn sign(&self, request: &AddCheckpoint, now: Timestamp) -> Result<String, SignError> {
        let (inner, request) = (self.0.clone(), request.clone());
        blocking(move || inner.sign(&request, now)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use tempfile::TempDir;

    use super::*;
    use crate::ledger::tree::{TreeHead, node_hash};
    use crate::ledger::witness::NotSigned;

    fn notary(folder: &TempDir, role: Role) -> Result<Notary, NotaryError> {
        Notary::open(&folder.path().join("key.pem"), &folder.path().join("memory.json"), role)
    }

    fn request(old_size: u64, proof: &[[u8; 32]], size: u64, root: [u8; 32]) -> AddCheckpoint {
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), head: TreeHead { size, root } }.to_string();
        AddCheckpoint { old_size, proof: proof.to_vec(), checkpoint }
    }

    #[tokio::test]
    async fn what_goes_on_is_signed_and_nothing_else_is() {
        let folder = TempDir::new().expect("a folder");
        let signer = notary(&folder, Role::Log).expect("made");
        let (one, two) = ([1; 32], node_hash(&[1; 32], &[2; 32]));
        let now = Timestamp::UNIX_EPOCH;
        let line = signer.sign(&request(0, &[], 1, one), now).await.expect("the first");
        let text = request(0, &[], 1, one).checkpoint;
        let keys = [signer.verifier("log.example").expect("a name")];
        Note::parse(&format!("{text}\n{line}")).expect("a note").verify(&keys).expect("its own");
        // The memory is on the disk: another process with it goes on from there.
        let again = notary(&folder, Role::Log).expect("opened");
        let refused = again.sign(&request(0, &[], 1, two), now).await;
        assert!(matches!(refused, Err(SignError::NotSigned(NotSigned::Outdated { size: 1 }))), "{refused:?}");
        let refused = again.sign(&request(1, &[], 1, two), now).await;
        assert!(matches!(refused, Err(SignError::NotSigned(NotSigned::Forked { size: 1 }))), "{refused:?}");
        let refused = again.sign(&request(1, &[[9; 32]], 2, two), now).await;
        assert!(matches!(refused, Err(SignError::NotSigned(NotSigned::Unproved { size: 1 }))), "{refused:?}");
        again.sign(&request(1, &[[2; 32]], 2, two), now).await.expect("it goes on");
        let refused = signer.sign(&request(1, &[[2; 32]], 2, two), now).await;
        assert!(matches!(refused, Err(SignError::NotSigned(NotSigned::Outdated { size: 2 }))), "{refused:?}");
    }

    /// How many sign at once.
    const SIGNERS: u8 = 8;

    /// The first event of that log.
    fn first(origin: String, root: u8) -> AddCheckpoint {
        let checkpoint = Checkpoint { origin, head: TreeHead { size: 1, root: [root; 32] } }.to_string();
        AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint }
    }

    /// What each of them is answered, where every other one comes by the other of two who share the key and the memory.
    fn signed_at_once(notaries: &[Notary; 2], request: impl Fn(u8) -> AddCheckpoint) -> Vec<Result<String, SignError>> {
        let together = Barrier::new(SIGNERS.into());
        thread::scope(|scope| {
            let signers = (0..SIGNERS).map(|number| {
                let (Notary(inner), request) = (&notaries[usize::from(number % 2)], request(number));
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    inner.sign(&request, Timestamp::UNIX_EPOCH)
                })
            });
            // All of them are started before the first is waited for.
            let signers: Vec<_> = signers.collect();
            signers.into_iter().map(|signer| signer.join().expect("it ends")).collect()
        })
    }

    #[test]
    fn of_those_who_sign_at_once_one_tree_of_a_size_is_signed() {
        let folder = TempDir::new().expect("a folder");
        let notaries = [(); 2].map(|()| notary(&folder, Role::Log).expect("opened"));
        for log in 0..20 {
            let answers = signed_at_once(&notaries, |root| first(format!("{log}.log.example"), root));
            let (signed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
            assert_eq!(signed.len(), 1, "of log {log}");
            let are_not_signed = refused.iter().all(|refused| matches!(refused, Err(SignError::NotSigned(_))));
            assert!(are_not_signed, "of log {log}: {refused:?}");
        }
    }

    #[test]
    fn what_is_signed_at_once_of_several_logs_is_remembered_of_each() {
        let folder = TempDir::new().expect("a folder");
        let notaries = [(); 2].map(|()| notary(&folder, Role::Log).expect("opened"));
        let log = |number| format!("{number}.log.example");
        for signed in signed_at_once(&notaries, |number| first(log(number), number)) {
            signed.expect("the first of its log");
        }
        let Notary(again) = notary(&folder, Role::Log).expect("opened");
        for number in 0..SIGNERS {
            let refused = again.sign(&first(log(number), SIGNERS), Timestamp::UNIX_EPOCH);
            assert!(matches!(refused, Err(SignError::NotSigned(NotSigned::Outdated { size: 1 }))), "{refused:?}");
        }
    }

    #[test]
    fn a_key_without_its_memory_signs_nothing() {
        let folder = TempDir::new().expect("a folder");
        notary(&folder, Role::Log).expect("made");
        std::fs::remove_file(folder.path().join("memory.json")).expect("removed");
        let refused = notary(&folder, Role::Log).err().expect("refused");
        assert!(matches!(refused, NotaryError::Memory(SignError::Memory { .. })), "{refused}");
    }

    #[tokio::test]
    async fn a_memory_behind_a_link_stays_there() {
        let (folder, elsewhere) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        let (link, target) = (folder.path().join("memory.json"), elsewhere.path().join("kept.json"));
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        let signer = notary(&folder, Role::Log).expect("made");
        signer.sign(&request(0, &[], 1, [1; 32]), Timestamp::UNIX_EPOCH).await.expect("the first");
        assert!(link.is_symlink());
        assert!(std::fs::read_to_string(&target).expect("it reads").contains("log.example"));
        // Whoever comes to it by its own name takes turns with who comes by the link.
        assert!(elsewhere.path().join("kept.lock").exists() && !folder.path().join("memory.lock").exists());
    }

    #[tokio::test]
    async fn a_witness_cosigns_what_its_logs_have_signed() {
        let (folder, of_log) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        let log = notary(&of_log, Role::Log).expect("made");
        let logs = vec![log.verifier("log.example").expect("a name")];
        let witness = notary(&folder, Role::Witness { name: "w.example".to_owned(), logs }).expect("made");
        let now: Timestamp = "2026-03-04T05:06:07Z".parse().expect("a time");
        let unsigned = request(0, &[], 1, [1; 32]);
        assert!(matches!(witness.sign(&unsigned, now).await, Err(SignError::Note(_))));
        let line = log.sign(&unsigned, now).await.expect("signed");
        let note = format!("{}\n{line}", unsigned.checkpoint);
        let cosignature =
            witness.sign(&AddCheckpoint { checkpoint: note.clone(), ..unsigned }, now).await.expect("seen");
        let keys = [witness.verifier("log.example").expect("a name")];
        let verified = Note::parse(&(note + &cosignature)).expect("a note").verify(&keys).expect("cosigned");
        assert_eq!(verified[0].time, Some(now.as_second().unsigned_abs()));
        let foreign = Checkpoint { origin: "other".to_owned(), head: TreeHead { size: 1, root: [1; 32] } }.to_string();
        let line = log.sign(&AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint: foreign.clone() }, now).await;
        let foreign = format!("{foreign}\n{}", line.expect("signed"));
        let refused = witness.sign(&AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint: foreign }, now).await;
        assert!(matches!(refused, Err(SignError::UnknownLog { .. })), "{refused:?}");
    }
}
