//! Whoever looks after a server is told that its program knows no notice of working days for a year that it reckons in, or
//! is about to: what a pause has moved a deadline by is recorded by then, and stays.

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::value::{WorkingCalendar, calendar};
use crate::telemetry::metrics::metrics;

/// How often it is told: at the start, and then once a day.
const LOOKS_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many days before a year it is told of.
const DAYS_BEFORE: i32 = 30;

/// Looks at the calendar until it is told to stop.
pub(super) async fn look(app: Arc<App>, stop: CancellationToken) {
    let calendar = WorkingCalendar::china();
    metrics().working_days_known_until.set(calendar::end_of(calendar.known_until()).as_second() as f64);
    let mut looks = interval(LOOKS_EVERY);
    while stop.run_until_cancelled(looks.tick()).await.is_some() {
        if let Some(year) = year_without_notice(calendar, calendar::date_of(app.now())) {
            tracing::warn!(
                "no notice of working days is known for {year}: its weekdays count as working days, whatever holidays the \
                 notice names; upgrade to a version that knows it"
            );
        }
    }
}

/// The year of that day or soon after it, where its notice is not known.
fn year_without_notice(calendar: WorkingCalendar, today: Date) -> Option<i16> {
    let years = [today, today.saturating_add(DAYS_BEFORE.days())].map(Date::year);
    years.into_iter().find(|year| !calendar.has_notice_of(*year))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_year_is_told_from_thirty_days_before_it() {
        let calendar = WorkingCalendar::china();
        let last = calendar.known_until();
        let next = last.year() + 1;
        for (today, told) in [
            (date(last.year(), 6, 30), None),
            (date(last.year(), 12, 1), None),
            (date(last.year(), 12, 2), Some(next)),
            (date(next, 1, 1), Some(next)),
            (date(next + 5, 7, 1), Some(next + 5)),
        ] {
            assert_eq!(year_without_notice(calendar, today), told, "{today}");
        }
    }
}
