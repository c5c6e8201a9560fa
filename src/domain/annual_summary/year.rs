//! 报告年度: the days that a year's summary tells of.
//!
//! The notice asks for the summary by 31 October, so it tells of what happened since the one before: the year of a
//! summary goes from 1 November to 31 October, and what happens in November and December is told by that of the next
//! year.

use jiff::civil::{Date, date};

/// The day on which the year's summary is due, in UTC+8: its last day.
///
/// # Panics
/// When the year is none of a calendar.
#[must_use]
pub fn last_day(year: i16) -> Date {
    date(year, 10, 31)
}

/// The first day of the year, in UTC+8.
///
/// # Panics
/// When the year is none of a calendar.
#[must_use]
pub fn first_day(year: i16) -> Date {
    date(year - 1, 11, 1)
}

/// Whether today is after the day on which the year's summary was due. The day counts on which it reaches the log: a
/// stated earlier one makes nothing punctual.
///
/// # Panics
/// When the year is none of a calendar.
#[must_use]
pub fn is_late(year: i16, today: Date) -> bool {
    today > last_day(year)
}

/// The year whose summary tells of the day.
#[must_use]
pub fn year_of(day: Date) -> i16 {
    if day > last_day(day.year()) { day.year() + 1 } else { day.year() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_of_one_year() {
        assert_eq!(year_of(date(2026, 10, 31)), 2026);
        assert_eq!(year_of(date(2026, 11, 1)), 2027);
        assert_eq!(year_of(date(2026, 12, 31)), 2027);
        assert_eq!(year_of(date(2027, 1, 1)), 2027);
        for year in [2012, 2026] {
            assert_eq!((year_of(first_day(year)), year_of(last_day(year))), (year, year));
            assert_eq!(last_day(year - 1).tomorrow().ok(), Some(first_day(year)));
        }
    }
}
