//! What was sealed in the course of time: every checkpoint of a database against the tree of its log, with everybody
//! who vouches for it. The latest vouches for all events; the others are what receipts and bundles as of earlier
//! moments rest on, and whoever saw one at its time bounds when the events around it were recorded.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::app::{App, Fault, StoredCheckpoint, StoredCosignature, StoredTimeStamp, Vouched};
use crate::audit::replay::{MOST_STRAYS, told};
use crate::audit::verify::NO_STAMP;
use crate::audit::vouchers::Vouchers;
use crate::audit::{Trusted, Verdict};
use crate::ledger::audit::Verifier;
use crate::ledger::bounds::{Voucher, Word};
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, Note, NoteError, Verified, VerifierKey};
use crate::ledger::signed::{NotSigned, SignedCheckpoint};
use crate::ledger::timestamp::token::Token;
use crate::ledger::timestamp::verify::Roots;
use crate::ledger::tree::TreeHead;

/// The checkpoints of a database, looked at one by one while the log is read.
pub(super) struct Seals<'a> {
    names: &'a Names,
    trusted: &'a Trusted,
    /// Those that were read, and whose events were not all taken yet.
    waiting: VecDeque<Vouched>,
    /// How many are signed with keys that are not known, under names that the log had before.
    of_others: u64,
    vouchers: Vouchers<'a>,
}

impl<'a> Seals<'a> {
    /// For a log of these names.
    pub(super) fn new(names: &'a Names, trusted: &'a Trusted) -> Self {
        Self { names, trusted, waiting: VecDeque::new(), of_others: 0, vouchers: Vouchers::of(&trusted.keys) }
    }

    /// Takes what stands beside a page of the log. Without a key nothing is asked of it.
    pub(super) fn read(&mut self, page: Result<Vec<Vouched>, Fault>, verdict: &mut Verdict) {
        if self.trusted.keys.is_empty() {
            return;
        }
        match page {
            Ok(page) => self.waiting.extend(page),
            Err(fault) => verdict.fault(None, "CHECKPOINTS_UNREADABLE", fault.to_string()),
        }
    }

    /// Looks at those whose events were all taken. Where the log is another than was signed, its events may be fewer
    /// than their positions say, and none is waited for.
    pub(super) fn compare(&mut self, verifier: &mut Verifier, verdict: &mut Verdict) {
        loop {
            let due = if verifier.is_forked() { u64::MAX } else { verifier.size() };
            let Some(one) = self.waiting.pop_front_if(|one| one.checkpoint.size <= due) else { return };
            self.look_at(&one, verifier, verdict);
        }
    }

    /// Ends the log: `latest` is the latest checkpoint of before it was read.
    pub(super) fn finish(mut self, latest: Option<&Vouched>, verifier: &mut Verifier, verdict: &mut Verdict) {
        let beyond = latest.filter(|latest| latest.checkpoint.size > verifier.size());
        let rest = std::mem::take(&mut self.waiting);
        for one in rest.iter().filter(|one| beyond.is_none_or(|beyond| beyond.checkpoint.size != one.checkpoint.size)) {
            self.look_at(one, verifier, verdict);
        }
        if let Some(beyond) = beyond {
            self.look_at(beyond, verifier, verdict);
        }
        if self.of_others > 0 {
            let count = self.of_others;
            let message = "checkpoints of earlier names are signed with keys that were not given, and not verified";
            verdict.note(format!("{count} {message}"));
        }
        if self.trusted.roots.is_some() && !self.trusted.keys.is_empty() && !self.vouchers.has_stamp() {
            verdict.note(NO_STAMP);
        }
        self.vouchers.tell(verdict);
    }

    fn look_at(&mut self, one: &Vouched, verifier: &mut Verifier, verdict: &mut Verdict) {
        let (size, note) = (one.checkpoint.size, &one.checkpoint.note);
        let signed = match signed(&one.checkpoint, self.names, &self.trusted.keys) {
            Ok(signed) => signed,
            // What others say of it is of what it was.
            Err(wrong) => return verdict.fault(None, "CHECKPOINT", of_checkpoint(size, &wrong)),
        };
        let (mut cosignatures, mut stamps) = (Vec::new(), Vec::new());
        for cosignature in &one.cosignatures {
            match self.cosigned(note, cosignature, verdict) {
                Ok(verified) => cosignatures.extend(verified),
                Err(wrong) => {
                    let wrong = format!("the cosignature of {:?}: {wrong}", cosignature.witness);
                    verdict.fault(None, "COSIGNATURE", of_checkpoint(size, &wrong));
                }
            }
        }
        for stamp in &one.time_stamps {
            match stamped(note, stamp, self.trusted.roots.as_ref()) {
                Ok(Some(word)) => {
                    self.vouchers.stamped(word.clone());
                    stamps.push(word);
                }
                Ok(None) => self.vouchers.stamped_by_nobody_known(),
                Err(wrong) => verdict.fault(None, "TIME_STAMP", of_checkpoint(size, &wrong)),
            }
        }
        match signed {
            Some(mut signed) => {
                signed.signatures.extend(cosignatures);
                signed.stamps = stamps;
                verifier.take(signed);
            }
            None => self.of_others += 1,
        }
    }

    /// A witness's word for a note; `None` where it is by no key that was given, or else what is wrong.
    fn cosigned(
        &mut self,
        note: &str,
        stored: &StoredCosignature,
        verdict: &mut Verdict,
    ) -> Result<Option<Verified>, String> {
        let StoredCosignature { size, witness, cosigned_at, signature } = stored;
        let is_a_line = signature.strip_suffix('\n').is_some_and(|line| !line.contains('\n'));
        if !is_a_line || !signature.starts_with(&format!("\u{2014} {witness} ")) {
            return Err("it is no signature line of that name".to_owned());
        }
        let note = Note::parse(&format!("{note}{signature}")).map_err(|error| error.to_string())?;
        let (_, id) = note.signers().last().expect("the line was read");
        if !self.vouchers.cosigned(witness, id, *size, verdict) {
            return Ok(None);
        }
        let of_witness = |key: &&VerifierKey| key.algorithm() == Algorithm::Cosignature && key.name() == witness;
        let keys: Vec<_> = self.trusted.keys.iter().filter(of_witness).cloned().collect();
        let verified = note.verify(&keys).map_err(|error| error.to_string())?.pop();
        match verified.as_ref().and_then(Verified::at).map(Timestamp::as_microsecond) {
            Some(at) if at != *cosigned_at => Err("column cosigned_at says something else than it does".to_owned()),
            _ => Ok(verified),
        }
    }
}

fn of_checkpoint(size: u64, wrong: &str) -> String {
    format!("the checkpoint of {size} events: {wrong}")
}

/// Tells of what vouches for checkpoints that are not there.
///
/// # Errors
/// When the store fails.
pub(super) async fn tell_strays(app: &App, verdict: &mut Verdict) -> Result<(), Fault> {
    let strays = told(app.stray_vouchers(MOST_STRAYS).await, "CHECKPOINTS_UNREADABLE", verdict)?;
    let (cosignatures, time_stamps) = strays.unwrap_or_default();
    for StoredCosignature { size, witness, .. } in cosignatures {
        let message = format!("{witness:?} has cosigned a checkpoint of {size} events, and there is none of that size");
        verdict.fault(None, "COSIGNATURE", message);
    }
    for StoredTimeStamp { size, authority, .. } in time_stamps {
        let message =
            format!("{authority:?} has stamped a checkpoint of {size} events, and there is none of that size");
        verdict.fault(None, "TIME_STAMP", message);
    }
    Ok(())
}

/// What was read, or nothing where it is damaged, which is told elsewhere.
pub(super) fn undamaged<T>(read: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Err(fault) if fault.is_damage() => Ok(None),
        read => read,
    }
}

/// What was signed; `None` where no key is known that may have signed it, or else what is wrong.
fn signed(
    checkpoint: &StoredCheckpoint,
    names: &Names,
    keys: &[VerifierKey],
) -> Result<Option<SignedCheckpoint>, String> {
    let head = TreeHead { size: checkpoint.size, root: checkpoint.root };
    match SignedCheckpoint::verify(checkpoint.note.as_bytes(), names, keys) {
        Ok(signed) if signed.checkpoint.head == head => Ok(Some(signed)),
        Ok(_) => Err("what is signed is not what its columns say".to_owned()),
        Err(NotSigned::Note(NoteError::Unsigned { .. })) if is_of_an_unknown_key(checkpoint, names, keys) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether nobody here can tell who should have signed it: the log may have had another key before it took another name,
/// and who has none of it learns nothing of what was signed until then. Under one name a log has one key.
fn is_of_an_unknown_key(checkpoint: &StoredCheckpoint, names: &Names, keys: &[VerifierKey]) -> bool {
    let origin = checkpoint.origin();
    let is_known = keys.iter().any(|key| key.algorithm() == Algorithm::Ed25519 && key.name() == origin);
    origin != names.present() && !is_known && names.end_of(origin).is_some_and(|end| checkpoint.size <= end)
}

/// The word of an authority for a note, or what is wrong. Whether it is one that is trusted, only roots tell.
fn stamped(note: &str, stored: &StoredTimeStamp, roots: Option<&Roots>) -> Result<Option<Word>, String> {
    let token = Token::from_der(stored.token.clone()).map_err(|error| error.to_string())?;
    let authority = match roots {
        Some(roots) => token.verify(note.as_bytes(), roots).map(Some),
        None => token.check_imprint(note.as_bytes()).map(|()| None),
    };
    let (at, authority) = (token.stamp().time, authority.map_err(|error| error.to_string())?);
    match at.as_microsecond() == stored.stamped_at {
        true => Ok(authority.map(|name| Word { at, size: stored.size, by: Voucher::Authority(name) })),
        false => Err("column stamped_at says something else than the token".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::ledger::checkpoint::Checkpoint;
    use crate::ledger::names::EarlierName;
    use crate::ledger::note::NoteSigner;

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::new(name, Algorithm::Ed25519, SigningKey::from_bytes(&[seed; 32])).expect("a name")
    }

    fn stored(origin: &str, size: u64, by: &NoteSigner) -> StoredCheckpoint {
        let head = TreeHead { size, root: [7; 32] };
        let text = Checkpoint { origin: origin.to_owned(), head }.to_string();
        StoredCheckpoint { size, root: head.root, signed_at: 0, note: format!("{text}\n{}", by.sign(&text, 0)) }
    }

    #[test]
    fn only_what_was_signed_under_an_earlier_name_may_be_by_a_key_that_was_not_given() {
        let names = Names::new(&[EarlierName { origin: "old".to_owned(), until: 9 }], "new");
        let (new, lost, other) = (signer("new", 1), signer("old", 2), signer("new", 3));
        let given = [new.verifier().clone()];
        let told = |checkpoint: StoredCheckpoint, keys: &[VerifierKey]| signed(&checkpoint, &names, keys);
        assert!(matches!(told(stored("new", 20, &new), &given), Ok(Some(_))));
        assert_eq!(told(stored("old", 9, &lost), &given), Ok(None));
        // Under its present name, after the earlier one had ended, and under one that it never had.
        assert!(told(stored("new", 20, &other), &given).is_err());
        assert!(told(stored("old", 10, &lost), &given).is_err());
        assert!(told(stored("never", 5, &signer("never", 4)), &given).is_err());
        // Nor is it excused where the key of the earlier name was given, and another has signed.
        let both = [new.verifier().clone(), lost.verifier().clone()];
        assert!(matches!(told(stored("old", 9, &lost), &both), Ok(Some(_))));
        assert!(told(stored("old", 9, &signer("old", 5)), &both).is_err());
    }
}
