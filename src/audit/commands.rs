//! What is kept of commands against the events that they recorded: by it a command that is sent again is answered, and
//! not carried out a second time. The digest of what was ordered is of what no event says, and is not compared.
//!
//! To look up each of them costs more than to verify its events. So both sides are summed up, each in its own order, and
//! only where the sums differ is it looked which commands those are.

use std::collections::{BTreeSet, HashMap};

use futures::future::BoxFuture;

use crate::app::{App, Fault, KeptCommand};
use crate::audit::Verdict;
use crate::audit::replay::{MOST_STRAYS, says_its_entry, told};
use crate::clock::{Clock, SystemClock};
use crate::ledger::finding::Findings;
use crate::ledger::multiset::{MultisetKey, MultisetSum};
use crate::ledger::parsed_entry::ParsedEntry;

/// How much of a key is shown.
const SHOWN_CHARACTERS: usize = 80;

/// The commands of a log, summed up while it is read, and beside that those that are kept.
pub(super) struct Commands {
    /// Where the log ended before it was read: what began behind that may not be known on both sides.
    head: u64,
    key: MultisetKey,
    runs: Runs,
    recorded: MultisetSum,
    kept: BoxFuture<'static, Result<MultisetSum, Fault>>,
}

impl Commands {
    /// Those that began before a position.
    pub(super) fn before(head: u64, app: &App) -> Self {
        let key = MultisetKey::of(&SystemClock.random());
        let kept = app.sum_of_commands(key, head);
        Self { head, key, runs: Runs::default(), recorded: MultisetSum::default(), kept }
    }

    /// Takes the next event: its entry, if it has one.
    pub(super) fn take(&mut self, position: u64, entry: Option<&ParsedEntry<'_>>) {
        let ended = self.runs.take(position, entry, true);
        self.add(ended);
    }

    fn add(&mut self, ended: Option<Run>) {
        if let Some(run) = ended.filter(|run| run.recorded.first_position < self.head) {
            self.recorded.add(&self.key, &run.recorded);
        }
    }

    /// Ends the log, and tells where the two sides differ.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn finish(mut self, app: &App, verdict: &mut Verdict) -> Result<(), Fault> {
        let ended = self.runs.current.take();
        self.add(ended);
        let same = match self.kept.await {
            Ok(kept) => kept == self.recorded,
            Err(fault) if fault.is_damage() => false,
            Err(fault) => return Err(fault),
        };
        if same {
            // What began later was in neither sum, and has recorded events by now.
            return tell_unfounded(app, Some(self.head), &BTreeSet::new(), verdict).await;
        }
        let excused = tell_each(app, self.head, verdict).await?;
        tell_unfounded(app, None, &excused, verdict).await
    }
}

/// Looks up what is kept of each command that the log has recorded; where its events are not what their columns say, the
/// first of them.
async fn tell_each(app: &App, head: u64, verdict: &mut Verdict) -> Result<BTreeSet<u64>, Fault> {
    let mut excused = BTreeSet::new();
    let mut runs = Runs::default();
    let mut next = 0;
    while next < head {
        let (events, kept) = app.commanded(next, head).await?;
        let Some(last) = events.last() else { break };
        next = last.position + 1;
        let kept = told(kept, "COMMANDS_UNREADABLE", verdict)?;
        let is_unread = kept.is_none();
        let by_key = |one: KeptCommand| ((one.actor.clone(), one.idempotency_key.clone()), one);
        let mut kept: HashMap<_, _> = kept.unwrap_or_default().into_iter().map(by_key).collect();
        for event in &events {
            let entry = ParsedEntry::parse(&event.entry).ok();
            // By its columns what is kept is looked up. That they are others is told, and nothing that comes of it.
            let is_as_said = entry.as_ref().is_some_and(|entry| says_its_entry(event, entry));
            if !is_as_said && excused.len() < Findings::KEPT {
                excused.insert(event.position);
            }
            tell(runs.take(event.position, entry.as_ref(), is_as_said && !is_unread), verdict);
            if let Some(run) = &mut runs.current
                && run.recorded.first_position == event.position
            {
                run.kept = kept.remove(&(run.recorded.actor.clone(), run.recorded.idempotency_key.clone()));
            }
        }
    }
    tell(runs.current, verdict);
    Ok(excused)
}

/// Looks for what is kept of commands that recorded nothing, and began at a position or behind it.
async fn tell_unfounded(
    app: &App,
    from: Option<u64>,
    excused: &BTreeSet<u64>,
    verdict: &mut Verdict,
) -> Result<(), Fault> {
    let found = told(app.unfounded_commands(from, MOST_STRAYS).await, "COMMANDS_UNREADABLE", verdict)?;
    let found = found.unwrap_or_default();
    if found.len() == MOST_STRAYS as usize {
        verdict.note(format!("commands without events were looked for up to the first {MOST_STRAYS}"));
    }
    let is_excused = |position: u64| {
        let before = position.checked_sub(1);
        excused.contains(&position) || before.is_some_and(|before| excused.contains(&before))
    };
    for KeptCommand { first_position, idempotency_key, .. } in found {
        if !is_excused(first_position) {
            let key: String = idempotency_key.chars().take(SHOWN_CHARACTERS).collect();
            let message = format!("the command of the key {key:?} is kept as begun here, and no event says so");
            verdict.fault(Some(first_position), "COMMAND_UNFOUNDED", message);
        }
    }
    Ok(())
}

/// The events of a log, put together by the commands that recorded them.
#[derive(Default)]
struct Runs {
    /// That whose events are being taken.
    current: Option<Run>,
    /// Whether the event before is none that can be read: it may have been of the next command.
    follows_damage: bool,
}

/// The events of a command, as far as they were taken.
struct Run {
    /// What should be kept of it.
    recorded: KeptCommand,
    /// What is, where that is looked up.
    kept: Option<KeptCommand>,
    /// Whether nothing is said of it, since what it is known by may be wrong.
    is_excused: bool,
}

impl Runs {
    /// Takes the next event: its entry, if it has one, and whether what is kept can be known by it. A command that it
    /// is not of has ended.
    fn take(&mut self, position: u64, entry: Option<&ParsedEntry<'_>>, is_known: bool) -> Option<Run> {
        let Some(entry) = entry else {
            self.follows_damage = true;
            if let Some(run) = &mut self.current {
                run.is_excused = true;
            }
            return None;
        };
        let follows_damage = std::mem::take(&mut self.follows_damage);
        let ended = self.current.take_if(|run| !run.is_of(entry));
        let run = self.current.get_or_insert_with(|| Run::beginning(position, entry, follows_damage));
        run.recorded.event_count += 1;
        run.recorded.version = entry.sequence;
        run.is_excused |= !is_known;
        ended
    }
}

impl Run {
    fn beginning(position: u64, entry: &ParsedEntry<'_>, is_excused: bool) -> Self {
        let recorded = KeptCommand {
            actor: entry.actor.to_string(),
            idempotency_key: entry.command_id.to_string(),
            aggregate_type: entry.aggregate_type.to_string(),
            aggregate_id: entry.aggregate_id.to_string(),
            version: entry.sequence,
            first_position: position,
            event_count: 0,
            recorded_at: entry.recorded_at.as_microsecond(),
        };
        Self { recorded, kept: None, is_excused }
    }

    fn is_of(&self, entry: &ParsedEntry<'_>) -> bool {
        self.recorded.actor == entry.actor && self.recorded.idempotency_key == entry.command_id
    }
}

/// What is wrong with what is kept of a command. Where it says to have begun is compared by whoever looks for those
/// that began nowhere.
fn tell(ended: Option<Run>, verdict: &mut Verdict) {
    let Some(Run { recorded, kept, .. }) = ended.filter(|run| !run.is_excused) else { return };
    let Some(kept) = kept else {
        let message = "nothing is kept of the command that recorded it: sent again, it would be carried out again";
        return verdict.fault(Some(recorded.first_position), "COMMAND_MISSING", message);
    };
    let columns = [
        ("aggregate_type", kept.aggregate_type == recorded.aggregate_type),
        ("aggregate_id", kept.aggregate_id == recorded.aggregate_id),
        ("version", kept.version == recorded.version),
        ("event_count", kept.event_count == recorded.event_count),
        ("recorded_at", kept.recorded_at == recorded.recorded_at),
    ];
    for (column, _) in columns.into_iter().filter(|(_, is_same)| !is_same) {
        let message = format!("column {column} of the command that recorded it says something else than its events");
        verdict.fault(Some(recorded.first_position), "COMMAND_WRONG", message);
    }
}
