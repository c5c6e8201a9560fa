//! Followers: everything that the log takes, in order, from a position on, nothing twice and nothing skipped.
//!
//! [`App::follow`] gives a [`Follower`]; [`Follower::next`] waits until the log has more and gives it as a [`Batch`]. A
//! follower keeps one thing, the position that it has seen everything up to: give it back to [`App::follow`] and it
//! goes on from there, in another process as well. Dropping the future of `next` loses nothing.
//!
//! Events are always read from the log by position. Being woken is a hint to look, never the news itself: this
//! process's own commits announce themselves, those of other servers come with `NOTIFY`, and for what is heard of in
//! neither way (a second process on SQLite, a lost connection) the log is looked at once a second.
//!
//! The log is read once for all followers near its end: the [`hub::Hub`] of the process keeps the latest events in a
//! ring that they share. A follower that is further behind reads pages of its own until it has caught up. One that
//! waits costs no query.
//!
//! What somebody may see of a batch is asked with [`App::visible`], by today's rights. Nobody follows saved views; see
//! [`RegisterScope::followed`](crate::app::scope::RegisterScope::followed).

mod commands;
mod hub;
mod places;
mod ring;
mod sight;

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::App;
use crate::app::request::Fault;
use crate::domain::actor::ActorId;
use crate::domain::value::Division;
use crate::store::{AggregateType, EventQuery, EventRecord, StoreError, StreamId};
pub(super) use hub::Hub;
use places::Place;
pub(super) use sight::CaseSight;

/// How many events a follower takes at a time.
const BATCH: u32 = 256;

/// Where a follower begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first event of the log.
    Beginning,
    /// Behind this position.
    After(u64),
    /// With what comes from now on.
    Now,
}

/// What a follower wants to hear of. Nothing said means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Only events of these types, as the log names them.
    pub types: Vec<String>,
    /// Only events by this actor.
    pub actor: Option<ActorId>,
    /// Only what happened to aggregates of these types.
    pub kinds: Vec<AggregateType>,
    /// Only what happened to these aggregates.
    pub streams: Vec<StreamId>,
    /// Only what lies in this division. Looked at by [`App::visible`], which knows where an aggregate lies.
    pub within: Option<Division>,
}

impl Interest {
    /// Whether the event is of interest, as far as its own record tells.
    fn covers(&self, record: &EventRecord) -> bool {
        let of_type = self.types.is_empty() || self.types.contains(&record.event_type);
        let by_actor = self.actor.as_ref().is_none_or(|actor| actor.as_str() == record.actor);
        let of_kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == record.aggregate_type);
        let of_stream = self.streams.is_empty() || record.stream().is_some_and(|stream| self.streams.contains(&stream));
        of_type && by_actor && of_kind && of_stream
    }

    /// The page of the log from that position on, up to that one, as far as the store can choose.
    fn page(&self, from: u64, up_to: u64) -> EventQuery {
        let only = |streams: &[StreamId]| match streams {
            [stream] => Some(*stream),
            _ => None,
        };
        let of_kind = match self.kinds.as_slice() {
            [kind] => Some(*kind),
            _ => None,
        };
        EventQuery {
            stream: only(&self.streams),
            aggregate_type: of_kind,
            after: from.checked_sub(1),
            up_to: Some(up_to),
            limit: BATCH,
            types: self.types.clone(),
            actor: self.actor.as_ref().map(ToString::to_string),
            ..EventQuery::default()
        }
    }
}

/// An event of the log on its way to those who follow.
#[derive(Debug)]
pub struct LogEvent {
    /// The event.
    pub record: EventRecord,
    /// The position of the last event of its command; `None` where that has to be looked up.
    command_end: Option<u64>,
}

/// What a follower is given at a time.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The events of interest, in order; none when nothing was of interest. A command that is no longer than a batch is
    /// in one of them.
    pub events: Vec<Arc<LogEvent>>,
    /// The follower has seen everything up to this position: where to go on, whatever was of interest.
    pub through: u64,
}

/// Somebody who follows the log.
pub struct Follower {
    hub: Arc<Hub>,
    interest: Arc<Interest>,
    /// The first position that was not seen yet.
    next: u64,
    /// The same, for whoever looks after the server.
    place: Place,
    /// How many events the hub knows the log to have.
    known: watch::Receiver<u64>,
}

impl App {
    /// Follows the log. The position behind which a follower starts need not be there yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follow(&self, start: Start, interest: Interest) -> Result<Follower, Fault> {
        let hub = self.hub().await?;
        let next = match start {
            Start::Beginning => 0,
            Start::After(position) => position.saturating_add(1),
            Start::Now => self.store.head().await?.next_position,
        };
        let place = hub.places.take(next);
        Ok(Follower { known: hub.known(), hub, interest: Arc::new(interest), next, place })
    }

    /// The position at which the command ends that recorded the event: from there on the rows show what it made.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_of_command(&self, event: &LogEvent) -> Result<u64, Fault> {
        match event.command_end {
            Some(end) => Ok(end),
            None => Ok(self.append_around(event.record.position).await?.last_position),
        }
    }
}

impl Follower {
    /// The last position that it has seen everything up to; `None` before the first of the log.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    /// What it follows.
    #[must_use]
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Waits until the log has more, and gives it. What is given is not given again.
    ///
    /// # Errors
    /// When the store fails: the same can be tried again. [`StoreError::Closed`] when the application shuts down.
    pub async fn next(&mut self) -> Result<Batch, Fault> {
        loop {
            let known = *self.known.borrow_and_update();
            if known > self.next {
                return self.read(known).await;
            }
            tokio::select! {
                () = self.hub.stopped() => return Err(StoreError::Closed.into()),
                changed = self.known.changed() => changed.map_err(|_| StoreError::Closed)?,
            }
        }
    }

    /// Everything of interest in the next stretch of a log of so many events.
    async fn read(&mut self, known: u64) -> Result<Batch, Fault> {
        let (mut events, through) = match self.hub.recent(self.next, BATCH) {
            Some(mut recent) => {
                if recent.len() as u64 >= u64::from(BATCH) {
                    commands::keep_whole(&mut recent, |event| &event.record);
                }
                let through = recent.last().map_or(self.next, |last| last.record.position);
                (recent, through)
            }
            None => self.page(known - 1).await?,
        };
        events.retain(|event| self.interest.covers(&event.record));
        self.next = through + 1;
        self.place.move_to(self.next);
        Ok(Batch { events, through })
    }

    /// A page of its own, and what it reaches to.
    async fn page(&self, up_to: u64) -> Result<(Vec<Arc<LogEvent>>, u64), Fault> {
        let mut records = self.hub.read(&self.interest.page(self.next, up_to)).await?;
        let is_full = records.len() as u64 >= u64::from(BATCH);
        if is_full {
            commands::keep_whole(&mut records, |record| record);
        }
        let through = records.last().filter(|_| is_full).map_or(up_to, |last| last.position);
        let happened = |record| Arc::new(LogEvent { record, command_end: None });
        Ok((records.into_iter().map(happened).collect(), through))
    }
}
