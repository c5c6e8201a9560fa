//! Events: an interface with one object per type, so that there is no wide row of nullable fields.

mod beginning;
pub(crate) mod declare;
mod ending;
mod records;
mod register;
mod research;

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, InputObject, Interface, Result, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::app::{AggregateType, EventPage, EventRecord, Fault, Foreseen, HistoryEvent, Moment, Span, stored};
use crate::codec;
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::event::{Fact, Recorded};
use crate::domain::value::CaseId;
use crate::graphql::connection::{self, PageInfo, Slice};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::filter::sought;
use crate::graphql::scalars::{Cursor, DateTime, JsonText, Position};
use crate::graphql::types::annual_summary::AnnualSummaryNode;
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::catalogue::CatalogueNode;
use crate::graphql::types::common::{ActorNode, CategoryNode, DivisionNode};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::event::declare::{Head, Said};
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::ledger::EventReceipt;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::view::ViewNode;
use crate::graphql::words::Role;
pub(crate) use declare::EventSource;
pub(crate) use register::RegisterEvent;

/// Declares the interfaces whose members are the events of a case, and how a fact becomes its object.
macro_rules! case_events {
    ($($fact:ident => $part:ident::$object:ident,)+) => {
        /// 案例事件: something that happened to a case, with who, when and where in the log.
        #[derive(Interface)]
        #[graphql(
            field(name = "id", ty = "async_graphql::ID", desc = "The global id."),
            field(name = "type", method = "event_type", ty = "&str", desc = "类型: the event type, as the log has it."),
            field(name = "position", ty = "Position", desc = "位置: its place in the log."),
            field(name = "sequence", ty = "u64", desc = "序号: its place in its case, from 1: the case's version after it."),
            field(name = "recordedAt", method = "recorded_at", ty = "DateTime", desc = "记录时间: when the log took it."),
            field(name = "occurredAt", method = "occurred_at", ty = "DateTime", desc = "发生时间: when it happened, as its author says."),
            field(name = "actor", ty = "ActorNode", desc = "操作者: who made it so."),
            field(name = "roles", ty = "Vec<Role>", desc = "角色: the roles that the actor held then."),
            field(name = "caseId", method = "case_id", ty = "async_graphql::ID", desc = "The case's global id."),
            field(name = "source", ty = "Option<EventSource>", desc = "来源: its place in another tracker's log, when it was imported."),
            field(name = "payloadVersion", method = "payload_version", ty = "&str", desc = "The version of the payload's shape."),
            field(name = "payload", ty = "JsonText", desc = "The payload, to the byte as the log holds it."),
            field(name = "receipt", ty = "Option<EventReceipt>", desc = "回执: its leaf in the ledger, and the proof that it is in the log; absent for an event that is only foreseen.")
        )]
        pub(crate) enum CaseEvent {
            $(#[doc = concat!("The event `", stringify!($fact), "`.")] $fact($part::$object),)+
        }

        /// 事件: something that the log has taken, of a case or of anything else, with who, when and where in the log.
        #[derive(Interface)]
        #[graphql(
            field(name = "id", ty = "async_graphql::ID", desc = "The global id."),
            field(name = "type", method = "event_type", ty = "&str", desc = "类型: the event type, as the log has it."),
            field(name = "position", ty = "Position", desc = "位置: its place in the log."),
            field(name = "sequence", ty = "u64", desc = "序号: its place in its stream, from 1: the version after it."),
            field(name = "recordedAt", method = "recorded_at", ty = "DateTime", desc = "记录时间: when the log took it."),
            field(name = "occurredAt", method = "occurred_at", ty = "DateTime", desc = "发生时间: when it happened, as its author says."),
            field(name = "actor", ty = "ActorNode", desc = "操作者: who made it so."),
            field(name = "roles", ty = "Vec<Role>", desc = "角色: the roles that the actor held then."),
            field(name = "source", ty = "Option<EventSource>", desc = "来源: its place in another tracker's log, when it was imported."),
            field(name = "payloadVersion", method = "payload_version", ty = "&str", desc = "The version of the payload's shape."),
            field(name = "payload", ty = "JsonText", desc = "The payload, to the byte as the log holds it."),
            field(name = "receipt", ty = "Option<EventReceipt>", desc = "回执: its leaf in the ledger, and the proof that it is in the log; absent for an event that is only foreseen.")
        )]
        pub(crate) enum Event {
            /// An event of something else than a case.
            RegisterEvent(RegisterEvent),
            $(#[doc = concat!("The event `", stringify!($fact), "`.")] $fact($part::$object),)+
        }

        /// 节点: anything that has a global id.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "async_graphql::ID", desc = "The global id."))]
        pub(crate) enum Node {
            /// A case.
            Case(CaseNode),
            /// An enterprise.
            Enterprise(EnterpriseNode),
            /// A campaign.
            Campaign(CampaignNode),
            /// An institution.
            Institution(InstitutionNode),
            /// A person.
            Person(PersonNode),
            /// A catalogue.
            Catalogue(CatalogueNode),
            /// An annual summary.
            AnnualSummary(AnnualSummaryNode),
            /// A saved view.
            View(ViewNode),
            /// A division.
            Division(DivisionNode),
            /// A service category.
            ServiceCategory(CategoryNode),
            /// An event of something else than a case.
            RegisterEvent(RegisterEvent),
            $(#[doc = concat!("The event `", stringify!($fact), "`.")] $fact($part::$object),)+
        }

        impl From<CaseEvent> for Event {
            fn from(event: CaseEvent) -> Self {
                match event {
                    $(CaseEvent::$fact(object) => Self::$fact(object),)+
                }
            }
        }

        impl From<Event> for Node {
            fn from(event: Event) -> Self {
                match event {
                    Event::RegisterEvent(object) => Self::RegisterEvent(object),
                    $(Event::$fact(object) => Self::$fact(object),)+
                }
            }
        }

        impl CaseEvent {
            /// The event with these circumstances.
            pub(crate) fn new(head: Head, fact: CaseFact) -> Self {
                match fact {
                    $(CaseFact::$fact(fact) => Self::$fact($part::$object(Said { head, fact })),)+
                }
            }
        }
    };
}

case_events! {
    CaseReported => beginning::CaseReportedEvent,
    RequirementSpecified => beginning::RequirementSpecifiedEvent,
    CaseRenamed => beginning::CaseRenamedEvent,
    CaseTriaged => beginning::CaseTriagedEvent,
    RoutineServiceProvided => beginning::RoutineServiceProvidedEvent,
    ResearchAssigned => beginning::ResearchAssignedEvent,
    ResearchReassigned => beginning::ResearchReassignedEvent,
    AssignmentAccepted => beginning::AssignmentAcceptedEvent,
    AssignmentDeclined => beginning::AssignmentDeclinedEvent,
    ExpertInvited => research::ExpertInvitedEvent,
    ExpertJoined => research::ExpertJoinedEvent,
    InvitationDeclined => research::InvitationDeclinedEvent,
    ExpertLeft => research::ExpertLeftEvent,
    ExpertRemoved => research::ExpertRemovedEvent,
    FindingRecorded => research::FindingRecordedEvent,
    MeasurementRecorded => research::MeasurementRecordedEvent,
    MeasurementRetracted => research::MeasurementRetractedEvent,
    SolutionProposed => research::SolutionProposedEvent,
    SolutionReviewed => research::SolutionReviewedEvent,
    TrialStarted => research::TrialStartedEvent,
    TrialResultRecorded => research::TrialResultRecordedEvent,
    SolutionConfirmed => ending::SolutionConfirmedEvent,
    CaseResolved => ending::CaseResolvedEvent,
    SolutionRejected => ending::SolutionRejectedEvent,
    CaseClosed => ending::CaseClosedEvent,
    CaseReopened => ending::CaseReopenedEvent,
    CaseEscalated => ending::CaseEscalatedEvent,
    CaseParked => ending::CaseParkedEvent,
    CaseUnparked => ending::CaseUnparkedEvent,
    DeadlineSet => ending::DeadlineSetEvent,
    DeadlineExtended => ending::DeadlineExtendedEvent,
    DeadlineMissed => ending::DeadlineMissedEvent,
    ClockPaused => ending::ClockPausedEvent,
    ClockResumed => ending::ClockResumedEvent,
    CaseWithdrawn => ending::CaseWithdrawnEvent,
    CaseMarkedDuplicate => ending::CaseMarkedDuplicateEvent,
    CasesLinked => records::CasesLinkedEvent,
    CasesUnlinked => records::CasesUnlinkedEvent,
    FeeRecorded => records::FeeRecordedEvent,
    FeeRetracted => records::FeeRetractedEvent,
    TechniqueIntroduced => records::TechniqueIntroducedEvent,
    TrainingDelivered => records::TrainingDeliveredEvent,
    CommentAdded => records::CommentAddedEvent,
    InternalCommentAdded => records::InternalCommentAddedEvent,
    AttachmentAdded => records::AttachmentAddedEvent,
    TypicalCasePublished => records::TypicalCasePublishedEvent,
    TypicalCaseRetracted => records::TypicalCaseRetractedEvent,
    LegacyActivityRecorded => records::LegacyActivityRecordedEvent,
    ImportedPersonsErased => records::ImportedPersonsErasedEvent,
}

impl CaseEvent {
    /// The event of a case as the log has it, with what it points at as of that moment.
    ///
    /// # Errors
    /// When this version of the program cannot read it.
    pub(crate) fn read(ctx: &Context<'_>, record: EventRecord, at: Moment) -> Result<Self> {
        let event: Recorded<CaseFact> = decode(&record).map_err(|fault| errors::fault(ctx, fault))?;
        let head = Head::new(record, &event, at).map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Self::new(head, event.fact))
    }

    /// The events that a command would record.
    pub(crate) fn foreseen(foreseen: &Foreseen<Case>) -> impl Iterator<Item = Self> {
        let stream = foreseen.stream;
        foreseen.events.iter().map(move |event| Self::new(Head::foreseen(stream, event), event.event.fact.clone()))
    }
}

impl Event {
    /// The event as the log has it, with what it points at as of that moment.
    ///
    /// # Errors
    /// When this version of the program cannot read it.
    pub(crate) fn read(ctx: &Context<'_>, record: EventRecord, at: Moment) -> Result<Self> {
        match record.aggregate_type == AggregateType::Case.as_str() {
            true => CaseEvent::read(ctx, record, at).map(Into::into),
            false => RegisterEvent::read(ctx, record, at).map(Self::RegisterEvent),
        }
    }
}

/// Brings a stored event to today's shape.
fn decode<F: Fact>(record: &EventRecord) -> Result<Recorded<F>, Fault> {
    Ok(codec::decode_stored(stored(record), &codec::upcasters()).map_err(Arc::new)?)
}

/// 筛选: which events of a case. A field that is null is as if it were left out.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct CaseEventFilter {
    /// Only of these types, as the log names them: `CaseReported`, `FindingRecorded`, …
    pub(crate) types: Option<Vec<String>>,
    /// Only by this actor: its id, as the log has it; `etalon:clock` and `etalon:import` are the server's own.
    pub(crate) actor: Option<String>,
    /// 记录时间: only what the log took then.
    pub(crate) recorded_at: Option<TimeRangeFilter>,
    /// 发生时间: only what happened then, as its author says.
    pub(crate) occurred_at: Option<TimeRangeFilter>,
}

/// 时段: from one time up to another; an end that is null is as if it were left out.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub(crate) struct TimeRangeFilter {
    /// 起: from this time on, it included.
    pub(crate) from: Option<DateTime>,
    /// 止: before this time.
    pub(crate) until: Option<DateTime>,
}

impl From<TimeRangeFilter> for Span {
    fn from(range: TimeRangeFilter) -> Self {
        Self { from: range.from.map(|from| from.0), until: range.until.map(|until| until.0) }
    }
}

/// The place of an event in a list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventPlace {
    event: u64,
}

/// 事件列表: events of a case, by pages.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct CaseEventConnection {
    /// The events with their places.
    edges: Vec<CaseEventEdge>,
    /// Where this page stands.
    page_info: PageInfo,
    #[graphql(skip)]
    case: CaseId,
    #[graphql(skip)]
    page: EventPage,
}

/// An event and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct CaseEventEdge {
    /// The place.
    cursor: Cursor,
    /// The event.
    node: CaseEvent,
}

#[ComplexObject]
impl CaseEventConnection {
    /// The events alone.
    async fn nodes(&self) -> Vec<&CaseEvent> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// How many there are on all pages. Counted when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<u64>> {
        errors::nullable(async {
            let counted = loaders(ctx).count_told(self.case, &self.page).await;
            counted.map(Some).map_err(|fault| errors::fault(ctx, fault))
        })
        .await
    }
}

impl CaseEventConnection {
    /// A page of a case's events, up to the moment that the case is shown at.
    ///
    /// # Errors
    /// When an argument makes no sense or the house fails.
    pub(crate) async fn load(
        ctx: &Context<'_>,
        case: CaseId,
        at: Moment,
        slice: &Slice,
        filter: CaseEventFilter,
    ) -> Result<Self> {
        let types = filter.types.unwrap_or_default();
        let is_unknown = |name: &String| !CaseFact::SHAPES.iter().any(|(known, _)| known == name);
        if let Some((place, unknown)) = types.iter().enumerate().find(|(_, name)| is_unknown(name)) {
            let message = format!("{unknown:?} is no event type of a case: write one such as CaseReported");
            return Err(errors::argument("EVENT_TYPE_UNKNOWN", &format!("filter.types.{place}"), message));
        }
        let places = slice.places(connection::decode::<EventPlace>)?;
        connection::are_there(ctx, &places, |place| place.event).await?;
        let actor = filter.actor.map(|actor| sought("filter.actor", actor)).transpose()?;
        let page = EventPage {
            after: places.after.map(|place| place.event),
            before: places.before.map(|place| place.event),
            at,
            limit: slice.limit(),
            keep: slice.keep(),
            types,
            actor,
            recorded: filter.recorded_at.unwrap_or_default().into(),
            occurred: filter.occurred_at.unwrap_or_default().into(),
            ..EventPage::default()
        };
        let told = loaders(ctx).told(case, &page).await.map_err(|fault| errors::fault(ctx, fault))?;
        let mut history = told.to_vec();
        let beyond = slice.cut(&mut history);
        let edge = |told: HistoryEvent| {
            let cursor = connection::encode(&EventPlace { event: told.record.position });
            let head = Head::new(told.record, &told.event, at)?;
            Ok(CaseEventEdge { cursor, node: CaseEvent::new(head, told.event.fact) })
        };
        let edges = history.into_iter().map(edge).collect::<Result<Vec<_>, Fault>>();
        let edges = edges.map_err(|fault| errors::fault(ctx, fault))?;
        let ends = edges.first().zip(edges.last());
        let ends = ends.map(|(first, last)| (first.cursor.clone(), last.cursor.clone()));
        Ok(Self { page_info: PageInfo::new(beyond, ends), edges, case, page })
    }
}
