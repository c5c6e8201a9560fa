//! All read rows anew from the log, while reads and writes go on.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::app::App;
use crate::app::aggregates::{Aggregates, with_streams};
use crate::app::commanded::Commanded;
use crate::app::compare::joined;
use crate::app::happened;
use crate::app::request::Fault;
use crate::app::streams::Streams;
use crate::app::whole_streams::{WholeStreams, corrupt, grown, made};
use crate::store::{
    AggregateType, EventRecord, Happened, REBUILD_LEASE, RebuildOutcome, RebuiltRow, RowsDigest, StoreError,
};
use crate::telemetry::causes::with_causes;

/// How long a rebuild that has died keeps others out. A process that was stopped for longer finds in its next step that
/// another has taken over.
const LEASE_LASTS: Duration = Duration::from_secs(60);
/// How often it is prolonged.
const PROLONGED_EVERY: Duration = Duration::from_secs(2);
/// How often a server that waits for the rebuild of another looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long commits have their peace when the rows could not be put in place, at first and at most: a backup of the
/// database may read for an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How many events of the log are read at a time.
pub(super) const EVENTS_PAGE: u32 = 2_000;
/// How many events of whole streams are read at a time.
const STREAMS_PAGE: u32 = 1_000;
/// How many versions of rows are written at a time, or those of one append more.
const WRITTEN_AT_ONCE: usize = 2_000;

/// What a rebuild did, and how the rows compare with those it replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events read.
    pub events: u64,
    /// Commits they were made in: each gave a version of a row.
    pub commits: u64,
    /// The rows served before.
    pub before: RowsDigest,
    /// The rows served now.
    pub after: RowsDigest,
}

impl App {
    /// Makes all read rows anew from the log and puts them in place of the served ones in one transaction.
    ///
    /// `progress` is told how many events are done and how many there are. One rebuild goes on at a time, by a lease.
    ///
    /// # Errors
    /// When another rebuild goes on, the store fails or an event cannot be read; the served rows are then unchanged.
    pub async fn rebuild(&self, progress: impl FnMut(u64, u64)) -> Result<Rebuilt, Fault> {
        let holder = self.new_id().to_string();
        self.lease_rebuild(&holder).await?;
        let rebuilt = self.rebuild_and_compare(&holder, progress).await;
        self.end_lease(&holder).await;
        rebuilt
    }

    /// Makes the read rows anew if an older version of the program made those that are there. Nothing may be served
    /// before. Where another server does it, waits until it is done.
    ///
    /// # Errors
    /// [`StoreError::OtherRows`] when a newer version made them, and as [`App::rebuild`].
    pub async fn renew_rows(&self) -> Result<(), Fault> {
        let holder = self.new_id().to_string();
        loop {
            let form = self.store.rows_form().await?;
            if form.stored == form.ours {
                return Ok(());
            }
            if form.stored > form.ours {
                return Err(StoreError::OtherRows { stored: form.stored, ours: form.ours }.into());
            }
            match self.lease_rebuild(&holder).await {
                Ok(()) => {}
                Err(Fault::RebuildUnderWay) => {
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            // Another server may have done it between the look and the lease.
            let renewed = match self.store.rows_form().await {
                Ok(form) if form.stored >= form.ours => Ok(()),
                Ok(form) => {
                    tracing::info!(
                        form.stored,
                        form.ours,
                        "the read rows are of an older form: they are made anew from the log"
                    );
                    let rebuilt = self.under_lease(&holder, self.rebuild_as(&holder, |_, _| {})).await;
                    rebuilt.map(|(events, _)| tracing::info!(events, "the read rows are made anew"))
                }
                Err(error) => Err(error.into()),
            };
            self.end_lease(&holder).await;
            renewed?;
        }
    }

    /// Takes the lease, or prolongs it.
    async fn lease_rebuild(&self, holder: &str) -> Result<(), Fault> {
        let now = self.now();
        let until = now + LEASE_LASTS;
        let taken = self.store.try_lease(REBUILD_LEASE, holder, now.as_microsecond(), until.as_microsecond()).await?;
        if taken { Ok(()) } else { Err(Fault::RebuildUnderWay) }
    }

    /// Gives the lease back. What became of the rebuild is what counts, whether that succeeds or not.
    async fn end_lease(&self, holder: &str) {
        if let Err(error) = self.store.release_lease(REBUILD_LEASE, holder).await {
            tracing::warn!(error = %with_causes(&error), "the lease of a rebuild will run out by itself");
        }
    }

    /// Does what takes its time, and prolongs the lease meanwhile. Where the lease is lost, so is the work.
    async fn under_lease<T>(&self, holder: &str, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let prolonged = async {
            loop {
                tokio::time::sleep(PROLONGED_EVERY).await;
                if let Err(fault) = self.lease_rebuild(holder).await {
                    break fault;
                }
            }
        };
        tokio::select! {
            done = work => done,
            fault = prolonged => Err(fault),
        }
    }

    async fn rebuild_and_compare(&self, holder: &str, progress: impl FnMut(u64, u64)) -> Result<Rebuilt, Fault> {
        let rebuilt = async {
            let before = self.store.rows_digest().await?;
            Ok((before, self.rebuild_as(holder, progress).await?))
        };
        let (before, (events, commits)) = self.under_lease(holder, rebuilt).await?;
        let after = self.store.rows_digest().await?;
        Ok(Rebuilt { events, commits, before, after })
    }

    /// How many events were read, and in how many commits they were made.
    async fn rebuild_as(&self, holder: &str, mut progress: impl FnMut(u64, u64)) -> Result<(u64, u64), Fault> {
        let mut fold = Fold::begin(self, holder).await?;
        let mut streams = WholeStreams::new(self.store.clone(), STREAMS_PAGE);
        while fold.next_streams(&mut streams).await? {
            progress(fold.events, fold.head);
        }
        fold.has_all()?;
        // Once, and not with each try to take the place of what is served: tries that take long are outrun by commits.
        self.store.index_rebuilt(holder).await?;
        let mut pause = FIRST_PAUSE;
        loop {
            while fold.next_page().await? {
                progress(fold.events, fold.head);
            }
            match self.store.finish_rebuild(holder, fold.events).await? {
                RebuildOutcome::Swapped => return Ok((fold.events, fold.commits)),
                RebuildOutcome::Behind(moved) => fold.head = moved.next_position,
                RebuildOutcome::Held => {
                    tracing::warn!(
                        ?pause,
                        "somebody goes on reading the read rows: the new ones wait to take their place"
                    );
                    tokio::time::sleep(pause).await;
                    fold.head = self.store.head().await?.next_position;
                    pause = LONGEST_PAUSE.min(2 * pause);
                }
            }
        }
    }
}

/// A fold of the log into fresh tables: first of whole streams, whose rows need no second touch, up to where the log
/// ends when it begins; then of what came meanwhile, in its order. While a page is written the next one is folded.
struct Fold<'a> {
    app: &'a App,
    holder: &'a str,
    folds: Arc<Aggregates>,
    /// What is to be written next, and how many versions of rows are in it.
    rows: Vec<RebuiltRow>,
    versions: usize,
    /// The last write.
    writing: Option<AbortOnDropHandle<Result<(), StoreError>>>,
    events: u64,
    commits: u64,
    /// Where the log ends, as far as it is known.
    head: u64,
}

impl<'a> Fold<'a> {
    async fn begin(app: &'a App, holder: &'a str) -> Result<Self, Fault> {
        app.store.start_rebuild(holder).await?;
        let head = app.store.head().await?.next_position;
        let folds = Arc::new(Aggregates::new(&app.store, &app.upcasters));
        Ok(Self { app, holder, folds, rows: Vec::new(), versions: 0, writing: None, events: 0, commits: 0, head })
    }

    /// Folds the next streams, if there are more; else everything is written.
    async fn next_streams(&mut self, streams: &mut WholeStreams) -> Result<bool, Fault> {
        let Some((range, mut events)) = streams.next().await? else {
            self.write().await?;
            self.written().await?;
            return Ok(false);
        };
        events.retain(|event| event.position < self.head);
        let folds = self.folds.clone();
        for row in made(&folds, range.aggregate_type, &events) {
            self.take(row?).await?;
        }
        Ok(true)
    }

    /// Whether the streams have every event there was: one of an unknown type is of none of them.
    fn has_all(&self) -> Result<(), StoreError> {
        if self.events == self.head {
            return Ok(());
        }
        let what = format!("{} of {} events are of aggregates of a known type", self.events, self.head);
        Err(StoreError::Corrupt { what })
    }

    /// Folds the next page of the log, if there is one before the head that it knows; else everything is written.
    async fn next_page(&mut self) -> Result<bool, Fault> {
        if self.events >= self.head {
            self.written().await?;
            return Ok(false);
        }
        let page = whole_commits(self.page().await?, self.events)?;
        for row in rows(&self.folds, &page).await? {
            self.take(row).await?;
        }
        self.write().await?;
        Ok(true)
    }

    /// Takes what an append makes, and writes once that is enough.
    async fn take(&mut self, row: RebuiltRow) -> Result<(), Fault> {
        self.versions += versions_in(&row);
        self.rows.push(row);
        if self.versions >= WRITTEN_AT_ONCE {
            self.write().await?;
        }
        Ok(())
    }

    /// Begins to write what was taken, when the last write is done.
    async fn write(&mut self) -> Result<(), Fault> {
        let rows = std::mem::take(&mut self.rows);
        self.versions = 0;
        if rows.is_empty() {
            return Ok(());
        }
        self.events += rows.iter().map(|row| row.event_count).sum::<u64>();
        self.commits += rows.len() as u64;
        self.written().await?;
        let (store, holder) = (self.app.store.clone(), self.holder.to_owned());
        let written = async move { store.write_rebuilt(&holder, rows).await };
        self.writing = Some(AbortOnDropHandle::new(tokio::spawn(written)));
        Ok(())
    }

    /// Waits for the write that is under way.
    async fn written(&mut self) -> Result<(), Fault> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        Ok(joined(writing).await?)
    }

    async fn page(&self) -> Result<Vec<EventRecord>, StoreError> {
        self.app.store.log(self.events.checked_sub(1), None, EVENTS_PAGE).await
    }
}

/// How many versions of a row an append brings: one that is back-dated brings those of its stream anew.
fn versions_in(row: &RebuiltRow) -> usize {
    match &row.changes.happened {
        Happened::InOrder { .. } => 1,
        Happened::Anew { states, .. } => 1 + states.len(),
    }
}

/// The page from that position on, without the commit at the end of a full page, which may go on behind it. Where the
/// log ends, so does a commit.
fn whole_commits(mut page: Vec<EventRecord>, from: u64) -> Result<Vec<EventRecord>, StoreError> {
    let Some(last) = page.last() else {
        return Err(StoreError::Corrupt { what: format!("the log has no event at position {from}") });
    };
    if page.len() == EVENTS_PAGE as usize {
        let begun = page.iter().rposition(|event| !event.is_of_the_same_command(last)).map_or(0, |index| index + 1);
        if begun == 0 {
            return Err(StoreError::Corrupt {
                what: format!("a commit of more than {EVENTS_PAGE} events at position {}", last.position),
            });
        }
        page.truncate(begun);
    }
    Ok(page)
}

/// The rows of a page of whole commits. A bounded number of aggregates is kept in memory; the others are loaded again
/// when they go on.
async fn rows(folds: &Aggregates, page: &[EventRecord]) -> Result<Vec<RebuiltRow>, Fault> {
    let mut rows = Vec::new();
    for commit in page.chunk_by(EventRecord::is_of_the_same_command) {
        let first = &commit[0];
        let aggregate_type = AggregateType::parse(&first.aggregate_type)
            .ok_or_else(|| corrupt(first, "of an unknown aggregate type"))?;
        rows.push(with_streams!(folds, aggregate_type, streams => row(streams, commit).await?));
    }
    Ok(rows)
}

async fn row<A: Commanded>(streams: &Streams<A>, commit: &[EventRecord]) -> Result<RebuiltRow, Fault> {
    let first = &commit[0];
    let id: Uuid = first.aggregate_id.parse().map_err(|_| corrupt(first, "of an aggregate without an id"))?;
    let before = streams.at_version(id, first.sequence - 1).await?;
    let facts = commit.iter().map(|record| streams.decode(record)).collect::<Result<Vec<_>, _>>()?;
    let past = match happened::in_order(&before, &facts) {
        Some(_) => Vec::new(),
        None => streams.placed(id, before.version).await?,
    };
    let (row, after) = grown(streams.stream(id), &before, &past, commit, &facts);
    streams.keep(id, Arc::new(after)).await;
    Ok(row)
}
