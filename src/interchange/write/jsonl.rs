//! JSON Lines: every event of the log, with the stored bytes of its payload and metadata untouched, so that what is
//! proven of them stays provable.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::interchange::write::ExportedEvent;
use crate::interchange::write::error::WriteError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    position: u64,
    aggregate_type: &'a str,
    aggregate_id: &'a str,
    sequence: u64,
    r#type: &'a str,
    version: &'a str,
    recorded_at: Timestamp,
    actor: &'a str,
    payload: &'a RawValue,
    metadata: &'a RawValue,
}

pub(super) fn write(out: &mut impl Write, event: &ExportedEvent<'_>) -> Result<(), WriteError> {
    let position = event.position;
    let raw =
        |stored| serde_json::from_str::<&RawValue>(stored).map_err(|source| WriteError::Stored { position, source });
    if [event.payload, event.metadata].iter().any(|stored| stored.contains(['\n', '\r'])) {
        return Err(WriteError::SeveralLines { position });
    }
    let line = Line {
        position,
        aggregate_type: event.aggregate_type,
        aggregate_id: event.aggregate_id,
        sequence: event.sequence,
        r#type: event.event_type,
        version: event.event_version,
        recorded_at: event.recorded_at,
        actor: event.actor,
        payload: raw(event.payload)?,
        metadata: raw(event.metadata)?,
    };
    serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}
