//! How far this process has seen the log, and whether the database still has what was seen.
//!
//! A database that is put back from a backup, and a standby that takes over without the last commits of the one that
//! failed, answer under the same name and go on with other events. What is kept in memory of those that are gone is of
//! no log then: a process that finds it so commits nothing more, and has to be started again. What is read is told
//! here before anybody keeps it; it is compared by whoever commits on a new connection and by whoever writes about
//! webhooks, before anything is written, and again and again by whoever serves. A file of SQLite stays open when another
//! takes its place and shows nothing of that: its name is looked at, by every commit and again and again.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use sqlx::FromRow;

use crate::store::backend::{Backend, SqlStore};
use crate::store::listing::{headless, in_order};
use crate::store::plan::Plan;
use crate::store::statement::Statement;
use crate::store::stored::{AroundRow, EventRow};
use crate::store::{
    Append, AppendError, AppendSpan, Committed, EventQuery, EventRecord, Head, StoreError, StreamEvent, StreamId,
    filter, sql,
};

/// Where the log ends, and what was seen of it; the positions of that and `)` follow.
const SIGHTED: &str = "select position, leaf_hash from events \
     where position in ((select next_position - 1 from log_head where id = 1)";

/// Where the log ends, to whoever goes by that.
const END: &str = "select h.next_position, h.recorded_at, e.leaf_hash \
     from log_head h left join events e on e.position = h.next_position - 1 where h.id = 1";

/// How many sightings wait to be compared. A server compares every second; where there are more, the last is given up
/// for one of what comes later.
const MOST_SIGHTINGS: usize = 4_096;

/// The part of the store that tells whether the log goes on. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait SeenStore: Send + Sync {
    /// Compares what this process has seen of the log with what the database has.
    ///
    /// # Errors
    /// [`StoreError::WentBack`] where something of it is gone, for good: every commit fails alike from then on.
    /// [`StoreError::Replaced`], as a commit. When the database fails.
    async fn look_back(&self) -> Result<(), StoreError>;
}

/// A database that may have lost its place to another one.
pub(super) trait InPlace {
    /// # Errors
    /// [`StoreError::Replaced`] where it can be told without a look at what it holds.
    fn must_be_in_place(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// An event by its place in the log and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sighting {
    position: u64,
    leaf_hash: [u8; 32],
}

/// What was loaded of a stream.
pub(super) struct Loaded {
    pub(super) events: Vec<StreamEvent>,
    /// The last of them, where a connection may lead to another database than this one: a copy that has not all of it,
    /// say.
    pub(super) last: Option<Sighting>,
}

/// What the database has at a position.
#[derive(FromRow)]
pub(super) struct SightedRow {
    position: i64,
    leaf_hash: Vec<u8>,
}

/// Where the log ends, with the hash of its last event.
#[derive(FromRow)]
struct EndRow {
    next_position: i64,
    recorded_at: i64,
    leaf_hash: Option<Vec<u8>>,
}

impl Sighting {
    /// None where that is no hash, as of an event that is not there.
    pub(super) fn of(position: u64, leaf_hash: &[u8]) -> Option<Self> {
        Some(Self { position, leaf_hash: leaf_hash.try_into().ok()? })
    }
}

impl SightedRow {
    fn sighting(&self) -> Option<Sighting> {
        Sighting::of(self.position.cast_unsigned(), &self.leaf_hash)
    }
}

/// What this process has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// The last event that the database was found to have, and the last of every read and commit since then that came
    /// behind it. Not only the latest: what follows on a shorter log may stand behind what was lost. Held to compare
    /// and to put one in, never while something is awaited.
    sightings: Mutex<Vec<Sighting>>,
    /// The position of the first that was found to be gone.
    lost: OnceLock<u64>,
}

impl Seen {
    /// Takes in events that were read or committed, in whatever order: those of several streams come by stream.
    pub(super) fn tell(&self, events: &[EventRecord]) {
        let last = events.iter().max_by_key(|event| event.position);
        self.take(last.map(|last| Sighting { position: last.position, leaf_hash: last.leaf_hash }));
    }

    /// Takes one in, unless it lies before others.
    fn take(&self, last: Option<Sighting>) {
        let Some(last) = last else { return };
        let mut sightings = self.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        if sightings.last().is_none_or(|latest| latest.position < last.position) {
            sightings.truncate(MOST_SIGHTINGS - 1);
            sightings.push(last);
        }
    }

    /// What is to be compared.
    pub(super) fn sightings(&self) -> Vec<Sighting> {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Compares it with what the database has, where it ends too.
    ///
    /// # Errors
    /// [`StoreError::WentBack`].
    pub(super) fn compare(&self, sightings: &[Sighting], found: &[SightedRow]) -> Result<(), StoreError> {
        let found: HashSet<_> = found.iter().filter_map(SightedRow::sighting).collect();
        if let Some(lost) = sightings.iter().find(|seen| !found.contains(seen)) {
            self.lost.get_or_init(|| lost.position);
        }
        self.goes_on()?;
        if let Some(last) = sightings.last() {
            // It stays: it is what a log that goes back later is known by.
            let mut kept = self.sightings.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|seen| seen.position >= last.position);
        }
        self.take(found.into_iter().max_by_key(|seen| seen.position));
        Ok(())
    }

    /// # Errors
    /// [`StoreError::WentBack`] where something that was seen was found to be gone.
    pub(super) fn goes_on(&self) -> Result<(), StoreError> {
        self.lost.get().map_or(Ok(()), |position| Err(StoreError::WentBack { position: *position }))
    }
}

/// Asks what the database has in the places of these, and where it ends.
pub(super) fn sighted(sightings: &[Sighting]) -> Statement {
    let mut statement = Statement { is_planned_anew: true, ..Statement::new(SIGHTED) };
    for seen in sightings {
        statement.push(", ");
        statement.push_integer(seen.position.cast_signed());
    }
    statement.push(")");
    statement
}

impl<B: Backend> SqlStore<B> {
    /// As [`Store::commit`](crate::store::Store::commit).
    pub(super) async fn commit_seen(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<Committed, AppendError>>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.seen.goes_on()?;
        let (clock, ledger) = (self.clock.clone(), self.ledger);
        let decide = move |batch, known| Plan::of(batch, known, &*clock, ledger);
        let plan = self.backend.commit(batch, decide, &self.seen).await?;
        self.seen.tell(&plan.events);
        Ok(plan.outcomes)
    }

    /// As [`Store::load`](crate::store::Store::load).
    pub(super) async fn load_seen(&self, stream: StreamId, after_version: u64) -> Result<Vec<StreamEvent>, StoreError> {
        let loaded = self.backend.load(stream, after_version).await;
        let Loaded { events, last } =
            loaded.map_err(|source| StoreError::Load { stream: stream.to_string(), source: source.into() })?;
        self.seen.take(last);
        Ok(events)
    }

    /// As [`Store::head`](crate::store::Store::head).
    pub(super) async fn head_seen(&self) -> Result<Head, StoreError> {
        let end = self.one::<EndRow, EndRow>("read the head of the log", Statement::new(END));
        let end = end.await?.ok_or_else(headless)?;
        let head = Head { next_position: end.next_position.cast_unsigned(), recorded_at: end.recorded_at };
        let last = head.last_position().zip(end.leaf_hash.as_deref());
        self.seen.take(last.and_then(|(position, leaf_hash)| Sighting::of(position, leaf_hash)));
        Ok(head)
    }

    /// As [`Store::append_around`](crate::store::Store::append_around). A command is in the log whole or not at all.
    pub(super) async fn around_seen(&self, position: u64) -> Result<(Option<AppendSpan>, Head), StoreError> {
        let statement = Statement::new(sql::APPEND_AROUND).integer(position.cast_signed());
        let around = self.one::<AroundRow, AroundRow>("find the append around a position", statement);
        let around = around.await?.ok_or_else(headless)?;
        self.seen.take(around.leaf_hash.as_deref().and_then(|leaf_hash| Sighting::of(position, leaf_hash)));
        around.try_into()
    }

    /// As [`Store::events`](crate::store::Store::events).
    pub(super) async fn read_seen(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        let events = in_order(query.keep, self.many::<EventRow, _>("read events", filter::events(query)).await?);
        self.seen.tell(&events);
        Ok(events)
    }

    /// As [`Store::log`](crate::store::Store::log).
    pub(super) async fn scan_seen(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        let rows: Vec<EventRow> = self.scan("read the log", &filter::events(query)).await?;
        let events = rows.into_iter().map(EventRecord::try_from).collect::<Result<Vec<_>, _>>()?;
        self.seen.tell(&events);
        Ok(events)
    }
}

#[async_trait]
impl<B: Backend> SeenStore for SqlStore<B> {
    async fn look_back(&self) -> Result<(), StoreError> {
        self.backend.must_be_in_place().await?;
        let sightings = self.seen.sightings();
        let found = self.many::<SightedRow, SightedRow>("look back at the log", sighted(&sightings)).await?;
        self.seen.compare(&sightings, &found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: u64, hash: u8) -> EventRecord {
        EventRecord { position, leaf_hash: [hash; 32], ..EventRecord::default() }
    }

    fn row(position: i64, hash: u8) -> SightedRow {
        SightedRow { position, leaf_hash: vec![hash; 32] }
    }

    fn positions(seen: &Seen) -> Vec<u64> {
        seen.sightings().iter().map(|sighting| sighting.position).collect()
    }

    /// What a process has seen whose reads and commits ended with these.
    fn having_seen(events: &[EventRecord]) -> Seen {
        let seen = Seen::default();
        events.iter().for_each(|event| seen.tell(std::slice::from_ref(event)));
        seen
    }

    #[test]
    fn of_what_is_there_the_last_is_kept_and_where_the_log_ends() {
        let seen = having_seen(&[event(3, 3), event(2, 2), event(7, 7)]);
        assert_eq!(positions(&seen), [3, 7], "what lies before others says nothing more");
        let compared = seen.sightings();
        seen.tell(&[event(8, 8)]);
        seen.compare(&compared, &[row(3, 3), row(7, 7), row(8, 8)]).expect("it is there");
        assert_eq!(positions(&seen), [7, 8], "what was seen meanwhile is compared the next time");
        let compared = seen.sightings();
        seen.compare(&compared, &[row(7, 7), row(8, 8), row(11, 11)]).expect("it is there");
        assert_eq!(positions(&seen), [8, 11]);
    }

    #[test]
    fn of_several_streams_the_last_event_is_kept_wherever_it_stands() {
        let seen = Seen::default();
        seen.tell(&[event(2, 2), event(9, 9), event(3, 3), event(7, 7)]);
        assert_eq!(positions(&seen), [9]);
    }

    #[test]
    fn a_log_that_lost_something_is_known_for_good() {
        for (found, lost) in [
            (vec![row(3, 3)], 7),
            (vec![row(3, 3), row(7, 9)], 7),
            // It has grown again meanwhile, and that was seen.
            (vec![row(3, 3), row(7, 9), row(9, 9)], 7),
            (vec![], 3),
        ] {
            let seen = having_seen(&[event(3, 3), event(7, 7), event(9, 9)]);
            let told = seen.compare(&seen.sightings(), &found);
            assert!(matches!(told, Err(StoreError::WentBack { position }) if position == lost), "{told:?}");
            let told = seen.compare(&[], &[row(3, 3)]);
            assert!(matches!(told, Err(StoreError::WentBack { .. })), "{told:?}");
        }
    }

    #[test]
    fn no_more_are_kept_than_that() {
        let seen = Seen::default();
        (0..=MOST_SIGHTINGS as u64).for_each(|position| seen.tell(&[event(position, 1)]));
        let kept = positions(&seen);
        assert_eq!((kept.len(), kept.last()), (MOST_SIGHTINGS, Some(&(MOST_SIGHTINGS as u64))));
        assert_eq!(kept[MOST_SIGHTINGS - 2], MOST_SIGHTINGS as u64 - 2, "the last gave way");
    }
}
