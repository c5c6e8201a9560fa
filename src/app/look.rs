//! One looks for all: whoever waits for the database to have more of something costs no statement of their own.

use std::convert::Infallible;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures::poll;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

use crate::app::request::Fault;
use crate::app::{App, room};
use crate::store::{StoreError, for_all};

/// How long a read waits for a position that another server has written.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked for meanwhile.
pub(super) const POSITION_EVERY: Duration = Duration::from_millis(20);

/// How much there is of something that only grows, and whose turn it is to look for more.
pub(in crate::app) struct Look {
    known: watch::Sender<u64>,
    every: Duration,
    /// Held by whoever looks: when the next look is due.
    due: Mutex<Instant>,
}

impl Look {
    /// Nothing is known yet. It is looked so often while anybody waits, and never otherwise.
    pub(in crate::app) fn every(every: Duration) -> Self {
        Self { known: watch::Sender::new(0), every, due: Mutex::new(Instant::now()) }
    }

    /// How much there is, as it becomes known.
    pub(in crate::app) fn known(&self) -> watch::Receiver<u64> {
        self.known.subscribe()
    }

    /// There is so much, as this process has seen by other ways.
    pub(in crate::app) fn tell(&self, there: u64) {
        self.known.send_if_modified(|known| {
            let is_news = *known < there;
            *known = there.max(*known);
            is_news
        });
    }

    /// Waits until there is more than that; how much there is then. `look` asks the database.
    ///
    /// # Errors
    /// When the store fails while this one looks for the others.
    pub(in crate::app) async fn more_than<F>(&self, seen: u64, look: impl Fn() -> F) -> Result<u64, StoreError>
    where
        F: Future<Output = Result<u64, StoreError>>,
    {
        let mut known = self.known();
        let more = async { known.wait_for(|known| *known > seen).await.map(|known| *known) };
        tokio::select! {
            biased;
            Ok(known) = more => Ok(known),
            Err(error) = self.look_again_and_again(look) => Err(error),
        }
    }

    /// Looks when it is this one's turn, for as long as it is not dropped.
    async fn look_again_and_again<F>(&self, look: impl Fn() -> F) -> Result<Infallible, StoreError>
    where
        F: Future<Output = Result<u64, StoreError>>,
    {
        let mut due = self.due.lock().await;
        loop {
            sleep_until(*due).await;
            *due = Instant::now() + self.every;
            self.tell(for_all(look()).await?);
        }
    }
}

impl App {
    /// Waits until this server's reads include the position. A request that is answered gives its place back meanwhile.
    ///
    /// # Errors
    /// [`Fault::NotThereYet`] when it does not come in five seconds, [`Fault::NoRoomToWait`] when too many wait.
    pub async fn reached(&self, min_position: Option<u64>) -> Result<(), Fault> {
        let Some(wanted) = min_position else {
            return Ok(());
        };
        // Our own commits announce themselves until the writer ends; those of another server have to be looked for.
        let mut committed = self.writer.committed();
        let looked = self.events.more_than(wanted, || async { Ok(self.store.head().await?.next_position) });
        let there = async {
            tokio::select! {
                biased;
                Ok(_) = committed.wait_for(|last| last.is_some_and(|last| last >= wanted)) => Ok(()),
                looked = looked => looked.map(drop),
            }
        };
        let mut reached = pin!(tokio::time::timeout(PATIENCE, there));
        let outcome = match poll!(reached.as_mut()) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                let _aside = room::aside()?;
                reached.await
            }
        };
        match outcome {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(Fault::NotThereYet { wanted, next: *self.events.known().borrow() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn however_many_wait_one_looks_for_all() {
        let (look, looks) = (Look::every(Duration::from_millis(1)), AtomicU64::new(0));
        // There is one more at each look.
        let counted = || async { Ok(looks.fetch_add(1, Ordering::Relaxed) + 1) };
        let seen = join_all((0..100).map(|waiting| look.more_than(waiting % 5, counted))).await;
        assert!(seen.iter().zip(0_u64..).all(|(seen, waiting)| *seen.as_ref().unwrap() > waiting % 5));
        assert_eq!(looks.load(Ordering::Relaxed), 5);
        // What is known is not looked for.
        look.tell(7);
        assert_eq!(look.more_than(6, counted).await.unwrap(), 7);
        assert_eq!(looks.load(Ordering::Relaxed), 5);
    }

    #[tokio::test]
    async fn who_is_gone_leaves_the_turn_to_the_next() {
        let look = Look::every(Duration::from_millis(1));
        let (mut first, second) =
            (Box::pin(look.more_than(0, || async { Ok(0) })), look.more_than(0, || async { Ok(1) }));
        assert!(futures::poll!(&mut first).is_pending(), "it has the turn");
        let gone = async { drop(first) };
        assert_eq!(tokio::join!(second, gone).0.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_who_looked_and_the_next_looks_again() {
        let (look, looks) = (Look::every(Duration::from_millis(1)), AtomicU64::new(0));
        let failing_at_first = || async {
            match looks.fetch_add(1, Ordering::Relaxed) {
                0 => Err(StoreError::Closed),
                looks => Ok(looks),
            }
        };
        let (first, second) = tokio::join!(look.more_than(0, failing_at_first), look.more_than(0, failing_at_first));
        assert!(matches!(first, Err(StoreError::Closed)) && second.unwrap() == 1);
    }
}
