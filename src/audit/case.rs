//! The state of a case, as the events of a bundle make it.

use std::path::Path;

use cqrs_es::Aggregate;

use crate::audit::AuditError;
use crate::audit::bundle::{
    ENTRIES, LONGEST_ENTRY_LINE_BYTES, LONGEST_PAYLOAD_LINE_BYTES, Lines, PAYLOADS, PayloadLine,
};
use crate::codec::{self, Stored};
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::ledger::parsed_entry::ParsedEntry;

/// Folds the events of a bundle of one case to its state. Whether they are the log's, `verify` says.
///
/// # Errors
/// When the folder is no bundle of a case whose events this program can read.
pub fn state_of_case(folder: &Path) -> Result<Case, AuditError> {
    let no_bundle = |reason: String| AuditError::NoBundle { path: folder.to_owned(), reason };
    let mut entries = Lines::open(folder, ENTRIES, LONGEST_ENTRY_LINE_BYTES)?;
    let mut payloads = Lines::open(folder, PAYLOADS, LONGEST_PAYLOAD_LINE_BYTES)?;
    let upcasters = codec::upcasters();
    let mut case = Case::default();
    while let Some(line) = entries.next()? {
        let entry = ParsedEntry::parse(line.bytes).map_err(|error| no_bundle(error.to_string()))?;
        let line = payloads.next()?;
        if entry.aggregate_type != <Case as Aggregate>::TYPE {
            continue;
        }
        if let Some(too_long) = line.as_ref().and_then(|line| line.too_long.clone()) {
            return Err(no_bundle(too_long));
        }
        let line = line.map_or(&b""[..], |line| line.bytes);
        let line: PayloadLine<'_> = serde_json::from_slice(line).map_err(|error| no_bundle(error.to_string()))?;
        let stored = Stored {
            aggregate_type: &entry.aggregate_type,
            aggregate_id: &entry.aggregate_id,
            sequence: entry.sequence,
            event_type: &entry.event_type,
            event_version: &entry.event_version,
            payload: line.payload.get(),
        };
        let event = codec::decode_stored::<CaseFact>(stored, &upcasters);
        case.evolve(&event.map_err(|error| no_bundle(format!("position {}: {error}", entry.position)))?);
    }
    Ok(case)
}
