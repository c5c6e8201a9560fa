//! Event ⇄ what the log keeps: name, version and the bytes of the payload.
//!
//! Payload bytes are written once and never rebuilt from parsed JSON: an auditor hashes what stands in the log.

use cqrs_es::persist::{EventUpcaster, SerializedEvent};

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

/// Bytes of the log that no version of the event's shape explains.
#[derive(Debug, thiserror::Error)]
#[error("{event_type} {event_version} of {aggregate_type} {aggregate_id}, event {sequence}, cannot be read")]
pub struct DecodeError {
    /// The type that the log states.
    pub event_type: String,
    /// The version that the log states.
    pub event_version: String,
    /// The stream's type.
    pub aggregate_type: String,
    /// The stream's id.
    pub aggregate_id: String,
    /// The place in the stream, from 1.
    pub sequence: usize,
    /// What the JSON reader says.
    #[source]
    pub source: serde_json::Error,
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

/// The event that the log keeps, brought to today's shape.
///
/// # Errors
/// When the payload is not of its type's shape.
pub fn decode<F: Fact>(event: SerializedEvent, upcasters: &[Box<dyn EventUpcaster>]) -> Result<Recorded<F>, DecodeError> {
    let event = upcast(event, upcasters);
    serde_json::from_value(event.payload).map_err(|source| DecodeError {
        event_type: event.event_type,
        event_version: event.event_version,
        aggregate_type: event.aggregate_type,
        aggregate_id: event.aggregate_id,
        sequence: event.sequence,
        source,
    })
}

/// The upcasters of the house, oldest first. Every published event is still of its first version.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    Vec::new()
}

fn upcast(event: SerializedEvent, upcasters: &[Box<dyn EventUpcaster>]) -> SerializedEvent {
    upcasters.iter().fold(event, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    })
}
