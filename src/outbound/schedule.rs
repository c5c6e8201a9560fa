//! When to try again: exponential back-off with jitter, the same for the same message, so that it needs no memory but
//! the number of attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Each pause is so many times the one before.
const FACTOR: f32 = 4.0;

/// How often a message is tried, and how patiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often it is tried before it is given up, at least once.
    pub attempts: u32,
    /// The pause after the first failure; the others follow by factors of 4. Up to as much again is added to each at
    /// random, and none is longer than a day.
    pub first_pause: Duration,
}

impl Schedule {
    /// The longest pause, and the longest that a receiver may ask for with `Retry-After`.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

    /// The pause after so many attempts that failed; `None` when the message is given up.
    ///
    /// # Parameters
    /// - `seed`: of the jitter; the id of the message, so that messages that failed together do not return together
    /// - `asked_for`: what the receiver asked for; the pause is no shorter
    #[must_use]
    pub fn pause_after(&self, attempts: u32, seed: u64, asked_for: Option<Duration>) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let pauses = ExponentialBuilder::new()
            .with_factor(FACTOR)
            .with_min_delay(self.first_pause)
            .with_max_delay(Self::LONGEST_PAUSE)
            .with_max_times(self.attempts as usize)
            .with_jitter()
            .with_jitter_seed(seed);
        let pause = pauses.build().nth(attempts.saturating_sub(1) as usize)?.min(Self::LONGEST_PAUSE);
        Some(asked_for.map_or(pause, |asked_for| pause.max(asked_for)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule { attempts: 10, first_pause: Duration::from_secs(5) };

    #[test]
    fn pauses_grow_to_a_day_and_end() {
        let pauses: Vec<_> =
            (1..10).map(|attempts| SCHEDULE.pause_after(attempts, 7, None).expect("a pause")).collect();
        for (place, pause) in pauses.iter().enumerate() {
            let least =
                Duration::from_secs(5 * 4_u64.pow(u32::try_from(place).expect("few"))).min(Schedule::LONGEST_PAUSE);
            let most = (least * 2).min(Schedule::LONGEST_PAUSE);
            assert!((least..=most).contains(pause), "pause {place} is {pause:?}");
        }
        let together: Duration = pauses.iter().sum();
        assert!(
            (Schedule::LONGEST_PAUSE * 2..Schedule::LONGEST_PAUSE * 3).contains(&together),
            "over two days, not {together:?}"
        );
        assert_eq!(SCHEDULE.pause_after(10, 7, None), None);
    }

    #[test]
    fn messages_that_failed_together_return_apart() {
        let pauses: std::collections::HashSet<_> =
            (0..100).map(|seed| SCHEDULE.pause_after(3, seed, None).expect("a pause")).collect();
        assert!(pauses.len() > 90, "{} different pauses of 100", pauses.len());
        assert_eq!(SCHEDULE.pause_after(3, 1, None), SCHEDULE.pause_after(3, 1, None), "and the same ones each time");
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_for_less() {
        let asked = |seconds| SCHEDULE.pause_after(1, 7, Some(Duration::from_secs(seconds))).expect("a pause");
        assert_eq!(asked(3_600), Duration::from_secs(3_600));
        assert!(asked(1) >= Duration::from_secs(5));
    }
}
