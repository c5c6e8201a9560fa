//! Token buckets: how much somebody may ask for, at once and in a row.
//!
//! A bucket is kept as the time at which it is full again (the generic cell rate algorithm), so that filling it costs
//! nothing, and one that is full need not be kept at all. There are at most so many: where more are asked for than
//! there is room, the one that was used longest ago is forgotten, and with it what it owed.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::{Instant, sleep};

/// How many buckets are kept of a kind: some megabytes.
const MOST: u64 = 100_000;

/// What is left of one.
struct Bucket {
    /// When it is full again. Held to take something out, never while something is awaited.
    full_at: Mutex<Instant>,
    /// Held by the one who waits until there is enough in it: all others come after.
    turn: tokio::sync::Mutex<()>,
}

/// The buckets of those who ask, by what they are known by.
pub(super) struct Buckets<K> {
    kept: Cache<K, Arc<Bucket>>,
    per_second: f64,
    /// How long an empty one takes to fill.
    depth: Duration,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Buckets<K> {
    /// Full ones, that hold so much and are filled so fast.
    pub(super) fn new(holds: f64, per_second: f64) -> Self {
        let depth = Duration::from_secs_f64(holds / per_second);
        let kept = Cache::builder().max_capacity(MOST).eviction_policy(EvictionPolicy::lru());
        // One that was left alone for so long is full. The library's own clock may be a little ahead.
        Self { kept: kept.time_to_idle(depth + Duration::from_secs(1)).build(), per_second, depth }
    }

    /// Takes so much out of a bucket, which is no more than it holds when full.
    ///
    /// # Errors
    /// How long it takes until there is so much in it. Nothing is taken then.
    pub(super) fn take(&self, key: &K, amount: f64, now: Instant) -> Result<(), Duration> {
        self.take_beside(key, amount, 0.0, now)
    }

    /// Takes so much out of a bucket as soon as so much else stays in it, which is no more than it holds together. Those
    /// who wait for the same one take turns, in the order in which they have come: whoever began to wait goes on
    /// being polled, or is dropped.
    pub(super) async fn take_in_turn(&self, key: &K, amount: f64, rest: f64) {
        let bucket = self.bucket(key, Instant::now());
        let _turn = bucket.turn.lock().await;
        while let Err(wait) = self.take_beside(key, amount, rest, Instant::now()) {
            sleep(wait).await;
        }
    }

    fn take_beside(&self, key: &K, amount: f64, rest: f64, now: Instant) -> Result<(), Duration> {
        let bucket = self.bucket(key, now);
        let mut full_at = bucket.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = (*full_at).max(now);
        let then = from + self.time_of(amount + rest);
        match then.duration_since(now).checked_sub(self.depth).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(wait),
            None => {
                *full_at = from + self.time_of(amount);
                Ok(())
            }
        }
    }

    /// The bucket of that name; a new one is full.
    fn bucket(&self, key: &K, now: Instant) -> Arc<Bucket> {
        let full = || Arc::new(Bucket { full_at: Mutex::new(now), turn: tokio::sync::Mutex::default() });
        self.kept.get_with_by_ref(key, full)
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&self, key: &K, amount: f64) {
        if let Some(bucket) = self.kept.get(key) {
            let mut full_at = bucket.full_at.lock().unwrap_or_else(PoisonError::into_inner);
            *full_at = full_at.checked_sub(self.time_of(amount)).unwrap_or(*full_at);
        }
    }

    /// How long it takes to fill in so much.
    pub(super) fn time_of(&self, amount: f64) -> Duration {
        Duration::from_secs_f64(amount / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_was_saved_up_is_given_at_once_and_then_what_flows_in() {
        let (buckets, began) = (Buckets::new(100.0, 10.0), Instant::now());
        assert_eq!(buckets.take(&"one", 60.0, began), Ok(()));
        assert_eq!(buckets.take(&"one", 60.0, began), Err(2 * SECOND), "20 are missing");
        assert_eq!(buckets.take(&"one", 40.0, began), Ok(()), "what was refused has taken nothing");
        assert_eq!(buckets.take(&"one", 1.0, began), Err(SECOND / 10));
        assert_eq!(buckets.take(&"other", 100.0, began), Ok(()), "another one's is another");
        assert_eq!(buckets.take(&"one", 20.0, began + 2 * SECOND), Ok(()));
        assert_eq!(buckets.take(&"one", 100.0, began + 3_600 * SECOND), Ok(()), "it holds no more than it holds");
        assert!(buckets.take(&"one", 1.0, began + 3_600 * SECOND).is_err());
    }

    #[test]
    fn what_is_given_back_may_be_taken_again() {
        let (buckets, began) = (Buckets::new(2.0, 1.0), Instant::now());
        assert_eq!(buckets.take(&1, 2.0, began), Ok(()));
        buckets.give_back(&1, 1.0);
        assert_eq!(buckets.take(&1, 1.0, began), Ok(()));
        assert_eq!(buckets.take(&1, 1.0, began), Err(SECOND));
    }

    #[tokio::test]
    async fn those_who_wait_take_turns_and_leave_the_rest_to_who_does_not() {
        let (buckets, began) = (Buckets::new(100.0, 1_000.0), Instant::now());
        buckets.take_in_turn(&"one", 50.0, 50.0).await;
        let order = Mutex::new(Vec::new());
        let waits = async |amount: f64| {
            buckets.take_in_turn(&"one", amount, 50.0).await;
            order.lock().expect("nobody panics").push(amount);
        };
        let asks = async {
            tokio::task::yield_now().await;
            assert_eq!(buckets.take(&"one", 40.0, Instant::now()), Ok(()), "it was left to whoever asks");
        };
        // The first waits for the most, and nobody goes before it.
        tokio::join!(waits(50.0), waits(1.0), waits(2.0), asks);
        assert_eq!(*order.lock().expect("nobody panics"), [50.0, 1.0, 2.0]);
        // 143 are taken, 100 were there, and 50 are left.
        assert!(began.elapsed() >= Duration::from_millis(93), "{:?}", began.elapsed());
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let (buckets, began) = (Buckets::new(1.0, 0.001), Instant::now());
        for key in 0..MOST + 2_000 {
            assert_eq!(buckets.take(&key, 1.0, began), Ok(()), "a new one is full");
        }
        // The library forgets some at a time.
        (0..100).for_each(|_| buckets.kept.run_pending_tasks());
        assert!(buckets.kept.entry_count() <= MOST, "{}", buckets.kept.entry_count());
        let latest = MOST + 1_999;
        assert!(buckets.take(&latest, 1.0, began).is_err(), "the one that was used last is kept");
    }
}
