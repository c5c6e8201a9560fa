//! What every event has, and the macro that declares its object.

use async_graphql::{ID, SimpleObject};
use jiff::Timestamp;

use crate::app::{EventRecord, time_of};
use crate::domain::actor::{self, ActorId};
use crate::domain::event::Source;
use crate::domain::value::CaseId;
use crate::graphql::ids;
use crate::graphql::scalars::{DateTime, JsonText, Position};
use crate::graphql::types::common::ActorNode;
use crate::graphql::words::Role;

/// What every event has.
pub struct Head {
    record: EventRecord,
    by: ActorId,
    occurred_at: Timestamp,
    source: Option<Source>,
}

impl Head {
    /// Of that record, whose payload says the rest.
    pub fn new(record: EventRecord, by: ActorId, occurred_at: Timestamp, source: Option<Source>) -> Self {
        Self { record, by, occurred_at, source }
    }

    /// The record.
    pub fn record(&self) -> &EventRecord {
        &self.record
    }

    /// The global id.
    pub fn id(&self) -> ID {
        ids::of_event(self.record.position)
    }

    /// Its place in the log.
    pub fn position(&self) -> Position {
        Position(self.record.position)
    }

    /// When the log took it.
    pub fn recorded_at(&self) -> DateTime {
        time_of(self.record.recorded_at).into()
    }

    /// When it happened.
    pub fn occurred_at(&self) -> DateTime {
        self.occurred_at.into()
    }

    /// Who made it so. The person is shown as the register has it now: an event holds no name.
    pub fn actor(&self) -> ActorNode {
        ActorNode { id: self.by.clone(), at: None }
    }

    /// The roles that the actor held then.
    pub fn roles(&self) -> Vec<Role> {
        let metadata: serde_json::Value = serde_json::from_str(&self.record.metadata).unwrap_or_default();
        let names = metadata["roles"].as_str().unwrap_or_default().split(',');
        names.filter_map(actor::Role::named).map(Into::into).collect()
    }

    /// The case's global id.
    pub fn case_id(&self) -> ID {
        let id = CaseId::parse(&self.record.aggregate_id).expect("streams are named by the ids of their aggregates");
        ids::global(id)
    }

    /// Its place in another tracker's log.
    pub fn source(&self) -> Option<EventSource> {
        self.source.as_ref().map(Into::into)
    }

    /// The payload's bytes.
    pub fn payload(&self) -> JsonText {
        JsonText(self.record.payload.clone())
    }
}

/// 导入来源: the place of an imported event in the log that it came from.
#[derive(SimpleObject)]
pub struct EventSource {
    /// The log's name, from the mapping file.
    log: String,
    /// The case's id there.
    case: String,
    /// The event's place in its case there, from 0.
    index: u64,
    /// 活动: what was done, in that tracker's words.
    activity: String,
    /// Every other attribute of the event there.
    attributes: Vec<SourceAttribute>,
}

/// 属性: an attribute of an event in another tracker's log.
#[derive(SimpleObject)]
pub struct SourceAttribute {
    /// Its name there.
    name: String,
    /// Its value there.
    value: String,
}

impl From<&Source> for EventSource {
    fn from(source: &Source) -> Self {
        let attributes = source.attributes.iter();
        Self {
            log: source.log.clone(),
            case: source.case.clone(),
            index: source.index,
            activity: source.activity.clone(),
            attributes: attributes
                .map(|(name, value)| SourceAttribute { name: name.clone(), value: value.clone() })
                .collect(),
        }
    }
}

/// Declares objects of events: what all have, and what the fact says.
macro_rules! event_objects {
    ($($(#[$doc:meta])* $fact:ident as $object:ident |$this:ident| { $($(#[$field_doc:meta])* $field:ident: $type:ty = $value:expr;)* })+) => {
        $(
            $(#[$doc])*
            pub struct $object {
                pub(super) head: crate::graphql::types::event::declare::Head,
                pub(super) fact: crate::domain::case::event::$fact,
            }

            #[async_graphql::Object]
            impl $object {
                /// The global id.
                pub async fn id(&self) -> async_graphql::ID {
                    self.head.id()
                }

                /// 类型: the event type, as the log has it.
                #[graphql(name = "type")]
                pub async fn kind(&self) -> &str {
                    &self.head.record().event_type
                }

                /// 位置: its place in the log.
                pub async fn position(&self) -> crate::graphql::scalars::Position {
                    self.head.position()
                }

                /// 序号: its place in its case, from 1: the case's version after it.
                pub async fn sequence(&self) -> u64 {
                    self.head.record().sequence
                }

                /// 记录时间: when the log took it.
                pub async fn recorded_at(&self) -> crate::graphql::scalars::DateTime {
                    self.head.recorded_at()
                }

                /// 发生时间: when it happened, as its author says.
                pub async fn occurred_at(&self) -> crate::graphql::scalars::DateTime {
                    self.head.occurred_at()
                }

                /// 操作者: who made it so.
                pub async fn actor(&self) -> crate::graphql::types::common::ActorNode {
                    self.head.actor()
                }

                /// 角色: the roles that the actor held then.
                pub async fn roles(&self) -> Vec<crate::graphql::words::Role> {
                    self.head.roles()
                }

                /// The case's global id.
                pub async fn case_id(&self) -> async_graphql::ID {
                    self.head.case_id()
                }

                /// 来源: its place in another tracker's log, when it was imported.
                pub async fn source(&self) -> Option<crate::graphql::types::event::declare::EventSource> {
                    self.head.source()
                }

                /// The version of the payload's shape.
                pub async fn payload_version(&self) -> &str {
                    &self.head.record().event_version
                }

                /// The payload, to the byte as the log holds it.
                pub async fn payload(&self) -> crate::graphql::scalars::JsonText {
                    self.head.payload()
                }

                $(
                    $(#[$field_doc])*
                    async fn $field(&self) -> $type {
                        let $this = &self.fact;
                        $value
                    }
                )*
            }
        )+
    };
}
pub(super) use event_objects;

/// The text of something that may be absent.
pub fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

/// The texts of a list.
pub fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
