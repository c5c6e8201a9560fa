//! Bounds on when events were recorded, from the word of those who saw the log grow.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// Somebody else's word: at this time the log had this size. Cosignatures and time stamps state whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Size of the log.
    pub size: u64,
    /// When it was seen.
    pub at: Timestamp,
}

/// For every event, the latest time at which it was not yet seen and the earliest at which it was: by what is known before
/// the log is read, and by what is seen of it on the way.
#[derive(Clone, Debug)]
pub struct TimeBounds {
    tolerance: Option<SignedDuration>,
    /// Where the bounds change, in order; each holds until the next.
    stretches: Vec<Stretch>,
    /// The latest time at which somebody saw the log with no more events than were read.
    seen_without_more: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: u64,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

/// A time that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfBounds {
    /// A log that had the event then would have shown it by this time.
    TooEarly {
        /// When the log was seen without it.
        not_before: Timestamp,
    },
    /// The event was seen before.
    TooLate {
        /// When the log was seen with it.
        not_after: Timestamp,
    },
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooEarly { not_before } => write!(f, "at {not_before} the log was seen without it"),
            Self::TooLate { not_after } => write!(f, "at {not_after} the log was seen with it"),
        }
    }
}

/// Whether a time is still to come, by more than clocks may differ by; without a bound on that, none is.
pub fn is_to_come(at: Timestamp, now: Timestamp, tolerance: Option<SignedDuration>) -> bool {
    tolerance.is_some_and(|tolerance| now.duration_until(at) > tolerance)
}

impl TimeBounds {
    /// The bounds from all that is known. `tolerance` is what clocks may differ by, together with the time that passes
    /// between an event and the checkpoint that a witness sees; where that is by any time, nothing bounds.
    pub fn new(mut anchors: Vec<Anchor>, tolerance: Option<SignedDuration>) -> Self {
        anchors.sort_unstable_by_key(|anchor| (anchor.size, anchor.at));
        let by_size = || anchors.chunk_by(|one, other| one.size == other.size);
        let mut stretches = Vec::new();
        let mut not_after = None;
        for seen in by_size().rev() {
            stretches.push(Stretch { from: seen[0].size, not_before: None, not_after });
            not_after = not_after.into_iter().chain([seen[0].at]).min();
        }
        stretches.push(Stretch { from: 0, not_before: None, not_after });
        stretches.reverse();
        let mut not_before = None;
        for (stretch, seen) in stretches[1..].iter_mut().zip(by_size()) {
            not_before = not_before.max(seen.last().map(|anchor| anchor.at));
            stretch.not_before = not_before;
        }
        Self { tolerance, stretches, seen_without_more: None }
    }

    /// What is wrong with the time of an event, if something is.
    pub fn check(&self, index: u64, at: Timestamp) -> Option<OutOfBounds> {
        let tolerance = self.tolerance?;
        let stretch = self.stretches[self.stretches.partition_point(|stretch| stretch.from <= index) - 1];
        let too_early = |not_before: &Timestamp| at.duration_until(*not_before) > tolerance;
        let not_before = stretch.not_before.max(self.seen_without_more).filter(too_early);
        let not_before = not_before.map(|not_before| OutOfBounds::TooEarly { not_before });
        not_before.or_else(|| self.check_seen(at, stretch.not_after?))
    }

    /// What is wrong with the time of an event that was there when the log was seen at that time, if something is.
    pub fn check_seen(&self, at: Timestamp, not_after: Timestamp) -> Option<OutOfBounds> {
        // A second is stated that may be nearly over.
        let is_too_late = not_after.duration_until(at) >= self.tolerance? + SignedDuration::from_secs(1);
        is_too_late.then_some(OutOfBounds::TooLate { not_after })
    }

    /// At this time somebody saw the log with the events that were checked so far, and no others: it bounds those that
    /// follow.
    pub fn see(&mut self, seen_at: Timestamp) {
        self.seen_without_more = self.seen_without_more.max(Some(seen_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn bounds(anchors: &[(u64, i64)], tolerance: i64) -> TimeBounds {
        let anchors = anchors.iter().map(|(size, second)| Anchor { size: *size, at: at(*second) }).collect();
        TimeBounds::new(anchors, Some(SignedDuration::from_secs(tolerance)))
    }

    #[test]
    fn two_cosigned_sizes_bound_what_is_between_them() {
        let bounds = bounds(&[(10, 1_000), (20, 2_000)], 0);
        let early = Some(OutOfBounds::TooEarly { not_before: at(1_000) });
        let late = Some(OutOfBounds::TooLate { not_after: at(2_000) });
        assert_eq!(bounds.check(10, at(999)), early);
        assert_eq!(bounds.check(19, at(999)), early);
        assert_eq!(bounds.check(10, at(1_000)), None);
        assert_eq!(bounds.check(19, at(2_000)), None);
        assert_eq!(bounds.check(19, at(2_000) + SignedDuration::from_millis(999)), None);
        assert_eq!(bounds.check(19, at(2_001)), late);
        assert_eq!(bounds.check(9, at(0)), None);
        assert_eq!(bounds.check(9, at(1_001)), Some(OutOfBounds::TooLate { not_after: at(1_000) }));
        assert_eq!(bounds.check(20, at(9_000)), None);
        assert_eq!(bounds.check(20, at(1_999)), Some(OutOfBounds::TooEarly { not_before: at(2_000) }));
    }

    #[test]
    fn clocks_may_differ_by_the_tolerance() {
        let bounds = bounds(&[(10, 1_000), (20, 2_000)], 60);
        assert_eq!(bounds.check(10, at(940)), None);
        assert!(bounds.check(10, at(939)).is_some());
        assert_eq!(bounds.check(19, at(2_060)), None);
        assert!(bounds.check(19, at(2_061)).is_some());
    }

    #[test]
    fn a_time_is_to_come_beyond_the_tolerance() {
        let is_to_come =
            |second, tolerance| is_to_come(at(second), at(1_000), Some(SignedDuration::from_secs(tolerance)));
        assert!(!is_to_come(999, 0) && !is_to_come(1_000, 0) && is_to_come(1_001, 0));
        assert!(!is_to_come(1_060, 60) && is_to_come(1_061, 60));
        assert!(super::is_to_come(Timestamp::MAX, Timestamp::MIN, Some(SignedDuration::ZERO)));
    }

    #[test]
    fn the_tightest_word_counts_in_any_order() {
        let bounds = bounds(&[(20, 3_000), (10, 1_000), (20, 2_000), (10, 1_500)], 0);
        assert!(bounds.check(15, at(1_499)).is_some());
        assert_eq!(bounds.check(15, at(1_500)), None);
        assert_eq!(bounds.check(15, at(2_000)), None);
        assert!(bounds.check(15, at(2_001)).is_some());
        assert!(bounds.check(9, at(1_001)).is_some());
        assert!(bounds.check(20, at(2_999)).is_some());
    }

    #[test]
    fn what_is_seen_on_the_way_bounds_what_follows() {
        let mut bounds = bounds(&[(20, 1_500)], 60);
        assert_eq!(bounds.check(10, at(0)), None);
        for seen_at in [1_000, 900] {
            bounds.see(at(seen_at));
        }
        assert_eq!(bounds.check(10, at(939)), Some(OutOfBounds::TooEarly { not_before: at(1_000) }));
        assert_eq!(bounds.check(10, at(940)), None);
        assert_eq!(bounds.check(20, at(1_439)), Some(OutOfBounds::TooEarly { not_before: at(1_500) }));
        assert_eq!(bounds.check_seen(at(1_060), at(1_000)), None);
        assert_eq!(bounds.check_seen(at(1_061), at(1_000)), Some(OutOfBounds::TooLate { not_after: at(1_000) }));
    }

    #[test]
    fn without_a_word_there_is_no_bound() {
        assert_eq!(bounds(&[], 0).check(0, Timestamp::MIN), None);
        assert_eq!(bounds(&[], 0).check(u64::MAX, Timestamp::MAX), None);
        assert_eq!(bounds(&[(0, 5)], 0).check(0, at(4)), Some(OutOfBounds::TooEarly { not_before: at(5) }));
    }

    #[test]
    fn clocks_that_may_differ_by_any_time_bound_nothing() {
        let anchor = |size, second| Anchor { size, at: at(second) };
        let mut bounds = TimeBounds::new(vec![anchor(10, 1_000), anchor(20, 2_000)], None);
        bounds.see(at(1_500));
        assert_eq!((bounds.check(15, Timestamp::MIN), bounds.check(15, Timestamp::MAX)), (None, None));
        assert_eq!(bounds.check_seen(Timestamp::MAX, at(1_000)), None);
        assert!(!super::is_to_come(Timestamp::MAX, Timestamp::MIN, None));
    }
}
