//! The log is read again from its first event, and what is stored beside it compared with what it makes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;

use crate::app::commanded::Commanded;
use crate::app::compare::{compared, joined};
use crate::app::rebuild::EVENTS_PAGE;
use crate::app::request::Fault;
use crate::app::{App, Vouched};
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::enterprise::Enterprise;
use crate::domain::event::Recorded;
use crate::domain::person::Person;
use crate::domain::value::Sha256Digest;
use crate::ledger::multiset::{MultisetKey, MultisetSum};
use crate::ledger::tree::{Frontier, TILE_HEIGHT};
use crate::store::{
    AggregateType, Attachment, EventRecord, KeptCommand, RowDifference, RowsForm, StoreError, StoredCiphertext,
    StreamId, TableDigest,
};
use crate::vault::payload;
use crate::vault::reference::Reference;
use crate::vault::seal::Ciphertext;

/// The type of the events that attach a file.
const ATTACHES: &str = "AttachmentAdded";

/// A page of the log.
#[derive(Debug)]
pub struct ReplayedPage {
    /// Its events. One that cannot be read has its position and nothing else.
    pub events: Vec<EventRecord>,
    /// Where the log ends, as far as it is known.
    pub head: u64,
    /// What stands beside these events and is not what they say, in their order.
    pub unlike: Vec<Unlike>,
    /// The checkpoints that end with one of these events, in their order; damage where they cannot be read.
    pub sealed: Result<Vec<Vouched>, Fault>,
}

/// Something that stands beside the log, and not as an event of it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlike {
    /// The position of the event; of a node of the tree that of its first one.
    pub position: u64,
    /// What it is.
    pub what: Beside,
    /// Whether something else stands in its place.
    pub is_changed: bool,
}

/// What stands beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// The ciphertext of personal data, until an event erases it.
    Ciphertext,
    /// The bytes of an attached file.
    Attachment,
    /// A node of the tree over many events.
    Node,
}

/// What a replay comes to.
#[derive(Debug)]
pub enum Replayed {
    /// The rows were compared.
    Compared(Folded),
    /// Nothing was compared: another version of the program has made the rows.
    OfOtherForm(RowsForm),
    /// Nothing is said of the rows: the log holds what cannot be folded.
    Unfolded(Fault),
}

/// What a fold of the log makes, against the rows that are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Commits that the events were made in.
    pub commits: u64,
    /// The first rows of each table that are served and not made by the log, or made and not served.
    pub differences: Vec<RowDifference>,
    /// How many there are in all.
    pub count: u64,
    /// A digest of the served rows of each table, as they were read to be compared: of a log that goes on meanwhile,
    /// each stretch at its own moment.
    pub served: Vec<TableDigest>,
}

impl App {
    /// Folds the log and compares what it makes with the rows that are served. It only reads, and commits may go on.
    /// `look` is shown every page of the log, with what stands beside it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replay(&self, look: impl FnMut(ReplayedPage)) -> Result<Replayed, Fault> {
        let form = self.rows_form().await?;
        if form.stored != form.ours {
            return self.look_through(look).await.map(|()| Replayed::OfOtherForm(form));
        }
        // Beside one another: each reads the log in an order of its own.
        let comparing = AbortOnDropHandle::new(tokio::spawn(compared(self.store.clone(), self.aggregates.clone())));
        self.look_through(look).await?;
        match joined(comparing).await {
            Ok(folded) => Ok(Replayed::Compared(folded)),
            Err(fault) if fault.is_damage() => Ok(Replayed::Unfolded(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// Which form the read rows have, beside that which this program writes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rows_form(&self) -> Result<RowsForm, Fault> {
        Ok(self.store.rows_form().await?)
    }

    async fn look_through(&self, mut look: impl FnMut(ReplayedPage)) -> Result<(), Fault> {
        let head = self.store.head().await?.next_position;
        let (mut erasures, mut tree) = (Erasures::default(), Frontier::default());
        let mut next = 0;
        while next < head {
            let events = self.readable(next, head).await?;
            let Some(last) = events.last() else { break };
            let first = next;
            next = last.position + 1;
            let mut unlike = self.unlike_ciphertexts(&events, &mut erasures).await?;
            unlike.extend(self.unlike_attachments(&events).await?);
            unlike.extend(self.unlike_nodes(&events, &mut tree).await?);
            unlike.sort_unstable();
            let sealed = apart(self.vouched_between(first, next).await)?;
            look(ReplayedPage { events, head, unlike, sealed });
        }
        Ok(())
    }

    /// Sums up, beside whatever goes on, what is kept of all commands that say that they began before a position.
    pub fn sum_of_commands(&self, key: MultisetKey, before: u64) -> BoxFuture<'static, Result<MultisetSum, Fault>> {
        let store = self.store.clone();
        let summing = tokio::spawn(async move { Ok(store.sum_of_commands(key, before).await?) });
        joined(AbortOnDropHandle::new(summing)).boxed()
    }

    /// The events of the next page of a log that ends at `head`, and what is kept of the commands that recorded them, in
    /// any order; damage where that cannot be read. An event that cannot be read has its position and nothing else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn commanded(
        &self,
        next: u64,
        head: u64,
    ) -> Result<(Vec<EventRecord>, Result<Vec<KeptCommand>, Fault>), Fault> {
        let events = self.readable(next, head).await?;
        let last = events.last().map_or(next, |last| last.position);
        // Read after the events: what a commit adds meanwhile is of later ones.
        let commands = apart(self.store.commands_of(next, last).await.map_err(Fault::from))?;
        Ok((events, commands))
    }

    /// The commands that are kept though no events of theirs begin where they say; the first of all of them, or of those
    /// that say that they began at a position or behind it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unfounded_commands(&self, from: Option<u64>, limit: u32) -> Result<Vec<KeptCommand>, Fault> {
        Ok(self.store.unfounded_commands(from, limit).await?)
    }

    /// A page of the log from a position on.
    async fn readable(&self, next: u64, head: u64) -> Result<Vec<EventRecord>, Fault> {
        match self.log(next.checked_sub(1), None, EVENTS_PAGE).await {
            Err(fault) if fault.is_damage() => {}
            read => return read,
        }
        let mut events = Vec::new();
        for position in next..head.min(next + u64::from(EVENTS_PAGE)) {
            match self.log(position.checked_sub(1), Some(position), 1).await {
                Ok(event) => events.extend(event),
                Err(fault) if fault.is_damage() => events.push(EventRecord { position, ..EventRecord::default() }),
                Err(fault) => return Err(fault),
            }
        }
        Ok(events)
    }

    /// The files that events attach and whose bytes are not there or others.
    async fn unlike_attachments(&self, page: &[EventRecord]) -> Result<Vec<Unlike>, Fault> {
        let mut unlike = Vec::new();
        for event in page.iter().filter(|event| event.event_type == ATTACHES) {
            // What cannot be read, a fold says.
            let Ok(Recorded { fact: CaseFact::AttachmentAdded(added), .. }) = self.aggregates.cases.decode(event)
            else {
                continue;
            };
            let stored = self.store.attachment(added.digest.as_str()).await?;
            let is_its = |stored: &Attachment| Sha256Digest::of_bytes(&stored.content) == added.digest;
            if !stored.as_ref().is_some_and(is_its) {
                let (position, is_changed) = (event.position, stored.is_some());
                unlike.push(Unlike { position, what: Beside::Attachment, is_changed });
            }
        }
        Ok(unlike)
    }

    /// The nodes that the events make whole and that are not there or others. `tree` is over all events before.
    async fn unlike_nodes(&self, page: &[EventRecord], tree: &mut Frontier) -> Result<Vec<Unlike>, Fault> {
        let mut nodes = Vec::new();
        for event in page {
            tree.append(event.leaf_hash, |level, node, hash| nodes.push((level, node, hash)));
        }
        let mut unlike = Vec::new();
        for (level, node, hash) in nodes {
            let stored = self.store.hashes(level, node, 1).await?.pop();
            if stored != Some(hash) {
                let position = node << (level * TILE_HEIGHT);
                unlike.push(Unlike { position, what: Beside::Node, is_changed: stored.is_some() });
            }
        }
        Ok(unlike)
    }

    /// The references of a page whose ciphertext is not there or another one, though no event erased it.
    async fn unlike_ciphertexts(&self, page: &[EventRecord], erasures: &mut Erasures) -> Result<Vec<Unlike>, Fault> {
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
        let unlike =
            |event: &EventRecord, is_changed| Unlike { position: event.position, what: Beside::Ciphertext, is_changed };
        let mut all = Vec::new();
        let mut gone = Vec::new();
        for (event, reference) in wanted {
            match found.get(&reference.ciphertext.0) {
                None => gone.push((event, reference)),
                Some(Some(stored)) if is_named_by(stored, &reference) => {}
                Some(_) => all.push(unlike(event, true)),
            }
        }
        let keys: Vec<_> = gone.iter().map(|(_, reference)| reference.key.0).collect();
        let erased = self.store.erased_among(&keys).await?;
        let erased: HashMap<_, _> = erased.into_iter().map(|erased| (erased.key_id, erased.position)).collect();
        for (event, reference) in gone {
            let is_erased = match erased.get(&reference.key.0) {
                Some(position) => self.erases(*position, event, erasures).await?,
                None => false,
            };
            if !is_erased {
                all.push(unlike(event, false));
            }
        }
        Ok(all)
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
            Entry::Vacant(unknown) => *unknown.insert(self.erasure_at(position).await?.map(|(stream, _)| stream)),
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
        Ok(record.and_then(|record| Some((self.stream_erased_by(&record)?, record.sequence - 1))))
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

    fn is_erasure<A: Commanded>(&self, record: &EventRecord) -> bool {
        A::streams(&self.aggregates).decode(record).is_ok_and(|event| A::erases(&event))
    }
}

/// What was read or is damaged, apart from a database that fails.
fn apart<T>(read: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match read {
        Err(fault) if !fault.is_damage() => Err(fault),
        read => Ok(read),
    }
}

/// Whether it is what the reference stands for.
fn is_named_by(stored: &StoredCiphertext, reference: &Reference) -> bool {
    let is_its = Ciphertext::from_bytes(stored.ciphertext.clone()).digest() == reference.ciphertext;
    is_its && stored.key_id == reference.key.0
}

/// What the events at these positions erase, as far as it was asked.
#[derive(Default)]
struct Erasures(HashMap<u64, Option<StreamId>>);
