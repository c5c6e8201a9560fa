//! The envelope: an event of the log as a CloudEvent 1.0 in the JSON event format
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
//!
//! `source` is the origin of the log and `id` the hash of the event's leaf, the `digest` of its receipt: a log that was put
//! back from a backup has other events where others were sent from, and whoever keeps ids takes none of them for another.
//! Extension attributes: `globalid`, the event's id in the API; `position`, the place in the log as the API writes it;
//! `sequence`, the place in its own stream with leading zeros, since that extension is compared as text; `recordedat`, when
//! the log took it.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::app::request::time_of;
use crate::codec;
use crate::store::{EventRecord, StreamId};
use crate::vault::payload::{MarkError, without_values};

/// The media type of the envelope.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json";

/// What the types of events begin with.
const TYPES: &str = "local.etalon";

/// An envelope, ready to be sent.
pub(super) struct Envelope {
    /// The message's id: the same however often it is sent.
    pub(super) id: String,
    /// The JSON.
    pub(super) body: Bytes,
}

/// Why an event is no message. Holds no word of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MessageError {
    /// Somebody has changed the log.
    #[error("the payload in the log is no JSON")]
    NoJson,
    /// What may not leave cannot be told from what may.
    #[error("the payload in the log is damaged")]
    Mark(#[from] MarkError),
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    globalid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recordedat: Option<Timestamp>,
    data: &'a RawValue,
}

impl Envelope {
    /// Of an event of the log. `data` is the payload to the byte, but for personal data, which does not leave: a field
    /// of it keeps its mark and loses what it says, since what was sent could not be erased any more.
    ///
    /// # Errors
    /// When the payload is not what the log takes.
    pub(super) fn of_event(origin: &str, record: &EventRecord, stream: StreamId) -> Result<Self, MessageError> {
        let recorded_at = time_of(record.recorded_at);
        let payload = without_values(&record.payload)?.into_owned();
        // The parser's own error is dropped, for it may quote the payload.
        let data = RawValue::from_string(payload).map_err(|_| MessageError::NoJson)?;
        let occurred_at = codec::occurred_at(&record.payload).unwrap_or(recorded_at);
        Ok(Self::new(CloudEvent {
            specversion: "1.0",
            id: &STANDARD.encode(record.leaf_hash),
            source: origin,
            kind: format!("{TYPES}.{}.{}.v{}", record.aggregate_type, record.event_type, record.event_version),
            subject: stream.to_string(),
            time: occurred_at,
            datacontenttype: "application/json",
            globalid: Some(URL_SAFE_NO_PAD.encode(format!("Event:{}", record.position))),
            position: Some(record.position.to_string()),
            sequence: Some(format!("{:020}", record.sequence)),
            recordedat: Some(recorded_at),
            data: &data,
        }))
    }

    /// Of a ping, which is no event of the log.
    pub(super) fn of_ping(origin: &str, id: Uuid, webhook: Uuid, now: Timestamp) -> Self {
        Self::new(CloudEvent {
            specversion: "1.0",
            id: &id.to_string(),
            source: origin,
            kind: format!("{TYPES}.Webhook.Ping.v1.0"),
            subject: format!("Webhook/{webhook}"),
            time: now,
            datacontenttype: "application/json",
            globalid: None,
            position: None,
            sequence: None,
            recordedat: None,
            data: &RawValue::from_string("{}".to_owned()).expect("JSON"),
        })
    }

    fn new(event: CloudEvent<'_>) -> Self {
        let body = serde_json::to_vec(&event).expect("texts always serialise").into();
        Self { id: event.id.to_owned(), body }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::store::AggregateType;

    fn record(payload: &str) -> EventRecord {
        EventRecord {
            position: 42,
            aggregate_type: "Case".to_owned(),
            aggregate_id: Uuid::from_u128(7).to_string(),
            sequence: 3,
            event_type: "CommentAdded".to_owned(),
            event_version: "1.0".to_owned(),
            payload: payload.to_owned(),
            metadata: "{}".to_owned(),
            recorded_at: 1_772_600_767_000_000,
            actor: "somebody".to_owned(),
            command_id: "key".to_owned(),
            entry: Vec::new(),
            leaf_hash: [9; 32],
        }
    }

    fn envelope(payload: &str) -> (String, String) {
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: Uuid::from_u128(7) };
        let envelope = Envelope::of_event("etalon.local/abc", &record(payload), stream).expect("a message");
        (envelope.id, String::from_utf8(envelope.body.to_vec()).expect("text"))
    }

    #[test]
    fn an_event_is_a_cloud_event() {
        let payload = r#"{"by":"x","occurredAt":"2026-03-04T05:00:00Z","fact":{"CommentAdded":{"text":"难点"}}}"#;
        let (id, body) = envelope(payload);
        assert_eq!(
            body,
            format!(
                concat!(
                    r#"{{"specversion":"1.0","id":"{}","source":"etalon.local/abc","#,
                    r#""type":"local.etalon.Case.CommentAdded.v1.0","#,
                    r#""subject":"Case/00000000-0000-0000-0000-000000000007","time":"2026-03-04T05:00:00Z","#,
                    r#""datacontenttype":"application/json","globalid":"RXZlbnQ6NDI","#,
                    r#""position":"42","sequence":"00000000000000000003","#,
                    r#""recordedat":"2026-03-04T05:06:07Z","data":{}}}"#
                ),
                id, payload
            )
        );
        assert_eq!(id, STANDARD.encode([9_u8; 32]), "that of its leaf");
        assert!(!id.contains('.'), "a full stop separates what is signed");
    }

    #[test]
    fn personal_data_stays() {
        let (_, body) = envelope(
            r#"{"occurredAt":"2026-03-04T05:00:00Z","fact":{"X":{"name":{"$p":{"v":"王建国"}},"all":[{"$p":{"v":"020-1"}}],"n":1}}}"#,
        );
        assert!(!body.contains("王建国") && !body.contains("020-1"), "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["data"]["fact"]["X"]["name"], serde_json::json!({ "$p": {} }));
        assert_eq!(body["data"]["fact"]["X"]["n"], 1);
    }

    #[test]
    fn what_others_name_like_a_mark_leaves_to_the_byte() {
        let payload = r#"{"occurredAt":"2026-03-04T05:00:00Z","source":{"b":1,"attributes":{"$p":"x"},"a":"$p"}}"#;
        let (_, body) = envelope(payload);
        assert!(body.ends_with(&format!(r#""data":{payload}}}"#)), "{body}");
    }

    #[test]
    fn a_damaged_payload_is_no_message() {
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: Uuid::from_u128(7) };
        let refused = |payload| Envelope::of_event("etalon.local/abc", &record(payload), stream).map(drop);
        assert_eq!(refused("no JSON"), Err(MessageError::NoJson));
        assert_eq!(refused(r#"{"a":{"$p":{"v":["王"]}}}"#), Err(MessageError::Mark(MarkError { place: 6 })));
    }

    #[test]
    fn attributes_have_names_that_the_specification_allows() {
        let (_, body) = envelope("{}");
        let body: serde_json::Map<String, Value> = serde_json::from_str(&body).expect("JSON");
        for name in body.keys() {
            assert!(name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        }
    }
}
