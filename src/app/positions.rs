//! Events by their positions, for whoever may see them.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use crate::app::App;
use crate::app::request::{Fault, with_times};
use crate::domain::actor::Actor;
use crate::store::{AggregateType, EventQuery, EventRecord, Moment, Span, StreamId};

impl App {
    /// The event at a position, if it was there at the moment and it and its aggregate are there for this actor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event_at(&self, actor: &Actor, position: u64, at: Moment) -> Result<Option<EventRecord>, Fault> {
        Ok(self.events_among(actor, &[position], at).await?.pop())
    }

    /// Those of the events at the positions that were there at the moment and, with their aggregates, are there for
    /// this actor, in the order of the log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events_among(&self, actor: &Actor, positions: &[u64], at: Moment) -> Result<Vec<EventRecord>, Fault> {
        let last = at.last_position().unwrap_or(u64::MAX);
        let positions: Vec<u64> = positions.iter().copied().filter(|position| *position <= last).collect();
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let query = EventQuery {
            limit: u32::try_from(positions.len()).unwrap_or(u32::MAX),
            positions,
            occurred: Span::default().happened_by(at),
            ..EventQuery::default()
        };
        let events = with_times(self.store.events(&query).await?)?;
        let seen = self.seen_of(actor, events.iter().filter_map(EventRecord::stream).collect()).await?;
        let is_seen = |event: &EventRecord| event.stream().is_some_and(|stream| seen.contains(&stream));
        let events = events.into_iter().filter(is_seen).collect();
        self.without_internal(actor, events, |event| event).await
    }

    /// Those of the streams whose aggregates are there for this actor now.
    async fn seen_of(&self, actor: &Actor, streams: HashSet<StreamId>) -> Result<HashSet<StreamId>, Fault> {
        let mut of_types: BTreeMap<AggregateType, Vec<Uuid>> = BTreeMap::new();
        for stream in streams {
            of_types.entry(stream.aggregate_type).or_default().push(stream.aggregate_id);
        }
        let mut seen = HashSet::new();
        for (aggregate_type, ids) in of_types {
            let ids: Vec<Uuid> = match aggregate_type {
                AggregateType::Case => {
                    let cases = self.cases_named(actor, &ids, Moment::Present).await?;
                    cases.into_iter().map(|case| case.row.case_id).collect()
                }
                _ => self.seen_entries(actor, aggregate_type, ids).await?,
            };
            seen.extend(ids.into_iter().map(|aggregate_id| StreamId { aggregate_type, aggregate_id }));
        }
        Ok(seen)
    }
}
