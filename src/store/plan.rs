//! The commit, decided in memory: given what the database says under the head lock, or what is
//! assumed of it, what is answered to each append of a batch and what is written. Pure but for the clock's random bits.

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Clock;
use crate::ledger::entry::{Entry, leaf_hash};
use crate::ledger::tree::{Frontier, Hash};
use crate::store::clocks;
use crate::store::fitting::check;
use crate::store::known::Known;
use crate::store::row_writes::RowWrites;
use crate::store::{
    Append, AppendError, Body, CommandKey, Committed, Content, EventRecord, Head, LedgerNode, NewAttachment,
    NewCiphertext, NumberTaken, RebuiltRow, StoreError, StoredCommand, StreamId,
};

/// Whether events get what proves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ledger {
    /// Entry, leaf and tree.
    Kept,
    /// Nothing, as only a bench wants it: the columns stay empty.
    LeftOut,
}

/// A row of the `commands` table.
#[derive(Debug)]
pub(super) struct NewCommand {
    pub(super) key: CommandKey,
    pub(super) stream: StreamId,
    pub(super) committed: Committed,
}

/// What a batch writes and what is answered.
#[derive(Debug)]
pub(super) struct Plan {
    /// In the order of the batch.
    pub(super) outcomes: Vec<Result<Committed, AppendError>>,
    /// What the clock showed, or a later time that the log gets by this: neither may be ahead of the clock of the database.
    pub(super) shown: Option<i64>,
    pub(super) head: Head,
    /// The name of the log after these events.
    pub(super) origin: String,
    /// Over all events, these included.
    pub(super) tree: Frontier,
    /// Subtrees of it that these events have made whole.
    pub(super) nodes: Vec<LedgerNode>,
    pub(super) events: Vec<EventRecord>,
    pub(super) commands: Vec<NewCommand>,
    pub(super) rows: RowWrites,
    pub(super) attachments: Vec<NewAttachment>,
    pub(super) ciphertexts: Vec<NewCiphertext>,
    /// With the position of the event that erases them.
    pub(super) erased_keys: Vec<(Uuid, u64)>,
}

impl Plan {
    /// Decides a batch. Effects of earlier appends count for later ones.
    pub(super) fn of(batch: Vec<Append>, known: Known, clock: &dyn Clock, ledger: Ledger) -> Self {
        let shown = clocks::shown(clock);
        let recorded_at = clock.now().as_microsecond().max(known.head.recorded_at);
        let mut planner = Planner {
            is_in_time: known.time.map_or(Ok(()), |time| clocks::must_not_be_ahead(shown, time)),
            plan: Self {
                outcomes: Vec::with_capacity(batch.len()),
                shown,
                head: Head { recorded_at, ..known.head },
                origin: known.origin.clone(),
                tree: known.tree.clone(),
                nodes: Vec::new(),
                events: Vec::with_capacity(batch.len()),
                commands: Vec::with_capacity(batch.len()),
                rows: RowWrites::default(),
                attachments: Vec::new(),
                ciphertexts: Vec::new(),
                erased_keys: Vec::new(),
            },
            known,
            clock,
            ledger,
        };
        for append in batch {
            let outcome = planner.append(append);
            planner.plan.outcomes.push(outcome);
        }
        if ledger == Ledger::LeftOut {
            planner.plan.tree = no_tree(planner.plan.head.next_position);
        }
        planner.plan
    }

    /// Whether every append was refused or replayed.
    pub(super) fn writes_nothing(&self) -> bool {
        self.events.is_empty()
    }
}

struct Planner<'a> {
    /// Why nothing may be recorded now.
    is_in_time: Result<(), StoreError>,
    plan: Plan,
    known: Known,
    clock: &'a dyn Clock,
    ledger: Ledger,
}

impl Planner<'_> {
    fn append(&mut self, append: Append) -> Result<Committed, AppendError> {
        let Append { stream, expected_version, relied_on, command, body } = append;
        let key = (command.actor.clone(), command.idempotency_key.clone());
        if let Some(earlier) = self.known.commands.get(&key) {
            let is_same = earlier.digest == command.digest;
            return if is_same { Ok(earlier.committed) } else { Err(AppendError::KeyReused) };
        }
        let current_version = self.version(stream);
        if current_version != expected_version {
            return Err(AppendError::Conflict { current_version });
        }
        if let Some((stream, _)) = relied_on.iter().find(|(stream, version)| self.version(*stream) != *version) {
            return Err(AppendError::Outdated { stream: *stream });
        }
        self.is_in_time.clone()?;
        let (mut content, number_taken) = self.content(body);
        self.must_have_come(content.rows.happened.until())?;
        check(stream, &command, &content, number_taken.as_ref()).map_err(|reason| {
            // Alone: the database would refuse the whole batch.
            invalid(format!("append to {stream}: {reason}"))
        })?;
        let committed = self.log(stream, &command, &mut content, current_version)?;
        self.plan.rows.add(RebuiltRow {
            stream,
            version: committed.version,
            event_count: committed.event_count,
            position: committed.last_position(),
            recorded_at: committed.recorded_at,
            changes: content.rows,
            number_taken: number_taken.clone(),
        });
        self.plan.attachments.extend(content.attachments);
        self.plan.ciphertexts.extend(content.ciphertexts);
        let erased_at = committed.last_position();
        self.plan.erased_keys.extend(content.erased_keys.into_iter().map(|key| (key, erased_at)));
        self.plan.head = Head { next_position: committed.last_position() + 1, recorded_at: committed.recorded_at };
        if let Some(NumberTaken { series, number }) = number_taken {
            self.known.series.insert(series, number);
        }
        self.known.versions.insert(stream, committed.version);
        let again = Committed { replayed: true, ..committed };
        self.known.commands.insert(key, StoredCommand { digest: command.digest, committed: again });
        self.plan.commands.push(NewCommand { key: command, stream, committed });
        Ok(committed)
    }

    /// Whether the time has come that the log would get by what happened then: it was decided by a clock that may have been
    /// ahead, and set right since.
    fn must_have_come(&mut self, until: i64) -> Result<(), StoreError> {
        if self.plan.shown.is_none() || until <= self.plan.head.recorded_at {
            return Ok(());
        }
        match self.known.time {
            Some(time) => clocks::must_not_be_ahead(Some(until), time),
            None => {
                self.plan.shown = self.plan.shown.max(Some(until));
                Ok(())
            }
        }
    }

    /// How many events the stream has, those of earlier appends of the batch included.
    fn version(&self, stream: StreamId) -> u64 {
        self.known.versions.get(&stream).copied().unwrap_or(0)
    }

    /// The content, with the next number of its series if it takes one.
    fn content(&self, body: Body) -> (Content, Option<NumberTaken>) {
        match body {
            Body::Ready(content) => (content, None),
            Body::Numbered { series, write } => {
                let number = self.known.series.get(&series).copied().unwrap_or(0) + 1;
                (write(number), Some(NumberTaken { series, number }))
            }
        }
    }

    /// Gives the events their positions and ledger entries, and the log the name that it has from them on; all of it or
    /// nothing.
    fn log(
        &mut self,
        stream: StreamId,
        command: &CommandKey,
        content: &mut Content,
        current_version: u64,
    ) -> Result<Committed, AppendError> {
        let first_position = self.plan.head.next_position;
        // What is recorded has happened by then, also where the clock was set back since the command was decided.
        let recorded_at = self.plan.head.recorded_at.max(content.rows.happened.until());
        let time = Timestamp::from_microsecond(recorded_at)
            .map_err(|error| invalid(format!("{recorded_at} µs is no time: {error}")))?;
        let aggregate_type = stream.aggregate_type.as_str();
        let aggregate_id = stream.aggregate_id.to_string();
        let origin = content.origin.as_ref().unwrap_or(&self.plan.origin);
        let events = std::mem::take(&mut content.events);
        let mut records = Vec::with_capacity(events.len());
        for ((event, position), sequence) in events.into_iter().zip(first_position..).zip(current_version + 1..) {
            let entry = || Entry {
                origin,
                position,
                aggregate_type,
                aggregate_id: &aggregate_id,
                sequence,
                event_type: event.event_type,
                event_version: event.event_version,
                recorded_at: time,
                actor: &command.actor,
                command_id: &command.idempotency_key,
                random: self.clock.random(),
                payload: event.payload.as_bytes(),
                metadata: event.metadata.as_bytes(),
            };
            let (entry, leaf_hash) = match self.ledger {
                Ledger::Kept => {
                    let entry = entry().to_bytes().map_err(|error| invalid(error.to_string()))?;
                    let leaf_hash = leaf_hash(&entry);
                    (entry, leaf_hash)
                }
                Ledger::LeftOut => (Vec::new(), Hash::default()),
            };
            records.push(EventRecord {
                position,
                aggregate_type: aggregate_type.to_owned(),
                aggregate_id: aggregate_id.clone(),
                sequence,
                event_type: event.event_type.to_owned(),
                event_version: event.event_version.to_owned(),
                payload: event.payload,
                metadata: event.metadata,
                recorded_at,
                actor: command.actor.clone(),
                command_id: command.idempotency_key.clone(),
                entry,
                leaf_hash,
            });
        }
        if let Some(origin) = content.origin.take() {
            self.plan.origin = origin;
        }
        for record in records.iter().filter(|_| self.ledger == Ledger::Kept) {
            let nodes = &mut self.plan.nodes;
            self.plan.tree.append(record.leaf_hash, |level, index, hash| nodes.push(LedgerNode { level, index, hash }));
        }
        let event_count = records.len() as u64;
        self.plan.events.append(&mut records);
        Ok(Committed {
            stream,
            version: current_version + event_count,
            first_position,
            event_count,
            recorded_at,
            replayed: false,
        })
    }
}

/// What stands in the place of a tree of that size: as many bytes, and no hash in them.
fn no_tree(size: u64) -> Frontier {
    let peaks = vec![0; size.count_ones() as usize * size_of::<Hash>()];
    Frontier::from_bytes(size, &peaks).expect("a peak for every bit of the size")
}

fn invalid(reason: String) -> AppendError {
    AppendError::Store(StoreError::Invalid { reason })
}
