//! Aggregates as their streams have them, kept in memory between commands.
//!
//! What is kept may be older than the log when another server writes, and is never newer: whoever decides on it is told
//! by the commit, and whoever needs the present asks for it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use moka::future::Cache;
use uuid::Uuid;

use crate::app::happened::Placed;
use crate::app::request::Fault;
use crate::codec::{self, Stored, Upcasters};
use crate::domain::aggregate::Root;
use crate::domain::event::Recorded;
use crate::store::{AggregateType, EventQuery, EventRecord, Store, StreamEvent, StreamId};

/// How many aggregates of a type are kept. A case of a dozen events weighs some 10 KiB.
const KEPT: u64 = 10_000;

/// Of how many aggregates the present is read at once.
const AT_ONCE: usize = 500;

/// An aggregate and the version it is at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versioned<A> {
    /// How many events made it.
    pub version: u64,
    /// When the latest of them happened.
    pub happened_until: Option<Timestamp>,
    /// What is known of it.
    pub state: A,
}

impl<A: Root> Versioned<A> {
    /// Takes the next event of the stream in.
    pub fn take(&mut self, event: &Recorded<A::Fact>) {
        self.state.evolve(event);
        self.pass(event);
    }

    /// Counts the next event of the stream, which nothing that the state is asked for depends on.
    pub fn pass(&mut self, event: &Recorded<A::Fact>) {
        self.version += 1;
        self.happened_until = self.happened_until.max(Some(event.occurred_at));
    }
}

/// A record of the log, as it is decoded.
#[must_use]
pub fn stored(record: &EventRecord) -> Stored<'_> {
    Stored {
        aggregate_type: &record.aggregate_type,
        aggregate_id: &record.aggregate_id,
        sequence: record.sequence,
        event_type: &record.event_type,
        event_version: &record.event_version,
        payload: &record.payload,
    }
}

/// The streams of one type of aggregate.
pub struct Streams<A> {
    aggregate_type: AggregateType,
    store: Arc<dyn Store>,
    upcasters: Upcasters,
    kept: Cache<Uuid, Arc<Versioned<A>>>,
}

impl<A: Root> Streams<A> {
    /// The streams of that type in that store.
    pub fn new(aggregate_type: AggregateType, store: Arc<dyn Store>, upcasters: Upcasters) -> Self {
        Self { aggregate_type, store, upcasters, kept: Cache::new(KEPT) }
    }

    /// The stream's name.
    pub fn stream(&self, id: Uuid) -> StreamId {
        StreamId { aggregate_type: self.aggregate_type, aggregate_id: id }
    }

    /// The aggregate as this server last saw it, if it did.
    pub async fn kept(&self, id: Uuid) -> Option<Arc<Versioned<A>>> {
        self.kept.get(&id).await
    }

    /// The aggregate as the log has it now: one read of what is new.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn present(&self, id: Uuid) -> Result<Arc<Versioned<A>>, Fault> {
        let known = self.kept(id).await.unwrap_or_default();
        let news = self.store.load(self.stream(id), known.version).await?;
        if news.is_empty() {
            return Ok(known);
        }
        let present = Arc::new(self.fold((*known).clone(), news)?);
        self.keep(id, present.clone()).await;
        Ok(present)
    }

    /// The aggregates as the log has them now, each in its place: for some hundred of them one read of their versions,
    /// and one of those that are not in memory.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn present_all(&self, ids: &[Uuid]) -> Result<Vec<Arc<Versioned<A>>>, Fault> {
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let query = EventQuery {
                aggregate_type: Some(self.aggregate_type),
                aggregate_ids: ids.to_vec(),
                ..EventQuery::default()
            };
            let mut present = self.at_least_all(&self.store.count_events(&query).await?).await?;
            for id in ids {
                all.push(match present.remove(id) {
                    Some(present) => present,
                    // There is none, or why it cannot be read is told.
                    None => self.present(*id).await?,
                });
            }
        }
        Ok(all)
    }

    /// The aggregate as it was at that version.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn at_version(&self, id: Uuid, version: u64) -> Result<Arc<Versioned<A>>, Fault> {
        if version == 0 {
            return Ok(Arc::default());
        }
        if let Some(kept) = self.kept(id).await
            && kept.version == version
        {
            return Ok(kept);
        }
        let mut events = self.store.load(self.stream(id), 0).await?;
        let whole = events.len() as u64 <= version;
        events.truncate(usize::try_from(version).unwrap_or(usize::MAX));
        let then = Arc::new(self.fold(Versioned::default(), events)?);
        if whole {
            self.keep(id, then.clone()).await;
        }
        Ok(then)
    }

    /// The aggregates at these versions, each in its place: one read for all that are not in memory. With a time
    /// (microseconds since the Unix epoch), as the first so many of the events make them that happened by then.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn at_versions(&self, asked: &[(Uuid, u64)], time: Option<i64>) -> Result<Vec<Arc<Versioned<A>>>, Fault> {
        let mut found = Vec::with_capacity(asked.len());
        for (id, version) in asked {
            let is_it = |kept: &Arc<Versioned<A>>| {
                let until = kept.happened_until.map(Timestamp::as_microsecond);
                kept.version == *version && time.is_none_or(|time| until.is_none_or(|until| until <= time))
            };
            found.push(match *version {
                0 => Some(Arc::default()),
                _ => self.kept(*id).await.filter(is_it),
            });
        }
        let missing = asked.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|((id, _), _)| *id);
        let streams = self.whole(missing.collect()).await?;
        let mut all = Vec::with_capacity(asked.len());
        for ((id, version), found) in asked.iter().zip(found) {
            if let Some(found) = found {
                all.push(found);
                continue;
            }
            let records = streams.get(id).map_or(&[][..], Vec::as_slice);
            let mut then = Versioned::default();
            for record in records {
                if then.version == *version {
                    break;
                }
                let event = self.decode(record)?;
                if time.is_none_or(|time| event.occurred_at.as_microsecond() <= time) {
                    then.take(&event);
                }
            }
            let then = Arc::new(then);
            if then.version == records.len() as u64 {
                self.keep(*id, then.clone()).await;
            }
            all.push(then);
        }
        Ok(all)
    }

    /// The aggregates at these versions or later ones, as far as they can be read: one read for all that are not in
    /// memory.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn at_least_all(&self, asked: &HashMap<Uuid, u64>) -> Result<HashMap<Uuid, Arc<Versioned<A>>>, Fault> {
        let mut found = HashMap::with_capacity(asked.len());
        for (id, version) in asked {
            if let Some(kept) = self.kept(*id).await.filter(|kept| kept.version >= *version) {
                found.insert(*id, kept);
            }
        }
        let missing = asked.keys().filter(|id| !found.contains_key(id)).copied();
        for (id, records) in self.whole(missing.collect()).await? {
            let events: Result<Vec<_>, Fault> = records.iter().map(|record| self.decode(record)).collect();
            let Ok(events) = events else { continue };
            let mut present = Versioned::default();
            events.iter().for_each(|event| present.take(event));
            let present = Arc::new(present);
            self.keep(id, present.clone()).await;
            found.insert(id, present);
        }
        Ok(found)
    }

    /// All events of these streams, by stream: one read, or none.
    async fn whole(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<EventRecord>>, Fault> {
        let mut streams = HashMap::<Uuid, Vec<EventRecord>>::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(streams);
        }
        let query = EventQuery {
            aggregate_type: Some(self.aggregate_type),
            aggregate_ids: ids,
            limit: u32::MAX,
            ..EventQuery::default()
        };
        for record in self.store.events(&query).await? {
            if let Some(stream) = record.stream() {
                streams.entry(stream.aggregate_id).or_default().push(record);
            }
        }
        Ok(streams)
    }

    /// The first so many events of the stream, with where the log has them.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn placed(&self, id: Uuid, version: u64) -> Result<Vec<Placed<A>>, Fault> {
        let query = EventQuery { stream: Some(self.stream(id)), limit: u32::MAX, ..EventQuery::default() };
        let records = self.store.events(&query).await?;
        let first = records.iter().filter(|record| record.sequence <= version);
        first.map(|record| Ok((self.decode(record)?, record.into()))).collect()
    }

    /// Keeps what a commit has made, unless something later is kept already.
    pub async fn keep(&self, id: Uuid, made: Arc<Versioned<A>>) {
        self.kept
            .entry(id)
            .and_upsert_with(|entry| {
                let later = match entry.map(moka::Entry::into_value) {
                    Some(kept) if kept.version > made.version => kept,
                    _ => made,
                };
                std::future::ready(later)
            })
            .await;
    }

    /// The event of a record of this type's streams.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn decode(&self, record: &EventRecord) -> Result<Recorded<A::Fact>, Fault> {
        Ok(codec::decode_stored(stored(record), &self.upcasters).map_err(Arc::new)?)
    }

    fn fold(&self, mut known: Versioned<A>, events: Vec<StreamEvent>) -> Result<Versioned<A>, Fault> {
        for event in events {
            let event = match event {
                StreamEvent::Parsed(event) => codec::decode(event, &self.upcasters).map_err(Arc::new)?,
                StreamEvent::Stored(record) => self.decode(&record)?,
            };
            known.take(&event);
        }
        Ok(known)
    }
}
