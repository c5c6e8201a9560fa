//! The one task of a process that commits: it takes whatever has queued and commits it as one
//! transaction, so that one flush to disk serves many commands.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, field};

use crate::store::{
    Append, AppendError, Body, CaseRow, Committed, Content, Happened, PastRow, RegisterRow, RowChanges, Store,
    StoreError,
};
use crate::telemetry::causes::with_causes;
use crate::telemetry::metrics::metrics;

/// How much the writer holds and how much it commits at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterLimits {
    /// Commands that may wait; more are refused with [`StoreError::Overloaded`].
    pub queue_commands: usize,
    /// Commands in one transaction.
    pub batch_commands: usize,
    /// Bytes in one transaction, of payloads and of the rows that come with them, those among them that a back-dated
    /// command makes anew; a single larger command still goes, alone.
    pub batch_bytes: usize,
    /// How long a transaction may take, its wait for those of other servers included. A database that has gone with its
    /// network says nothing, and TCP would wait a quarter of an hour for a word of it.
    pub commit_time: Duration,
    /// How long after a commit has failed, and no command has come since, it is tried whether the database takes a write.
    pub trial_after: Duration,
}

impl Default for WriterLimits {
    /// A queue of about a second of work on a small machine, transactions of a few
    /// milliseconds.
    fn default() -> Self {
        Self {
            queue_commands: 8_192,
            batch_commands: 512,
            batch_bytes: 8 << 20,
            commit_time: Duration::from_secs(60),
            trial_after: Duration::from_secs(5),
        }
    }
}

/// A handle to the writer task; clones share it. Dropping every handle ends the task after
/// what has queued is committed.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Queued>,
    queue_capacity: usize,
    committed: watch::Receiver<Option<u64>>,
    failing: watch::Receiver<bool>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Writer {
    /// Starts the writer task of this process.
    pub fn spawn(store: Arc<dyn Store>, limits: WriterLimits) -> Self {
        let (queue, waiting) = mpsc::channel(limits.queue_commands);
        let (announce, committed) = watch::channel(None);
        let (fails, failing) = watch::channel(false);
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        let task = Task { store, limits, waiting, announce, fails, closing: closing.clone() };
        tasks.spawn(task.run());
        tasks.close();
        Self { queue, queue_capacity: limits.queue_commands, committed, failing, closing, tasks }
    }

    /// Commits one command together with whatever else has queued, and waits until it is
    /// durable.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] and [`AppendError::KeyReused`] concern this command alone.
    /// [`AppendError::Store`] means that nothing was stored, unless the error is
    /// [unsettled](StoreError::is_unsettled): then that is unknown, and sending the same
    /// command key again tells.
    pub async fn append(&self, append: Append) -> Result<Committed, AppendError> {
        let span = tracing::debug_span!("commit", etalon.position = field::Empty, etalon.version = field::Empty);
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Queued { append, answer, span: span.clone() }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                metrics().count_appends("overloaded", 1);
                StoreError::Overloaded { capacity: self.queue_capacity }
            }
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        // What was taken is answered, by a task that is told to end as well; unless it breaks.
        let outcome = answered.instrument(span.clone()).await.unwrap_or_else(|_| {
            metrics().count_appends("failed", 1);
            Err(AppendError::Store(StoreError::WriterBroken))
        });
        if let Ok(committed) = &outcome {
            span.record("etalon.position", committed.last_position().cast_signed());
            span.record("etalon.version", committed.version.cast_signed());
        }
        outcome
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.queue_capacity - self.queue.capacity()
    }

    /// How many may wait.
    pub fn capacity(&self) -> usize {
        self.queue_capacity
    }

    /// The last position this process has committed, for followers to wait on; `None` before
    /// its first commit.
    pub fn committed(&self) -> watch::Receiver<Option<u64>> {
        self.committed.clone()
    }

    /// Whether the last commit has failed, as on a full disk, and no write has gone well since. What the database is
    /// refused for, such as that it is a standby, is told by itself and is no such failure.
    pub fn failing(&self) -> watch::Receiver<bool> {
        self.failing.clone()
    }

    /// Comes back when the task has ended: by itself only where it broke, and then nobody commits any more.
    pub async fn ended(&self) {
        let mut committed = self.committed.clone();
        while committed.changed().await.is_ok() {}
    }

    /// Refuses new commands, commits what has queued, and returns when all is answered.
    pub async fn shutdown(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
    }
}

/// A command, where its answer goes, and what it is a part of.
struct Queued {
    append: Append,
    answer: oneshot::Sender<Result<Committed, AppendError>>,
    span: Span,
}

struct Task {
    store: Arc<dyn Store>,
    limits: WriterLimits,
    waiting: mpsc::Receiver<Queued>,
    announce: watch::Sender<Option<u64>>,
    fails: watch::Sender<bool>,
    closing: CancellationToken,
}

/// The lease that a write is tried with. Whoever tries it has it, and nobody else heeds it.
const TRIAL: &str = "trial of a write";

/// How much that writes, in lines of 64 bytes: more than some commands do. A disk that is full still takes what fits into
/// what the database has of it already.
const TRIAL_LINES: u32 = 4_096;

impl Task {
    async fn run(mut self) {
        let mut taken = Vec::with_capacity(self.limits.batch_commands);
        loop {
            tokio::select! {
                biased;
                () = self.closing.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
                count = self.waiting.recv_many(&mut taken, self.limits.batch_commands) => {
                    if count == 0 {
                        return;
                    }
                    while !taken.is_empty() {
                        let rest = taken.split_off(self.batch_length(&taken));
                        self.commit(std::mem::replace(&mut taken, rest)).await;
                    }
                }
                // Whoever tells clients which server to ask sends none here for as long as commits fail. One that comes all
                // the same, and the end, are not kept waiting by the trial: it is given up for them.
                goes_well = write_goes_well(&*self.store, self.limits), if *self.fails.borrow() => if goes_well {
                    self.note(false);
                },
            }
        }
    }

    fn note(&self, fails: bool) {
        let is_news = self.fails.send_replace(fails) != fails;
        if is_news && !fails {
            tracing::info!("the database takes commits again");
        }
    }

    /// How many of the taken commands go into one transaction.
    fn batch_length(&self, taken: &[Queued]) -> usize {
        let mut size_bytes = 0;
        let fitting = taken.iter().take_while(|queued| {
            size_bytes += size_of_body(&queued.append.body);
            size_bytes <= self.limits.batch_bytes
        });
        fitting.count().max(1)
    }

    async fn commit(&self, batch: Vec<Queued>) {
        let span = tracing::debug_span!(parent: None, "group commit", commands = batch.len());
        // One transaction serves commands of many traces: it is linked with each, and a part of none.
        for queued in &batch {
            span.follows_from(&queued.span);
        }
        let (appends, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|queued| (queued.append, queued.answer)).unzip();
        let began = Instant::now();
        let commands = appends.len();
        let committed = timeout(self.limits.commit_time, self.store.commit(appends).instrument(span)).await;
        metrics().commit.observe(began.elapsed().as_secs_f64());
        metrics().batch.observe(commands as f64);
        let silence = || io::Error::new(io::ErrorKind::TimedOut, "the database has not answered");
        let given_up = |_| Err(StoreError::during("commit a batch")(silence().into()).unsettled());
        let outcomes = match committed.unwrap_or_else(given_up) {
            Ok(outcomes) => {
                // What was refused, or found to be there already, has written nothing.
                if outcomes.iter().flatten().any(|committed| !committed.replayed) {
                    self.note(false);
                }
                outcomes
            }
            Err(error) => {
                if !is_told_by_itself(&error) {
                    self.note(true);
                }
                tracing::error!(error = %with_causes(&error), commands, "a group commit failed");
                vec![Err(AppendError::Store(error)); answers.len()]
            }
        };
        count(&outcomes);
        let last = outcomes.iter().flatten().map(Committed::last_position).max();
        if last.is_some() {
            self.announce.send_if_modified(|announced| {
                let moved = last > *announced;
                *announced = last.max(*announced);
                moved
            });
        }
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that has gone away needs no answer: its command key keeps it.
            let _ = answer.send(outcome);
        }
    }
}

/// Whether the database takes a write after a while: one that says nothing.
async fn write_goes_well(store: &dyn Store, limits: WriterLimits) -> bool {
    sleep(limits.trial_after).await;
    // Nothing that a database could make smaller, and the same every time.
    let lines = (0..TRIAL_LINES).map(|line| hex::encode(Sha256::digest(line.to_le_bytes())));
    let holder = lines.collect::<String>();
    let tried = async {
        store.try_lease(TRIAL, &holder, 0, 0).await?;
        store.release_lease(TRIAL, &holder).await
    };
    matches!(timeout(limits.commit_time, tried).await, Ok(Ok(())))
}

/// Whether it is a refusal that whoever asks whether the database takes commands is told in any case, or that ends the
/// process.
fn is_told_by_itself(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::OtherRows { .. }
            | StoreError::ReadOnly
            | StoreError::ClockAhead { .. }
            | StoreError::WentBack { .. }
            | StoreError::Replaced { .. }
    )
}

/// Counts what came of a batch.
fn count(outcomes: &[Result<Committed, AppendError>]) {
    let named = |outcome: &Result<Committed, AppendError>| match outcome {
        Ok(committed) if committed.replayed => "replayed",
        Ok(_) => "committed",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::Outdated { .. }) => "outdated",
        Err(AppendError::KeyReused) => "key_reused",
        Err(AppendError::Store(_)) => "failed",
    };
    for alike in outcomes.chunk_by(|one, other| named(one) == named(other)) {
        metrics().count_appends(named(&alike[0]), alike.len() as u64);
    }
    let fresh = outcomes.iter().flatten().filter(|committed| !committed.replayed);
    metrics().events.inc_by(fresh.map(|committed| committed.event_count).sum());
}

/// What a command weighs in a transaction, in bytes.
fn size_of_body(body: &Body) -> usize {
    /// Content that is written in the commit is not known yet; a report is of this order.
    const NUMBERED_BYTES: usize = 16 << 10;
    match body {
        Body::Ready(Content { events, rows, attachments, ciphertexts, .. }) => {
            let events: usize = events.iter().map(|event| event.payload.len() + event.metadata.len()).sum();
            let attachments: usize = attachments.iter().map(|attachment| attachment.content.len()).sum();
            let ciphertexts: usize = ciphertexts.iter().map(|sealed| sealed.ciphertext.len()).sum();
            events + attachments + ciphertexts + size_of_rows(rows)
        }
        Body::Numbered { .. } => NUMBERED_BYTES,
    }
}

/// What a command brings to the read side: its row with its texts, and all of its stream's rows anew where it is
/// back-dated.
fn size_of_rows(rows: &RowChanges) -> usize {
    let past = match &rows.happened {
        Happened::InOrder { .. } => &[][..],
        Happened::Anew { states, .. } => states.as_slice(),
    };
    let past: usize = past.iter().map(|state| size_of_past(&state.row)).sum();
    let case = rows.case.as_ref().map_or(0, size_of_case);
    let register = rows.register.as_ref().map_or(0, size_of_register);
    let texts: usize = rows.texts.iter().map(|text| text.words.len() + text.body.len()).sum();
    past + case + register + texts
}

fn size_of_past(row: &PastRow) -> usize {
    match row {
        PastRow::Case(row) => size_of_case(row),
        PastRow::Register(row) => size_of_register(row),
    }
}

/// What a row weighs beside its texts: ids, words, times, and what the indexes have of it.
const ROW_BYTES: usize = 1 << 10;

fn size_of_case(row: &CaseRow) -> usize {
    ROW_BYTES + row.title.len() + row.members.len()
}

fn size_of_register(row: &RegisterRow) -> usize {
    ROW_BYTES + row.name.len() + row.document.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LastEvent, PastState};

    fn weight_of(rows: RowChanges) -> usize {
        size_of_body(&Body::Ready(Content { rows, ..Content::default() }))
    }

    #[test]
    fn a_back_dated_command_weighs_what_it_brings_anew() {
        let row = RegisterRow::default();
        let last = LastEvent::OfAppend { followed_by: 0 };
        let state = |from| PastState { from, version: 1, last, row: PastRow::Register(row.clone()) };
        let weight = |states: i64| {
            let happened = Happened::Anew { states: (0..states).map(state).collect(), last_at: states };
            weight_of(RowChanges { happened, ..RowChanges::default() })
        };
        assert_eq!(weight(0), size_of_body(&Body::Ready(Content::default())));
        let most = WriterLimits::default().batch_bytes;
        assert!(weight(1_000) < most && weight(10_000) > most, "{} and {}", weight(1_000), weight(10_000));
    }

    #[test]
    fn a_command_weighs_the_row_that_it_brings_as_long_as_it_is() {
        let long = RegisterRow { document: "x".repeat(100_000), ..RegisterRow::default() };
        let register = RowChanges { register: Some(long.clone()), ..RowChanges::default() };
        assert!(weight_of(register.clone()) > 100_000);
        let (last, row) = (LastEvent::OfAppend { followed_by: 0 }, PastRow::Register(long));
        let states = vec![PastState { from: 0, version: 1, last, row }];
        let anew = RowChanges { happened: Happened::Anew { states, last_at: 1 }, ..register };
        assert!(weight_of(anew) > 200_000);
    }
}
