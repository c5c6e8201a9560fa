//! What is kept of commands against the events that they recorded: by it a command that is sent again is answered, and
//! not carried out a second time. The digest of what was ordered is of what no event says, and is not compared.

use std::collections::{BTreeSet, HashMap};

use crate::app::{App, Fault, KeptCommand};
use crate::audit::Verdict;
use crate::audit::replay::{MOST_STRAYS, told};
use crate::ledger::finding::Findings;
use crate::ledger::parsed_entry::ParsedEntry;

/// How much of a key is shown.
const SHOWN_CHARACTERS: usize = 80;

/// The commands of a log, one after the other while it is read.
#[derive(Default)]
pub(super) struct Commands {
    /// That whose events are being taken.
    run: Option<Run>,
    /// By actor and key, of the page that is being taken.
    kept: HashMap<(String, String), KeptCommand>,
    /// Whether they cannot be read.
    is_unread: bool,
    /// Whether the event before is none that can be read: it may have been of the next command.
    follows_damage: bool,
    /// Where events are not what their columns say, by which what is kept is looked up. That is told, and nothing that
    /// comes of it. The first of them.
    excused: BTreeSet<u64>,
    /// Where the log ended when it began to be read.
    head: u64,
}

/// The events of a command, as far as they were taken.
struct Run {
    actor: String,
    idempotency_key: String,
    aggregate_type: String,
    aggregate_id: String,
    first_position: u64,
    event_count: u64,
    version: u64,
    recorded_at: i64,
    kept: Option<KeptCommand>,
    is_excused: bool,
}

impl Commands {
    /// Takes what stands beside a page of the log, which ended at `head`.
    pub(super) fn read(&mut self, page: Result<Vec<KeptCommand>, Fault>, head: u64, verdict: &mut Verdict) {
        self.head = head;
        self.is_unread = page.is_err();
        let page = page.unwrap_or_else(|fault| {
            verdict.fault(None, "COMMANDS_UNREADABLE", fault.to_string());
            Vec::new()
        });
        let by_key = |one: KeptCommand| ((one.actor.clone(), one.idempotency_key.clone()), one);
        self.kept = page.into_iter().map(by_key).collect();
    }

    /// Takes the next event: its entry, if it has one, and whether its columns say the same.
    pub(super) fn take(
        &mut self,
        position: u64,
        entry: Option<&ParsedEntry<'_>>,
        is_as_said: bool,
        verdict: &mut Verdict,
    ) {
        if !is_as_said && self.excused.len() < Findings::KEPT {
            self.excused.insert(position);
        }
        let Some(entry) = entry else {
            self.follows_damage = true;
            if let Some(run) = &mut self.run {
                run.is_excused = true;
            }
            return;
        };
        let mut run = match self.run.take() {
            Some(run) if run.is_of(entry) => run,
            ended => {
                tell(ended, verdict);
                let mut run = Run::beginning(position, entry);
                run.kept = self.kept.remove(&(run.actor.clone(), run.idempotency_key.clone()));
                run.is_excused = self.follows_damage;
                run
            }
        };
        self.follows_damage = false;
        run.event_count += 1;
        run.version = entry.sequence;
        run.is_excused |= !is_as_said || self.is_unread;
        self.run = Some(run);
    }

    /// Ends the log, and looks for what is kept of commands that recorded nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn finish(mut self, app: &App, verdict: &mut Verdict) -> Result<(), Fault> {
        // One that began later was read as far as the last page went.
        tell(self.run.take().filter(|run| run.first_position < self.head), verdict);
        let found = told(app.unfounded_commands(MOST_STRAYS).await, "COMMANDS_UNREADABLE", verdict)?;
        let found = found.unwrap_or_default();
        if found.len() == MOST_STRAYS as usize {
            verdict.notes.push(format!("commands without events were looked for up to the first {MOST_STRAYS}"));
        }
        let is_excused = |position: u64| {
            let before = position.checked_sub(1);
            self.excused.contains(&position) || before.is_some_and(|before| self.excused.contains(&before))
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
}

impl Run {
    fn beginning(position: u64, entry: &ParsedEntry<'_>) -> Self {
        Self {
            actor: entry.actor.to_string(),
            idempotency_key: entry.command_id.to_string(),
            aggregate_type: entry.aggregate_type.to_string(),
            aggregate_id: entry.aggregate_id.to_string(),
            first_position: position,
            event_count: 0,
            version: entry.sequence,
            recorded_at: entry.recorded_at.as_microsecond(),
            kept: None,
            is_excused: false,
        }
    }

    fn is_of(&self, entry: &ParsedEntry<'_>) -> bool {
        self.actor == entry.actor && self.idempotency_key == entry.command_id
    }
}

/// What is wrong with what is kept of a command. Where it says to have begun is compared by whoever looks for those
/// that began nowhere.
fn tell(run: Option<Run>, verdict: &mut Verdict) {
    let Some(run) = run.filter(|run| !run.is_excused) else { return };
    let Some(kept) = &run.kept else {
        let message = "nothing is kept of the command that recorded it: sent again, it would be carried out again";
        return verdict.fault(Some(run.first_position), "COMMAND_MISSING", message);
    };
    let columns = [
        ("aggregate_type", kept.aggregate_type == run.aggregate_type),
        ("aggregate_id", kept.aggregate_id == run.aggregate_id),
        ("version", kept.version == run.version),
        ("event_count", kept.event_count == run.event_count),
        ("recorded_at", kept.recorded_at == run.recorded_at),
    ];
    for (column, _) in columns.into_iter().filter(|(_, is_same)| !is_same) {
        let message = format!("column {column} of the command that recorded it says something else than its events");
        verdict.fault(Some(run.first_position), "COMMAND_WRONG", message);
    }
}
