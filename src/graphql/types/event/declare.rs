//! What every event has, and the macro that declares its object.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use jiff::Timestamp;

use crate::app::{EventRecord, Fault, ForeseenEvent, Moment, StreamId, recorded_at, stream_of};
use crate::domain::actor::{self, ActorId};
use crate::domain::event::{Recorded, Source};
use crate::domain::value::{CaseId, Personal};
use crate::graphql::ids;
use crate::graphql::personal;
use crate::graphql::scalars::{DateTime, JsonText, Position};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::ledger::EventReceipt;
use crate::graphql::words::Role;
use crate::ledger::tree::Hash;

/// What every event has, whether the log has it or a preview foresees it.
#[derive(Clone)]
pub(crate) struct Head {
    id: ID,
    position: u64,
    recorded_at: Timestamp,
    stream: StreamId,
    sequence: u64,
    event_type: String,
    event_version: String,
    payload: String,
    metadata: String,
    by: ActorId,
    occurred_at: Timestamp,
    source: Option<Source>,
    at: Moment,
    /// The hash of its ledger entry; none of an event that is only foreseen.
    leaf: Option<Hash>,
}

impl Head {
    /// Of that record, with what its payload says besides the fact, shown as of that moment.
    ///
    /// # Errors
    /// When the record is damaged.
    pub(crate) fn new<F>(record: EventRecord, event: &Recorded<F>, at: Moment) -> Result<Self, Fault> {
        Ok(Self {
            id: ids::of_event(record.position),
            position: record.position,
            recorded_at: recorded_at(&record)?,
            stream: stream_of(&record)?,
            sequence: record.sequence,
            event_type: record.event_type,
            event_version: record.event_version,
            payload: record.payload,
            metadata: record.metadata,
            by: event.by.clone(),
            occurred_at: event.occurred_at,
            source: event.source.clone(),
            at,
            leaf: Some(record.leaf_hash),
        })
    }

    /// Of an event that would be recorded.
    pub(crate) fn foreseen<F>(stream: StreamId, foreseen: &ForeseenEvent<F>) -> Self {
        Self {
            id: ids::of_foreseen_event(foreseen.id),
            position: foreseen.position,
            recorded_at: foreseen.recorded_at,
            stream,
            sequence: foreseen.sequence,
            event_type: foreseen.encoded.event_type.to_owned(),
            event_version: foreseen.encoded.event_version.to_owned(),
            payload: foreseen.encoded.payload.clone(),
            metadata: foreseen.metadata.clone(),
            by: foreseen.event.by.clone(),
            occurred_at: foreseen.event.occurred_at,
            source: foreseen.event.source.clone(),
            at: Moment::Present,
            leaf: None,
        }
    }

    /// The global id.
    pub(crate) fn id(&self) -> ID {
        self.id.clone()
    }

    /// The event type.
    pub(crate) fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The type of what it happened to.
    pub(crate) fn subject(&self) -> &str {
        self.stream.aggregate_type.as_str()
    }

    /// Its place in the log.
    pub(crate) fn position(&self) -> Position {
        Position(self.position)
    }

    /// Its place in its stream, from 1.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When the log took it.
    pub(crate) fn recorded_at(&self) -> DateTime {
        self.recorded_at.into()
    }

    /// When it happened.
    pub(crate) fn occurred_at(&self) -> DateTime {
        self.occurred_at.into()
    }

    /// Who made it so. The person is shown as the register has it at the moment of the question: an event holds no name.
    pub(crate) fn actor(&self) -> ActorNode {
        ActorNode { id: self.by.clone(), at: self.at }
    }

    /// The roles that the actor held then.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let metadata: serde_json::Value = serde_json::from_str(&self.metadata).unwrap_or_default();
        let names = metadata["roles"].as_str().unwrap_or_default().split(',');
        names.filter_map(actor::Role::named).map(Into::into).collect()
    }

    /// The case's global id.
    pub(crate) fn case_id(&self) -> ID {
        ids::global(CaseId::from(self.stream.aggregate_id))
    }

    /// Its place in another tracker's log.
    pub(crate) fn source(&self) -> Option<EventSource> {
        self.source.as_ref().map(|source| EventSource::of(source, self.position))
    }

    /// The version of the payload's shape.
    pub(crate) fn payload_version(&self) -> &str {
        &self.event_version
    }

    /// Its leaf in the ledger.
    pub(crate) fn receipt(&self) -> Option<EventReceipt> {
        self.leaf.map(|leaf| EventReceipt { position: self.position, leaf, at: self.at })
    }

    /// The payload's bytes.
    pub(crate) fn payload(&self) -> JsonText {
        JsonText(self.payload.clone())
    }
}

/// An event of a case: what every one has, and what this one says.
pub(crate) struct Said<F> {
    /// What every event has.
    pub(crate) head: Head,
    /// What happened.
    pub(crate) fact: F,
}

/// 导入来源: the place of an imported event in the log that it came from.
#[derive(SimpleObject)]
pub(crate) struct EventSource {
    /// 标识: of the event.
    id: ID,
    /// The log's name, from the mapping file.
    log: String,
    /// The case's id there.
    case: String,
    /// The event's place in its case there, from 0. Of one that came in after others that stand behind it, a number
    /// that no other has.
    index: u64,
    /// 活动: what was done, in that tracker's words.
    activity: String,
    /// Every other attribute of the event there, those of persons included.
    attributes: Vec<SourceAttribute>,
}

pub(crate) struct SourceAttribute {
    id: ID,
    name: String,
    value: Attributed,
}

enum Attributed {
    Plain(String),
    Personal(Personal),
}

/// 属性: an attribute of an event in another tracker's log.
#[Object]
impl SourceAttribute {
    /// 标识: of the event and its name.
    async fn id(&self) -> &ID {
        &self.id
    }

    /// Its name there.
    async fn name(&self) -> &str {
        &self.name
    }

    /// Its value there; `null` where it was of a person and was erased.
    async fn value(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        match &self.value {
            Attributed::Plain(text) => Some(Ok(text.clone())),
            Attributed::Personal(value) => personal::text(ctx, Some(value)).await,
        }
    }
}

impl EventSource {
    /// The source of the event at that position. Its ids are of the position: attributes may be personal data.
    fn of(source: &Source, position: u64) -> Self {
        let plain = source.attributes.iter().map(|(name, value)| (name, Attributed::Plain(value.clone())));
        let personal = source.personal.iter().map(|(name, value)| (name, Attributed::Personal(value.clone())));
        Self {
            id: ids::of_content("EventSource", &position),
            log: source.log.clone(),
            case: source.case.clone(),
            index: source.index,
            activity: source.activity.clone(),
            attributes: plain
                .chain(personal)
                .map(|(name, value)| SourceAttribute {
                    id: ids::of_content("SourceAttribute", &(position, name)),
                    name: name.clone(),
                    value,
                })
                .collect(),
        }
    }
}

/// Declares objects of events: what all have, and what the fact says.
macro_rules! event_objects {
    ($($(#[$doc:meta])* $fact:ident as $object:ident |$this:ident| { $($(#[$field_doc:meta])* $field:ident: $type:ty = $value:expr;)* })+) => {
        $(
            pub(crate) struct $object(
                pub(super) crate::graphql::types::event::declare::Said<crate::domain::case::event::$fact>,
            );

            $(#[$doc])*
            #[async_graphql::Object]
            impl $object {
                /// The global id.
                pub(crate) async fn id(&self) -> async_graphql::ID {
                    self.0.head.id()
                }

                /// 类型: the event type, as the log has it.
                #[graphql(name = "type")]
                pub(crate) async fn event_type(&self) -> &str {
                    self.0.head.event_type()
                }

                /// 位置: its place in the log.
                pub(crate) async fn position(&self) -> crate::graphql::scalars::Position {
                    self.0.head.position()
                }

                /// 序号: its place in its case, from 1: the case's version after it.
                pub(crate) async fn sequence(&self) -> u64 {
                    self.0.head.sequence()
                }

                /// 记录时间: when the log took it.
                pub(crate) async fn recorded_at(&self) -> crate::graphql::scalars::DateTime {
                    self.0.head.recorded_at()
                }

                /// 发生时间: when it happened, as its author says.
                pub(crate) async fn occurred_at(&self) -> crate::graphql::scalars::DateTime {
                    self.0.head.occurred_at()
                }

                /// 操作者: who made it so.
                pub(crate) async fn actor(&self) -> crate::graphql::types::common::ActorNode {
                    self.0.head.actor()
                }

                /// 角色: the roles that the actor held then.
                pub(crate) async fn roles(&self) -> Vec<crate::graphql::words::Role> {
                    self.0.head.roles()
                }

                /// The case's global id.
                pub(crate) async fn case_id(&self) -> async_graphql::ID {
                    self.0.head.case_id()
                }

                /// 来源: its place in another tracker's log, when it was imported.
                pub(crate) async fn source(&self) -> Option<crate::graphql::types::event::declare::EventSource> {
                    self.0.head.source()
                }

                /// The version of the payload's shape.
                pub(crate) async fn payload_version(&self) -> &str {
                    self.0.head.payload_version()
                }

                /// The payload, to the byte as the log holds it.
                pub(crate) async fn payload(&self) -> crate::graphql::scalars::JsonText {
                    self.0.head.payload()
                }

                /// 回执: its leaf in the ledger, and the proof that it is in the log; absent for an event that is only foreseen.
                pub(crate) async fn receipt(&self) -> Option<crate::graphql::types::ledger::EventReceipt> {
                    self.0.head.receipt()
                }

                $(
                    $(#[$field_doc])*
                    async fn $field(&self) -> $type {
                        let $this = &self.0.fact;
                        $value
                    }
                )*
            }
        )+
    };
}
pub(super) use event_objects;

/// The text of something that may be absent.
pub(crate) fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

/// The texts of a list.
pub(crate) fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::event::{AssignmentAccepted, CaseFact};
    use crate::domain::fixtures::recorded;

    const CASE: &str = "01920000-0000-7000-8000-000000000001";

    fn record(aggregate_id: &str, recorded_at: i64) -> EventRecord {
        EventRecord {
            position: 7,
            aggregate_type: "Case".to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence: 1,
            event_type: "AssignmentAccepted".to_owned(),
            event_version: "1.0".to_owned(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at,
            actor: "p-1".to_owned(),
            command_id: String::new(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        }
    }

    #[test]
    fn a_damaged_record_is_a_fault() {
        let head = |aggregate_id: &str, recorded_at| {
            Head::new(record(aggregate_id, recorded_at), &recorded::<CaseFact>(AssignmentAccepted {}), Moment::Present)
        };
        let sound = head(CASE, 0).expect("it is sound");
        let other_form = head(&CASE.replace('-', "").to_uppercase(), 0).expect("it is the same id");
        assert_eq!(other_form.case_id(), sound.case_id());
        for (aggregate_id, recorded_at) in [(CASE, i64::MAX), ("nothing", 0)] {
            let fault = head(aggregate_id, recorded_at).err().expect("it is damaged");
            assert!(fault.is_damage(), "{fault}");
        }
    }
}
