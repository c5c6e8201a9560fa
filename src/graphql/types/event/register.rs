//! Events of everything that is not a case: one object with the payload as the log has it.

use async_graphql::{Context, ID, Object, Result};
use jiff::Timestamp;
use serde::Deserialize;

use crate::app::{EventRecord, Fault};
use crate::codec::DecodeError;
use crate::domain::actor::ActorId;
use crate::domain::event::Source;
use crate::graphql::errors;
use crate::graphql::scalars::{DateTime, JsonText, Position};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::event::declare::{EventSource, Head};
use crate::graphql::words::Role;

/// 登记事件: something that happened to an enterprise, a campaign, an institution, a person, a catalogue or an annual summary.
pub struct RegisterEvent(Head);

/// What the payload of every event says besides its fact.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Circumstances {
    by: ActorId,
    occurred_at: Timestamp,
    #[serde(default)]
    source: Option<Source>,
}

impl RegisterEvent {
    /// The event as the log has it.
    ///
    /// # Errors
    /// When it is of a shape that no event has.
    pub fn read(ctx: &Context<'_>, record: EventRecord) -> Result<Self> {
        match serde_json::from_str::<Circumstances>(&record.payload) {
            Ok(said) => Ok(Self(Head::new(record, said.by, said.occurred_at, said.source))),
            Err(source) => {
                let error = DecodeError {
                    event_type: record.event_type,
                    event_version: record.event_version,
                    aggregate_type: record.aggregate_type,
                    aggregate_id: record.aggregate_id,
                    sequence: usize::try_from(record.sequence).unwrap_or(usize::MAX),
                    source,
                };
                Err(errors::fault(ctx, Fault::Decode(error.into())))
            }
        }
    }
}

#[Object]
impl RegisterEvent {
    /// The global id.
    pub async fn id(&self) -> ID {
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
