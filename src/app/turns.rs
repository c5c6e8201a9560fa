//! Turns: commands on one aggregate queue in this process instead of conflicting in the commit.

use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Few enough to cost nothing, many enough that unrelated aggregates seldom share one.
const LANES: usize = 4096;

/// A fixed number of lanes; an aggregate always takes the same one.
pub(super) struct Turns {
    lanes: Box<[Mutex<()>]>,
}

impl Turns {
    /// Waits for the aggregate's turn. The lane is held until the guard is dropped.
    pub(super) async fn take(&self, id: Uuid) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).expect("below LANES");
        self.lanes[lane].lock().await
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { lanes: (0..LANES).map(|_| Mutex::new(())).collect() }
    }
}
