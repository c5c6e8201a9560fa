//! Working days in China.
//!
//! Monday to Friday, less the public holidays and plus the make-up working days that the
//! General Office of the State Council announces every November for the next year. Of a year
//! without data only the statutory holidays of fixed dates are known: those that follow the
//! moon or the sun, what stands in for holidays on weekends, and make-up days are in its notice.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The calendar of working days.
#[derive(Clone, Copy, Debug)]
pub struct WorkingCalendar {
    /// The days that are not what their weekday says, sorted by date.
    exceptions: &'static [(Date, Kind)],
}

/// What an exceptional day is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Holiday,
    Workday,
}

/// The days of `working_days.csv`.
static ANNOUNCED: LazyLock<Vec<(Date, Kind)>> = LazyLock::new(|| {
    include_str!("../data/working_days.csv")
        .lines()
        .skip(1)
        .map(|line| read_day(line).expect("every line of working_days.csv is a day"))
        .collect()
});

/// Month, day and first year of the statutory holidays that have a date of their own (State Council, 全国年节及纪念日放假办法, as amended
/// from 1 January 2008 and 2025): New Year, Labour Day, National Day.
const FIXED_HOLIDAYS: [(i8, i8, i16); 6] =
    [(1, 1, 2008), (5, 1, 2008), (5, 2, 2025), (10, 1, 2008), (10, 2, 2008), (10, 3, 2008)];

fn is_fixed_holiday(day: Date) -> bool {
    let is_it = |(month, of_month, since)| (month, of_month) == (day.month(), day.day()) && since <= day.year();
    FIXED_HOLIDAYS.into_iter().any(is_it)
}

/// `date,kind,source`.
fn read_day(line: &str) -> Option<(Date, Kind)> {
    let mut fields = line.split(',');
    let date = fields.next()?.parse().ok()?;
    let kind = match fields.next()? {
        "holiday" => Kind::Holiday,
        "workday" => Kind::Workday,
        _ => return None,
    };
    Some((date, kind))
}

/// China Standard Time, in which every deadline and date of service is written: UTC+8, no summer time.
const CHINA_STANDARD_TIME: Offset = Offset::constant(8);

/// The civil date of a moment, in UTC+8.
#[must_use]
pub fn date_of(moment: Timestamp) -> Date {
    civil_time_of(moment).date()
}

/// The civil time of a moment, in UTC+8.
#[must_use]
pub fn civil_time_of(moment: Timestamp) -> DateTime {
    CHINA_STANDARD_TIME.to_datetime(moment)
}

/// The moment of a civil time in UTC+8; `None` beyond what a timestamp holds.
#[must_use]
pub fn moment_of(civil: DateTime) -> Option<Timestamp> {
    CHINA_STANDARD_TIME.to_timestamp(civil).ok()
}

/// The last microsecond of a day, in UTC+8.
///
/// # Panics
/// On the last day that there is, 9999-12-31, whose end is no timestamp.
#[must_use]
pub fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().expect("the day is not the last one there is").at(0, 0, 0, 0);
    let next = CHINA_STANDARD_TIME.to_timestamp(next).expect("the day is not the last one there is");
    next - SignedDuration::from_micros(1)
}

impl WorkingCalendar {
    /// The calendar of the People's Republic of China.
    pub fn china() -> Self {
        Self { exceptions: &ANNOUNCED }
    }

    /// Whether the notice of the year is known: of other years only the holidays of fixed dates are.
    pub fn has_notice_of(&self, year: i16) -> bool {
        self.exceptions.iter().any(|(day, _)| day.year() == year)
    }

    /// The last day of the last year whose notice is known.
    pub fn known_until(&self) -> Date {
        let (day, _) = self.exceptions.last().expect("working_days.csv has days");
        day.last_of_year()
    }

    /// Whether people work on this day.
    pub fn is_working_day(&self, day: Date) -> bool {
        match self.exceptions.binary_search_by_key(&day, |(date, _)| *date) {
            Ok(place) => self.exceptions[place].1 == Kind::Workday,
            Err(_) => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_fixed_holiday(day),
        }
    }

    /// How many working days are in `[from, until)`; 0 unless `from` is before `until`.
    pub fn working_days_between(&self, from: Date, until: Date) -> u32 {
        let mut days = 0;
        let mut day = from;
        while day < until {
            days += u32::from(self.is_working_day(day));
            // `day` is before another date, so it is not the last one there is.
            day = day.tomorrow().expect("a date before another has a tomorrow");
        }
        days
    }

    /// The working day that comes `days` working days after this one; the day itself for 0.
    /// The last date there is, 9999-12-31, ends every count.
    pub fn add_working_days(&self, day: Date, days: u32) -> Date {
        let (mut day, mut left) = (day, days);
        while left > 0 {
            match day.tomorrow() {
                Ok(tomorrow) => day = tomorrow,
                Err(_) => return day,
            }
            left -= u32::from(self.is_working_day(day));
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn china() -> WorkingCalendar {
        WorkingCalendar::china()
    }

    #[test]
    fn the_date_changes_at_midnight_in_china() {
        let before: Timestamp = "2026-10-31T15:59:59.999999Z".parse().unwrap();
        assert_eq!(date_of(before), date(2026, 10, 31));
        let midnight: Timestamp = "2026-10-31T16:00:00Z".parse().unwrap();
        assert_eq!(date_of(midnight), date(2026, 11, 1));
    }

    #[test]
    fn holidays_and_make_up_days() {
        for (day, works) in [
            (date(2026, 2, 13), true),
            (date(2026, 2, 14), true),
            (date(2026, 2, 15), false),
            (date(2026, 2, 23), false),
            (date(2026, 2, 24), true),
            (date(2026, 10, 8), true),
            (date(2026, 10, 10), true),
            (date(2026, 10, 11), false),
        ] {
            assert_eq!(china().is_working_day(day), works, "{day}");
        }
    }

    #[test]
    fn a_year_without_a_notice_has_the_holidays_of_fixed_dates() {
        assert!(ANNOUNCED.iter().all(|(day, _)| day.year() != 2040), "the year has a notice: take a later one");
        for (day, works) in [
            (date(2039, 12, 30), true),
            // A Sunday: what stands in for it would be in the notice.
            (date(2040, 1, 1), false),
            (date(2040, 1, 2), true),
            (date(2040, 4, 30), true),
            (date(2040, 5, 1), false),
            (date(2040, 5, 2), false),
            (date(2040, 5, 3), true),
            // Labour Day was one day.
            (date(2012, 5, 1), false),
            (date(2012, 5, 2), true),
            // A Monday.
            (date(2040, 10, 1), false),
            (date(2040, 10, 2), false),
            (date(2040, 10, 3), false),
            (date(2040, 10, 4), true),
            (date(2040, 10, 6), false),
        ] {
            assert_eq!(china().is_working_day(day), works, "{day}");
        }
        assert_eq!(china().add_working_days(date(2040, 9, 28), 1), date(2040, 10, 4));
        assert_eq!(china().working_days_between(date(2040, 9, 28), date(2040, 10, 5)), 2);
    }

    #[test]
    fn it_is_told_which_years_have_a_notice() {
        let known: Vec<_> = (2020..2040).filter(|year| china().has_notice_of(*year)).collect();
        assert_eq!(known, [2024, 2025, 2026]);
        assert_eq!(china().known_until(), date(2026, 12, 31));
    }

    #[test]
    fn a_notice_has_every_holiday_of_a_fixed_date() {
        let of_years = (2024..=2026).flat_map(|year| FIXED_HOLIDAYS.map(|day| (year, day)));
        for (year, (month, day, _)) in of_years {
            assert!(ANNOUNCED.contains(&(date(year, month, day), Kind::Holiday)), "{year}-{month}-{day}");
        }
    }

    /// The days off as each notice counts them, holiday by holiday. In 2024 New Year and the
    /// Dragon Boat Festival are one day each, "with the weekend".
    #[test]
    fn each_year_has_the_days_off_of_its_notice() {
        let count = |year, kind| {
            let of_year = ANNOUNCED.iter().filter(|(day, _)| day.year() == year);
            of_year.filter(|(_, of)| *of == kind).count()
        };
        assert_eq!(count(2024, Kind::Holiday), 1 + 8 + 3 + 5 + 1 + 3 + 7);
        assert_eq!(count(2025, Kind::Holiday), 1 + 8 + 3 + 5 + 3 + 8);
        assert_eq!(count(2026, Kind::Holiday), 3 + 9 + 3 + 5 + 3 + 3 + 7);
        assert_eq!(count(2024, Kind::Workday), 8);
        assert_eq!(count(2025, Kind::Workday), 5);
        assert_eq!(count(2026, Kind::Workday), 6);
    }

    /// Holidays are moved, never added: what is left of a year is its days less its weekend
    /// days and the days off of the law (11 until 2024, 13 since 2025).
    #[test]
    fn each_year_has_the_working_days_of_the_law() {
        for (year, days, weekend_days, lawful) in [(2024, 366, 104, 11), (2025, 365, 104, 13), (2026, 365, 104, 13)] {
            let from = date(year, 1, 1);
            let until = date(year + 1, 1, 1);
            assert_eq!(china().working_days_between(from, until), days - weekend_days - lawful, "{year}");
        }
    }

    #[test]
    fn the_data_is_sorted_and_make_up_days_are_weekend_days() {
        assert!(ANNOUNCED.is_sorted_by(|a, b| a.0 < b.0));
        for (day, kind) in ANNOUNCED.iter() {
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            assert!(*kind == Kind::Holiday || weekend, "{day}");
        }
    }

    #[test]
    fn counting_goes_over_a_holiday() {
        // Wednesday 30 September 2026, then the holiday of 1 to 7 October.
        let before = date(2026, 9, 30);
        assert_eq!(china().add_working_days(before, 1), date(2026, 10, 8));
        assert_eq!(china().add_working_days(before, 3), date(2026, 10, 10));
        assert_eq!(china().working_days_between(before, date(2026, 10, 9)), 2);
        assert_eq!(china().working_days_between(before, before), 0);
        assert_eq!(china().working_days_between(before, date(2026, 9, 1)), 0);
        assert_eq!(china().add_working_days(Date::MAX, 5), Date::MAX);
    }

    proptest! {
        #[test]
        fn days_added_are_days_counted(offset in 0i32..1500, days in 0u32..60) {
            let from = date(2024, 1, 1).saturating_add(offset.days());
            let until = china().add_working_days(from, days);
            prop_assert!(days == 0 || china().is_working_day(until));
            let tomorrow = |day: Date| day.tomorrow().unwrap();
            prop_assert_eq!(china().working_days_between(tomorrow(from), tomorrow(until)), days);
        }
    }
}
