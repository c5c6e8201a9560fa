//! How long something took, many times over.

use std::time::{Duration, Instant};

/// Durations of one thing.
#[derive(Default)]
pub(crate) struct Samples {
    taken: Vec<Duration>,
}

impl Samples {
    /// Does it once more; its answer.
    pub(crate) async fn time<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let answer = work.await;
        self.taken.push(begin.elapsed());
        answer
    }

    pub(crate) fn add(&mut self, took: Duration) {
        self.taken.push(took);
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.taken.append(&mut others.taken);
    }

    pub(crate) fn count(&self) -> usize {
        self.taken.len()
    }

    /// All of it together.
    pub(crate) fn total(&self) -> Duration {
        self.taken.iter().sum()
    }

    /// The duration in milliseconds that this share of them does not exceed, by nearest rank.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.taken.clone();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
    }

    /// In milliseconds.
    pub(crate) fn median_ms(&self) -> f64 {
        self.quantile_ms(0.5)
    }
}

/// The middle one of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
