//! The log is folded again, and everything that is stored of it compared with what it makes.

use crate::app::{
    App, Beside, EventRecord, Fault, Folded, How, NodePlace, Replayed, ReplayedPage, Sealed, Unlike, Vouched,
};
use crate::audit::bundle::earlier_names;
use crate::audit::commands::Commands;
use crate::audit::sealed::{self, Seals};
use crate::audit::verdict::{ROW_NOT_SERVED, ROW_SERVED_WRONGLY};
use crate::audit::{AuditError, Projection, Trusted, Verdict, verify};
use crate::ledger::audit::{AuditedEvent, Evidence, Report, Verifier};
use crate::ledger::counted::counted;
use crate::ledger::finding::Findings;
use crate::ledger::names::{EarlierName, Names};
use crate::ledger::note::VerifierKey;
use crate::ledger::parsed_entry::ParsedEntry;

/// How many rows are looked for that stand beside the log and belong to nothing of it, of each kind.
pub(super) const MOST_STRAYS: u32 = Findings::KEPT as u32;

/// What stands in a database beside its log and is no word of it.
const NOT_COMPARED: &str = "nothing of the log says what these are, and they are not compared: webhooks, their changes and \
                            deliveries, revocations of tokens, leases, when checkpoints were signed (signedAt), which data \
                            keys the database knows (data_keys), and the digests of what commands ordered";

/// What is said where an end should be sealed by now: nobody seals a copy.
const OF_A_COPY: &str = "if this is a copy (a backup, a standby that was stopped), it ends as the log did at that moment, when \
                         what was committed in the last second may not have been sealed: give an --unsealed-for of more than its age";

/// Replays the log of a database: entries against columns, payloads, hashes and checkpoints, those of the database and
/// those that the auditor has kept; cosignatures and time stamps; what is kept of commands; personal data against its
/// references; a fold of the events against every served row; and the tables with their guards against the migrations.
/// With no key, signatures are taken as the database has them. `progress` is told how many events are done and how many
/// there are.
///
/// # Errors
/// When the database cannot be read: then nothing is said of it.
pub async fn replay(app: &App, trusted: &Trusted, mut progress: impl FnMut(u64, u64)) -> Result<Verdict, AuditError> {
    let keys = trusted.keys.as_slice();
    let mut verdict = Verdict::default();
    // The log may go on while it is read. So what it is held against is read before it: whatever was counted and sealed
    // by then is there.
    let log = Known::read(app, keys, &mut verdict).await?;
    verdict.name_log(&log.origin);
    verdict.seals_ignored = keys.is_empty();
    tell_alterations(app, &mut verdict).await?;
    let latest = latest_seal(app, keys, &mut verdict).await?;

    let names = Names::new(&log.earlier, &log.origin);
    let mut reading = Reading::of(&log, &names, app, trusted);
    let look = |page: ReplayedPage| {
        let head = page.head;
        reading.take(page, &mut verdict);
        progress(reading.verifier.size(), head);
    };
    let replayed = app.replay(look).await?;

    // What is said of the log as a whole needs all of it. The seals are ended before the verifier, which is given those
    // of them that have waited in vain for their events; then the tree can be held against the root in its report. The
    // report is taken up last: what it says of an end that is not sealed stands behind everything else.
    let Reading { mut verifier, seals, commands, end } = reading;
    tell_rows(&replayed, &mut verdict);
    tell_end(app, &log, end, &mut verdict).await?;
    commands.finish(app, &mut verdict).await?;
    tell_stray_nodes(app, log.size, &mut verdict).await?;
    tell_unfounded_erasures(app, &mut verdict).await?;
    seals.finish(latest.as_ref(), &mut verifier, &mut verdict);
    sealed::tell_strays(app, &mut verdict).await?;
    let report = verifier.finish();
    if log.has_head {
        tell_tree(app, &report, &mut verdict).await?;
    }
    conclude(report, trusted, &mut verdict);
    Ok(verdict)
}

/// What is known of a log before it is read.
struct Known {
    origin: String,
    earlier: Vec<EarlierName>,
    /// How many events it has.
    size: u64,
    /// Whether its head can be read, and has said so.
    has_head: bool,
}

impl Known {
    async fn read(app: &App, keys: &[VerifierKey], verdict: &mut Verdict) -> Result<Self, Fault> {
        let head = told(named_end(app).await, "HEAD_UNREADABLE", verdict)?;
        let has_head = head.is_some();
        let (origin, size) = match head {
            Some(head) => head,
            None => end_without_head(app, keys).await?,
        };
        let recoveries = told(app.recoveries().await, "RECOVERIES_UNREADABLE", verdict)?;
        Ok(Self { origin, earlier: earlier_names(&recoveries.unwrap_or_default()), size, has_head })
    }
}

/// A log that is being read, with everybody who looks at it.
struct Reading<'a> {
    verifier: Verifier,
    seals: Seals<'a>,
    commands: Commands,
    /// Where it ends, as far as it was read.
    end: u64,
}

impl<'a> Reading<'a> {
    fn of(log: &Known, names: &'a Names, app: &App, trusted: &'a Trusted) -> Self {
        let kept: Vec<_> = trusted.kept.iter().map(Vec::as_slice).collect();
        let verifier = Verifier::new(&Evidence {
            origin: &log.origin,
            earlier: &log.earlier,
            keys: &trusted.keys,
            checkpoints: &kept,
            time_stamps: &[],
            tolerance: trusted.tolerance,
            now: trusted.now,
        });
        Self { verifier, seals: Seals::new(names, trusted), commands: Commands::before(log.size, app), end: 0 }
    }

    /// Takes the next page. A checkpoint is looked at as soon as its last event was taken.
    fn take(&mut self, page: ReplayedPage, verdict: &mut Verdict) {
        self.seals.read(page.sealed, verdict);
        for event in &page.events {
            let entry = self.verifier.feed(&AuditedEvent {
                entry: &event.entry,
                payload: event.payload.as_bytes(),
                metadata: event.metadata.as_bytes(),
                stored_hash: Some(event.leaf_hash),
            });
            self.seals.compare(&mut self.verifier, verdict);
            // What is no entry, the verifier tells.
            if let Some(entry) = &entry {
                compare_columns(event, entry, verdict);
            }
            self.commands.take(event.position, entry.as_ref());
        }
        for one in &page.unlike {
            tell_unlike(one, verdict);
        }
        self.end = page.events.last().map_or(self.end, |last| last.position + 1);
    }
}

/// Tells what of the tables is not as the migrations make it.
async fn tell_alterations(app: &App, verdict: &mut Verdict) -> Result<(), Fault> {
    for one in told(app.alterations().await, "SCHEMA_UNREADABLE", verdict)?.unwrap_or_default() {
        verdict.fault(None, one.what.code(), one.message);
    }
    Ok(())
}

/// The latest checkpoint, where there is a key to verify it with.
async fn latest_seal(app: &App, keys: &[VerifierKey], verdict: &mut Verdict) -> Result<Option<Vouched>, Fault> {
    if keys.is_empty() {
        verdict.note("checkpoints are not verified: give the key of the log");
        return Ok(None);
    }
    sealed::undamaged(app.checkpoint(Sealed::Latest).await)
}

/// Tells what the served rows are against those that the log makes, or why nothing is said of them.
fn tell_rows(replayed: &Replayed, verdict: &mut Verdict) {
    let message = match replayed {
        Replayed::Compared(folded) => return tell_folded(folded, verdict),
        Replayed::OfOtherForm(form) => format!(
            "nothing is said of the served rows: they have form {}, and this program makes form {}; use the program that made \
             them, or have them made anew by `etalon rebuild`",
            form.stored, form.ours
        ),
        Replayed::Unfolded(fault) => format!("nothing is said of the served rows, which cannot be compared: {fault}"),
    };
    verdict.fault(None, "ROWS_NOT_COMPARED", message);
}

/// Tells where the log as it was read does not end as its head says.
async fn tell_end(app: &App, log: &Known, end: u64, verdict: &mut Verdict) -> Result<(), Fault> {
    if end < log.size {
        let events = counted(log.size, "event", "events");
        let message = format!("the log has counted {events}, and none is there from here on");
        verdict.fault(Some(end), "LOG_SHORT", message);
    }
    if !log.has_head {
        return Ok(());
    }
    if told(app.has_time_of_its_end().await, "HEAD_UNREADABLE", verdict)? == Some(false) {
        let message = "column recorded_at of log_head is not the time of the last event, and none that follows gets an \
                       earlier one";
        verdict.fault(None, "HEAD_WRONG", message);
    }
    if let Some(position) = told(app.beyond_its_head().await, "HEAD_UNREADABLE", verdict)?.flatten() {
        let message = "the head of the log says that it ends before this event, which is there";
        verdict.fault(Some(position), "HEAD_WRONG", message);
    }
    Ok(())
}

/// Tells of keys that are marked as erased by an event that does not erase them.
async fn tell_unfounded_erasures(app: &App, verdict: &mut Verdict) -> Result<(), Fault> {
    for mark in told(app.unfounded_erasures().await, "ERASURES_UNREADABLE", verdict)?.unwrap_or_default() {
        let message = format!("the key {} is marked as erased by an event that does not erase it", mark.key_id);
        verdict.fault(Some(mark.position), "ERASURE_UNFOUNDED", message);
    }
    Ok(())
}

/// Tells where the tree that goes on beside the log is not the one of its entries.
async fn tell_tree(app: &App, report: &Report, verdict: &mut Verdict) -> Result<(), Fault> {
    let tree = told(app.tree().await, "TREE_WRONG", verdict)?;
    if tree.is_some_and(|tree| tree.size() == report.head.size && tree.root() != report.head.root) {
        verdict.fault(None, "TREE_WRONG", "the tree beside the log has another root than its entries make");
    }
    Ok(())
}

/// Takes up what the verifier has come to, and says what nothing confirms.
fn conclude(mut report: Report, trusted: &Trusted, verdict: &mut Verdict) {
    let keys = trusted.keys.as_slice();
    let is_overdue = is_overdue(&report, trusted);
    if keys.is_empty() || !is_overdue {
        report.findings = report.findings.without_unsealed_end();
    }
    verdict.note(NOT_COMPARED);
    let unsealed = report.head.size - report.sealed.map_or(0, |sealed| sealed.size);
    verdict.take(report, keys);
    if unsealed > 0 && !keys.is_empty() {
        let are = counted(unsealed, "event at the end is", "events at the end are");
        verdict.note(format!("{are} not sealed yet, and confirmed by nothing"));
        if is_overdue && trusted.unsealed_for.is_some() {
            verdict.note(OF_A_COPY);
        }
    }
}

/// Whether the end of a log should be sealed by now, and all of it where nothing is. One that goes on has events that are not
/// yet, and servers seal within a second; what stays unsealed is nobody's word.
fn is_overdue(report: &Report, trusted: &Trusted) -> bool {
    let Some(longest) = trusted.unsealed_for else { return report.sealed.is_none() };
    report.unsealed_since.is_some_and(|since| trusted.now.duration_since(since) > longest)
}

/// The name of the log and how many events it has, as its head says.
async fn named_end(app: &App) -> Result<(String, u64), Fault> {
    Ok((app.origin().await?, app.head().await?.map_or(0, |last| last + 1)))
}

/// The same of a log whose head cannot be read: the name is that of the key that was given, or else of the last entry.
async fn end_without_head(app: &App, keys: &[VerifierKey]) -> Result<(String, u64), Fault> {
    let last = sealed::undamaged(app.last_event().await)?;
    let entry = last.as_ref().and_then(|last| ParsedEntry::parse(&last.entry).ok());
    let name = verify::origin(keys).ok().map(str::to_owned).or_else(|| Some(entry?.origin.into_owned()));
    Ok((name.unwrap_or_default(), last.map_or(0, |last| last.position + 1)))
}

/// What a fold of the log makes against what is served.
fn tell_folded(folded: &Folded, verdict: &mut Verdict) {
    for difference in &folded.differences {
        let (kind, message) = match difference.is_served {
            true => (ROW_SERVED_WRONGLY, "it is served, and the log makes no such row"),
            false => (ROW_NOT_SERVED, "the log makes it, and no such row is served"),
        };
        verdict.fault(None, kind, format!("{} {}: {message}", difference.table, difference.key));
    }
    verdict.fault_count += folded.count - folded.differences.len() as u64;
    verdict.projections = folded.served.iter().map(Projection::from).collect();
    let commits = counted(folded.commits, "commit", "commits");
    verdict.note(format!("{commits} folded; {}", counted(folded.count, "row differs", "rows differ")));
}

fn tell_unlike(one: &Unlike, verdict: &mut Verdict) {
    let (kind, message) = match one.what {
        Beside::Ciphertext(How::Changed) => {
            ("CIPHERTEXT_WRONG", "the ciphertext of personal data in it is not the one that it names")
        }
        Beside::Ciphertext(How::Gone) => {
            ("CIPHERTEXT_MISSING", "the ciphertext of personal data in it is gone, and no event has erased it")
        }
        Beside::Ciphertext(How::Unreadable) => {
            ("CIPHERTEXT_UNREADABLE", "the ciphertext of personal data in it cannot be read")
        }
        Beside::Erased => {
            ("CIPHERTEXT_NOT_ERASED", "the ciphertext of personal data in it is there, though an event has erased it")
        }
        Beside::Mark => (
            "ERASURE_UNMARKED",
            "it erases personal data under a key that nothing marks as erased, so that it may be there still",
        ),
        Beside::Attachment(How::Changed) => {
            ("ATTACHMENT_WRONG", "the bytes of the file that it attaches are not those of its digest")
        }
        Beside::Attachment(How::Gone) => ("ATTACHMENT_MISSING", "the bytes of the file that it attaches are gone"),
        Beside::Attachment(How::Unreadable) => {
            ("ATTACHMENT_UNREADABLE", "the bytes of the file that it attaches cannot be read")
        }
        Beside::Node(How::Changed) => {
            ("NODE_HASH", "the node of the tree that begins with it has another hash than its entries make")
        }
        Beside::Node(How::Gone) => ("NODE_HASH", "the node of the tree that begins with it is gone"),
        Beside::Node(How::Unreadable) => ("NODE_UNREADABLE", "the node of the tree that begins with it cannot be read"),
    };
    verdict.fault(Some(one.position), kind, message);
}

/// Tells of nodes that the tree of the log has not yet: one in the way of a node that comes would be a wrong one for ever.
async fn tell_stray_nodes(app: &App, size: u64, verdict: &mut Verdict) -> Result<(), Fault> {
    let strays = told(app.stray_nodes(size, MOST_STRAYS).await, "NODES_UNREADABLE", verdict)?;
    for node in strays.unwrap_or_default() {
        let NodePlace { level, index } = node;
        let message = format!("the node {index} of level {level} of the tree is there, and not all of its events are");
        verdict.fault(node.events().map(|events| events.start), "NODE_STRAY", message);
    }
    Ok(())
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

/// Each column of an event, and whether it says what its entry says.
fn columns_beside(event: &EventRecord, entry: &ParsedEntry<'_>) -> [(&'static str, bool); 9] {
    [
        ("position", entry.position == event.position),
        ("aggregate_type", entry.aggregate_type == event.aggregate_type),
        ("aggregate_id", entry.aggregate_id == event.aggregate_id),
        ("sequence", entry.sequence == event.sequence),
        ("event_type", entry.event_type == event.event_type),
        ("event_version", entry.event_version == event.event_version),
        ("recorded_at", entry.recorded_at.as_microsecond() == event.recorded_at),
        ("actor", entry.actor == event.actor),
        ("command_id", entry.command_id == event.command_id),
    ]
}

/// Whether all columns of an event say what its entry says.
pub(super) fn says_its_entry(event: &EventRecord, entry: &ParsedEntry<'_>) -> bool {
    columns_beside(event, entry).into_iter().all(|(_, is_same)| is_same)
}

fn compare_columns(event: &EventRecord, entry: &ParsedEntry<'_>, verdict: &mut Verdict) {
    for (column, _) in columns_beside(event, entry).into_iter().filter(|(_, is_same)| !is_same) {
        let message = format!("column {column} says something else than the entry");
        verdict.fault(Some(event.position), "COLUMN_WRONG", message);
    }
}
