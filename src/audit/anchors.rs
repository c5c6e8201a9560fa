//! The checkpoints of before its own that a bundle carries because somebody outside has vouched for them: each bounds when
//! the events around it were recorded, and tells how far a witness has cosigned. Nothing of them is believed that is not
//! signed by a key, or stamped by an authority, that the auditor brings, and that the events of the bundle do not make.

use std::collections::BTreeSet;

use crate::audit::bundle::{CHECKPOINT, anchor_of, anchors, read};
use crate::audit::verify::Reading;
use crate::audit::vouchers::Vouchers;
use crate::audit::{AuditError, Verdict};
use crate::ledger::audit::Verifier;
use crate::ledger::note::{Algorithm, KeyId, Note, VerifierKey};
use crate::ledger::signed::SignedCheckpoint;

/// Those of a bundle, looked at one by one while its events are read.
pub(super) struct Anchors<'a> {
    reading: &'a Reading<'a>,
    /// How many events those are of that were not looked at yet.
    sizes: BTreeSet<u64>,
    pub(super) vouchers: Vouchers<'a>,
}

impl<'a> Anchors<'a> {
    /// Those of this bundle; bundles that were written by a program of before have none.
    pub(super) fn of(reading: &'a Reading<'a>, verdict: &mut Verdict) -> Result<Self, AuditError> {
        let (sizes, strays) = anchors(reading.folder)?;
        for name in strays {
            verdict.fault(None, "CHECKPOINT", format!("{name} is no checkpoint of the log"));
        }
        Ok(Self { reading, sizes, vouchers: Vouchers::of(&reading.trusted.keys) })
    }

    /// Looks at those whose events were all taken, or at all once it is known that the events are others.
    pub(super) fn compare(&mut self, verifier: &mut Verifier, verdict: &mut Verdict) -> Result<(), AuditError> {
        let due = if verifier.is_forked() { u64::MAX } else { verifier.size() };
        while let Some(size) = self.sizes.first().copied().filter(|size| *size <= due) {
            self.sizes.remove(&size);
            if let Some(signed) = self.look_at(size, verdict)? {
                verifier.take(signed);
            }
        }
        Ok(())
    }

    /// Ends the log. Of those that cover more events than it has, the last says so.
    pub(super) fn finish(mut self, verifier: &mut Verifier, verdict: &mut Verdict) -> Result<Vouchers<'a>, AuditError> {
        let mut beyond = None;
        for size in std::mem::take(&mut self.sizes) {
            beyond = self.look_at(size, verdict)?.or(beyond);
        }
        if let Some(beyond) = beyond {
            verifier.take(beyond);
        }
        Ok(self.vouchers)
    }

    fn look_at(&mut self, size: u64, verdict: &mut Verdict) -> Result<Option<SignedCheckpoint>, AuditError> {
        let within = anchor_of(size);
        let name = format!("{within}{CHECKPOINT}");
        let Some(note) = read(self.reading.folder, &name)? else {
            verdict.fault(None, "CHECKPOINT", format!("there is no {name}"));
            return Ok(None);
        };
        let mut signed = match self.reading.signed(&note) {
            Ok(signed) if signed.checkpoint.head.size == size => signed,
            Ok(signed) => {
                let message = format!("{name} is of {} events", signed.checkpoint.head.size);
                verdict.fault(None, "CHECKPOINT", message);
                return Ok(None);
            }
            Err(error) => {
                verdict.fault(None, "CHECKPOINT", format!("{name}: {error}"));
                return Ok(None);
            }
        };
        self.hear(&note, size, verdict);
        signed.stamps = self.reading.time_stamps(&within, &note, &mut self.vouchers, verdict)?;
        signed.stamps.iter().for_each(|stamp| self.vouchers.stamped(stamp.clone()));
        Ok(Some(signed))
    }

    /// Takes note of who says to have cosigned a note whose known signatures are verified.
    fn hear(&mut self, note: &[u8], size: u64, verdict: &mut Verdict) {
        let Some(note) = str::from_utf8(note).ok().and_then(|note| Note::parse(note).ok()) else { return };
        let keys = self.reading.names.keys(&self.reading.trusted.keys);
        let is_log = |key: &VerifierKey, name: &str, id: KeyId| {
            key.algorithm() == Algorithm::Ed25519 && key.name() == name && key.id() == id
        };
        for (name, id) in note.signers().filter(|(name, id)| !keys.iter().any(|key| is_log(key, name, *id))) {
            self.vouchers.cosigned(name, id, size, verdict);
        }
    }
}
