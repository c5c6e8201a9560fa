//! What is told of the cosignatures and time stamps of many checkpoints that are looked at one by one, in their order.

use std::collections::BTreeMap;

use crate::audit::Verdict;
use crate::audit::verify::STAMPS_NOT_VERIFIED;
use crate::ledger::bounds::Word;
use crate::ledger::counted::counted;
use crate::ledger::note::{Algorithm, KeyId, VerifierKey};

/// Who has vouched for checkpoints, as far as it is told in the end.
pub(super) struct Vouchers<'a> {
    keys: &'a [VerifierKey],
    /// How many cosignatures are in names of which no key was given.
    of_nobody_known: u64,
    /// The cosignatures in the names of witnesses whose key was given.
    of_witnesses: BTreeMap<&'a str, OfWitness>,
    has_unverified_stamps: bool,
    /// How many time stamps were verified, and the last of them.
    stamps: u64,
    last_stamp: Option<Word>,
}

/// What was made in the name of a witness. Name and id name a key together (C2SP signed-note): one that has another id may
/// be from before the witness took the key that was given, or from after it, and is nothing that was verified.
#[derive(Default)]
struct OfWitness {
    is_heard: bool,
    /// How many are of other keys, and the first id of these.
    others: u64,
    first_other: KeyId,
    /// How many of them are behind one of the given key, and of the first of these the id and how many events it is of.
    behind: u64,
    first_behind: (KeyId, u64),
}

impl<'a> Vouchers<'a> {
    /// Nobody yet; the keys are those that the auditor has given.
    pub(super) fn of(keys: &'a [VerifierKey]) -> Self {
        Self {
            keys,
            of_nobody_known: 0,
            of_witnesses: BTreeMap::new(),
            has_unverified_stamps: false,
            stamps: 0,
            last_stamp: None,
        }
    }

    /// Takes a cosignature by that key, as it says itself, of the checkpoint of so many events. Whether it is a key of that
    /// witness that was given: that it was made with it has to be verified.
    pub(super) fn cosigned(&mut self, name: &str, id: KeyId, size: u64, verdict: &mut Verdict) -> bool {
        let mut witnesses = self.keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature);
        let Some(witness) = witnesses.clone().find(|key| key.name() == name) else {
            self.of_nobody_known += 1;
            return false;
        };
        let of_witness = self.of_witnesses.entry(witness.name()).or_default();
        let is_given = witnesses.any(|key| key.name() == name && key.id() == id);
        match is_given {
            true => of_witness.is_given_again(name, verdict),
            false => of_witness.is_other(id, size),
        }
        is_given
    }

    /// Takes a time stamp that was verified.
    pub(super) fn stamped(&mut self, stamp: Word) {
        self.stamps += 1;
        self.last_stamp = Some(stamp);
    }

    /// Takes note of a time stamp that no authority was named for.
    pub(super) fn stamped_by_nobody_known(&mut self) {
        self.has_unverified_stamps = true;
    }

    /// Whether a time stamp was verified.
    pub(super) fn has_stamp(&self) -> bool {
        self.last_stamp.is_some()
    }

    /// Tells what was not told on the way.
    pub(super) fn tell(self, verdict: &mut Verdict) {
        if self.of_nobody_known > 0 {
            let count = self.of_nobody_known;
            verdict.note(format!("{count} cosignatures are made with keys that were not given, and not verified"));
        }
        for (name, OfWitness { others, first_other, .. }) in self.of_witnesses.iter().filter(|(_, one)| one.others > 0)
        {
            let cosignatures = counted(*others, "cosignature", "cosignatures");
            let id = u32::from_be_bytes(*first_other);
            verdict.note(format!(
                "{cosignatures} in the name of {name}: made with another key than was given (the first with that of id \
                 {id:08x}), and not verified"
            ));
        }
        if self.stamps > 1 {
            verdict.note(format!("{} earlier time stamps are verified", self.stamps - 1));
        }
        if let Some(Word { size, at, .. }) = self.last_stamp {
            verdict.note(format!("the checkpoint of {size} events was stamped at {at}"));
        }
        if self.has_unverified_stamps {
            verdict.note(STAMPS_NOT_VERIFIED);
        }
    }
}

impl OfWitness {
    /// The given key was in use before and is again: whatever was made in between in its name, the witness did not make,
    /// unless it has another key as well, which then is to be given.
    fn is_given_again(&mut self, name: &str, verdict: &mut Verdict) {
        self.is_heard = true;
        if self.behind > 0 {
            let are = counted(self.behind, "cosignature", "cosignatures");
            let (id, size) = self.first_behind;
            let message = format!(
                "{are} in the name of {name:?}, from the checkpoint of {size} events on, are not of its given key, which has \
                 cosigned before and after that: if the witness says that it signs with another one as well (id {:08x}), give \
                 both",
                u32::from_be_bytes(id)
            );
            verdict.fault(None, "COSIGNATURE", message);
            self.others -= self.behind;
            self.behind = 0;
        }
    }

    fn is_other(&mut self, id: KeyId, size: u64) {
        if self.others == 0 {
            self.first_other = id;
        }
        self.others += 1;
        if self.is_heard {
            if self.behind == 0 {
                self.first_behind = (id, size);
            }
            self.behind += 1;
        }
    }
}
