//! A part of a log is verified: every event stands for itself, by its own proof, and none is missing of what the part
//! is said to be.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::audit::bundle::{CHECKPOINT, Contents, ENTRIES, PREVIOUS_CHECKPOINT, proof_of, proofs, read};
use crate::audit::verify::{NO_STAMP, Reading, stamped_note};
use crate::audit::vouchers::Vouchers;
use crate::audit::{AuditError, Verdict};
use crate::ledger::bounds::{TimeBounds, Word, is_to_come};
use crate::ledger::entry::leaf_hash;
use crate::ledger::finding::FindingKind;
use crate::ledger::inclusion_file::InclusionFile;
use crate::ledger::names::EarlierName;
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::proof::verify_consistency;
use crate::ledger::signed::SignedCheckpoint;
use crate::ledger::tree::TreeHead;

impl Reading<'_> {
    /// Verifies a bundle of that part.
    pub(super) fn part(
        &self,
        part: &Contents,
        verdict: &mut Verdict,
        mut progress: impl FnMut(u64),
    ) -> Result<(), AuditError> {
        let (checkpoint, previous) = (self.checkpoint()?, read(self.folder, PREVIOUS_CHECKPOINT)?);
        let known = self.known(&checkpoint, previous.as_deref(), verdict)?;
        verdict.sealed = known.head.map(|head| head.size);
        let (proofs, strays) = proofs(self.folder)?;
        let mut checks = Checks {
            reading: self,
            bounds: TimeBounds::new(self.trusted.tolerance, self.trusted.now),
            words: known.words,
            head: known.head,
            last: None,
            next: 0,
            proofs,
            unproved: self.names.earlier().iter().collect(),
            signers: None,
            completeness: Completeness {
                part,
                next: if let Contents::Range { first, .. } = part { *first } else { 1 },
            },
        };
        self.each_event(verdict, |entry, payload, metadata, verdict| {
            verdict.events += 1;
            progress(verdict.events);
            checks.check(entry, payload, metadata, verdict)
        })?;
        checks.see(None, verdict);
        checks.completeness.end(verdict);
        checks.bounds.finish().iter().for_each(|wrong| verdict.take_time(wrong));
        for name in checks.proofs.into_iter().map(proof_of).chain(strays) {
            verdict.fault(None, "PROOF_WITHOUT_EVENT", format!("{name} proves no event of the bundle"));
        }
        for name in checks.unproved {
            let message = format!("no event of the bundle proves that the log had the name {:?}", name.origin);
            verdict.fault(Some(name.until), "ORIGIN_WRONG", message);
        }
        verdict.signers = checks.signers.unwrap_or_default();
        verdict.tell_silent(&self.trusted.keys, &known.vouched);
        self.tell_silent_in(CHECKPOINT, &checkpoint, verdict);
        if let Some(previous) = &previous {
            self.tell_silent_in(PREVIOUS_CHECKPOINT, previous, verdict);
        }
        Ok(())
    }

    /// What is known of the log beside the events.
    fn known(&self, checkpoint: &[u8], previous: Option<&[u8]>, verdict: &mut Verdict) -> Result<Known, AuditError> {
        let mut vouchers = Vouchers::of(&self.trusted.keys);
        let words = self.time_stamps("", checkpoint, &mut vouchers, verdict)?;
        words.iter().for_each(|word| verdict.note(stamped_note(word)));
        if self.trusted.roots.is_some() && words.is_empty() {
            verdict.note(NO_STAMP);
        }
        vouchers.tell(verdict);
        let mut known = Known { words, ..Known::default() };
        for note in [checkpoint].into_iter().chain(previous) {
            match self.signed(note) {
                Ok(signed) => known.add(&signed),
                Err(error) => verdict.fault(None, "CHECKPOINT", error.to_string()),
            }
        }
        known.head = self.signed(checkpoint).ok().map(|signed| signed.checkpoint.head);
        if let Some((from, to, proof)) = self.consistency(previous, checkpoint, verdict)? {
            let proved = proof.map(|proof| verify_consistency(from, to, &proof));
            let wrong = match proved {
                Some(Ok(())) => None,
                Some(Err(error)) => Some(format!("from {} to {} events: {error}", from.size, to.size)),
                None => Some("the proof from the previous checkpoint is damaged".to_owned()),
            };
            if let Some(wrong) = wrong {
                verdict.fault(None, "CONSISTENCY_PROOF", wrong);
            }
        }
        for note in &self.trusted.kept {
            self.compare(note, &mut known, verdict);
        }
        known.words.sort_unstable_by_key(|word| Reverse(word.size));
        Ok(known)
    }

    /// Compares a checkpoint that the auditor has kept, as far as a part of a log can be compared with one.
    fn compare(&self, note: &[u8], known: &mut Known, verdict: &mut Verdict) {
        match self.signed(note) {
            Err(error) => verdict.fault(None, "CHECKPOINT", error.to_string()),
            Ok(signed) => {
                let kept = signed.checkpoint.head;
                match known.head.filter(|head| head.size == kept.size) {
                    Some(head) if head.root != kept.root => {
                        let message = format!("two trees of {} events are signed", kept.size);
                        verdict.fault(None, "ROOT_WRONG", message);
                    }
                    Some(_) => known.add(&signed),
                    None => verdict.note(format!(
                        "the checkpoint of {} events that was kept is compared with a whole log only",
                        kept.size
                    )),
                }
            }
        }
    }
}

#[derive(Default)]
struct Known {
    /// The tree that all proofs lead to.
    head: Option<TreeHead>,
    /// Who saw how much of it; the largest first.
    words: Vec<Word>,
    /// Who has signed or cosigned a tree of the log, each with the largest.
    vouched: BTreeMap<String, u64>,
}

impl Known {
    fn add(&mut self, signed: &SignedCheckpoint) {
        let size = signed.checkpoint.head.size;
        self.words.extend(signed.words());
        for name in signed.signers() {
            let largest = self.vouched.entry(name.to_owned()).or_default();
            *largest = size.max(*largest);
        }
    }
}

/// What must be remembered from event to event.
struct Checks<'a> {
    reading: &'a Reading<'a>,
    bounds: TimeBounds,
    /// Those whose events were not all checked yet; the largest first.
    words: Vec<Word>,
    head: Option<TreeHead>,
    last: Option<(u64, Timestamp)>,
    /// The least position that the next line can have.
    next: u64,
    /// The positions of the proofs that no event has had yet.
    proofs: BTreeSet<u64>,
    /// Names that no event has told of yet.
    unproved: Vec<&'a EarlierName>,
    /// Who has signed the checkpoints of all proofs.
    signers: Option<Vec<String>>,
    completeness: Completeness<'a>,
}

impl Checks<'_> {
    fn check(
        &mut self,
        entry: &[u8],
        payload: &[u8],
        metadata: &[u8],
        verdict: &mut Verdict,
    ) -> Result<(), AuditError> {
        let parsed = match ParsedEntry::parse(entry) {
            Ok(parsed) => parsed,
            Err(error) => {
                let line = verdict.events;
                let index = self.place_of_damaged();
                verdict.fault(index, error.kind().code(), format!("line {line} of {ENTRIES}: {error}"));
                return Ok(());
            }
        };
        let (index, at) = (Some(parsed.position), parsed.recorded_at);
        self.next = parsed.position.saturating_add(1);
        let names = &self.reading.names;
        let ends_name = names.ended_at(parsed.position).is_some();
        self.unproved.retain(|ended| {
            let is_here = ended.until == parsed.position;
            let recovered = is_here.then(|| names.recovery(ended, &parsed, payload, None)).flatten();
            recovered.iter().for_each(|recovered| verdict.note(recovered.to_string()));
            recovered.is_none()
        });
        if parsed.origin != names.at(parsed.position) {
            verdict.fault(index, "ORIGIN_WRONG", format!("it is of the log {:?}", parsed.origin));
        }
        if !parsed.has_payload(payload) {
            verdict.fault(index, "PAYLOAD_HASH", "the payload is not the one that the entry names");
        }
        if !parsed.has_metadata(metadata) {
            verdict.fault(index, "METADATA_HASH", "the metadata are not those that the entry names");
        }
        if let Some((last, before)) = self.last.replace((parsed.position, at)) {
            if parsed.position <= last {
                verdict.fault(index, "INDEX_WRONG", format!("it stands behind position {last}"));
            }
            if at < before {
                verdict.fault(index, "TIME_DECREASES", format!("recorded at {at}, and one before it at {before}"));
            }
        }
        self.see(index, verdict);
        self.bounds.check(parsed.position, at).iter().for_each(|wrong| verdict.take_time(wrong));
        let trusted = self.reading.trusted;
        if is_to_come(at, trusted.now, trusted.tolerance) {
            verdict.fault(
                index,
                FindingKind::TimeToCome.code(),
                format!("recorded at {at}, and now it is {}", trusted.now),
            );
        }
        self.completeness.check(&parsed, ends_name, verdict);
        self.prove(entry, parsed.position, verdict)
    }

    /// Takes the words for the events before that position, or all.
    fn see(&mut self, position: Option<u64>, verdict: &mut Verdict) {
        while let Some(word) = self.words.pop_if(|word| position.is_none_or(|position| word.size <= position)) {
            self.bounds.see(word).iter().for_each(|wrong| verdict.take_time(wrong));
        }
    }

    /// The position of an entry that does not tell it any more: that of the next proof, as lines and proofs have the
    /// same order.
    fn place_of_damaged(&mut self) -> Option<u64> {
        let place = self.proofs.range(self.next..).next().copied()?;
        self.proofs.remove(&place);
        self.next = place.saturating_add(1);
        Some(place)
    }

    /// Checks the proof of the event.
    fn prove(&mut self, entry: &[u8], position: u64, verdict: &mut Verdict) -> Result<(), AuditError> {
        self.proofs.remove(&position);
        let name = proof_of(position);
        let Some(text) = read(self.reading.folder, &name)?.and_then(|proof| String::from_utf8(proof).ok()) else {
            verdict.fault(Some(position), "PROOF_MISSING", format!("there is no {name}"));
            return Ok(());
        };
        let proved = text.parse::<InclusionFile>().map_err(|error| error.to_string()).and_then(|proof| {
            if proof.index != position {
                return Err(format!("{name} is of position {}", proof.index));
            }
            let proved = proof.verify(&leaf_hash(entry), &self.reading.trusted.keys);
            let (checkpoint, signatures) = proved.map_err(|error| error.to_string())?;
            if checkpoint.origin != self.reading.names.present() {
                return Err(format!("it is of the log {:?}", checkpoint.origin));
            }
            if self.head.is_some_and(|head| head != checkpoint.head) {
                return Err("it leads to another tree than the checkpoint of the bundle".to_owned());
            }
            Ok(signatures)
        });
        match proved {
            Ok(signatures) => {
                let names = signatures.iter().map(|signature| signature.key.name().to_owned());
                match &mut self.signers {
                    None => self.signers = Some(names.collect()),
                    Some(common) => {
                        let names: Vec<_> = names.collect();
                        common.retain(|name| names.contains(name));
                    }
                }
            }
            Err(reason) => verdict.fault(Some(position), "PROOF_WRONG", reason),
        }
        Ok(())
    }
}

/// Whether all of the part is there.
struct Completeness<'a> {
    part: &'a Contents,
    /// The next position of a range, or the next place in a stream.
    next: u64,
}

impl Completeness<'_> {
    /// Takes the next event. One that is not of the part may be there to tell of a name of the log.
    fn check(&mut self, entry: &ParsedEntry<'_>, ends_name: bool, verdict: &mut Verdict) {
        let index = Some(entry.position);
        match self.part {
            Contents::Range { first, last } if (*first..=*last).contains(&entry.position) => {
                if entry.position > self.next {
                    self.missing(entry.position - 1, verdict);
                }
                self.next = self.next.max(entry.position.saturating_add(1));
            }
            Contents::Stream { aggregate, id, last }
                if entry.aggregate_type == aggregate.as_str()
                    && entry.aggregate_id == id.as_str()
                    && entry.position <= *last =>
            {
                if entry.sequence != self.next {
                    let message = format!("it is at {} of its stream, not {}", entry.sequence, self.next);
                    verdict.fault(index, "SEQUENCE_WRONG", message);
                }
                self.next = entry.sequence.saturating_add(1);
            }
            _ if ends_name => {}
            _ => verdict.fault(index, "MANIFEST", "it is not of the part that the bundle is said to have"),
        }
    }

    /// Ends the bundle.
    fn end(&self, verdict: &mut Verdict) {
        match self.part {
            Contents::Range { first, last } if first > last => {
                verdict.fault(None, "MANIFEST", format!("positions {first} to {last} are no part of a log"));
            }
            Contents::Range { last, .. } if self.next <= *last => self.missing(*last, verdict),
            Contents::Stream { .. } if self.next == 1 => {
                verdict.fault(None, "ENTRIES_MISSING", "there is no event of the stream");
            }
            Contents::Range { .. } | Contents::Stream { .. } | Contents::Whole => {}
        }
    }

    fn missing(&self, to: u64, verdict: &mut Verdict) {
        let message = match self.next == to {
            true => format!("position {to} is not there"),
            false => format!("positions {} to {to} are not there", self.next),
        };
        verdict.fault(Some(self.next), "ENTRIES_MISSING", message);
    }
}
