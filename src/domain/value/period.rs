//! Periods of whole days.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;

/// The days from one to another, both counted; without an end while nobody has set one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
}

impl Period {
    /// The period from a day until a day, which may be the same.
    ///
    /// # Errors
    /// `PERIOD_EMPTY` when it would end before it begins.
    pub fn new(from: Date, until: Option<Date>) -> Result<Self, ValueError> {
        match until {
            Some(until) if until < from => Err(ValueError::new(
                Code::PeriodEmpty,
                format!("a period from {from} until {until} has no day: it ends before it begins"),
            )),
            _ => Ok(Self { from, until }),
        }
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day, if there is one.
    pub fn until(&self) -> Option<Date> {
        self.until
    }

    /// Whether the day is in the period.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Whether some day is in both periods.
    pub fn overlaps(&self, other: &Period) -> bool {
        self.until.is_none_or(|until| other.from <= until) && other.until.is_none_or(|until| self.from <= until)
    }
}

impl fmt::Display for Period {
    /// An interval of ISO 8601; `..` stands for an open end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "{}/{until}", self.from),
            None => write!(f, "{}/..", self.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn period(from: i8, until: Option<i8>) -> Period {
        let day = |day| date(2026, 1, day);
        Period::new(day(from), until.map(day)).unwrap()
    }

    #[test]
    fn both_ends_are_in_the_period() {
        let week = period(5, Some(9));
        assert!(week.contains(date(2026, 1, 5)) && week.contains(date(2026, 1, 9)));
        assert!(!week.contains(date(2026, 1, 4)) && !week.contains(date(2026, 1, 10)));
        assert!(period(5, None).contains(date(9999, 12, 31)));
        assert_eq!(serde_json::to_string(&week).unwrap(), r#"{"from":"2026-01-05","until":"2026-01-09"}"#);
        assert_eq!(period(5, None).to_string(), "2026-01-05/..");
    }

    #[test]
    fn a_period_has_a_day() {
        assert!(Period::new(date(2026, 1, 5), Some(date(2026, 1, 5))).is_ok());
        let refused = Period::new(date(2026, 1, 5), Some(date(2026, 1, 4))).unwrap_err();
        assert_eq!(refused.code, Code::PeriodEmpty);
    }

    proptest! {
        #[test]
        fn periods_overlap_when_they_share_a_day(
            a in 1i8..15, a_days in prop::option::of(0i8..5),
            b in 1i8..15, b_days in prop::option::of(0i8..5),
        ) {
            let (x, y) = (period(a, a_days.map(|d| a + d)), period(b, b_days.map(|d| b + d)));
            let shared = (1..=31).any(|d| x.contains(date(2026, 1, d)) && y.contains(date(2026, 1, d)));
            prop_assert_eq!(x.overlaps(&y), shared);
            prop_assert_eq!(y.overlaps(&x), shared);
        }
    }
}
