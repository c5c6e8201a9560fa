//! Events of everything that is not a case: one object with the payload as the log has it.

use async_graphql::{Context, ID, Object, Result};
use jiff::Timestamp;

use crate::app::{EventRecord, Fault};
use crate::domain::actor::ActorId;
use crate::domain::annual_summary::event::AnnualSummaryFact;
use crate::domain::campaign::event::CampaignFact;
use crate::domain::catalogue::event::CatalogueFact;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::{Fact, Source};
use crate::domain::institution::event::InstitutionFact;
use crate::domain::person::event::PersonFact;
use crate::graphql::errors;
use crate::graphql::scalars::{DateTime, JsonText, Position};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::event::declare::{EventSource, Head};
use crate::graphql::types::event::decode;
use crate::graphql::words::Role;

pub(crate) struct RegisterEvent(Head);

/// Who, when and where from: what the payload of every event says besides its fact.
type Circumstances = (ActorId, Timestamp, Option<Source>);

fn circumstances<F: Fact>(record: &EventRecord) -> Result<Circumstances, Fault> {
    let event = decode::<F>(record)?;
    Ok((event.by, event.occurred_at, event.source))
}

impl RegisterEvent {
    /// The event as the log has it.
    ///
    /// # Errors
    /// When this version of the program cannot read it.
    pub(crate) fn read(ctx: &Context<'_>, record: EventRecord) -> Result<Self> {
        let said = match record.aggregate_type.as_str() {
            "Campaign" => circumstances::<CampaignFact>(&record),
            "Institution" => circumstances::<InstitutionFact>(&record),
            "Person" => circumstances::<PersonFact>(&record),
            "Catalogue" => circumstances::<CatalogueFact>(&record),
            "AnnualSummary" => circumstances::<AnnualSummaryFact>(&record),
            _ => circumstances::<EnterpriseFact>(&record),
        };
        let (by, occurred_at, source) = said.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Self(Head::new(record, by, occurred_at, source)))
    }
}

/// 登记事件: something that happened to an enterprise, a campaign, an institution, a person, a catalogue or an annual summary.
#[Object]
impl RegisterEvent {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id()
    }

    /// 类型: the event type, as the log has it.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.record().event_type
    }

    /// 对象类型: what it happened to, such as `Enterprise`.
    async fn subject(&self) -> &str {
        &self.0.record().aggregate_type
    }

    /// 位置: its place in the log.
    async fn position(&self) -> Position {
        self.0.position()
    }

    /// 序号: its place in its stream, from 1: the version after it.
    async fn sequence(&self) -> u64 {
        self.0.record().sequence
    }

    /// 记录时间: when the log took it.
    async fn recorded_at(&self) -> DateTime {
        self.0.recorded_at()
    }

    /// 发生时间: when it happened, as its author says.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at()
    }

    /// 操作者: who made it so.
    async fn actor(&self) -> ActorNode {
        self.0.actor()
    }

    /// 角色: the roles that the actor held then.
    async fn roles(&self) -> Vec<Role> {
        self.0.roles()
    }

    /// 来源: its place in another tracker's log, when it was imported.
    async fn source(&self) -> Option<EventSource> {
        self.0.source()
    }

    /// The version of the payload's shape.
    async fn payload_version(&self) -> &str {
        &self.0.record().event_version
    }

    /// The payload, to the byte as the log holds it.
    async fn payload(&self) -> JsonText {
        self.0.payload()
    }
}
