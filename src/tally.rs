//! How much of something there is, in all and of each owner. What is counted goes by itself when nobody holds it any
//! more, and whoever waits for that is told.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// What there is of something, which a figure tells as well.
pub(crate) struct Tally<K>(Arc<Shared<K>>);

struct Shared<K> {
    figure: Gauge,
    counts: Mutex<Counts<K>>,
    /// Told whenever there is less.
    less: Notify,
}

struct Counts<K> {
    all: u64,
    /// Those who have none are not in it.
    by_owner: HashMap<K, u64>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) all: u64,
    pub(crate) of_owner: u64,
}

/// Something that counts until it is dropped.
pub(crate) struct Counted<K: Eq + Hash> {
    owner: K,
    amount: u64,
    within: Arc<Shared<K>>,
}

impl<K: Clone + Eq + Hash> Tally<K> {
    /// Nothing yet.
    pub(crate) fn new(figure: &Gauge) -> Self {
        let counts = Counts { all: 0, by_owner: HashMap::new() };
        Self(Arc::new(Shared { figure: figure.clone(), counts: Mutex::new(counts), less: Notify::new() }))
    }

    /// What there is, and how much of it is that owner's.
    pub(crate) fn of(&self, owner: &K) -> Count {
        self.0.counts().of(owner)
    }

    /// What there is, whoever has it.
    pub(crate) fn all(&self) -> u64 {
        self.0.counts().all
    }

    /// Counts so much more.
    pub(crate) fn add(&self, owner: &K, amount: u64) -> Counted<K> {
        self.add_if(owner, amount, |_| Ok::<_, Infallible>(())).unwrap_or_else(|never| match never {})
    }

    /// Counts so much more where that may be, by what there is before.
    ///
    /// # Errors
    /// Why it may not: then nothing is counted.
    pub(crate) fn add_if<E>(
        &self,
        owner: &K,
        amount: u64,
        may: impl FnOnce(Count) -> Result<(), E>,
    ) -> Result<Counted<K>, E> {
        let mut counts = self.0.counts();
        may(counts.of(owner))?;
        counts.add(owner, amount);
        self.0.figure.inc_by(amount.cast_signed());
        Ok(Counted { owner: owner.clone(), amount, within: self.0.clone() })
    }

    /// Waits until there is less, from now on.
    pub(crate) fn less(&self) -> Notified<'_> {
        self.0.less.notified()
    }

    /// How many owners have any.
    #[cfg(test)]
    pub(crate) fn owners(&self) -> usize {
        self.0.counts().by_owner.len()
    }
}

impl<K> Shared<K> {
    fn counts(&self) -> MutexGuard<'_, Counts<K>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Counts<K> {
    fn add(&mut self, owner: &K, amount: u64) {
        self.all += amount;
        *self.by_owner.entry(owner.clone()).or_default() += amount;
    }
}

impl<K: Clone + Eq + Hash> Counted<K> {
    /// How much it is.
    pub(crate) fn amount(&self) -> u64 {
        self.amount
    }

    /// What there is, with it.
    pub(crate) fn there(&self) -> Count {
        self.within.counts().of(&self.owner)
    }

    /// Counts so much more.
    pub(crate) fn grow(&mut self, amount: u64) {
        self.within.counts().add(&self.owner, amount);
        self.within.figure.inc_by(amount.cast_signed());
        self.amount += amount;
    }
}

impl<K: Eq + Hash> Counted<K> {
    /// Counts so much less.
    pub(crate) fn shrink(&mut self, amount: u64) {
        self.amount -= amount;
        self.within.figure.dec_by(amount.cast_signed());
        let mut counts = self.within.counts();
        counts.all -= amount;
        // One who has counted nothing may be forgotten already.
        if let Some(of_owner) = counts.by_owner.get_mut(&self.owner) {
            *of_owner -= amount;
            if *of_owner == 0 {
                counts.by_owner.remove(&self.owner);
            }
        }
        drop(counts);
        self.within.less.notify_waiters();
    }
}

impl<K: Eq + Hash> Counts<K> {
    fn of(&self, owner: &K) -> Count {
        Count { all: self.all, of_owner: self.by_owner.get(owner).copied().unwrap_or_default() }
    }
}

impl<K: Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        self.shrink(self.amount);
    }
}
