//! A bundle is verified: without network, database or anything but what the auditor brings.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::audit::anchors::Anchors;
use crate::audit::bundle::{
    CHECKPOINT, CONSISTENCY_PROOF, Contents, ENTRIES, FORM, LONGEST_ENTRY_LINE_BYTES, LONGEST_PAYLOAD_LINE_BYTES, Line,
    Lines, MANIFEST, Manifest, PAYLOADS, PREVIOUS_CHECKPOINT, PayloadLine, no_bundle, read, stamped_of, token_of,
    tokens,
};
use crate::audit::tiles::Tiles;
use crate::audit::vouchers::Vouchers;
use crate::audit::{AuditError, Verdict};
use crate::clock::{CLOCKS_DIFFER, Clock, SystemClock};
use crate::ledger::audit::{AuditedEvent, Evidence, Verifier};
use crate::ledger::bounds::{Voucher, Word};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, Note, VerifierKey};
use crate::ledger::signed::{NotSigned, SignedCheckpoint};
use crate::ledger::tile::Tile;
use crate::ledger::timestamp::token::Token;
use crate::ledger::timestamp::verify::Roots;
use crate::ledger::tree::{Hash, TreeHead};

/// What the auditor trusts; none of it is from the bundle.
#[derive(Debug)]
pub struct Trusted {
    /// The key of the log, those of its earlier names after it, and those of witnesses.
    pub keys: Vec<VerifierKey>,
    /// Checkpoints of the log that the auditor has kept.
    pub kept: Vec<Vec<u8>>,
    /// Authorities for time stamps; without them stamps are not looked at.
    pub roots: Option<Roots>,
    /// What clocks may differ by, with the time between an event and its checkpoint; without it, when an event was recorded
    /// is held against no clock.
    pub tolerance: Option<SignedDuration>,
    /// The present, by the auditor's own clock: nothing was recorded after it.
    pub now: Timestamp,
    /// For how long what a database has committed may be unsealed, by when it was recorded; without a bound its end may be
    /// for ever, and not all of it. A bundle ends where it was sealed.
    pub unsealed_for: Option<SignedDuration>,
}

/// What is said of time stamps that nobody has named an authority for.
pub(super) const STAMPS_NOT_VERIFIED: &str = "time stamps are not verified: give the authorities' certificates";

/// What is said where authorities were named and have stamped nothing of the bundle.
pub(super) const NO_STAMP: &str = "no time stamp of these authorities confirms the checkpoint";

/// What is said of a bundle without a checkpoint from before its own.
const NO_PREVIOUS: &str = "the bundle has no earlier checkpoint that its own could be compared with";

/// Nobody, and clocks that differ from this machine's by no more than a minute.
impl Default for Trusted {
    fn default() -> Self {
        let (tolerance, now) = (Some(CLOCKS_DIFFER), SystemClock.now());
        Self { keys: Vec::new(), kept: Vec::new(), roots: None, tolerance, now, unsealed_for: None }
    }
}

/// When a signed note was stamped, by an authority that is trusted.
fn stamped(token: Vec<u8>, note: &[u8], roots: &Roots) -> Result<(Timestamp, Voucher), String> {
    let token = Token::from_der(token).map_err(|error| error.to_string())?;
    let authority = token.verify(note, roots).map_err(|error| error.to_string())?;
    Ok((token.stamp().time, Voucher::Authority(authority)))
}

/// The name of the log: that of its key, the first of them where it had other names.
///
/// # Errors
/// When there is no key of a log.
pub fn origin(keys: &[VerifierKey]) -> Result<&str, AuditError> {
    let mut logs = keys.iter().filter(|key| key.algorithm() == Algorithm::Ed25519);
    let log = logs.next();
    log.map(VerifierKey::name)
        .ok_or_else(|| AuditError::Keys("give the key of the log, and any number of witnesses'".to_owned()))
}

/// Verifies a bundle. `progress` is told how many events are done.
///
/// # Errors
/// When the folder is no bundle or cannot be read, or the keys are not enough: then nothing is said of the log.
pub fn verify(folder: &Path, trusted: &Trusted, progress: impl FnMut(u64)) -> Result<Verdict, AuditError> {
    let origin = origin(&trusted.keys)?;
    let mut verdict = Verdict::default();
    verdict.name_log(origin);
    let manifest = read(folder, MANIFEST)?.ok_or_else(|| no_bundle(folder, "it has no MANIFEST.json"))?;
    let manifest = match serde_json::from_slice::<Manifest>(&manifest) {
        Ok(manifest) if manifest.form == FORM => manifest,
        Ok(manifest) => {
            return Err(no_bundle(folder, &format!("its form is {:?}, and this program reads {FORM}", manifest.form)));
        }
        Err(error) => {
            verdict.fault(None, "MANIFEST", format!("MANIFEST.json is damaged: {error}"));
            return Ok(verdict);
        }
    };
    if manifest.origin != origin {
        verdict.fault(None, "MANIFEST", format!("it says that it is of the log {:?}", manifest.origin));
    }
    let reading = Reading { folder, trusted, names: Names::new(&manifest.earlier, origin) };
    match &manifest.part {
        Contents::Whole => reading.whole(&mut verdict, progress)?,
        part => {
            verdict.note(part.to_string());
            reading.part(part, &mut verdict, progress)?;
        }
    }
    if manifest.events != verdict.events {
        let message = format!("it says that it has {} events, and there are {}", manifest.events, verdict.events);
        verdict.fault(None, "MANIFEST", message);
    }
    Ok(verdict)
}

/// A bundle that is being verified.
pub(super) struct Reading<'a> {
    pub(super) folder: &'a Path,
    pub(super) trusted: &'a Trusted,
    pub(super) names: Names,
}

impl Reading<'_> {
    fn whole(&self, verdict: &mut Verdict, mut progress: impl FnMut(u64)) -> Result<(), AuditError> {
        let checkpoint = self.checkpoint()?;
        let previous = read(self.folder, PREVIOUS_CHECKPOINT)?;
        let kept = self.trusted.kept.iter();
        let checkpoints: Vec<&[u8]> =
            [&checkpoint].into_iter().chain(&previous).chain(kept).map(Vec::as_slice).collect();
        let mut anchors = Anchors::of(self, verdict)?;
        let time_stamps = self.time_stamps("", &checkpoint, &mut anchors.vouchers, verdict)?;
        time_stamps.iter().for_each(|stamp| verdict.note(stamped_note(stamp)));
        let mut verifier = Verifier::new(&Evidence {
            origin: self.names.present(),
            earlier: self.names.earlier(),
            keys: &self.trusted.keys,
            checkpoints: &checkpoints,
            time_stamps: &time_stamps,
            tolerance: self.trusted.tolerance,
            now: self.trusted.now,
        });
        let signed = self.signed(&checkpoint).ok();
        let mut stored = Tiles::new(self.folder, signed.map(|signed| signed.checkpoint.head.size));
        self.each_event(verdict, |entry, payload, metadata, verdict| {
            let stored_hash = stored.leaf(verifier.size(), verdict)?;
            verifier.feed(&AuditedEvent { entry, payload, metadata, stored_hash });
            anchors.compare(&mut verifier, verdict)?;
            if verifier.size().is_multiple_of(4_096) {
                progress(verifier.size());
            }
            Ok(())
        })?;
        for level in 1..8 {
            for index in 0.. {
                let Some(tile) = Tile::in_tree(level, index, verifier.size()) else { break };
                for (place, hash) in (tile.first()..).zip(stored.hashes(tile, verdict)?) {
                    verifier.check_node(level, place, hash);
                }
            }
        }
        stored.tell_strays(verifier.size(), verdict)?;
        if let Some((from, to, proof)) = self.consistency(previous.as_deref(), &checkpoint, verdict)? {
            match proof {
                Some(proof) => verifier.check_consistency(from, to, &proof),
                None => verdict.fault(None, "CONSISTENCY_PROOF", "the proof from the previous checkpoint is damaged"),
            }
        }
        progress(verifier.size());
        let vouchers = anchors.finish(&mut verifier, verdict)?;
        if self.trusted.roots.is_some() && time_stamps.is_empty() && !vouchers.has_stamp() {
            verdict.note(NO_STAMP);
        }
        vouchers.tell(verdict);
        verdict.take(verifier.finish(), &self.trusted.keys);
        if let Some(previous) = &previous {
            self.tell_silent_in(PREVIOUS_CHECKPOINT, previous, verdict);
        }
        Ok(())
    }

    /// The lines of both files side by side. A line that is missing or damaged is no payload of anything.
    pub(super) fn each_event(
        &self,
        verdict: &mut Verdict,
        mut take: impl FnMut(&[u8], &[u8], &[u8], &mut Verdict) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        let mut entries = Lines::open(self.folder, ENTRIES, LONGEST_ENTRY_LINE_BYTES)?;
        let mut payloads = Lines::open(self.folder, PAYLOADS, LONGEST_PAYLOAD_LINE_BYTES)?;
        loop {
            let (entry, payload) = (entries.next()?, payloads.next()?);
            for too_long in [&entry, &payload].into_iter().flatten().filter_map(|line| line.too_long.as_ref()) {
                verdict.fault(None, "LINE_TOO_LONG", too_long);
            }
            let Some(entry) = entry else {
                if let Some(Line { number, .. }) = payload {
                    let message = format!("no entry is beside line {number} of {PAYLOADS}");
                    verdict.fault(None, "PAYLOAD_WITHOUT_ENTRY", message);
                }
                return Ok(());
            };
            let line = payload.map_or(&b""[..], |line| line.bytes);
            match serde_json::from_slice::<PayloadLine<'_>>(line) {
                Ok(PayloadLine { payload, metadata }) => {
                    take(entry.bytes, payload.get().as_bytes(), metadata.get().as_bytes(), verdict)?;
                }
                Err(_) => take(entry.bytes, line, b"", verdict)?,
            }
        }
    }

    /// The checkpoint of the bundle, as it stands there.
    pub(super) fn checkpoint(&self) -> Result<Vec<u8>, AuditError> {
        read(self.folder, CHECKPOINT)?.ok_or_else(|| no_bundle(self.folder, "it has no checkpoint"))
    }

    pub(super) fn signed(&self, note: &[u8]) -> Result<SignedCheckpoint, NotSigned> {
        SignedCheckpoint::verify(note, &self.names, &self.trusted.keys)
    }

    /// Names the witnesses of all of the bundle who are silent in this file of it alone: what they said there was never
    /// given, or is damaged. What else is wrong with it, is said elsewhere.
    pub(super) fn tell_silent_in(&self, name: &str, note: &[u8], verdict: &mut Verdict) {
        let Ok(signed) = self.signed(note) else { return };
        let size = signed.checkpoint.head.size;
        let witnesses = self.trusted.keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature);
        for witness in witnesses.map(VerifierKey::name) {
            let is_heard = verdict.signers.iter().any(|signer| signer == witness);
            if is_heard && signed.signers().all(|signer| signer != witness) {
                verdict.note(format!("the witness {witness} has not cosigned the {name} of {size} events"));
            }
        }
    }

    /// The two trees and the proof between them; no proof where it is damaged. Nothing where there is no previous
    /// checkpoint: what is wrong with one that is there, the verifier says. The first one of a log has none before it,
    /// and nothing that is signed tells which is the first: without both files it is only told what was not looked at.
    #[expect(clippy::type_complexity, reason = "two trees and what is between them")]
    pub(super) fn consistency(
        &self,
        previous: Option<&[u8]>,
        checkpoint: &[u8],
        verdict: &mut Verdict,
    ) -> Result<Option<(TreeHead, TreeHead, Option<Vec<Hash>>)>, AuditError> {
        let proof = read(self.folder, CONSISTENCY_PROOF)?;
        if previous.is_none() {
            match proof {
                Some(_) => {
                    let message = format!("there is a {CONSISTENCY_PROOF}, and no {PREVIOUS_CHECKPOINT} that it is of");
                    verdict.fault(None, "CONSISTENCY_PROOF", message);
                }
                None => verdict.note(NO_PREVIOUS),
            }
            return Ok(None);
        }
        let head = |note: &[u8]| {
            let note = Note::parse(str::from_utf8(note).ok()?).ok()?;
            note.text().parse::<Checkpoint>().ok().map(|checkpoint| checkpoint.head)
        };
        let (Some(from), Some(to)) = (previous.and_then(head), head(checkpoint)) else { return Ok(None) };
        let lines = String::from_utf8(proof.unwrap_or_default()).unwrap_or_default();
        let hashes = lines.lines().map(crate::ledger::checkpoint::hash).collect();
        Ok(Some((from, to, hashes)))
    }

    /// When the checkpoint that stands there was stamped, by authorities that are trusted.
    pub(super) fn time_stamps(
        &self,
        within: &str,
        checkpoint: &[u8],
        vouchers: &mut Vouchers<'_>,
        verdict: &mut Verdict,
    ) -> Result<Vec<Word>, AuditError> {
        let (stamped, numbers) = (read(self.folder, &stamped_of(within))?, tokens(self.folder, within)?);
        let place = within.strip_suffix('/').map(|place| format!("{place}: ")).unwrap_or_default();
        let mut fault = |wrong: String| verdict.fault(None, "TIME_STAMP", format!("{place}{wrong}"));
        for missing in missing_of_stamps(within, stamped.is_some(), &numbers) {
            fault(format!("there is no {missing}"));
        }
        let Some(roots) = &self.trusted.roots else {
            if stamped.is_some() || !numbers.is_empty() {
                vouchers.stamped_by_nobody_known();
            }
            return Ok(Vec::new());
        };
        let mut words = Vec::new();
        if let Some(note) = stamped {
            let size = str::from_utf8(&note).ok().and_then(|note| Note::parse(note).ok());
            let size = size.and_then(|note| note.text().parse::<Checkpoint>().ok());
            let size = size.map(|checkpoint| checkpoint.head.size);
            if !checkpoint.starts_with(&note) {
                fault("what was stamped is not the checkpoint".to_owned());
            }
            for name in numbers.into_iter().map(|number| token_of(within, number)) {
                let Some(token) = read(self.folder, &name)? else {
                    fault(format!("there is no {name}"));
                    continue;
                };
                match (self::stamped(token, &note, roots), size) {
                    (Ok((at, by)), Some(size)) => words.push(Word { at, size, by }),
                    (Ok(_), None) => fault("what was stamped is no checkpoint".to_owned()),
                    (Err(error), _) => fault(error),
                }
            }
        }
        Ok(words)
    }
}

/// What is said of a time stamp of a bundle's own checkpoint.
pub(super) fn stamped_note(stamp: &Word) -> String {
    format!("stamped at {}", stamp.at)
}

/// What was taken away of the time stamps of a bundle, as far as what is left tells: the numbers of tokens have no gaps,
/// and they are beside what was stamped, which is not there without any.
fn missing_of_stamps(within: &str, has_stamped: bool, numbers: &BTreeSet<u64>) -> Vec<String> {
    let stamped = stamped_of(within);
    let token_of = |number| token_of(within, number);
    let mut missing = Vec::new();
    if !has_stamped && !numbers.is_empty() {
        missing.push(format!("{stamped}, which the time stamps beside it are of"));
    }
    if has_stamped && numbers.is_empty() {
        missing.push(format!("time stamp of what is in {stamped}"));
    }
    let mut next = 0;
    for number in numbers {
        match number - next {
            0 => {}
            1 => missing.push(token_of(next)),
            _ => missing.push(format!("{} to {}", token_of(next), token_of(number - 1))),
        }
        next = number.saturating_add(1);
    }
    missing
}
