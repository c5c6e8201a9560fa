//! When everything happens: working days counted back from the end, working hours of UTC+8.
//!
//! The log takes things in the order of time, so that all cases are walked at once, a step here and a step there.

use jiff::civil::{Date, DateTime, time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::demo::registers::Registers;
use crate::demo::script::Entry;
use crate::domain::value::{WorkingCalendar, calendar};

/// How many working days are looked back at: some 300 days.
const WORKING_DAYS: usize = 205;

const CHINA: Offset = Offset::constant(8);

/// When the server's clock looks at deadlines: before anybody is at work.
const CLOCK_LOOKS_AT: SignedDuration = SignedDuration::from_mins(7 * 60 + 30);
const OFFICES_OPEN_AT: SignedDuration = SignedDuration::from_mins(8 * 60 + 40);
/// The last minute after opening at which a day's first step on a case is taken; further ones have until evening.
const FIRST_STEPS_TAKE_MINUTES: usize = 430;
/// How long after a step the next one of the same day is taken.
const NEXT_STEP_AFTER: SignedDuration = SignedDuration::from_mins(25);

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Open the campaign, register institutions and persons, fill the catalogues, submit the summaries.
    Begin,
    /// Amend what was summed up too early.
    Amend,
    /// Enrol the enterprise of that index, and register its contact.
    Enrol(usize),
    /// Correct the entry of the enterprise of that index, where it says something else of itself later.
    AmendEntry(usize),
    /// Look at deadlines, as a server does.
    LookAtDeadlines,
    /// Report the case of that index.
    Report(usize),
    /// Take a step of a case, both by index.
    Step(usize, usize),
}

/// What is done when, in the order of time.
pub(super) fn agenda(end: Timestamp, registers: &Registers, script: &[Entry]) -> Vec<(Timestamp, Task)> {
    let days = Days::before(end);
    let mut agenda: Vec<_> =
        (1..WORKING_DAYS).map(|ago| (days.at(ago, CLOCK_LOOKS_AT), Task::LookAtDeadlines)).collect();
    agenda.push((days.at(WORKING_DAYS, OFFICES_OPEN_AT), Task::Begin));
    agenda.push((days.at(WORKING_DAYS - 6, OFFICES_OPEN_AT), Task::Amend));
    for index in 0..registers.enterprises.len() {
        agenda.push((days.at(WORKING_DAYS - 2 - index, hour(index, 0)), Task::Enrol(index)));
        agenda.push((days.at(WORKING_DAYS - 90 - index, hour(index, 1)), Task::AmendEntry(index)));
    }
    for (case, entry) in script.iter().enumerate() {
        let mut ago = entry.began;
        let mut now = days.at(ago, hour(case, 0));
        agenda.push((now, Task::Report(case)));
        for (step, next) in entry.steps.iter().enumerate() {
            ago -= next.after;
            now = if next.after == 0 { now + NEXT_STEP_AFTER } else { days.at(ago, hour(case, step + 1)) };
            agenda.push((now, Task::Step(case, step)));
        }
    }
    // Stable: what falls on the same moment stays in the order of the files.
    agenda.sort_by_key(|(moment, _)| *moment);
    agenda
}

/// The first moment of the demonstration that ends then.
pub(super) fn first_moment(end: Timestamp) -> Timestamp {
    Days::before(end).at(WORKING_DAYS, OFFICES_OPEN_AT)
}

/// A time of day that is another for every case and every step, and always the same.
fn hour(case: usize, step: usize) -> SignedDuration {
    let minutes = (case * 53 + step * 97) % FIRST_STEPS_TAKE_MINUTES;
    OFFICES_OPEN_AT + SignedDuration::from_mins(i64::try_from(minutes).expect("a day has few minutes"))
}

/// The working days before a day, the last one first.
struct Days(Vec<Date>);

impl Days {
    fn before(end: Timestamp) -> Self {
        let calendar = WorkingCalendar::china();
        let today = calendar::date_of(end);
        let mut day = today;
        let earlier = std::iter::from_fn(move || {
            day = day.yesterday().ok()?;
            Some(day)
        });
        Self(earlier.filter(|day| calendar.is_working_day(*day)).take(WORKING_DAYS).collect())
    }

    /// So many working days before the end, so long after midnight.
    fn at(&self, ago: usize, since_midnight: SignedDuration) -> Timestamp {
        let midnight = DateTime::from_parts(self.0[ago - 1], time(0, 0, 0, 0));
        CHINA.to_timestamp(midnight).expect("the days before a timestamp are timestamps") + since_midnight
    }
}
