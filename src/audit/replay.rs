//! The log is folded again, and everything that is stored of it compared with what it makes.

use crate::app::{App, Beside, EventRecord, Fault, Folded, Replayed, ReplayedPage, Sealed, Unlike, Vouched, time_of};
use crate::audit::bundle::earlier_names;
use crate::audit::sealed::SealedTrees;
use crate::audit::verify::{STAMPS_NOT_VERIFIED, stamped_at};
use crate::audit::{AuditError, Projection, Trusted, Verdict};
use crate::ledger::audit::{AuditedEvent, Evidence, Verifier};
use crate::ledger::bounds::Anchor;
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::ledger::parsed_entry::ParsedEntry;

/// Replays the log of a database: entries against columns, payloads, hashes and checkpoints, those of the database and
/// those that the auditor has kept; time stamps; personal data against its references; and a fold of the events against
/// every served row. With no key, signatures are taken as the database has them. `progress` is told how many events are
/// done and how many there are.
///
/// # Errors
/// When the database cannot be read: then nothing is said of it.
pub async fn replay(app: &App, trusted: &Trusted, mut progress: impl FnMut(u64, u64)) -> Result<Verdict, AuditError> {
    let keys = trusted.keys.as_slice();
    let origin = app.origin().await?;
    let mut verdict = Verdict { origin: origin.clone(), ..Verdict::default() };
    let recoveries = told(app.recoveries().await, "RECOVERIES_UNREADABLE", &mut verdict)?;
    let earlier = earlier_names(&recoveries.unwrap_or_default());
    let vouched = vouched(app, keys).await?;
    let notes: Vec<_> = vouched.iter().map(Vouched::note).collect();
    let time_stamps = time_stamps(&vouched, trusted, &mut verdict);
    if keys.is_empty() {
        verdict.notes.push("checkpoints are not verified: give the key of the log".to_owned());
    }
    let checkpoints: Vec<_> =
        notes.iter().map(String::as_bytes).chain(trusted.kept.iter().map(Vec::as_slice)).collect();
    let mut verifier = Verifier::new(&Evidence {
        origin: &origin,
        earlier: &earlier,
        keys,
        checkpoints: &checkpoints,
        time_stamps: &time_stamps,
        tolerance: trusted.tolerance,
    });
    let mut sealed = SealedTrees::read(app, &Names::new(&earlier, &origin), keys, &mut verdict).await?;
    let look = |page: ReplayedPage| {
        for event in &page.events {
            let entry = verifier.feed(&AuditedEvent {
                entry: &event.entry,
                payload: event.payload.as_bytes(),
                metadata: event.metadata.as_bytes(),
                stored_hash: Some(event.leaf_hash),
            });
            sealed.compare(verifier.size(), || verifier.root(), &mut verdict);
            // What is no entry, the verifier tells.
            if let Some(entry) = entry {
                compare_columns(event, &entry, &mut verdict);
            }
        }
        for one in &page.unlike {
            tell_unlike(one, &mut verdict);
        }
        progress(verifier.size(), page.head);
    };
    match app.replay(look).await? {
        Replayed::Compared(folded) => tell_rows(&folded, &mut verdict),
        Replayed::OfOtherForm(form) => {
            let message = format!(
                "nothing is said of the served rows: they have form {}, and this program makes form {}; use the program that made \
                 them, or have them made anew by `etalon rebuild`",
                form.stored, form.ours
            );
            verdict.fault(None, "ROWS_NOT_COMPARED", message);
        }
        Replayed::Unfolded(fault) => {
            let message = format!("nothing is said of the served rows: the log cannot be folded: {fault}");
            verdict.fault(None, "ROWS_NOT_COMPARED", message);
        }
    }
    for mark in told(app.unfounded_erasures().await, "ERASURES_UNREADABLE", &mut verdict)?.unwrap_or_default() {
        let message = format!("the key {} is marked as erased by an event that does not erase it", mark.key_id);
        verdict.fault(Some(mark.position), "ERASURE_UNFOUNDED", message);
    }
    let mut report = verifier.finish();
    let tree = told(app.tree().await, "TREE_WRONG", &mut verdict)?;
    if tree.is_some_and(|tree| tree.size() == report.head.size && tree.root() != report.head.root) {
        verdict.fault(None, "TREE_WRONG", "the tree beside the log has another root than its entries make");
    }
    // A log that goes on has events that are not sealed yet; one that nothing confirms is nobody's word.
    if keys.is_empty() || report.sealed.is_some() {
        report.findings = report.findings.without_unsealed_end();
    }
    let unsealed = report.sealed.map_or(0, |sealed| report.head.size - sealed.size);
    verdict.take(report, keys);
    if unsealed > 0 {
        verdict.notes.push(format!("the last {unsealed} events are not sealed yet, and nothing confirms them"));
    }
    Ok(verdict)
}

/// The checkpoints of the database that say the most: the latest, the last that each of the witnesses has cosigned, and
/// the last that was stamped.
async fn vouched(app: &App, keys: &[VerifierKey]) -> Result<Vec<Vouched>, AuditError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut vouched: Vec<_> = app.checkpoint(Sealed::Latest).await?.into_iter().collect();
    for witness in keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature) {
        vouched.extend(app.last_cosigned(witness.name()).await?);
    }
    vouched.extend(app.last_stamped().await?);
    vouched.sort_by_key(|one| one.checkpoint.size);
    vouched.dedup_by_key(|one| one.checkpoint.size);
    Ok(vouched)
}

/// When these checkpoints were stamped, by authorities that are trusted.
fn time_stamps(vouched: &[Vouched], trusted: &Trusted, verdict: &mut Verdict) -> Vec<Anchor> {
    let stamps = vouched.iter().flat_map(|one| one.time_stamps.iter().map(|stamp| (&one.checkpoint, stamp)));
    let Some(roots) = &trusted.roots else {
        verdict.notes.extend(stamps.take(1).map(|_| STAMPS_NOT_VERIFIED.to_owned()));
        return Vec::new();
    };
    let mut anchors = Vec::new();
    for (checkpoint, stamp) in stamps {
        match stamped_at(stamp.token.clone(), checkpoint.note.as_bytes(), roots) {
            Ok(at) => {
                verdict.notes.push(format!("the checkpoint of {} events was stamped at {at}", checkpoint.size));
                anchors.push(Anchor { size: checkpoint.size, at });
            }
            Err(error) => verdict.fault(None, "TIME_STAMP", format!("{} events: {error}", checkpoint.size)),
        }
    }
    anchors
}

/// What a fold of the log makes against what is served.
fn tell_rows(folded: &Folded, verdict: &mut Verdict) {
    for difference in &folded.differences {
        let (kind, message) = match difference.is_served {
            true => ("ROW_SERVED_WRONGLY", "it is served, and the log makes no such row"),
            false => ("ROW_NOT_SERVED", "the log makes it, and no such row is served"),
        };
        verdict.fault(None, kind, format!("{} {}: {message}", difference.table, difference.key));
    }
    verdict.fault_count += folded.count - folded.differences.len() as u64;
    verdict.projections = folded.served.iter().map(Projection::from).collect();
    verdict.notes.push(format!("{} commits folded; {} rows differ", folded.commits, folded.count));
}

fn tell_unlike(one: &Unlike, verdict: &mut Verdict) {
    let (kind, message) = match (one.what, one.is_changed) {
        (Beside::Ciphertext, true) => {
            ("CIPHERTEXT_WRONG", "the ciphertext of personal data in it is not the one that it names")
        }
        (Beside::Ciphertext, false) => {
            ("CIPHERTEXT_MISSING", "the ciphertext of personal data in it is gone, and no event has erased it")
        }
        (Beside::Attachment, true) => {
            ("ATTACHMENT_WRONG", "the bytes of the file that it attaches are not those of its digest")
        }
        (Beside::Attachment, false) => ("ATTACHMENT_MISSING", "the bytes of the file that it attaches are gone"),
        (Beside::Node, true) => {
            ("NODE_HASH", "the node of the tree that begins with it has another hash than its entries make")
        }
        (Beside::Node, false) => ("NODE_HASH", "the node of the tree that begins with it is gone"),
    };
    verdict.fault(Some(one.position), kind, message);
}

/// What was read, or a fault of that kind where what is stored cannot be.
pub(super) fn told<T>(read: Result<T, Fault>, kind: &'static str, verdict: &mut Verdict) -> Result<Option<T>, Fault> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(fault) if fault.is_damage() => {
            verdict.fault(None, kind, fault.to_string());
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

/// What the columns of an event say against what its entry says.
fn compare_columns(event: &EventRecord, entry: &ParsedEntry<'_>, verdict: &mut Verdict) {
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
