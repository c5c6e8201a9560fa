//! Aggregates as their streams have them, kept in memory between commands.
//!
//! What is kept may be older than the log when another server writes, and is never newer: whoever decides on it is told
//! by the commit, and whoever needs the present asks for it. Where a database has lost events, nobody decides on anything
//! that is kept: no commit of this process is taken any more.

mod parts;
mod weight;

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use jiff::Timestamp;
use moka::future::Cache;
use tokio::task::coop::consume_budget;
use uuid::Uuid;

use crate::app::happened::Placed;
use crate::app::request::Fault;
use crate::app::streams::parts::{Part, batches};
use crate::app::streams::weight::{kept_within, most_kept_bytes, size};
use crate::codec::{self, Stored, Upcasters};
use crate::domain::aggregate::Root;
use crate::domain::event::Recorded;
use crate::store::{AggregateType, EventQuery, EventRecord, Moment, Span, Store, StreamEvent, StreamId};

/// Of how many aggregates the present is read at once.
const AT_ONCE: usize = 500;

/// An aggregate and the version it is at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versioned<A> {
    /// How many events made it.
    pub version: u64,
    /// When the latest of them happened.
    pub happened_until: Option<Timestamp>,
    /// How many bytes the log has of the events that were read from it or committed, which is about what it weighs.
    pub size_bytes: u64,
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

    /// Adds what the log has of events that were taken in.
    pub fn weigh<'a>(&mut self, payloads: impl Iterator<Item = &'a str>) {
        self.size_bytes += payloads.map(|payload| payload.len() as u64).sum::<u64>();
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
        Self { aggregate_type, store, upcasters, kept: kept_within(most_kept_bytes(aggregate_type)) }
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

    /// The aggregates as the log has them now, each in its place: for some hundred of them one read of their versions, and
    /// as many of those that are not in memory as they are long.
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

    /// The aggregates at these versions, each in its place: those that are not in memory are read some at a time, and no
    /// further than asked. Of what had happened by a time, as the first so many of the events make them that had.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn at_versions(&self, asked: &[(Uuid, u64)], at: Moment) -> Result<Vec<Arc<Versioned<A>>>, Fault> {
        let had_happened = |until: Timestamp| match at {
            Moment::Present | Moment::Position(_) => true,
            Moment::Occurred(time) => until.as_microsecond() <= time,
        };
        let (mut found, mut missing) = (HashMap::with_capacity(asked.len()), Vec::new());
        for (id, version) in asked {
            let kept = self.kept(*id).await;
            match kept.filter(|kept| kept.version == *version && kept.happened_until.is_none_or(had_happened)) {
                Some(kept) => drop(found.insert((*id, *version), kept)),
                None if *version > 0 => missing.push(Part { id: *id, after: 0, up_to: *version }),
                None => {}
            }
        }
        for batch in batches(missing) {
            let most = batch.iter().map(|part| part.up_to).max().unwrap_or_default();
            let query = EventQuery {
                // One more tells whether that is all of a stream.
                limit: u32::try_from(most).map_or(u32::MAX, |most| most.saturating_add(1)),
                occurred: Span::default().happened_by(at),
                ..EventQuery::default()
            };
            let streams = self.read(&batch, query).await?;
            for Part { id, up_to: version, .. } in batch {
                let records = streams.get(&id).map_or(&[][..], Vec::as_slice);
                let mut then = Versioned::default();
                for record in records.iter().take(usize::try_from(version).unwrap_or(usize::MAX)) {
                    self.take(&mut then, record)?;
                }
                let then = Arc::new(then);
                if !matches!(at, Moment::Occurred(_)) && then.version == records.len() as u64 {
                    self.keep(id, then.clone()).await;
                }
                found.insert((id, version), then);
            }
        }
        Ok(asked.iter().map(|asked| found.get(asked).cloned().unwrap_or_default()).collect())
    }

    /// The aggregates at these versions or later ones, as far as they can be read: of those that are in memory at an earlier
    /// one only what came after it, some at a time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn at_least_all(&self, asked: &HashMap<Uuid, u64>) -> Result<HashMap<Uuid, Arc<Versioned<A>>>, Fault> {
        let (mut found, mut missing) = (HashMap::with_capacity(asked.len()), Vec::new());
        let mut behind = HashMap::new();
        for (id, version) in asked {
            let known = self.kept(*id).await.unwrap_or_default();
            if known.version >= *version {
                found.insert(*id, known);
            } else {
                missing.push(Part { id: *id, after: known.version, up_to: *version });
                behind.insert(*id, known);
            }
        }
        for batch in batches(missing) {
            let after_version = batch.iter().map(|part| part.after).min().unwrap_or_default();
            let query = EventQuery { after_version, limit: u32::MAX, ..EventQuery::default() };
            for (id, records) in self.read(&batch, query).await? {
                let known = behind.remove(&id).unwrap_or_default();
                if let Ok(present) = self.gone_on(&known, &records) {
                    self.keep(id, present.clone()).await;
                    found.insert(id, present);
                }
            }
        }
        Ok(found)
    }

    /// The aggregates of this type after these events, which follow one another in the log, as far as they can be read:
    /// those that are in memory as they were before them, and those that begin with them, go on by the events themselves.
    /// Only others are read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn after(&self, events: &[EventRecord]) -> Result<HashMap<Uuid, Arc<Versioned<A>>>, Fault> {
        let mut streams = HashMap::<Uuid, Vec<&EventRecord>>::new();
        for event in events {
            if let Some(stream) = event.stream().filter(|stream| stream.aggregate_type == self.aggregate_type) {
                streams.entry(stream.aggregate_id).or_default().push(event);
            }
        }
        let (mut found, mut missing) = (HashMap::with_capacity(streams.len()), HashMap::new());
        for (id, events) in streams {
            let (first, last) = (events[0].sequence, events[events.len() - 1].sequence);
            let known = self.kept(id).await.unwrap_or_default();
            if first <= known.version + 1
                && let Ok(present) = self.gone_on(&known, events)
            {
                self.keep(id, present.clone()).await;
                found.insert(id, present);
            } else {
                missing.insert(id, last);
            }
        }
        found.extend(self.at_least_all(&missing).await?);
        Ok(found)
    }

    /// What is known of an aggregate once these events of its stream are taken in, in their order; those that are known
    /// already change nothing.
    fn gone_on<'a>(
        &self,
        known: &Arc<Versioned<A>>,
        events: impl IntoIterator<Item = &'a EventRecord>,
    ) -> Result<Arc<Versioned<A>>, Fault> {
        let mut present = known.clone();
        for event in events.into_iter().filter(|event| event.sequence > known.version) {
            self.take(Arc::make_mut(&mut present), event)?;
        }
        Ok(present)
    }

    /// The events of the query in these streams, by stream: one read.
    async fn read(&self, asked: &[Part], query: EventQuery) -> Result<HashMap<Uuid, Vec<EventRecord>>, Fault> {
        let mut streams = HashMap::<Uuid, Vec<EventRecord>>::with_capacity(asked.len());
        let query = EventQuery {
            aggregate_type: Some(self.aggregate_type),
            aggregate_ids: asked.iter().map(|part| part.id).collect(),
            ..query
        };
        for record in self.store.events(&query).await? {
            if let Some(stream) = record.stream() {
                streams.entry(stream.aggregate_id).or_default().push(record);
            }
        }
        Ok(streams)
    }

    /// The first so many events of the stream, with where the log has them. Others go on meanwhile, however many they are.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn placed(&self, id: Uuid, version: u64) -> Result<Vec<Placed<A>>, Fault> {
        let limit = u32::try_from(version).unwrap_or(u32::MAX);
        let query = EventQuery { stream: Some(self.stream(id)), limit, ..EventQuery::default() };
        let records = self.store.events(&query).await?;
        let mut placed = Vec::with_capacity(records.len());
        for record in &records {
            placed.push((self.decode(record)?, record.into()));
            consume_budget().await;
        }
        Ok(placed)
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
            match event {
                StreamEvent::Parsed(event) => {
                    known.size_bytes += size(&event.payload);
                    known.take(&codec::decode(event, &self.upcasters).map_err(Arc::new)?);
                }
                StreamEvent::Stored(record) => self.take(&mut known, &record)?,
            }
        }
        Ok(known)
    }

    /// Takes the event of a record in.
    fn take(&self, known: &mut Versioned<A>, record: &EventRecord) -> Result<(), Fault> {
        known.take(&self.decode(record)?);
        known.weigh(iter::once(record.payload.as_str()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
