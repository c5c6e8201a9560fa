//! A checkpoint that its log has signed, under the name that the log has or one that it had.

use std::str::Utf8Error;

use crate::ledger::bounds::{Voucher, Word};
use crate::ledger::checkpoint::{Checkpoint, NoCheckpoint};
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, Note, NoteError, Verified, VerifierKey};

/// A checkpoint whose signatures were verified, that of its log among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// By whom, of those who are known.
    pub signatures: Vec<Verified>,
    /// The time stamps of it, by tokens that were verified elsewhere.
    pub stamps: Vec<Word>,
}

/// Why a text is no checkpoint that the log has signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// It is no text.
    #[error("it is no text")]
    Text(#[from] Utf8Error),
    /// It is no note, or nobody who is known has signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] NoCheckpoint),
    /// It is of another log.
    #[error("it is of the log {origin:?}")]
    OtherLog {
        /// Its name.
        origin: String,
    },
    /// Others have signed it, and its log has not.
    #[error("its log has not signed it")]
    ByOthers,
}

impl SignedCheckpoint {
    /// Verifies a note. A log signs with the same key under each of its names, unless another is known for one.
    ///
    /// # Errors
    /// See [`NotSigned`].
    pub fn verify(note: &[u8], names: &Names, keys: &[VerifierKey]) -> Result<Self, NotSigned> {
        let note = Note::parse(str::from_utf8(note)?)?;
        let signatures = note.verify(&names.keys(keys))?;
        let checkpoint: Checkpoint = note.text().parse()?;
        let origin = &checkpoint.origin;
        if origin != names.present() && names.end_of(origin).is_none() {
            return Err(NotSigned::OtherLog { origin: checkpoint.origin });
        }
        match is_by_its_log(origin, &signatures) {
            true => Ok(Self { checkpoint, signatures, stamps: Vec::new() }),
            false => Err(NotSigned::ByOthers),
        }
    }

    /// The names of those who have signed it.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.key.name())
    }

    /// Who saw the log with its events and no more: those who cosigned, and authorities for time stamps.
    pub fn words(&self) -> impl Iterator<Item = Word> {
        let size = self.checkpoint.head.size;
        let cosigned = self.signatures.iter().filter_map(move |signature| {
            Some(Word { at: signature.at()?, size, by: Voucher::Witness(signature.key.name().to_owned()) })
        });
        cosigned.chain(self.stamps.iter().cloned())
    }
}

/// Whether the log of that name has signed, and not only those who cosign it, whatever they are called.
pub(super) fn is_by_its_log(origin: &str, signatures: &[Verified]) -> bool {
    let mut keys = signatures.iter().map(|signature| &signature.key);
    keys.any(|key| key.algorithm() == Algorithm::Ed25519 && key.name() == origin)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::ledger::names::EarlierName;
    use crate::ledger::note::NoteSigner;
    use crate::ledger::tree::TreeHead;

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::new(name, Algorithm::Ed25519, SigningKey::from_bytes(&[seed; 32])).expect("a name")
    }

    fn note(origin: &str, signer: &NoteSigner) -> Vec<u8> {
        let head = TreeHead { size: 5, root: [7; 32] };
        let text = Checkpoint { origin: origin.to_owned(), head }.to_string();
        format!("{text}\n{}", signer.sign(&text, 0)).into_bytes()
    }

    #[test]
    fn a_checkpoint_is_its_logs_own_under_each_of_its_names() {
        let names = Names::new(&[EarlierName { origin: "old".to_owned(), until: 9 }], "new");
        let (new, old) = (signer("new", 1), signer("old", 1));
        let keys = [new.verifier().clone()];
        for (origin, signer) in [("new", &new), ("old", &old)] {
            let signed = SignedCheckpoint::verify(&note(origin, signer), &names, &keys).expect("signed");
            assert_eq!(signed.signers().collect::<Vec<_>>(), [origin]);
        }
        // Where the log had another key before, that one is asked for.
        let lost = signer("old", 2);
        assert!(SignedCheckpoint::verify(&note("old", &lost), &names, &keys).is_err());
        let both = [new.verifier().clone(), lost.verifier().clone()];
        assert!(SignedCheckpoint::verify(&note("old", &lost), &names, &both).is_ok());
        assert!(SignedCheckpoint::verify(&note("old", &old), &names, &both).is_err());
    }

    #[test]
    fn a_checkpoint_of_another_log_or_by_others_is_none() {
        let names = Names::new(&[], "log");
        let (log, other) = (signer("log", 1), signer("other", 2));
        let keys = [log.verifier().clone(), other.verifier().clone()];
        let verify = |note: Vec<u8>| SignedCheckpoint::verify(&note, &names, &keys);
        assert_eq!(verify(note("other", &other)), Err(NotSigned::OtherLog { origin: "other".to_owned() }));
        assert_eq!(verify(note("log", &other)), Err(NotSigned::ByOthers));
        assert!(matches!(verify(note("log", &signer("nobody", 3))), Err(NotSigned::Note(NoteError::Unsigned { .. }))));
        assert!(matches!(verify(b"\xff".to_vec()), Err(NotSigned::Text(_))));
    }
}
