//! A bundle is verified: without network, database or anything but what the auditor brings.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;

use crate::audit::bundle::{
    CHECKPOINT, CONSISTENCY_PROOF, ENTRIES, FORM, Lines, MANIFEST, Manifest, PAYLOADS, PREVIOUS_CHECKPOINT, PROOFS,
    PayloadLine, TIME_STAMPS,
};
use crate::audit::{AuditError, Verdict};
use crate::ledger::audit::{AuditedEvent, Evidence, Verifier};
use crate::ledger::bounds::Anchor;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::leaf_hash;
use crate::ledger::inclusion_file::InclusionFile;
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, Note, VerifierKey};
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::tile::{TILE_WIDTH, Tile, TilePath};
use crate::ledger::timestamp::token::Token;
use crate::ledger::timestamp::verify::Roots;
use crate::ledger::tree::{Hash, TreeHead, base64};

/// What the auditor trusts; none of it is from the bundle.
#[derive(Debug)]
pub struct Trusted {
    /// The key of the log and those of witnesses.
    pub keys: Vec<VerifierKey>,
    /// Authorities for time stamps; without them stamps are not looked at.
    pub roots: Option<Roots>,
    /// What clocks may differ by, with the time between an event and its checkpoint.
    pub tolerance: SignedDuration,
}

impl Trusted {
    /// The name of the log: that of its key.
    ///
    /// # Errors
    /// When there is not exactly one key of a log.
    pub fn origin(&self) -> Result<&str, AuditError> {
        let mut logs = self.keys.iter().filter(|key| key.algorithm() == Algorithm::Ed25519);
        match (logs.next(), logs.next()) {
            (Some(log), None) => Ok(log.name()),
            _ => Err(AuditError::Keys("give exactly one key of a log, and any number of witnesses'".to_owned())),
        }
    }
}

/// Verifies a bundle. `progress` is told how many events are done.
///
/// # Errors
/// When the folder is no bundle or cannot be read, or the keys are not enough: then nothing is said of the log.
pub fn verify(folder: &Path, trusted: &Trusted, progress: impl FnMut(u64)) -> Result<Verdict, AuditError> {
    let origin = trusted.origin()?;
    let mut verdict = Verdict { origin: origin.to_owned(), ..Verdict::default() };
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
    let reading = Reading { folder, trusted, origin, names: Names::new(&manifest.earlier, origin) };
    if manifest.whole {
        reading.whole(&mut verdict, progress)?;
    } else {
        reading.part(&mut verdict, progress)?;
    }
    if manifest.events != verdict.events {
        let message = format!("it says that it has {} events, and there are {}", manifest.events, verdict.events);
        verdict.fault(None, "MANIFEST", message);
    }
    Ok(verdict)
}

struct Reading<'a> {
    folder: &'a Path,
    trusted: &'a Trusted,
    origin: &'a str,
    names: Names,
}

impl Reading<'_> {
    fn whole(&self, verdict: &mut Verdict, mut progress: impl FnMut(u64)) -> Result<(), AuditError> {
        let checkpoint =
            read(self.folder, CHECKPOINT)?.ok_or_else(|| no_bundle(self.folder, "it has no checkpoint"))?;
        let previous = read(self.folder, PREVIOUS_CHECKPOINT)?;
        let checkpoints: Vec<&[u8]> =
            [Some(&checkpoint), previous.as_ref()].into_iter().flatten().map(Vec::as_slice).collect();
        let time_stamps = self.time_stamps(&checkpoint, verdict)?;
        let mut verifier = Verifier::new(&Evidence {
            origin: self.origin,
            earlier: self.names.earlier(),
            keys: &self.trusted.keys,
            checkpoints: &checkpoints,
            time_stamps: &time_stamps,
            tolerance: self.trusted.tolerance,
        });
        let size = self.signers(&checkpoint, verdict).map_or(u64::MAX, |head| head.size);
        let mut stored = Tiles { folder: self.folder, size, tile: Vec::new() };
        self.each_event(|entry, payload, metadata| {
            let stored_hash = stored.leaf(verifier.size())?;
            verifier.feed(&AuditedEvent { entry, payload, metadata, stored_hash });
            if verifier.size().is_multiple_of(4_096) {
                progress(verifier.size());
            }
            Ok(())
        })?;
        for level in 1..8 {
            for index in 0.. {
                let Some(tile) = Tile::in_tree(level, index, verifier.size()) else { break };
                for (place, hash) in (tile.first()..).zip(stored.hashes(tile)?.unwrap_or_default()) {
                    verifier.check_node(level, place, hash);
                }
            }
        }
        if let Some((from, to, proof)) = self.consistency(previous.as_deref(), &checkpoint)? {
            match proof {
                Some(proof) => verifier.check_consistency(from, to, &proof),
                None => verdict.fault(None, "CONSISTENCY_PROOF", "the proof from the previous checkpoint is damaged"),
            }
        }
        progress(verifier.size());
        let report = verifier.finish();
        verdict.events = report.head.size;
        verdict.root = Some(base64(&report.head.root));
        verdict.sealed = report.sealed.map(|sealed| sealed.size);
        verdict.notes.extend(report.recovered.iter().map(ToString::to_string));
        verdict.add(&report.findings);
        Ok(())
    }

    /// Every event stands for itself, by its own proof.
    fn part(&self, verdict: &mut Verdict, mut progress: impl FnMut(u64)) -> Result<(), AuditError> {
        let mut before: Option<(u64, jiff::Timestamp)> = None;
        let mut unproved: Vec<_> = self.names.earlier().iter().collect();
        self.each_event(|entry, payload, metadata| {
            verdict.events += 1;
            progress(verdict.events);
            let parsed = match ParsedEntry::parse(entry) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let line = verdict.events;
                    verdict.fault(None, "ENTRY_NOT_CANONICAL", format!("line {line} of {ENTRIES}: {error}"));
                    return Ok(());
                }
            };
            let index = Some(parsed.position);
            unproved.retain(|ended| {
                let recovered = (ended.until == parsed.position)
                    .then(|| self.names.recovery(ended, &parsed, payload, None))
                    .flatten();
                verdict.notes.extend(recovered.iter().map(ToString::to_string));
                recovered.is_none()
            });
            if parsed.origin != self.names.at(parsed.position) {
                verdict.fault(index, "ORIGIN_WRONG", format!("it is of the log {:?}", parsed.origin));
            }
            if !parsed.has_payload(payload) {
                verdict.fault(index, "PAYLOAD_HASH", "the payload is not the one that the entry names");
            }
            if !parsed.has_metadata(metadata) {
                verdict.fault(index, "METADATA_HASH", "the metadata are not those that the entry names");
            }
            if let Some((last, at)) = before.replace((parsed.position, parsed.recorded_at)) {
                if parsed.position <= last {
                    verdict.fault(index, "INDEX_WRONG", format!("it stands behind position {last}"));
                }
                if parsed.recorded_at < at {
                    verdict.fault(
                        index,
                        "TIME_DECREASES",
                        format!("recorded at {}, and one before it at {at}", parsed.recorded_at),
                    );
                }
            }
            let name = format!("{PROOFS}/{}.tlog-proof", parsed.position);
            let proof = read(self.folder, &name)?.and_then(|proof| String::from_utf8(proof).ok());
            let proved = proof.as_deref().map(str::parse::<InclusionFile>);
            match proved {
                None => verdict.fault(index, "PROOF_MISSING", format!("there is no {name}")),
                Some(Err(error)) => verdict.fault(index, "PROOF_WRONG", error.to_string()),
                Some(Ok(proof)) if proof.index != parsed.position => {
                    verdict.fault(index, "PROOF_WRONG", format!("{name} is of position {}", proof.index));
                }
                Some(Ok(proof)) => match proof.verify(&leaf_hash(entry), &self.trusted.keys) {
                    Ok((checkpoint, signatures)) if checkpoint.origin == self.origin => {
                        verdict.sealed = verdict.sealed.max(Some(checkpoint.head.size));
                        verdict.signers = signatures.iter().map(|signed| signed.key.name().to_owned()).collect();
                    }
                    Ok((checkpoint, _)) => {
                        verdict.fault(index, "PROOF_WRONG", format!("it is of the log {:?}", checkpoint.origin));
                    }
                    Err(error) => verdict.fault(index, "PROOF_WRONG", error.to_string()),
                },
            }
            Ok(())
        })?;
        for name in unproved {
            let message = format!("no event of the bundle proves that the log had the name {:?}", name.origin);
            verdict.fault(Some(name.until), "ORIGIN_WRONG", message);
        }
        Ok(())
    }

    /// The lines of both files side by side. A line that is missing or damaged is no payload of anything.
    fn each_event(
        &self,
        mut take: impl FnMut(&[u8], &[u8], &[u8]) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        let (entries, payloads) = (self.folder.join(ENTRIES), self.folder.join(PAYLOADS));
        let (mut entry_lines, mut payload_lines) = (Lines::open(&entries)?, Lines::open(&payloads)?);
        while let Some(entry) = entry_lines.next().map_err(AuditError::of_file(&entries))? {
            let line = payload_lines.next().map_err(AuditError::of_file(&payloads))?.unwrap_or_default();
            match serde_json::from_slice::<PayloadLine<'_>>(line) {
                Ok(PayloadLine { payload, metadata }) => {
                    take(entry, payload.get().as_bytes(), metadata.get().as_bytes())?;
                }
                Err(_) => take(entry, line, b"")?,
            }
        }
        Ok(())
    }

    /// What the checkpoint says, by whose signatures.
    fn signers(&self, checkpoint: &[u8], verdict: &mut Verdict) -> Option<TreeHead> {
        let note = Note::parse(str::from_utf8(checkpoint).ok()?).ok()?;
        let signatures = note.verify(&self.trusted.keys).ok()?;
        verdict.signers = signatures.iter().map(|signed| signed.key.name().to_owned()).collect();
        note.text().parse::<Checkpoint>().ok().map(|checkpoint| checkpoint.head)
    }

    /// The two trees and the proof between them; no proof where it is damaged. Nothing where there is no previous
    /// checkpoint: what is wrong with one that is there, the verifier says.
    #[expect(clippy::type_complexity, reason = "two trees and what is between them")]
    fn consistency(
        &self,
        previous: Option<&[u8]>,
        checkpoint: &[u8],
    ) -> Result<Option<(TreeHead, TreeHead, Option<Vec<Hash>>)>, AuditError> {
        let head = |note: &[u8]| {
            let note = Note::parse(str::from_utf8(note).ok()?).ok()?;
            note.text().parse::<Checkpoint>().ok().map(|checkpoint| checkpoint.head)
        };
        let (Some(from), Some(to)) = (previous.and_then(head), head(checkpoint)) else { return Ok(None) };
        let proof = read(self.folder, CONSISTENCY_PROOF)?.unwrap_or_default();
        let lines = String::from_utf8(proof).unwrap_or_default();
        let hashes = lines.lines().map(crate::ledger::checkpoint::hash).collect();
        Ok(Some((from, to, hashes)))
    }

    /// When the checkpoint was stamped, by authorities that are trusted.
    fn time_stamps(&self, checkpoint: &[u8], verdict: &mut Verdict) -> Result<Vec<Anchor>, AuditError> {
        let folder = self.folder.join(TIME_STAMPS);
        let Some(stamped) = read(&folder, "stamped")? else { return Ok(Vec::new()) };
        let Some(roots) = &self.trusted.roots else {
            verdict.notes.push("time stamps are not verified: give the authorities' certificates".to_owned());
            return Ok(Vec::new());
        };
        let mut anchors = Vec::new();
        let size = str::from_utf8(&stamped).ok().and_then(|note| Note::parse(note).ok());
        let size = size.and_then(|note| note.text().parse::<Checkpoint>().ok()).map(|checkpoint| checkpoint.head.size);
        if !checkpoint.starts_with(&stamped) {
            verdict.fault(None, "TIME_STAMP", "what was stamped is not the checkpoint");
        }
        for number in 0.. {
            let Some(token) = read(&folder, &format!("{number}.tst"))? else { break };
            let verified = Token::from_der(token).map_err(|error| error.to_string()).and_then(|token| {
                token.verify(&stamped, roots).map_err(|error| error.to_string())?;
                Ok(token.stamp().time)
            });
            match (verified, size) {
                (Ok(at), Some(size)) => {
                    verdict.notes.push(format!("stamped at {at}"));
                    anchors.push(Anchor { size, at });
                }
                (Ok(_), None) => verdict.fault(None, "TIME_STAMP", "what was stamped is no checkpoint"),
                (Err(error), _) => verdict.fault(None, "TIME_STAMP", error),
            }
        }
        Ok(anchors)
    }
}

/// The stored hashes of a bundle.
struct Tiles<'a> {
    folder: &'a Path,
    /// Of the tree that they are of.
    size: u64,
    /// The tile of level 0 that is being compared.
    tile: Vec<Hash>,
}

impl Tiles<'_> {
    /// The stored hash of a leaf, if the bundle has it.
    fn leaf(&mut self, index: u64) -> Result<Option<Hash>, AuditError> {
        let (tile, place) = (index / u64::from(TILE_WIDTH), (index % u64::from(TILE_WIDTH)) as usize);
        if place == 0 {
            self.tile = match Tile::in_tree(0, tile, self.size) {
                Some(tile) => self.hashes(tile)?.unwrap_or_default(),
                None => Vec::new(),
            };
        }
        Ok(self.tile.get(place).copied())
    }

    fn hashes(&self, tile: Tile) -> Result<Option<Vec<Hash>>, AuditError> {
        let bytes = read(self.folder, &TilePath::Hashes(tile).to_string())?;
        Ok(bytes.map(|bytes| bytes.as_chunks().0.to_vec()))
    }
}

/// A file of the folder; `None` where there is none.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, AuditError> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::of_file(path)(error)),
    }
}

fn no_bundle(folder: &Path, reason: &str) -> AuditError {
    AuditError::NoBundle { path: folder.to_owned(), reason: reason.to_owned() }
}
