//! The log as a bundle.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::value::{RawValue, to_raw_value};

use crate::app::{App, EventRecord, Moment, Prover, Sealed, StreamId, Vouched};
use crate::audit::bundle::{
    CHECKPOINT, CONSISTENCY_PROOF, Contents, ENTRIES, FORM, MANIFEST, Manifest, PAYLOADS, PREVIOUS_CHECKPOINT,
    PayloadLine, anchor_of, earlier_names, proof_of, stamped_of, token_of,
};
use crate::audit::sealed::undamaged;
use crate::audit::{AuditError, DraftFolder};
use crate::ledger::inclusion_file::InclusionFile;
use crate::ledger::tile::{TILE_WIDTH, Tile, TilePath};
use crate::ledger::tree::{Hash, base64};

/// Events read at a time.
const EVENTS_PAGE: u32 = 4_096;

/// Of how many checkpoints before its own a whole log takes along who vouches for them, about: each has a folder.
const MOST_ANCHORS: u32 = 1_000;

/// Which part of the log.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// All of it.
    Whole,
    /// From one position to another, both included; without another, to the end.
    Range(u64, Option<u64>),
    /// One stream.
    Stream(StreamId),
}

/// Writes a bundle of what is sealed into a new folder, which appears when it is whole. Up to a position, a whole log
/// is as it was sealed by then, and a part of it ends there, or where the command ends that is recorded there. Answers
/// how many events are in it. `progress` is told how many are written.
///
/// # Errors
/// When nothing of it is sealed, or not all of a part, the folder is there already or cannot be written, or the log
/// cannot be read.
pub async fn export(
    app: &App,
    part: Part,
    up_to: Option<u64>,
    folder: &Path,
    mut progress: impl FnMut(u64),
) -> Result<u64, AuditError> {
    let up_to = match up_to {
        None => None,
        Some(position) => Some(app.last_of_command(position).await?),
    };
    let sealed = sealed(app, part, up_to).await?;
    let size = sealed.checkpoint.size;
    let last = match part {
        Part::Whole => size - 1,
        Part::Range(..) | Part::Stream(_) => up_to.unwrap_or(size - 1),
    };
    let contents = contents(part, last)?;
    let draft = DraftFolder::begin(folder).map_err(AuditError::of_file(folder))?;
    let mut recoveries = app.recoveries().await?;
    recoveries.retain(|recovery| recovery.position < size);
    let mut bundle = Bundle::create(draft.path(), contents, sealed, recoveries)?;
    bundle.events(app, part, last, &mut progress).await?;
    bundle.seal(app).await?;
    let events = bundle.finish()?;
    draft.appear().map_err(AuditError::of_file(folder))?;
    Ok(events)
}

/// The checkpoint that vouches for the events.
async fn sealed(app: &App, part: Part, up_to: Option<u64>) -> Result<Vouched, AuditError> {
    let not_yet = |what: &str| {
        AuditError::NothingToExport(format!("{what} is not sealed yet: a running server seals within a second"))
    };
    match (part, up_to) {
        (_, None) => {
            let latest = app.checkpoint(Sealed::Latest).await?;
            latest.ok_or_else(|| not_yet("the log"))
        }
        // The tree of a whole log ends where its checkpoint does.
        (Part::Whole, Some(last)) => {
            if let Some(within) = app.checkpoint(Sealed::Within(last + 1)).await? {
                return Ok(within);
            }
            let first = app.checkpoint(Sealed::Covering(last + 1)).await?.ok_or_else(|| not_yet("the log"))?;
            let end = first.checkpoint.size - 1;
            Err(AuditError::NothingToExport(format!(
                "nothing was sealed by position {last}: the first checkpoint ends at position {end}, and so does the \
                 least whole log; `--to {last}` writes a part that ends there, `etalon audit case` a case as it was \
                 by then"
            )))
        }
        (Part::Range(..) | Part::Stream(_), Some(last)) => {
            let first = app.checkpoint(Sealed::Covering(last + 1)).await?;
            let first = first.ok_or_else(|| not_yet(&format!("position {last}")))?;
            // One from before the log took another name is signed with a key that auditors may not have any more.
            if first.checkpoint.origin() == app.origin().await? {
                return Ok(first);
            }
            Ok(app.checkpoint(Sealed::Latest).await?.unwrap_or(first))
        }
    }
}

/// What the manifest says of the part that ends there.
fn contents(part: Part, last: u64) -> Result<Contents, AuditError> {
    match part {
        Part::Whole => Ok(Contents::Whole),
        Part::Stream(stream) => {
            let (aggregate, id) = (stream.aggregate_type.as_str().to_owned(), stream.aggregate_id.to_string());
            Ok(Contents::Stream { aggregate, id, last })
        }
        Part::Range(first, to) => {
            let to = to.unwrap_or(last);
            if first <= to && to <= last {
                return Ok(Contents::Range { first, last: to });
            }
            let sealed = last + 1;
            let message = format!("positions {first} to {to} are not within the {sealed} events that are sealed");
            Err(AuditError::NothingToExport(message))
        }
    }
}

struct Bundle {
    folder: PathBuf,
    contents: Contents,
    sealed: Vouched,
    entries: BufWriter<File>,
    payloads: BufWriter<File>,
    events: u64,
    /// What says which names the log has had. A part of it that is from before holds them, too.
    recoveries: Vec<EventRecord>,
    /// Leaves of the tile that is not written yet.
    leaves: Vec<Hash>,
}

impl Bundle {
    fn create(
        folder: &Path,
        contents: Contents,
        sealed: Vouched,
        recoveries: Vec<EventRecord>,
    ) -> Result<Self, AuditError> {
        let open = |name: &str| -> Result<_, AuditError> {
            let path = folder.join(name);
            Ok(BufWriter::with_capacity(1 << 20, File::create(&path).map_err(AuditError::of_file(path))?))
        };
        let (entries, payloads) = (open(ENTRIES)?, open(PAYLOADS)?);
        let folder = folder.to_owned();
        Ok(Self { folder, contents, sealed, entries, payloads, events: 0, recoveries, leaves: Vec::new() })
    }

    fn size(&self) -> u64 {
        self.sealed.checkpoint.size
    }

    async fn events(
        &mut self,
        app: &App,
        part: Part,
        last: u64,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), AuditError> {
        let (first, last) = match self.contents {
            Contents::Whole | Contents::Stream { .. } => (0, last),
            Contents::Range { first, last } => (first, last),
        };
        let mut missing = match self.contents {
            Contents::Whole => Vec::new(),
            Contents::Range { .. } | Contents::Stream { .. } => self.recoveries.clone(),
        };
        missing.reverse();
        let mut prover = app.prover(self.size()).await?;
        let mut next = first;
        while next <= last {
            let page = match part {
                Part::Stream(stream) => app.log_of(stream, next.checked_sub(1), last, EVENTS_PAGE).await?,
                Part::Whole | Part::Range(..) => app.log(next.checked_sub(1), Some(last), EVENTS_PAGE).await?,
            };
            let Some(end) = page.last().map(|event| event.position) else { break };
            for event in &page {
                while let Some(recovery) = missing.pop_if(|recovery| recovery.position <= event.position) {
                    if recovery.position < event.position {
                        self.event(&mut prover, &recovery).await?;
                    }
                }
                self.event(&mut prover, event).await?;
            }
            progress(self.events);
            next = end + 1;
        }
        if self.events == 0 {
            return Err(AuditError::NothingToExport("there is no such event, or none that is sealed".to_owned()));
        }
        while let Some(recovery) = missing.pop() {
            self.event(&mut prover, &recovery).await?;
        }
        Ok(())
    }

    async fn event(&mut self, prover: &mut Prover<'_>, event: &EventRecord) -> Result<(), AuditError> {
        let (payload, metadata) = (as_stored(&event.payload), as_stored(&event.metadata));
        let line = PayloadLine { payload: &payload, metadata: &metadata };
        let mut line = serde_json::to_vec(&line).expect("raw values are written as they are");
        line.push(b'\n');
        let failed = |name: &str| AuditError::of_file(self.folder.join(name));
        self.payloads.write_all(&line).map_err(failed(PAYLOADS))?;
        self.entries.write_all(&event.entry).map_err(failed(ENTRIES))?;
        self.entries.write_all(b"\n").map_err(failed(ENTRIES))?;
        self.events += 1;
        match self.contents {
            Contents::Whole => {
                self.leaves.push(event.leaf_hash);
                if self.leaves.len() == usize::from(TILE_WIDTH) {
                    self.leaf_tile()?;
                }
            }
            Contents::Range { .. } | Contents::Stream { .. } => {
                let path = prover.path(event.position).await?;
                let proof = InclusionFile { index: event.position, path, checkpoint: self.sealed.note() };
                self.write(&proof_of(event.position), proof.to_text().as_bytes())?;
            }
        }
        Ok(())
    }

    fn leaf_tile(&mut self) -> Result<(), AuditError> {
        let leaves = std::mem::take(&mut self.leaves);
        let index = (self.events - 1) / u64::from(TILE_WIDTH);
        let tile = Tile { level: 0, index, width: leaves.len() as u16 };
        self.write(&TilePath::Hashes(tile).to_string(), &leaves.concat())
    }

    /// What vouches for the events.
    async fn seal(&mut self, app: &App) -> Result<(), AuditError> {
        if !self.leaves.is_empty() {
            self.leaf_tile()?;
        }
        let size = self.size();
        if matches!(self.contents, Contents::Whole) {
            let upper = (1..8).flat_map(|level| (0..).map_while(move |index| Tile::in_tree(level, index, size)));
            for tile in upper {
                let hashes = app.tile(tile).await?;
                self.write(&TilePath::Hashes(tile).to_string(), &hashes.concat())?;
            }
            self.anchors(app).await?;
        }
        self.vouched("", &self.sealed)?;
        let before = app.checkpoint(Sealed::Within(size - 1)).await?;
        // One of an earlier name is signed with another key.
        if let Some(before) = before.filter(|before| before.checkpoint.origin() == self.sealed.checkpoint.origin()) {
            let proof = app.consistency(before.checkpoint.size, size, Moment::Present).await?;
            let lines: String = proof.path.iter().map(|hash| base64(hash) + "\n").collect();
            self.write(PREVIOUS_CHECKPOINT, before.note().as_bytes())?;
            self.write(CONSISTENCY_PROOF, lines.as_bytes())?;
        }
        Ok(())
    }

    /// What others have seen of the log before it had as many events. What cannot be read, a replay tells.
    async fn anchors(&self, app: &App) -> Result<(), AuditError> {
        for size in app.vouched_sizes(self.size() - 1, MOST_ANCHORS).await? {
            let anchor = undamaged(app.checkpoint(Sealed::Size(size)).await)?;
            // One of an earlier name is signed with another key.
            let of_this_name = |one: &Vouched| one.checkpoint.origin() == self.sealed.checkpoint.origin();
            if let Some(anchor) = anchor.filter(of_this_name) {
                self.vouched(&anchor_of(size), &anchor)?;
            }
        }
        Ok(())
    }

    /// A checkpoint with everybody who vouches for it.
    fn vouched(&self, within: &str, vouched: &Vouched) -> Result<(), AuditError> {
        self.write(&format!("{within}{CHECKPOINT}"), vouched.note().as_bytes())?;
        for (number, stamp) in (0..).zip(&vouched.time_stamps) {
            self.write(&token_of(within, number), &stamp.token)?;
        }
        if !vouched.time_stamps.is_empty() {
            self.write(&stamped_of(within), vouched.checkpoint.note.as_bytes())?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<u64, AuditError> {
        let manifest = Manifest {
            form: FORM.to_owned(),
            origin: self.sealed.checkpoint.origin().to_owned(),
            earlier: earlier_names(&self.recoveries),
            events: self.events,
            part: self.contents.clone(),
        };
        let manifest = serde_json::to_vec_pretty(&manifest).expect("texts and numbers always serialise");
        self.write(MANIFEST, &manifest)?;
        for (name, file) in [(ENTRIES, &mut self.entries), (PAYLOADS, &mut self.payloads)] {
            file.flush().map_err(AuditError::of_file(self.folder.join(name)))?;
        }
        Ok(self.events)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), AuditError> {
        let path = self.folder.join(name);
        let folder = path.parent().unwrap_or(&self.folder);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
        written.map_err(AuditError::of_file(path))
    }
}

/// JSON as it is stored, to the byte. What is none, or not on one line, somebody has changed behind the back of the
/// log: it goes out as a text, which is what no entry names, so that its own event is at fault and no other.
fn as_stored(stored: &str) -> Box<RawValue> {
    match RawValue::from_string(stored.to_owned()) {
        Ok(json) if json.get() == stored && !stored.contains('\n') => json,
        Ok(_) | Err(_) => to_raw_value(stored).expect("a text always serialises"),
    }
}
