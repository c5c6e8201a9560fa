//! Events of everything that is not a case: one object with the payload as the log has it.

use async_graphql::{Context, ID, Object, Result};

use crate::app::{Commanded, EventRecord, Fault, Foreseen, Moment};
use crate::domain::annual_summary::event::AnnualSummaryFact;
use crate::domain::campaign::event::CampaignFact;
use crate::domain::catalogue::event::CatalogueFact;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Fact;
use crate::domain::institution::event::InstitutionFact;
use crate::domain::log::event::LogFact;
use crate::domain::person::event::PersonFact;
use crate::domain::view::event::ViewFact;
use crate::graphql::errors;
use crate::graphql::scalars::{DateTime, JsonText, Position};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::event::declare::{EventSource, Head};
use crate::graphql::types::event::decode;
use crate::graphql::types::ledger::EventReceipt;
use crate::graphql::words::Role;

pub(crate) struct RegisterEvent(Head);

fn head<F: Fact>(record: EventRecord, at: Moment) -> Result<Head, Fault> {
    let event = decode::<F>(&record)?;
    Head::new(record, &event, at)
}

impl RegisterEvent {
    /// The event as the log has it, with what it points at as of that moment.
    ///
    /// # Errors
    /// When this version of the program cannot read it.
    pub(crate) fn read(ctx: &Context<'_>, record: EventRecord, at: Moment) -> Result<Self> {
        let head = match record.aggregate_type.as_str() {
            "Campaign" => head::<CampaignFact>(record, at),
            "Institution" => head::<InstitutionFact>(record, at),
            "Person" => head::<PersonFact>(record, at),
            "Catalogue" => head::<CatalogueFact>(record, at),
            "Log" => head::<LogFact>(record, at),
            "View" => head::<ViewFact>(record, at),
            "AnnualSummary" => head::<AnnualSummaryFact>(record, at),
            _ => head::<EnterpriseFact>(record, at),
        };
        head.map(Self).map_err(|fault| errors::fault(ctx, fault))
    }

    /// The events that a command would record.
    pub(crate) fn foreseen<A: Commanded>(foreseen: &Foreseen<A>) -> impl Iterator<Item = Self> {
        let stream = foreseen.stream;
        foreseen.events.iter().map(move |event| Self(Head::foreseen(stream, event)))
    }
}

/// 登记事件: something that happened to an enterprise, a campaign, an institution, a person, a catalogue, an annual summary, a saved view or the log itself.
#[Object]
impl RegisterEvent {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id()
    }

    /// 类型: the event type, as the log has it.
    #[graphql(name = "type")]
    pub(crate) async fn event_type(&self) -> &str {
        self.0.event_type()
    }

    /// 对象类型: what it happened to, such as `Enterprise`.
    async fn subject(&self) -> &str {
        self.0.subject()
    }

    /// 位置: its place in the log.
    pub(crate) async fn position(&self) -> Position {
        self.0.position()
    }

    /// 序号: its place in its stream, from 1: the version after it.
    pub(crate) async fn sequence(&self) -> u64 {
        self.0.sequence()
    }

    /// 记录时间: when the log took it.
    pub(crate) async fn recorded_at(&self) -> DateTime {
        self.0.recorded_at()
    }

    /// 发生时间: when it happened, as its author says.
    pub(crate) async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at()
    }

    /// 操作者: who made it so.
    pub(crate) async fn actor(&self) -> ActorNode {
        self.0.actor()
    }

    /// 角色: the roles that the actor held then.
    pub(crate) async fn roles(&self) -> Vec<Role> {
        self.0.roles()
    }

    /// 来源: its place in another tracker's log, when it was imported.
    pub(crate) async fn source(&self) -> Option<EventSource> {
        self.0.source()
    }

    /// The version of the payload's shape.
    pub(crate) async fn payload_version(&self) -> &str {
        self.0.payload_version()
    }

    /// The payload, to the byte as the log holds it.
    pub(crate) async fn payload(&self) -> JsonText {
        self.0.payload()
    }

    /// 回执: its leaf in the ledger, and the proof that it is in the log; absent for an event that is only foreseen.
    pub(crate) async fn receipt(&self) -> Option<EventReceipt> {
        self.0.receipt()
    }
}
