//! What stands beside a page of the log is held against its events: nodes of the tree, attached files, sealed personal
//! data.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::replay::apart;
use crate::app::request::Fault;
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::enterprise::Enterprise;
use crate::domain::event::Recorded;
use crate::domain::person::Person;
use crate::domain::value::Sha256Digest;
use crate::ledger::tree::{Frontier, TILE_HEIGHT};
use crate::store::{AggregateType, EventRecord, NodePlace, StoreError, StoredCiphertext, StreamId};
use crate::vault::payload;
use crate::vault::reference::Reference;
use crate::vault::seal::Ciphertext;

/// The type of the events that attach a file.
const ATTACHES: &str = "AttachmentAdded";

/// Something that stands beside the log, and not as an event of it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlike {
    /// The position of the event; of a node of the tree that of its first one.
    pub position: u64,
    /// What it is, and in which way.
    pub what: Beside,
}

/// What stands beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// The ciphertext of personal data, until an event erases it.
    Ciphertext(How),
    /// What should not be there any more: the ciphertext that an event has erased.
    Erased,
    /// The mark that the key of an event's erased ciphertexts is to be destroyed. It is not there.
    Mark,
    /// The bytes of an attached file.
    Attachment(How),
    /// A node of the tree over many events.
    Node(How),
}

/// How it is not as the event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Nothing is there.
    Gone,
    /// Something else is.
    Changed,
    /// What is there cannot be read.
    Unreadable,
}

/// What the events at these positions erase, as far as it was asked.
#[derive(Default)]
pub(super) struct Erasures(HashMap<u64, Option<StreamId>>);

impl App {
    /// The files that events attach and whose bytes are not there or others.
    pub(super) async fn unlike_attachments(&self, page: &[EventRecord]) -> Result<Vec<Unlike>, Fault> {
        let mut unlike = Vec::new();
        for event in page.iter().filter(|event| event.event_type == ATTACHES) {
            // What cannot be read, a fold says.
            let Ok(Recorded { fact: CaseFact::AttachmentAdded(added), .. }) = self.aggregates.cases.decode(event)
            else {
                continue;
            };
            let stored = self.store.attachment(added.digest.as_str()).await;
            let how = match apart(stored.map_err(Fault::from))? {
                Ok(Some(stored)) if Sha256Digest::of_bytes(&stored.content) == added.digest => continue,
                Ok(Some(_)) => How::Changed,
                Ok(None) => How::Gone,
                Err(_) => How::Unreadable,
            };
            unlike.push(Unlike { position: event.position, what: Beside::Attachment(how) });
        }
        Ok(unlike)
    }

    /// The nodes that the events make whole and that are not there or others. `tree` is over all events before.
    pub(super) async fn unlike_nodes(&self, page: &[EventRecord], tree: &mut Frontier) -> Result<Vec<Unlike>, Fault> {
        let mut nodes = Vec::new();
        for event in page {
            tree.append(event.leaf_hash, |level, node, hash| nodes.push((level, node, hash)));
        }
        let mut unlike = Vec::new();
        for (level, node, hash) in nodes {
            let stored = self.store.hashes(level, node, 1).await;
            let how = match apart(stored.map_err(Fault::from))?.map(|mut stored| stored.pop()) {
                Ok(Some(stored)) if stored == hash => continue,
                Ok(Some(_)) => How::Changed,
                Ok(None) => How::Gone,
                Err(_) => How::Unreadable,
            };
            unlike.push(Unlike { position: node << (level * TILE_HEIGHT), what: Beside::Node(how) });
        }
        Ok(unlike)
    }

    /// The nodes of the tree that are there though the log has not all of their events; the first of them. `size` is
    /// what the log had at some time before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stray_nodes(&self, size: u64, limit: u32) -> Result<Vec<NodePlace>, Fault> {
        let mut strays = self.store.stray_nodes(size, limit).await?;
        if !strays.is_empty() {
            // The nodes of a commit come with its events: what the log has by now founds those that were seen before.
            // Without a head it takes none.
            let head = apart(self.store.head().await.map_err(Fault::from))?;
            let size = head.map_or(size, |head| head.next_position);
            strays.retain(|node| node.events().is_none_or(|events| events.end > size));
        }
        Ok(strays)
    }

    /// The references of a page whose ciphertext is not there or another one, though no event erased it, or is there
    /// though one did.
    pub(super) async fn unlike_ciphertexts(
        &self,
        page: &[EventRecord],
        erasures: &mut Erasures,
    ) -> Result<Vec<Unlike>, Fault> {
        let mut wanted: Vec<(&EventRecord, Reference)> = Vec::new();
        for event in page {
            // A mark of another form is no reference; a fold says what cannot be read.
            let references = payload::references(&event.payload).unwrap_or_default();
            wanted.extend(references.into_iter().map(|reference| (event, reference)));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let digests: Vec<_> = wanted.iter().map(|(_, reference)| reference.ciphertext.0).collect();
        // Looked at before the erasures are: what is erased meanwhile is then found among them.
        let found = self.sealed_by(&digests).await?;
        let unlike = |event: &EventRecord, what| Unlike { position: event.position, what };
        let keys: BTreeSet<_> = wanted.iter().map(|(_, reference)| reference.key.0).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        // That marks cannot be read, is told where all of them are.
        let marks = apart(self.store.erased_among(&keys).await.map_err(Fault::from))?.unwrap_or_default();
        let erased: HashMap<_, _> = marks.into_iter().map(|mark| (mark.key_id, mark.position)).collect();
        let (mut all, mut kept) = (Vec::new(), Vec::new());
        for (event, reference) in wanted {
            let is_erased = match erased.get(&reference.key.0) {
                Some(position) => self.erases(*position, event, erasures).await?,
                None => false,
            };
            match found.get(&reference.ciphertext.0) {
                None if is_erased => {}
                None => all.push(unlike(event, Beside::Ciphertext(How::Gone))),
                Some(Some(stored)) if is_named_by(stored, &reference) => {
                    kept.extend(is_erased.then_some((event, reference.ciphertext.0)));
                }
                Some(Some(_)) => all.push(unlike(event, Beside::Ciphertext(How::Changed))),
                Some(None) => all.push(unlike(event, Beside::Ciphertext(How::Unreadable))),
            }
        }
        // What was erased between the two looks has gone with the mark.
        let digests: Vec<_> = kept.iter().map(|(_, digest)| *digest).collect();
        let still = if digests.is_empty() { HashMap::new() } else { self.sealed_by(&digests).await? };
        let kept = kept.into_iter().filter(|(_, digest)| still.contains_key(digest));
        all.extend(kept.map(|(event, _)| unlike(event, Beside::Erased)));
        Ok(all)
    }

    /// The events of a page that erase what is under a key without a mark that they did, so that nobody would destroy it.
    pub(super) async fn unmarked_erasures(&self, page: &[EventRecord]) -> Result<Vec<Unlike>, Fault> {
        let mut unmarked = Vec::new();
        for event in page.iter().filter(|event| self.erasure_of(event).is_some()) {
            // What cannot be read, a fold says; and that marks cannot be, is told where all of them are.
            let Ok(keys) = apart(self.keys_erased_by(event).await)? else { continue };
            let Ok(marks) = apart(self.store.erased_among(&keys).await.map_err(Fault::from))? else { continue };
            let is_marked = |key| marks.iter().any(|mark| mark.key_id == key && mark.position <= event.position);
            if !keys.into_iter().all(is_marked) {
                unmarked.push(Unlike { position: event.position, what: Beside::Mark });
            }
        }
        Ok(unmarked)
    }

    /// The ciphertexts that are there, by what events say of them; `None` for one whose row cannot be read.
    async fn sealed_by(&self, digests: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Option<StoredCiphertext>>, Fault> {
        match self.store.ciphertexts(digests).await {
            Err(StoreError::Corrupt { .. }) => {}
            found => return Ok(found?.into_iter().map(|stored| (stored.digest, Some(stored))).collect()),
        }
        let mut all = HashMap::new();
        for digest in digests {
            match self.store.ciphertexts(&[*digest]).await {
                Err(StoreError::Corrupt { .. }) => drop(all.insert(*digest, None)),
                found => all.extend(found?.into_iter().map(|stored| (stored.digest, Some(stored)))),
            }
        }
        Ok(all)
    }

    /// Whether the event at the position erases what that event says.
    async fn erases(&self, position: u64, event: &EventRecord, erasures: &mut Erasures) -> Result<bool, Fault> {
        let stream = match erasures.0.entry(position) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                // An event that cannot be read erases nothing, and is told.
                let erasure = apart(self.erasure_at(position).await)?.unwrap_or_default();
                *unknown.insert(erasure.map(|(stream, _)| stream))
            }
        };
        let is_of = |stream: StreamId| {
            event.aggregate_type == stream.aggregate_type.as_str()
                && event.aggregate_id == stream.aggregate_id.to_string()
        };
        Ok(event.position < position && stream.is_some_and(is_of))
    }

    /// The stream whose personal data the event at a position erases, and how many events that has before it; `None`
    /// where no event erases any there.
    pub(super) async fn erasure_at(&self, position: u64) -> Result<Option<(StreamId, u64)>, Fault> {
        let record = self.log(position.checked_sub(1), Some(position), 1).await?.pop();
        Ok(record.and_then(|record| self.erasure_of(&record)))
    }

    /// The same of an event that is at hand.
    pub(super) fn erasure_of(&self, record: &EventRecord) -> Option<(StreamId, u64)> {
        Some((self.stream_erased_by(record)?, record.sequence.checked_sub(1)?))
    }

    /// The stream whose personal data the event erases, if it erases any.
    fn stream_erased_by(&self, record: &EventRecord) -> Option<StreamId> {
        let aggregate_type = AggregateType::parse(&record.aggregate_type)?;
        let erases = match aggregate_type {
            AggregateType::Case => self.is_erasure::<Case>(record),
            AggregateType::Enterprise => self.is_erasure::<Enterprise>(record),
            AggregateType::Person => self.is_erasure::<Person>(record),
            AggregateType::Campaign
            | AggregateType::Institution
            | AggregateType::Catalogue
            | AggregateType::AnnualSummary
            | AggregateType::View
            | AggregateType::Log => false,
        };
        let aggregate_id = record.aggregate_id.parse().ok()?;
        erases.then_some(StreamId { aggregate_type, aggregate_id })
    }

    /// By its type first: most events are of others, and need not be decoded.
    fn is_erasure<A: Commanded>(&self, record: &EventRecord) -> bool {
        A::ERASURE == Some(record.event_type.as_str())
            && A::streams(&self.aggregates).decode(record).is_ok_and(|event| A::erases(&event))
    }
}

/// Whether it is what the reference stands for.
fn is_named_by(stored: &StoredCiphertext, reference: &Reference) -> bool {
    let is_its = Ciphertext::from_bytes(stored.ciphertext.clone()).digest() == reference.ciphertext;
    is_its && stored.key_id == reference.key.0
}
