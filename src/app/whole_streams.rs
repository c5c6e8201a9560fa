//! The streams of the log one after the other, each whole, in the order of their keys, and what they make.
//!
//! However long the log is, no more of it is in memory than a page or one longer stream; and what belongs together is
//! read together.

use std::iter;
use std::sync::Arc;

use crate::app::aggregates::{Aggregates, with_streams};
use crate::app::commanded::Commanded;
use crate::app::happened::{self, Placed};
use crate::app::request::Fault;
use crate::app::streams::{Streams, Versioned};
use crate::domain::event::Recorded;
use crate::store::{
    AggregateType, EventRecord, LastEvent, NumberTaken, RebuiltRow, Store, StoreError, StreamId, StreamRange,
};

/// A walk over all streams.
pub(super) struct WholeStreams {
    store: Arc<dyn Store>,
    /// What comes after it is still to be read; `None` at the end.
    next: Option<StreamRange>,
    /// How many events are read at a time.
    page: u32,
}

impl WholeStreams {
    /// A walk that reads so many events at a time; a longer stream is read whole.
    pub(super) fn new(store: Arc<dyn Store>, page: u32) -> Self {
        let next = StreamRange { aggregate_type: AggregateType::ALL[0], after: None, until: None };
        Self { store, next: Some(next), page }
    }

    /// The next streams, which are all that there are of their range; the last range of each type has no end.
    pub(super) async fn next(&mut self) -> Result<Option<(StreamRange, Vec<EventRecord>)>, Fault> {
        let Some(mut range) = self.next.take() else { return Ok(None) };
        let mut events = self.store.events_of_streams(&range, Some(self.page)).await?;
        if events.len() == self.page as usize {
            // The last stream may go on behind the page; where there is no other, all of it is one.
            let last = events[events.len() - 1].aggregate_id.clone();
            match events.iter().rposition(|event| event.aggregate_id != last) {
                Some(end) => {
                    events.truncate(end + 1);
                    range.until = Some(events[end].aggregate_id.clone());
                }
                None => {
                    range.until = Some(last);
                    events = self.store.events_of_streams(&range, None).await?;
                }
            }
        }
        self.next = match &range.until {
            Some(until) => Some(StreamRange { after: Some(until.clone()), until: None, ..range.clone() }),
            None => {
                let later = AggregateType::ALL.into_iter().skip_while(|known| *known != range.aggregate_type).nth(1);
                later.map(|aggregate_type| StreamRange { aggregate_type, after: None, until: None })
            }
        };
        Ok(Some((range, events)))
    }
}

/// What every append makes, one after the other; nothing good comes behind a fault.
type Made<'a> = Box<dyn Iterator<Item = Result<RebuiltRow, Fault>> + Send + 'a>;

/// What every append of these streams makes.
pub(super) fn made<'a>(
    all: &'a Aggregates,
    aggregate_type: AggregateType,
    events: &'a [EventRecord],
) -> impl Iterator<Item = Result<RebuiltRow, Fault>> + Send + 'a {
    let streams = events.chunk_by(|one, next| one.aggregate_id == next.aggregate_id);
    streams.flat_map(move |events| with_streams!(all, aggregate_type, streams => stream_made(streams, events)))
}

/// What every append of one stream makes, in its order.
fn stream_made<'a, A: Commanded>(streams: &'a Streams<A>, events: &'a [EventRecord]) -> Made<'a> {
    let Ok(id) = events[0].aggregate_id.parse() else {
        return Box::new(iter::once(Err(corrupt(&events[0], "of an aggregate without an id"))));
    };
    let stream: StreamId = streams.stream(id);
    let mut before = Versioned::<A>::default();
    let mut past: Vec<Placed<A>> = Vec::with_capacity(events.len());
    let commits = events.chunk_by(EventRecord::is_of_the_same_command);
    Box::new(commits.map(move |commit| {
        let facts = commit.iter().map(|record| streams.decode(record)).collect::<Result<Vec<_>, _>>()?;
        // Only a commit that is not in order looks back.
        let looked_at = if happened::in_order(&before, &facts).is_some() { &[][..] } else { &past };
        let (row, after) = grown(stream, &before, looked_at, commit, &facts);
        before = after;
        let places = commit.iter().map(LastEvent::from);
        past.extend(facts.into_iter().zip(places));
        Ok(row)
    }))
}

/// What a commit, with these facts in it, makes of a stream, and what is known after it. `past` are the events before
/// it, which may be left out where it is in order.
pub(super) fn grown<A: Commanded>(
    stream: StreamId,
    before: &Versioned<A>,
    past: &[Placed<A>],
    commit: &[EventRecord],
    facts: &[Recorded<A::Fact>],
) -> (RebuiltRow, Versioned<A>) {
    let last = &commit[commit.len() - 1];
    let (changes, mut after) = happened::grown(stream.aggregate_id, before, past, facts);
    after.weigh(commit.iter().map(|record| record.payload.as_str()));
    let number_taken = facts.iter().find_map(A::number_taken);
    let row = RebuiltRow {
        stream,
        version: after.version,
        event_count: commit.len() as u64,
        position: last.position,
        recorded_at: last.recorded_at,
        changes,
        number_taken: number_taken.map(|(series, number)| NumberTaken { series, number }),
    };
    (row, after)
}

pub(super) fn corrupt(event: &EventRecord, what: &str) -> Fault {
    StoreError::Corrupt { what: format!("event {} {what}", event.position) }.into()
}
