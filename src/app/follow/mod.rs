//! Followers: everything that the log takes, in order, from a position on, nothing twice and nothing skipped.
//!
//! [`App::follow`] gives a [`Follower`]; [`Follower::more`] waits until the log has more, and [`Follower::read`] gives it
//! as a [`Batch`]. A follower keeps one thing, the position that it has seen everything up to: give it back to
//! [`App::follow`] and it goes on from there, in another process as well. Dropping either future loses nothing.
//!
//! Events are always read from the log by position. Being woken is a hint to look, never the news itself: this
//! process's own commits announce themselves, those of other servers come with `NOTIFY`, and for what is heard of in
//! neither way (a second process on SQLite, a lost connection) the log is looked at once a second.
//!
//! The log is read once for all followers near its end: the [`hub::Hub`] of the process keeps the latest events in a
//! ring that they share. A follower that is further behind reads pages of its own until it has caught up, each of a
//! stretch of the log that is bounded. One that waits costs no query.
//!
//! What somebody may see of a batch is asked with [`App::visible`], by today's rights. Nobody follows saved views; see
//! [`RegisterScope::followed`](crate::app::scope::RegisterScope::followed).

mod commands;
mod hub;
mod pages;
mod places;
mod ring;
mod sight;

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::App;
use crate::app::request::{Fault, recorded_at};
use crate::codec;
use crate::domain::actor::ActorId;
use crate::domain::value::Division;
use crate::store::{AggregateType, EventQuery, EventRecord, Span, StoreError, StreamId};
pub(super) use hub::Hub;
pub use pages::{LogFound, LogPage};
use places::Place;
pub(super) use sight::CaseSight;

/// How many events a follower takes at a time.
const BATCH: u32 = 256;

/// How many positions one who is behind looks at with each read: what is of interest may be rare, and no index finds it
/// by its type, its author or its time.
pub(super) const STRETCH: u64 = 8_192;

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
    /// Only what the log took then.
    pub recorded: Span,
    /// Only what happened then, as the event says.
    pub occurred: Span,
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
        // What no time can be told of is within none. Where none is asked for, it is told as damaged when it is shown.
        let recorded =
            self.recorded == Span::default() || recorded_at(record).is_ok_and(|time| self.recorded.holds(time));
        let occurred = self.occurred == Span::default()
            || codec::occurred_at(&record.payload).is_ok_and(|time| self.occurred.holds(time));
        of_type && by_actor && of_kind && of_stream && recorded && occurred
    }

    /// How far one read from that position on looks, in a log that ends there.
    fn reach(&self, from: u64, end: u64) -> u64 {
        match self.streams.as_slice() {
            // An index has its events.
            [_] => end,
            _ => end.min(from + STRETCH - 1),
        }
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
            recorded: self.recorded,
            occurred: self.occurred,
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

    /// Waits until the log has more than was seen: how many events it is then known to have.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the application shuts down.
    pub async fn more(&mut self) -> Result<u64, Fault> {
        loop {
            let known = *self.known.borrow_and_update();
            if known > self.next {
                return Ok(known);
            }
            tokio::select! {
                () = self.hub.stopped() => return Err(StoreError::Closed.into()),
                changed = self.known.changed() => changed.map_err(|_| StoreError::Closed)?,
            }
        }
    }

    /// Everything of interest in the next stretch of a log of so many events, which are more than were seen. What is
    /// given is not given again; who drops the future reads the same stretch again.
    ///
    /// # Errors
    /// When the store fails: the same can be tried again.
    pub async fn read(&mut self, known: u64) -> Result<Batch, Fault> {
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
        let end = self.interest.reach(self.next, up_to);
        let mut records = self.hub.read(&self.interest.page(self.next, end)).await?;
        let through = if records.len() as u64 >= u64::from(BATCH) {
            commands::keep_whole(&mut records, |record| record);
            records.last().map_or(end, |last| last.position)
        } else if end < up_to {
            commands::leave_open(&mut records, end)
        } else {
            end
        };
        let happened = |record| Arc::new(LogEvent { record, command_end: None });
        Ok((records.into_iter().map(happened).collect(), through))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(occurred_at: &str, recorded_at: &str) -> EventRecord {
        let recorded_at: jiff::Timestamp = recorded_at.parse().expect("a time");
        EventRecord {
            position: 0,
            aggregate_type: "Case".to_owned(),
            aggregate_id: String::new(),
            sequence: 1,
            event_type: "CommentAdded".to_owned(),
            event_version: "1.0".to_owned(),
            payload: format!(r#"{{"by":"p-1","occurredAt":"{occurred_at}","fact":{{}}}}"#),
            metadata: String::new(),
            recorded_at: recorded_at.as_microsecond(),
            actor: "p-1".to_owned(),
            command_id: String::new(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        }
    }

    #[test]
    fn an_interest_is_in_what_was_recorded_and_happened_then() {
        let record = happened("2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z");
        let time = |day: u8| Some(format!("2026-03-{day:02}T00:00:00Z").parse().expect("a time"));
        let span = |from, until| Span { from: time(from), until: time(until) };
        for (recorded, occurred, is_covered) in [
            (Span::default(), Span::default(), true),
            (span(5, 6), span(1, 2), true),
            (span(4, 5), Span::default(), false),
            (span(6, 7), Span::default(), false),
            (Span::default(), span(2, 6), false),
            (Span::default(), span(1, 2), true),
        ] {
            let interest = Interest { recorded, occurred, ..Interest::default() };
            assert_eq!(interest.covers(&record), is_covered, "{interest:?}");
            let page = interest.page(0, 9);
            assert_eq!((page.recorded, page.occurred), (recorded, occurred));
        }
        let unreadable = EventRecord { payload: "{}".to_owned(), recorded_at: i64::MAX, ..record };
        assert!(!Interest { occurred: span(1, 2), ..Interest::default() }.covers(&unreadable));
        assert!(!Interest { recorded: span(1, 2), ..Interest::default() }.covers(&unreadable));
        assert!(Interest::default().covers(&unreadable));
    }

    #[test]
    fn a_read_looks_no_further_than_a_stretch_unless_an_index_leads_it() {
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: uuid::Uuid::nil() };
        let of_one = Interest { streams: vec![stream], ..Interest::default() };
        let everything = Interest::default();
        assert_eq!((everything.reach(7, 9), everything.reach(7, u64::MAX)), (9, 7 + STRETCH - 1));
        assert_eq!(of_one.reach(7, 1_000_000), 1_000_000);
    }
}
