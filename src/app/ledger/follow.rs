//! Checkpoints as they come, every one of them and in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::future::Cache;

use crate::app::App;
use crate::app::follow::Hub;
use crate::app::look::Look;
use crate::app::request::Fault;
use crate::store::{Sealed, Store, StoreError, StoredCheckpoint, for_all};

/// How often it is looked whether another process has sealed something.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// How many checkpoints are remembered with the one before: followers are at the same or close behind one another.
const KNOWN: u64 = 1_000;

/// The checkpoints of the log, read once for all who follow them.
pub(in crate::app) struct Checkpoints {
    store: Arc<dyn Store>,
    /// How many events are sealed, as far as this process knows.
    pub(in crate::app) sealed: Look,
    /// How many events the first checkpoint covers that covers so many. It stays that one: what is sealed later is more.
    covering: Cache<u64, u64>,
    /// The latest one that was seen to be signed by the key of this process.
    ours: Mutex<Option<StoredCheckpoint>>,
}

impl Checkpoints {
    pub(in crate::app) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { store, sealed: Look::every(LOOKS_EVERY), covering: Cache::new(KNOWN), ours: Mutex::default() })
    }

    /// Whether just this one was seen to be signed by the key of this process.
    pub(super) fn is_ours(&self, checkpoint: &StoredCheckpoint) -> bool {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(checkpoint)
    }

    /// This one was seen to be signed by the key of this process.
    pub(super) fn has_ours(&self, checkpoint: &StoredCheckpoint) {
        *self.ours.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint.clone());
    }

    /// Waits for the first one that covers more than so many events; how many it covers.
    async fn behind(&self, size: u64) -> Result<u64, Fault> {
        let latest = || async { Ok(self.store.checkpoint(Sealed::Latest).await?.map_or(0, |latest| latest.size)) };
        self.sealed.more_than(size, latest).await?;
        let first = async {
            let found = self.store.checkpoint(Sealed::Covering(size + 1)).await?;
            found.map(|found| found.size).ok_or_else(|| StoreError::Corrupt {
                what: format!("the checkpoints that cover {} events are gone", size + 1),
            })
        };
        // Whoever asks first asks for the others, too.
        self.covering.try_get_with(size + 1, for_all(first)).await.map_err(|error| StoreError::clone(&error).into())
    }
}

/// Somebody who follows the checkpoints of the log.
pub struct CheckpointFollower {
    checkpoints: Arc<Checkpoints>,
    hub: Arc<Hub>,
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
        Ok(CheckpointFollower { checkpoints: self.checkpoints.clone(), hub: self.hub().await?, size })
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
        tokio::select! {
            () = self.hub.stopped() => return Err(StoreError::Closed.into()),
            next = self.checkpoints.behind(self.size) => self.size = next?,
        }
        Ok(self.size - 1)
    }
}
