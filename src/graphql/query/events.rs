//! What has happened, of everything that somebody may see.

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::app::{EventRecord, LogPage, StreamId};
use crate::graphql::connection::{self, PageInfo, Slice};
use crate::graphql::context::{actor, app, reached};
use crate::graphql::errors;
use crate::graphql::query::{Viewpoint, node};
use crate::graphql::scalars::{Cursor, Position};
use crate::graphql::subscription::filter::EventFilter;
use crate::graphql::types::event::{Event, Node};

#[derive(Default)]
pub(crate) struct EventQuery(pub(super) Viewpoint);

/// Reads of the log.
#[Object]
impl EventQuery {
    /// 事件列表: what has happened, of everything that you may see, by pages, the latest first. The filter and the rights are those of the subscription `events`, which goes on where this begins; saved views are left out here as they are there. Under `asOf` what lies in a division is what lay in it then. For a page no more than a part of a long log is looked through: where little of it is yours, a page may have fewer events than it has room for, or none. There is a next page all the same then, behind `endCursor`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
        #[graphql(desc = "筛选: only these.")] filter: Option<EventFilter>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<EventConnection>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let slice = Slice::read(ctx, first, after, last, before)?;
            EventConnection::load(ctx, &slice, filter.unwrap_or_default(), self.0).await.map(Some)
        })
        .await
    }
}

/// The place of an event in the list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogPlace {
    log: u64,
}

/// 事件列表: what has happened, by pages, the latest first.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct EventConnection {
    /// The events with their places.
    edges: Vec<EventEdge>,
    /// Where this page stands.
    page_info: PageInfo,
}

/// An event and its place in the list.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct EventEdge {
    /// The place.
    cursor: Cursor,
    /// The event.
    node: Event,
    #[graphql(skip)]
    stream: Option<StreamId>,
    #[graphql(skip)]
    from: Viewpoint,
}

#[ComplexObject]
impl EventConnection {
    /// The events alone.
    async fn nodes(&self) -> Vec<&Event> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

#[ComplexObject]
impl EventEdge {
    /// 对象: what it happened to, as it is at the moment of the list; absent where that is the log itself.
    async fn subject(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        let stream = self.stream?;
        let kind = stream.aggregate_type.as_str();
        errors::nullable(node::thing(ctx, kind, stream.aggregate_id, self.from)).await
    }
}

impl EventConnection {
    async fn load(ctx: &Context<'_>, slice: &Slice, filter: EventFilter, from: Viewpoint) -> Result<Self> {
        let places = slice.places(connection::decode::<LogPlace>)?;
        connection::are_there(ctx, &places, |place| place.log).await?;
        let page = LogPage {
            interest: filter.interest()?,
            // What comes after it in the list came before it in the log.
            before: places.after.map(|place| place.log),
            after: places.before.map(|place| place.log),
            limit: slice.limit(),
            keep: slice.keep(),
            at: from.moment,
        };
        let found = app(ctx).log_page(actor(ctx), &page).await.map_err(|fault| errors::fault(ctx, fault))?;
        let mut events = found.events;
        let beyond = slice.cut(&mut events);
        let place = |position| connection::encode(&LogPlace { log: position });
        let edge = |record: EventRecord| {
            let (cursor, stream) = (place(record.position), record.stream());
            Ok(EventEdge { cursor, node: Event::read(ctx, record, from.moment)?, stream, from })
        };
        let edges = events.iter().map(|event| edge(event.record.clone())).collect::<Result<Vec<_>>>()?;
        let ends = edges.first().zip(edges.last());
        let ends = ends.map(|(first, last)| (first.cursor.clone(), last.cursor.clone()));
        let page_info = PageInfo::new(beyond, ends);
        let page_info = match found.stopped_at {
            Some(position) => page_info.stopped_at(slice.keep(), place(position)),
            None => page_info,
        };
        Ok(Self { edges, page_info })
    }
}
