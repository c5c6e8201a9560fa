//! The log is read again from its first event, and what is stored beside it compared with what it makes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tokio_util::task::AbortOnDropHandle;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::compare::{compared, joined};
use crate::app::rebuild::PAGE;
use crate::app::request::Fault;
use crate::domain::case::Case;
use crate::domain::enterprise::Enterprise;
use crate::domain::person::Person;
use crate::store::{AggregateType, EventRecord, RowDifference, RowsForm, StreamId, TableDigest};
use crate::vault::payload;
use crate::vault::reference::Reference;
use crate::vault::seal::Ciphertext;

/// A page of the log.
#[derive(Debug)]
pub struct ReplayedPage {
    /// Its events.
    pub events: Vec<EventRecord>,
    /// Where the log ends, as far as it is known.
    pub head: u64,
    /// Personal data of these events that is gone or changed, and that nobody erased.
    pub unfounded: Vec<Unfounded>,
}

/// A reference to personal data that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfounded {
    /// The position of the event that holds it.
    pub position: u64,
    /// Whether something else stands where its ciphertext should be.
    pub is_changed: bool,
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
    /// A digest of the served rows of each table, as they were read to be compared: of a log that goes on meanwhile, each
    /// stretch at its own moment.
    pub served: Vec<TableDigest>,
}

impl App {
    /// Folds the log and compares what it makes with the rows that are served. It only reads, and commits may go on. Rows
    /// that another version of the program has made are not compared: then the log is only looked through, and the answer
    /// is `None`. `look` is shown every page of the log.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn replay(&self, look: impl FnMut(ReplayedPage)) -> Result<Option<Folded>, Fault> {
        let form = self.rows_form().await?;
        if form.stored != form.ours {
            return self.look_through(look).await.map(|()| None);
        }
        // Beside one another: each reads the log in an order of its own.
        let comparing = AbortOnDropHandle::new(tokio::spawn(compared(self.store.clone(), self.aggregates.clone())));
        self.look_through(look).await?;
        joined(comparing).await.map(Some)
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
        let mut erasures = Erasures::default();
        let mut next = 0;
        while next < head {
            let events = self.log(next.checked_sub(1), None, PAGE).await?;
            let Some(last) = events.last() else { break };
            next = last.position + 1;
            let unfounded = self.unfounded(&events, &mut erasures).await?;
            look(ReplayedPage { events, head, unfounded });
        }
        Ok(())
    }

    /// The references of a page whose ciphertext is not there or another one, though no event erased it.
    async fn unfounded(&self, page: &[EventRecord], erasures: &mut Erasures) -> Result<Vec<Unfounded>, Fault> {
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
        let found = self.store.ciphertexts(&digests).await?;
        let found: HashMap<_, _> = found.into_iter().map(|stored| (stored.digest, stored)).collect();
        let mut unfounded = Vec::new();
        let mut gone = Vec::new();
        for (event, reference) in wanted {
            match found.get(&reference.ciphertext.0) {
                None => gone.push((event, reference)),
                Some(stored) => {
                    let is_its = Ciphertext::from_bytes(stored.ciphertext.clone()).digest() == reference.ciphertext;
                    if !is_its || stored.key_id != reference.key.0 {
                        unfounded.push(Unfounded { position: event.position, is_changed: true });
                    }
                }
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
                unfounded.push(Unfounded { position: event.position, is_changed: false });
            }
        }
        unfounded.sort_unstable_by_key(|one| one.position);
        Ok(unfounded)
    }

    /// Whether the event at the position erases what that event says.
    async fn erases(&self, position: u64, event: &EventRecord, erasures: &mut Erasures) -> Result<bool, Fault> {
        let stream = match erasures.0.entry(position) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let record = self.log(position.checked_sub(1), Some(position), 1).await?.pop();
                *unknown.insert(record.and_then(|record| self.stream_erased_by(&record)))
            }
        };
        let is_of = |stream: StreamId| {
            event.aggregate_type == stream.aggregate_type.as_str()
                && event.aggregate_id == stream.aggregate_id.to_string()
        };
        Ok(event.position < position && stream.is_some_and(is_of))
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

/// What the events at these positions erase, as far as it was asked.
#[derive(Default)]
struct Erasures(HashMap<u64, Option<StreamId>>);
