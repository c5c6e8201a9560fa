//! Time and randomness: the one place where either enters the program.
//!
//! Everything else is handed a [`Clock`], so that a test or the demonstration decides what "now" is and which ids
//! come next. Nothing here knows what the time is used for.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How far the clocks of two machines may be apart: they are never quite alike.
pub const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// A source of time and randomness.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, UTC, truncated to whole microseconds: what both databases can hold without loss.
    fn now(&self) -> Timestamp;

    /// Sixteen bytes that nobody can guess, as far as the implementation promises it.
    fn random(&self) -> [u8; 16];

    /// Whether the present moment is the world's, which other clocks tell as well; else it is whatever a test or the
    /// demonstration says.
    fn is_real(&self) -> bool {
        false
    }

    /// A new version 7 UUID made of [`now`](Clock::now) and [`random`](Clock::random).
    ///
    /// The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so ids
    /// sort by the microsecond they were made in and land side by side in an index.
    fn new_id(&self) -> Uuid {
        let microseconds = u64::try_from(self.now().as_microsecond()).unwrap_or(0);
        let fraction = (microseconds % 1_000) * 4_096 / 1_000;
        let random = self.random();
        let mut tail = [0; 10];
        tail.copy_from_slice(&random[..10]);
        // At most 4,095, so the two bytes hold it.
        tail[..2].copy_from_slice(&(fraction as u16).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(microseconds / 1_000, &tail).into_uuid()
    }
}

/// The machine's clock and the operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        truncate(Timestamp::now())
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        fill_with_secrets(&mut bytes);
        bytes
    }

    fn is_real(&self) -> bool {
        true
    }
}

/// Fills the buffer with bytes that nobody can guess, whatever clock the program runs on: keys are made of them.
///
/// # Panics
///
/// When the operating system has no random source: neither ids nor keys can be made then, and there is nothing to fall
/// back on.
pub fn fill_with_secrets(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has a random source");
}

/// A clock that stands still until it is told otherwise, with randomness that a seed repeats.
///
/// Two clocks of one start and one seed give the same moments and ids in the same order. Its bytes can be guessed
/// by anyone who knows the seed, so keys are never drawn from it.
#[derive(Debug)]
pub struct ManualClock {
    seed: u64,
    state: Mutex<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    now: Timestamp,
    /// How many times randomness was drawn: hashed with the seed, so that no two draws are alike.
    draws: u64,
}

impl ManualClock {
    /// A clock that shows `start`, truncated to microseconds, and draws its randomness from `seed`.
    pub fn new(start: Timestamp, seed: u64) -> Self {
        Self { seed, state: Mutex::new(ManualState { now: truncate(start), draws: 0 }) }
    }

    /// Moves the clock by `by`, backwards when it is negative, and answers the new time.
    ///
    /// # Panics
    ///
    /// When the new time is outside jiff's range (years -9999 to 9999).
    pub fn advance(&self, by: SignedDuration) -> Timestamp {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = truncate(state.now.checked_add(by).expect("the new time is within jiff's range"));
        state.now
    }

    /// Shows `now`, truncated to microseconds, from here on.
    pub fn set(&self, now: Timestamp) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now = truncate(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn random(&self) -> [u8; 16] {
        let draw = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.draws += 1;
            state.draws
        };
        let digest = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(draw.to_be_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes
    }
}

fn truncate(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).expect("a timestamp's microseconds are a timestamp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn times_are_whole_microseconds() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000, 0);
        let clock = ManualClock::new(at("2026-05-04T01:02:03.123456789Z"), 1);
        assert_eq!(clock.now(), at("2026-05-04T01:02:03.123456Z"));
        assert_eq!(clock.advance(SignedDuration::from_nanos(999)), at("2026-05-04T01:02:03.123456Z"));
        clock.set(at("2020-01-01T00:00:00.000000999Z"));
        assert_eq!(clock.now(), at("2020-01-01T00:00:00Z"));
    }

    #[test]
    fn a_seed_repeats_its_ids_and_another_does_not() {
        let draw = |seed| {
            let clock = ManualClock::new(at("2026-05-04T00:00:00Z"), seed);
            [clock.new_id(), clock.new_id()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7)[0], draw(7)[1]);
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn ids_are_version_7_and_sort_by_the_microsecond() {
        let clock = ManualClock::new(at("2026-05-04T00:00:00Z"), 7);
        let mut ids = Vec::new();
        for _ in 0..3_000 {
            ids.push(clock.new_id());
            clock.advance(SignedDuration::from_micros(1));
        }
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
    }
}
