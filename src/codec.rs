//! Event ⇄ what the log keeps: name, version and the bytes of the payload.
//!
//! Payload bytes are written once and never rebuilt from parsed JSON: an auditor hashes what stands in the log.

use std::sync::Arc;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::event::{Fact, Recorded};

/// An event as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The event type.
    pub event_type: &'static str,
    /// The version of the payload's shape.
    pub event_version: &'static str,
    /// The payload's JSON, to the byte.
    pub payload: String,
}

/// A record of the log, as far as decoding needs it.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// The stream's type.
    pub aggregate_type: &'a str,
    /// The stream's id.
    pub aggregate_id: &'a str,
    /// The place in the stream, from 1.
    pub sequence: u64,
    /// The event type.
    pub event_type: &'a str,
    /// The version of the payload's shape.
    pub event_version: &'a str,
    /// The payload's JSON.
    pub payload: &'a str,
}

/// Bytes of the log that no version of the event's shape explains.
#[derive(Debug, thiserror::Error)]
#[error("{event_type} {event_version}, event {sequence} of {aggregate_type} {aggregate_id}, cannot be read")]
pub struct DecodeError {
    event_type: String,
    event_version: String,
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    #[source]
    source: serde_json::Error,
}

/// The event as the log keeps it.
#[must_use]
pub fn encode<F: Fact>(event: &Recorded<F>) -> Encoded {
    Encoded {
        event_type: event.fact.name(),
        event_version: event.fact.version(),
        payload: serde_json::to_string(event).expect("facts have string keys and no failing values"),
    }
}

/// What brings events of older shapes to today's, the oldest first.
pub type Upcasters = Arc<[Box<dyn EventUpcaster>]>;

/// The upcasters of the house. Every published event is still of its first version.
#[must_use]
pub fn upcasters() -> Upcasters {
    Arc::new([])
}

/// The event that a stock repository has loaded, brought to today's shape.
///
/// # Errors
/// When the payload is not of its type's shape.
pub fn decode<F: Fact>(
    event: SerializedEvent,
    upcasters: &[Box<dyn EventUpcaster>],
) -> Result<Recorded<F>, DecodeError> {
    let event = upcast(event, upcasters);
    let SerializedEvent { aggregate_id, sequence, aggregate_type, event_type, event_version, payload, metadata: _ } =
        event;
    serde_json::from_value(payload).map_err(|source| DecodeError {
        event_type,
        event_version,
        aggregate_type,
        aggregate_id,
        sequence: sequence as u64,
        source,
    })
}

/// The event of a record of the log, brought to today's shape. Records of today's shape are read without a detour
/// through a JSON tree.
///
/// # Errors
/// When the payload is not of its type's shape.
pub fn decode_stored<F: Fact>(
    stored: Stored<'_>,
    upcasters: &[Box<dyn EventUpcaster>],
) -> Result<Recorded<F>, DecodeError> {
    let error = |source| DecodeError {
        event_type: stored.event_type.to_owned(),
        event_version: stored.event_version.to_owned(),
        aggregate_type: stored.aggregate_type.to_owned(),
        aggregate_id: stored.aggregate_id.to_owned(),
        sequence: stored.sequence,
        source,
    };
    let is_old = upcasters.iter().any(|upcaster| upcaster.can_upcast(stored.event_type, stored.event_version));
    if !is_old {
        return serde_json::from_str(stored.payload).map_err(error);
    }
    let payload: Value = serde_json::from_str(stored.payload).map_err(error)?;
    let event = SerializedEvent::new(
        stored.aggregate_id.to_owned(),
        usize::try_from(stored.sequence).expect("a stream fits in memory"),
        stored.aggregate_type.to_owned(),
        stored.event_type.to_owned(),
        stored.event_version.to_owned(),
        payload,
        Value::Null,
    );
    decode(event, upcasters)
}

/// When it happened, from the payload of an event of any type and version.
///
/// # Errors
/// When the payload does not say.
pub fn occurred_at(payload: &str) -> Result<Timestamp, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Circumstances {
        occurred_at: Timestamp,
    }
    serde_json::from_str::<Circumstances>(payload).map(|said| said.occurred_at)
}

fn upcast(event: SerializedEvent, upcasters: &[Box<dyn EventUpcaster>]) -> SerializedEvent {
    upcasters.iter().fold(event, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) { upcaster.upcast(event) } else { event }
    })
}
