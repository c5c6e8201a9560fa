//! The log is read again from its first event, and what is stored beside it compared with what it makes.

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;

use crate::app::beside::{Erasures, Unlike};
use crate::app::compare::{compared, joined};
use crate::app::rebuild::EVENTS_PAGE;
use crate::app::request::Fault;
use crate::app::{App, Vouched};
use crate::ledger::multiset::{MultisetKey, MultisetSum};
use crate::ledger::tree::Frontier;
use crate::store::{Alteration, EventQuery, EventRecord, Keep, KeptCommand, RowDifference, RowsForm, TableDigest};

/// Beyond the end of every log: positions are whole numbers of 64 bits with a sign.
const ENDLESS: u64 = i64::MAX.cast_unsigned();

/// A page of the log.
#[derive(Debug)]
pub struct ReplayedPage {
    /// Its events. One that cannot be read has its position and nothing else.
    pub events: Vec<EventRecord>,
    /// Where the log ends, as far as it is known.
    pub head: u64,
    /// What stands beside these events and is not what they say, in their order.
    pub unlike: Vec<Unlike>,
    /// The checkpoints that end with one of these events, in their order; damage where they cannot be read.
    pub sealed: Result<Vec<Vouched>, Fault>,
}

/// What a replay comes to.
#[derive(Debug)]
pub enum Replayed {
    /// The rows were compared.
    Compared(Folded),
    /// Nothing was compared: another version of the program has made the rows.
    OfOtherForm(RowsForm),
    /// Nothing is said of the rows: something that they are compared by cannot be read or folded.
    Unfolded(Fault),
}

/// What a fold of the log makes, against the rows that are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Commits that the events were made in.
    pub commits: u64,
    /// The first rows of each table that are served and not made by the log, or made and not served.
    pub differences: Vec<RowDifference>,
    /// How many there are in all.
    pub count: u64,
    /// A digest of the served rows of each table, as they were read to be compared: of a log that goes on meanwhile,
    /// each stretch at its own moment.
    pub served: Vec<TableDigest>,
}

impl App {
    /// Folds the log and compares what it makes with the rows that are served. It only reads, and commits may go on.
    /// `look` is shown every page of the log, with what stands beside it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replay(&self, look: impl FnMut(ReplayedPage)) -> Result<Replayed, Fault> {
        match apart(self.rows_form().await)? {
            Ok(form) if form.stored == form.ours => {}
            Ok(form) => return self.look_through(look).await.map(|()| Replayed::OfOtherForm(form)),
            Err(fault) => return self.look_through(look).await.map(|()| Replayed::Unfolded(fault)),
        }
        // Beside one another: each reads the log in an order of its own.
        let comparing = AbortOnDropHandle::new(tokio::spawn(compared(self.store.clone(), self.aggregates.clone())));
        self.look_through(look).await?;
        match joined(comparing).await {
            Ok(folded) => Ok(Replayed::Compared(folded)),
            Err(fault) if fault.is_damage() => Ok(Replayed::Unfolded(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// The last event of the log, whatever its head says.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_event(&self) -> Result<Option<EventRecord>, Fault> {
        let query = EventQuery { keep: Keep::Last, limit: 1, ..EventQuery::default() };
        Ok(self.store.events(&query).await?.pop())
    }

    /// Whether the head of the log says the time of the last event. Where that is not there or cannot be read, it is
    /// another fault.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_time_of_its_end(&self) -> Result<bool, Fault> {
        let head = self.store.head().await?;
        let Some(last) = head.next_position.checked_sub(1) else { return Ok(head.recorded_at == 0) };
        let last = apart(self.log(last.checked_sub(1), Some(last), 1).await)?;
        Ok(last.ok().and_then(|mut last| last.pop()).is_none_or(|last| last.recorded_at == head.recorded_at))
    }

    /// Where the log has an event that its head does not count: it takes no other in that place.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beyond_its_head(&self) -> Result<Option<u64>, Fault> {
        let end = self.store.head().await?.next_position;
        let next = apart(self.log(end.checked_sub(1), None, 1).await)?;
        let is_there = next.map_or(true, |next| !next.is_empty());
        // A commit that came meanwhile has moved the head with it.
        Ok((is_there && self.store.head().await?.next_position == end).then_some(end))
    }

    /// Which form the read rows have, beside that which this program writes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rows_form(&self) -> Result<RowsForm, Fault> {
        Ok(self.store.rows_form().await?)
    }

    /// What of the tables, their guards, indexes and rights is not as the migrations make it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn alterations(&self) -> Result<Vec<Alteration>, Fault> {
        Ok(self.store.alterations().await?)
    }

    async fn look_through(&self, mut look: impl FnMut(ReplayedPage)) -> Result<(), Fault> {
        // Where the head cannot be read, the log goes as far as it has events.
        let head = apart(self.store.head().await.map_err(Fault::from))?.ok().map(|head| head.next_position);
        let end = head.unwrap_or(ENDLESS);
        let (mut erasures, mut tree) = (Erasures::default(), Frontier::default());
        let mut next = 0;
        while next < end {
            let events = self.readable(next, end).await?;
            let Some(last) = events.last() else { break };
            let first = next;
            next = last.position + 1;
            let mut unlike = self.unlike_ciphertexts(&events, &mut erasures).await?;
            unlike.extend(self.unmarked_erasures(&events).await?);
            unlike.extend(self.unlike_attachments(&events).await?);
            unlike.extend(self.unlike_nodes(&events, &mut tree).await?);
            unlike.sort_unstable();
            let sealed = apart(self.vouched_between(first, next).await)?;
            look(ReplayedPage { events, head: head.unwrap_or(next), unlike, sealed });
        }
        Ok(())
    }

    /// Sums up, beside whatever goes on, what is kept of all commands that say that they began before a position.
    pub fn sum_of_commands(&self, key: MultisetKey, before: u64) -> BoxFuture<'static, Result<MultisetSum, Fault>> {
        let store = self.store.clone();
        let summing = tokio::spawn(async move { Ok(store.sum_of_commands(key, before).await?) });
        joined(AbortOnDropHandle::new(summing)).boxed()
    }

    /// The events of the next page of a log that ends at `head`, and what is kept of the commands that recorded them, in
    /// any order; damage where that cannot be read. An event that cannot be read has its position and nothing else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn commanded(
        &self,
        next: u64,
        head: u64,
    ) -> Result<(Vec<EventRecord>, Result<Vec<KeptCommand>, Fault>), Fault> {
        let events = self.readable(next, head).await?;
        let last = events.last().map_or(next, |last| last.position);
        // Read after the events: what a commit adds meanwhile is of later ones.
        let commands = apart(self.store.commands_of(next, last).await.map_err(Fault::from))?;
        Ok((events, commands))
    }

    /// The commands that are kept though no events of theirs begin where they say; the first of all of them, or of those
    /// that say that they began at a position or behind it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unfounded_commands(&self, from: Option<u64>, limit: u32) -> Result<Vec<KeptCommand>, Fault> {
        Ok(self.store.unfounded_commands(from, limit).await?)
    }

    /// A page of a log that ends at `head`, from a position on.
    async fn readable(&self, next: u64, head: u64) -> Result<Vec<EventRecord>, Fault> {
        // What comes later than that is not looked at: it was recorded after the auditor has looked at the clock.
        match self.log(next.checked_sub(1), head.min(ENDLESS).checked_sub(1), EVENTS_PAGE).await {
            Err(fault) if fault.is_damage() => {}
            read => return read,
        }
        let mut events = Vec::new();
        for position in next..head.min(next + u64::from(EVENTS_PAGE)) {
            match self.log(position.checked_sub(1), Some(position), 1).await {
                Ok(event) => events.extend(event),
                Err(fault) if fault.is_damage() => events.push(EventRecord { position, ..EventRecord::default() }),
                Err(fault) => return Err(fault),
            }
        }
        Ok(events)
    }
}

/// What was read or is damaged, apart from a database that fails.
pub(super) fn apart<T>(read: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match read {
        Err(fault) if !fault.is_damage() => Err(fault),
        read => Ok(read),
    }
}
