//! Checkpoints as they come, every one of them and in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::app::follow::Hub;
use crate::app::request::Fault;
use crate::store::{Sealed, Store, StoreError};

/// How often it is looked whether another process has sealed something.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// Somebody who follows the checkpoints of the log.
pub struct CheckpointFollower {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    sealed: watch::Receiver<u64>,
    /// How many events the last checkpoint covers that was seen.
    size: u64,
}

impl App {
    /// Follows the checkpoints behind that position; `None` stands for the latest one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follow_checkpoints(&self, after: Option<u64>) -> Result<CheckpointFollower, Fault> {
        let size = match after {
            Some(position) => position.saturating_add(1),
            None => self.store.checkpoint(Sealed::Latest).await?.map_or(0, |latest| latest.size),
        };
        let (store, hub, sealed) = (self.store.clone(), self.hub().await?, self.sealed.subscribe());
        Ok(CheckpointFollower { store, hub, sealed, size })
    }
}

impl CheckpointFollower {
    /// The last position that was covered by a checkpoint it has seen.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.size.checked_sub(1)
    }

    /// Waits for the next checkpoint; the last position that it covers.
    ///
    /// # Errors
    /// When the store fails: the same can be tried again. [`StoreError::Closed`] when the application shuts down.
    pub async fn next(&mut self) -> Result<u64, Fault> {
        loop {
            self.sealed.mark_unchanged();
            if let Some(next) = self.store.checkpoint(Sealed::Covering(self.size + 1)).await? {
                self.size = next.size;
                return Ok(next.size - 1);
            }
            tokio::select! {
                () = self.hub.stopped() => return Err(StoreError::Closed.into()),
                changed = self.sealed.changed() => changed.map_err(|_| StoreError::Closed)?,
                () = tokio::time::sleep(LOOKS_EVERY) => {}
            }
        }
    }
}
