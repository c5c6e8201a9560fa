//! The log is folded again, and everything that is stored of it compared with what it makes.

use jiff::SignedDuration;

use crate::app::{App, EventRecord, Sealed, time_of};
use crate::audit::bundle::earlier_names;
use crate::audit::{AuditError, Verdict};
use crate::ledger::audit::{AuditedEvent, Evidence, Verifier};
use crate::ledger::note::VerifierKey;
use crate::ledger::parsed_entry::ParsedEntry;
use crate::ledger::tree::base64;

/// Replays the log of a database: entries against columns, payloads, hashes and checkpoint; and a fold of the events
/// against every served row. With no key, signatures are taken as the database has them. `progress` is told how many
/// events are done and how many there are.
///
/// # Errors
/// When the database cannot be read: then nothing is said of it.
pub async fn replay(
    app: &App,
    keys: &[VerifierKey],
    mut progress: impl FnMut(u64, u64),
) -> Result<Verdict, AuditError> {
    let origin = app.origin().await?;
    let mut verdict = Verdict { origin: origin.clone(), ..Verdict::default() };
    let earlier = earlier_names(&app.recoveries().await?);
    let sealed = app.checkpoint(Sealed::Latest).await?;
    let notes: Vec<_> = sealed.iter().filter(|_| !keys.is_empty()).map(|sealed| sealed.note()).collect();
    if keys.is_empty() {
        verdict.notes.push("checkpoints are not verified: give the key of the log".to_owned());
    }
    let checkpoints: Vec<_> = notes.iter().map(String::as_bytes).collect();
    let mut verifier = Verifier::new(&Evidence {
        origin: &origin,
        earlier: &earlier,
        keys,
        checkpoints: &checkpoints,
        time_stamps: &[],
        tolerance: SignedDuration::from_mins(1),
    });
    let replayed = app
        .replay(|page, head| {
            for event in page {
                compare_columns(event, &mut verdict);
                verifier.feed(&AuditedEvent {
                    entry: &event.entry,
                    payload: event.payload.as_bytes(),
                    metadata: event.metadata.as_bytes(),
                    stored_hash: Some(event.leaf_hash),
                });
            }
            progress(verifier.size(), head);
        })
        .await?;
    for difference in &replayed.differences {
        let (kind, message) = match difference.is_served {
            true => ("ROW_SERVED_WRONGLY", "it is served, and the log makes no such row"),
            false => ("ROW_NOT_SERVED", "the log makes it, and no such row is served"),
        };
        verdict.fault(None, kind, format!("{} {}: {message}", difference.table, difference.key));
    }
    verdict.fault_count += replayed.count - replayed.differences.len() as u64;
    let report = verifier.finish();
    let tree = app.tree().await?;
    if tree.size() == report.head.size && tree.root() != report.head.root {
        verdict.fault(None, "TREE_WRONG", "the tree beside the log has another root than its entries make");
    }
    verdict.events = report.head.size;
    verdict.root = Some(base64(&report.head.root));
    verdict.sealed = report.sealed.map(|sealed| sealed.size);
    verdict.notes.extend(report.recovered.iter().map(ToString::to_string));
    verdict.signers = keys.iter().map(|key| key.name().to_owned()).filter(|_| report.sealed.is_some()).collect();
    // A log that goes on has events that are not sealed yet.
    verdict.add(&report.findings.without_unsealed_end());
    verdict.notes.push(format!("{} commits folded; {} rows differ", replayed.commits, replayed.count));
    Ok(verdict)
}

/// What the columns of an event say against what its entry says.
fn compare_columns(event: &EventRecord, verdict: &mut Verdict) {
    // What is no entry, the verifier tells.
    let Ok(entry) = ParsedEntry::parse(&event.entry) else { return };
    let columns = [
        ("position", entry.position == event.position),
        ("aggregate_type", entry.aggregate_type == event.aggregate_type),
        ("aggregate_id", entry.aggregate_id == event.aggregate_id),
        ("sequence", entry.sequence == event.sequence),
        ("event_type", entry.event_type == event.event_type),
        ("event_version", entry.event_version == event.event_version),
        ("recorded_at", entry.recorded_at == time_of(event.recorded_at)),
        ("actor", entry.actor == event.actor),
        ("command_id", entry.command_id == event.command_id),
    ];
    for (column, _) in columns.into_iter().filter(|(_, is_same)| !is_same) {
        let message = format!("column {column} says something else than the entry");
        verdict.fault(Some(event.position), "COLUMN_WRONG", message);
    }
}
