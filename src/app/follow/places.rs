//! Where everybody who follows the log has got to, for the figures of the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The places of all followers.
#[derive(Debug, Default)]
pub(super) struct Places {
    next_id: AtomicU64,
    /// Held to put one in or take one out; who goes on does without.
    taken: Mutex<HashMap<u64, Arc<AtomicU64>>>,
}

/// The place of one, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    position: Arc<AtomicU64>,
    places: Arc<Places>,
}

impl Places {
    /// A place for one more, at that position.
    pub(super) fn take(self: &Arc<Self>, position: u64) -> Place {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let position = Arc::new(AtomicU64::new(position));
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(id, position.clone());
        Place { id, position, places: self.clone() }
    }

    /// How many there are, and the position of the last.
    pub(super) fn taken(&self) -> (usize, Option<u64>) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        (taken.len(), taken.values().map(|position| position.load(Ordering::Relaxed)).min())
    }
}

impl Place {
    /// Goes on to that position.
    pub(super) fn move_to(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_those_who_follow_is_known() {
        let places = Arc::<Places>::default();
        assert_eq!(places.taken(), (0, None));
        let [ahead, behind] = [7, 3].map(|position| places.take(position));
        assert_eq!(places.taken(), (2, Some(3)));
        behind.move_to(9);
        assert_eq!(places.taken(), (2, Some(7)));
        drop(ahead);
        assert_eq!(places.taken(), (1, Some(9)));
    }
}
