//! 时间线: the timeline of a case, by pages.

use std::slice::from_ref;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Interface, Object, Result, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::app::HistoryEvent;
use crate::domain::case::event::CaseFact;
use crate::domain::case::values::Origin;
use crate::domain::enterprise::state::FieldVisit;
use crate::domain::value::{CaseId, VisitId, calendar};
use crate::graphql::connection::{self, PageInfo, Slice};
use crate::graphql::context::{app, loaders};
use crate::graphql::scalars::{Cursor, Date, DateTime};
use crate::graphql::types::common;
use crate::graphql::types::enterprise::FieldVisitNode;
use crate::graphql::types::event::CaseEvent;
use crate::graphql::types::history::CaseHistory;
use crate::graphql::types::history::change::Maker;
use crate::graphql::types::register::Way;
use crate::graphql::{errors, ids};
use crate::projection::timeline::{self, Behind, Entry};

/// 时间线条目种类: what an entry of a timeline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
#[graphql(remote = "crate::projection::timeline::Kind")]
pub(crate) enum TimelineKind {
    /// 生命周期: a step of its life.
    Lifecycle,
    /// 走访: a visit to the production line.
    Visit,
    /// 协作: experts who are invited, join, leave or are removed.
    Collaboration,
    /// 工作: requirements, findings, measurements, techniques, trainings.
    Work,
    /// 期限: deadlines that are set, extended, missed, or still to come.
    Deadline,
    /// 计时: the clock stops, or runs again.
    Clock,
    /// 层级: it goes one level up.
    Level,
    /// 暂存: it is parked at national level, taken up again, or will be looked at.
    Parking,
    /// 记录: fees, comments, documents, links, the publication.
    Record,
    /// 导入: an activity of another tracker.
    Imported,
}

/// Where an entry stands in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    at: i64,
    /// Events, then visits and the original, then what is due.
    rank: u8,
    /// The event's position, the visit's or the due day's place among its like; the original is behind all visits.
    number: u64,
    /// Which entry of the same event.
    part: u8,
}

/// What every entry has.
pub(crate) struct Line {
    case: CaseId,
    place: Place,
    entry: Entry,
}

impl Line {
    fn id(&self) -> ID {
        ids::of_content("TimelineEntry", &(self.case, self.place))
    }
}

/// 时间线条目: what people read of a case, at its time.
#[derive(Interface)]
#[expect(clippy::large_enum_variant, reason = "nearly every entry is the large variant")]
#[expect(clippy::duplicated_attributes, reason = "two fields of the interface are of one type")]
#[graphql(
    field(name = "id", ty = "ID", desc = "标识: made of its case and its place."),
    field(
        name = "at",
        ty = "DateTime",
        desc = "时间: when it happened; of a day, its beginning, or its end where something is due, in UTC+8."
    ),
    field(name = "kind", ty = "TimelineKind", desc = "种类: what it is about."),
    field(name = "chinese", ty = "&str", desc = "中文: what people read, in Chinese."),
    field(name = "english", ty = "&str", desc = "英文: what people read, in English.")
)]
pub(crate) enum TimelineEntry {
    /// An event of the case.
    Event(EventTimelineEntry),
    /// A visit that concerns it.
    Visit(VisitTimelineEntry),
    /// The end of its original.
    Original(OriginalTimelineEntry),
    /// A day that is still to come.
    Due(DueTimelineEntry),
}

macro_rules! entries {
    ($($(#[$doc:meta])* $object:ident { $(#[$field_doc:meta])* $field:ident: $type:ty, |$value:ident| $shown:expr })+) => {
        $(
            $(#[$doc])*
            #[Object]
            impl $object {
                /// 标识: made of its case and its place.
                pub(crate) async fn id(&self) -> ID {
                    self.line.id()
                }

                /// 时间: when it happened; of a day, its beginning, or its end where something is due, in UTC+8.
                pub(crate) async fn at(&self) -> DateTime {
                    self.line.entry.at.into()
                }

                /// 种类: what it is about.
                pub(crate) async fn kind(&self) -> TimelineKind {
                    self.line.entry.kind.into()
                }

                /// 中文: what people read, in Chinese.
                pub(crate) async fn chinese(&self) -> &str {
                    &self.line.entry.text.chinese
                }

                /// 英文: what people read, in English.
                pub(crate) async fn english(&self) -> &str {
                    &self.line.entry.text.english
                }

                $(#[$field_doc])*
                async fn $field(&self) -> $type {
                    let $value = &self.$field;
                    $shown
                }
            }
        )+
    };
}

pub(crate) struct EventTimelineEntry {
    line: Line,
    event: Maker,
}

pub(crate) struct VisitTimelineEntry {
    line: Line,
    visit: FieldVisitNode,
}

pub(crate) struct OriginalTimelineEntry {
    line: Line,
    number: Option<String>,
}

pub(crate) struct DueTimelineEntry {
    line: Line,
    on: Date,
}

entries! {
    /// 事件条目: an event of the case.
    EventTimelineEntry {
        /// 事件: what happened.
        event: CaseEvent, |event| event.event()
    }
    /// 走访条目: a visit that concerns the case.
    VisitTimelineEntry {
        /// 走访: the visit, recorded with the enterprise.
        visit: &FieldVisitNode, |visit| visit
    }
    /// 原案例条目: of a duplicate, that the case was withdrawn which was to go on in its place: nobody does, and it can be reopened.
    OriginalTimelineEntry {
        /// 编号: what that case is called, if you may see it.
        number: Option<&str>, |number| number.as_deref()
    }
    /// 待办条目: a day that is still to come.
    DueTimelineEntry {
        /// 日期: the day.
        on: Date, |on| *on
    }
}

impl TimelineEntry {
    fn line(&self) -> &Line {
        match self {
            Self::Event(entry) => &entry.line,
            Self::Visit(entry) => &entry.line,
            Self::Original(entry) => &entry.line,
            Self::Due(entry) => &entry.line,
        }
    }
}

/// 时间线: what has happened to a case and is still to come, by pages.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct TimelineConnection {
    /// The entries with their places.
    edges: Vec<TimelineEdge>,
    /// Where this page stands.
    page_info: PageInfo,
    /// How many there are on all pages.
    total_count: u64,
}

/// An entry and its place in the timeline.
#[derive(SimpleObject)]
pub(crate) struct TimelineEdge {
    /// The place.
    cursor: Cursor,
    /// The entry.
    node: TimelineEntry,
}

#[ComplexObject]
impl TimelineConnection {
    /// The entries alone.
    async fn nodes(&self) -> Vec<&TimelineEntry> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

impl TimelineConnection {
    /// A page of the timeline of that case.
    ///
    /// # Errors
    /// When a cursor is of another list, or the house fails.
    pub(super) async fn load(
        ctx: &Context<'_>,
        case: &CaseHistory,
        history: &[HistoryEvent],
        slice: &Slice,
    ) -> Result<Self> {
        let places = slice.places(connection::decode::<Place>)?;
        let enterprise = common::enterprise(ctx, case.enterprise, case.at, Way::Case(case.id)).await?;
        let is_whole = match &enterprise {
            Some(enterprise) => enterprise.is_whole(ctx).await?,
            None => false,
        };
        let origin = origin_of(history);
        let visited = match &enterprise {
            // What nobody is shown is not read.
            Some(enterprise) if is_whole || origin.is_some() => enterprise.visited(ctx).await?,
            _ => Arc::default(),
        };
        let (visits, campaigns) = if is_whole {
            (visited.state.visits.as_slice(), common::campaigns_after(ctx, case.campaign, case.at).await?)
        } else {
            // Who sees the case alone sees the visit that it was reported from, and none that may be about another.
            let visit = origin.and_then(|id| visited.state.visit(id));
            (visit.map(from_ref).unwrap_or_default(), Vec::new())
        };
        let goes_on_in = match original_of(history) {
            Some(original) => {
                loaders(ctx).going_on(original, case.at).await.map_err(|fault| errors::fault(ctx, fault))?
            }
            None => None,
        };
        let events: Vec<_> = history.iter().map(|told| told.event.clone()).collect();
        let mut entries = Vec::new();
        let mut last: Option<Place> = None;
        let now = app(ctx).time_of(case.at, case.time).await.map_err(|fault| errors::fault(ctx, fault))?;
        for entry in timeline::of(&events, visits, &campaigns, goes_on_in.as_ref(), calendar::date_of(now)) {
            let place = place_of(&entry, history, visits, last);
            last = Some(place);
            let behind = entry.behind;
            let line = Line { case: case.id, place, entry };
            entries.extend(match behind {
                Behind::Event(event) => {
                    Some(TimelineEntry::Event(EventTimelineEntry { line, event: case.maker(ctx, &history[event])? }))
                }
                Behind::Visit(id) => visits.iter().find(|visit| visit.id == id).map(|visit| {
                    let visit = FieldVisitNode::of(visit, case.at);
                    TimelineEntry::Visit(VisitTimelineEntry { line, visit })
                }),
                Behind::Original => {
                    let number = goes_on_in.as_ref().and_then(|other| other.number.as_ref()).map(ToString::to_string);
                    Some(TimelineEntry::Original(OriginalTimelineEntry { line, number }))
                }
                Behind::Due(on) => Some(TimelineEntry::Due(DueTimelineEntry { line, on: on.into() })),
            });
        }
        let total_count = entries.len() as u64;
        entries.retain(|entry| places.admit(|place| entry.line().place.cmp(place)));
        let beyond = slice.cut(&mut entries);
        let edges: Vec<_> = entries
            .into_iter()
            .map(|node| TimelineEdge { cursor: connection::encode(&node.line().place), node })
            .collect();
        let ends = edges.first().zip(edges.last());
        let ends = ends.map(|(first, last)| (first.cursor.clone(), last.cursor.clone()));
        Ok(Self { page_info: PageInfo::new(beyond, ends), edges, total_count })
    }
}

/// The visit that the case was reported from.
fn origin_of(history: &[HistoryEvent]) -> Option<VisitId> {
    history.iter().find_map(|told| match &told.event.fact {
        CaseFact::CaseReported(fact) => match fact.origin {
            Origin::FieldVisit { visit } => Some(visit),
            Origin::Survey { .. } | Origin::OwnReport | Origin::Import => None,
        },
        _ => None,
    })
}

/// The case that this one is a duplicate of, where it still is.
fn original_of(history: &[HistoryEvent]) -> Option<CaseId> {
    let last = history.iter().rev().find_map(|told| match &told.event.fact {
        CaseFact::CaseMarkedDuplicate(fact) => Some(Some(fact.of)),
        CaseFact::CaseReopened(_) => Some(None),
        _ => None,
    });
    last.flatten()
}

/// The place after the last one: entries come in the order of their places.
fn place_of(entry: &Entry, history: &[HistoryEvent], visits: &[FieldVisit], last: Option<Place>) -> Place {
    let (rank, number) = match entry.behind {
        Behind::Event(event) => (0, history[event].record.position),
        Behind::Visit(id) => (1, visits.iter().take_while(|visit| visit.id != id).count() as u64),
        Behind::Original => (1, u64::MAX),
        Behind::Due(_) => (2, u64::from(entry.kind == timeline::Kind::Parking)),
    };
    let place = Place { at: entry.at.as_microsecond(), rank, number, part: 0 };
    match last {
        Some(last) if (Place { part: 0, ..last }) == place => Place { part: last.part + 1, ..place },
        _ => place,
    }
}
