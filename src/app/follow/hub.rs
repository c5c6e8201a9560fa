//! The one reader of a process who follows the log for all.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::app::App;
use crate::app::aggregates::Aggregates;
use crate::app::follow::commands;
use crate::app::follow::places::Places;
use crate::app::follow::ring::Ring;
use crate::app::follow::sight::{CaseSight, Sight};
use crate::app::follow::{BATCH, Interest, LogEvent};
use crate::app::request::Fault;
use crate::app::streams::Versioned;
use crate::domain::case::Case;
use crate::domain::value::Division;
use crate::store::{AggregateType, EventQuery, EventRecord, RegisterQuery, Store, StreamId, for_all};
use crate::telemetry::causes::with_causes;

/// How often the log is looked at without being told.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The latest events, and the task that reads them. It is there from the first follower on.
pub(in crate::app) struct Hub {
    store: Arc<dyn Store>,
    aggregates: Arc<Aggregates>,
    /// Held to take a few events out or to put one page in, never while something is awaited.
    ring: RwLock<Ring>,
    known: watch::Sender<u64>,
    /// Where everybody who follows has got to.
    pub(super) places: Arc<Places>,
    /// Cancelled when it ends, whoever ends it.
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Who tells that there is something to read.
struct Wakers {
    /// The last position that this process committed.
    committed: watch::Receiver<Option<u64>>,
    /// How many events the log has, as others tell.
    news: watch::Receiver<u64>,
}

impl App {
    /// The hub, started when it is first needed: a program that nobody follows reads nothing.
    pub(in crate::app) async fn hub(&self) -> Result<Arc<Hub>, Fault> {
        let start = async {
            let wakers = Wakers { committed: self.writer.committed(), news: self.store.news() };
            // Whatever comes from here on wakes the task, however late it starts.
            let next = self.store.head().await?.next_position;
            let hub = Arc::new(Hub {
                store: self.store.clone(),
                aggregates: self.aggregates.clone(),
                ring: RwLock::new(Ring::starting_at(next)),
                known: watch::Sender::new(next),
                places: Arc::default(),
                stop: self.hub_ended.clone(),
                tasks: TaskTracker::new(),
            });
            hub.tasks.spawn({
                let hub = hub.clone();
                async move {
                    // By a panic, too: followers would wait for ever otherwise.
                    let _ended = hub.stop.clone().drop_guard();
                    hub.run(wakers).await;
                }
            });
            Ok::<_, Fault>(hub)
        };
        // Whoever comes first begins it for the others, too.
        self.hub.get_or_try_init(|| for_all(start)).await.cloned()
    }
}

impl Hub {
    /// How many events it knows the log to have.
    pub(super) fn known(&self) -> watch::Receiver<u64> {
        self.known.subscribe()
    }

    /// The events from that position on; `None` when they are too old to be kept.
    pub(super) fn recent(&self, position: u64, most: u32) -> Option<Vec<Arc<LogEvent>>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).from(position, most)
    }

    /// What decides about an aggregate that a recent event is of, if it is known.
    pub(super) fn sight(&self, stream: StreamId) -> Option<Arc<Sight>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).sight(stream)
    }

    /// How many follow the log, and the position that the last of them reads next.
    pub(in crate::app) fn followers(&self) -> (usize, Option<u64>) {
        self.places.taken()
    }

    /// A page of the log.
    pub(super) async fn read(&self, query: &EventQuery) -> Result<Vec<EventRecord>, Fault> {
        Ok(self.store.events(query).await?)
    }

    /// Comes back when the application shuts down.
    pub(in crate::app) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Stops reading, and tells every follower.
    pub(in crate::app) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn run(&self, mut wakers: Wakers) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let known = *self.known.borrow();
            let is_over = tokio::select! {
                () = self.stop.cancelled() => true,
                woken = wakers.woken(&mut looks, known) => woken.is_none(),
            };
            if is_over {
                return;
            }
            // Not broken off by the end of the application: a read is short.
            if let Err(fault) = self.catch_up().await {
                // Followers wait; the next look does what this one could not.
                tracing::warn!(fault = %with_causes(&fault), "the log cannot be followed for now");
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }

    /// Reads to the end of the log.
    async fn catch_up(&self) -> Result<(), Fault> {
        loop {
            let next = self.ring.read().unwrap_or_else(PoisonError::into_inner).next();
            let page = EventQuery { up_to: None, ..Interest::default().page(next, next) };
            let mut records = self.store.events(&page).await?;
            let is_full = records.len() as u64 >= u64::from(BATCH);
            let ends = commands::ends(&records, is_full);
            if is_full {
                commands::keep_whole(&mut records, |record| record);
            }
            let Some(last) = records.last() else { return Ok(()) };
            let known = last.position + 1;
            let sights = self.sights(&records).await?;
            let mut events = Vec::with_capacity(records.len());
            for (record, command_end) in records.into_iter().zip(ends) {
                let sight = record.stream().and_then(|stream| sights.get(&stream).cloned());
                events.push((Arc::new(LogEvent { record, command_end }), sight));
            }
            {
                let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
                events.into_iter().for_each(|(event, sight)| ring.push(event, sight));
            }
            self.known.send_replace(known);
            if !is_full {
                return Ok(());
            }
        }
    }

    /// Who may see what the page is about, as it is after it.
    async fn sights(&self, page: &[EventRecord]) -> Result<HashMap<StreamId, Arc<Sight>>, Fault> {
        let entries = self.entries(page).await?;
        let entries = entries.into_iter().map(|(stream, division)| (stream, Arc::new(Sight::Entry(division))));
        let cases = self.cases(page).await.into_iter().filter_map(|(aggregate_id, case)| {
            let sight = Sight::Case { version: case.version, case: CaseSight::of(case.state.file.as_ref()?) };
            Some((StreamId { aggregate_type: AggregateType::Case, aggregate_id }, Arc::new(sight)))
        });
        Ok(entries.chain(cases).collect())
    }

    /// Where the entries of registers lie that the page is about: one read a register.
    async fn entries(&self, page: &[EventRecord]) -> Result<HashMap<StreamId, Division>, Fault> {
        let mut ids: BTreeMap<AggregateType, Vec<Uuid>> = BTreeMap::new();
        for stream in page.iter().filter_map(EventRecord::stream) {
            if stream.aggregate_type != AggregateType::Case {
                ids.entry(stream.aggregate_type).or_default().push(stream.aggregate_id);
            }
        }
        let mut found = HashMap::new();
        for (aggregate_type, ids) in ids {
            let entries = self.store.registers(&RegisterQuery::of(aggregate_type, ids)).await?;
            found.extend(
                entries
                    .into_iter()
                    .filter_map(|entry| Some((entry.stream, Division::of_code(&entry.row.division).ok()?))),
            );
        }
        Ok(found)
    }

    /// The cases that the page is about, after it: once for all followers, by the page itself where they are in memory as
    /// they were before it. What cannot be read here is looked up in the rows by whoever asks.
    async fn cases(&self, page: &[EventRecord]) -> HashMap<Uuid, Arc<Versioned<Case>>> {
        self.aggregates.cases.after(page).await.unwrap_or_default()
    }
}

impl Wakers {
    /// Comes back when there may be more than so many events; with `None` when the application is gone, and its writer
    /// and store with it.
    async fn woken(&mut self, looks: &mut tokio::time::Interval, known: u64) -> Option<()> {
        loop {
            tokio::select! {
                changed = self.committed.changed() => {
                    changed.ok()?;
                    if self.committed.borrow_and_update().is_some_and(|last| last >= known) {
                        return Some(());
                    }
                }
                changed = self.news.changed() => {
                    changed.ok()?;
                    if *self.news.borrow_and_update() > known {
                        return Some(());
                    }
                }
                _ = looks.tick() => return Some(()),
            }
        }
    }
}
