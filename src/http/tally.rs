//! How much of something there is, in all and of each owner. What is counted goes by itself when nobody holds it any
//! more.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::gauge::Gauge;

/// What there is of something, which a figure tells as well.
pub(super) struct Tally<K> {
    figure: Gauge,
    counts: Arc<Mutex<Counts<K>>>,
}

struct Counts<K> {
    all: u64,
    /// Those who have none are not in it.
    by_owner: HashMap<K, u64>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) all: u64,
    pub(super) of_owner: u64,
}

/// Something that counts until it is dropped.
pub(super) struct Counted<K: Eq + Hash> {
    owner: K,
    amount: u64,
    figure: Gauge,
    counts: Arc<Mutex<Counts<K>>>,
}

impl<K: Clone + Eq + Hash> Tally<K> {
    /// Nothing yet.
    pub(super) fn new(figure: &Gauge) -> Self {
        let counts = Counts { all: 0, by_owner: HashMap::new() };
        Self { figure: figure.clone(), counts: Arc::new(Mutex::new(counts)) }
    }

    /// What there is, and how much of it is that owner's.
    pub(super) fn of(&self, owner: &K) -> Count {
        locked(&self.counts).of(owner)
    }

    /// Counts so much more.
    pub(super) fn add(&self, owner: &K, amount: u64) -> Counted<K> {
        self.add_if(owner, amount, |_| Ok::<_, Infallible>(())).unwrap_or_else(|never| match never {})
    }

    /// Counts so much more where that may be, by what there is before.
    ///
    /// # Errors
    /// Why it may not: then nothing is counted.
    pub(super) fn add_if<E>(
        &self,
        owner: &K,
        amount: u64,
        may: impl FnOnce(Count) -> Result<(), E>,
    ) -> Result<Counted<K>, E> {
        let mut counts = locked(&self.counts);
        may(counts.of(owner))?;
        counts.all += amount;
        *counts.by_owner.entry(owner.clone()).or_default() += amount;
        self.figure.inc_by(amount.cast_signed());
        Ok(Counted { owner: owner.clone(), amount, figure: self.figure.clone(), counts: self.counts.clone() })
    }

    /// How many owners have any.
    #[cfg(test)]
    pub(super) fn owners(&self) -> usize {
        locked(&self.counts).by_owner.len()
    }
}

impl<K: Eq + Hash> Counts<K> {
    fn of(&self, owner: &K) -> Count {
        Count { all: self.all, of_owner: self.by_owner.get(owner).copied().unwrap_or_default() }
    }
}

impl<K: Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        self.figure.dec_by(self.amount.cast_signed());
        let mut counts = locked(&self.counts);
        counts.all -= self.amount;
        // One who has counted nothing may be forgotten already.
        if let Some(of_owner) = counts.by_owner.get_mut(&self.owner) {
            *of_owner -= self.amount;
            if *of_owner == 0 {
                counts.by_owner.remove(&self.owner);
            }
        }
    }
}

fn locked<K>(counts: &Mutex<Counts<K>>) -> MutexGuard<'_, Counts<K>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
