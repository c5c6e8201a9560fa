//! The last day: set, extended, missed; and the clock that stands still while it is paused.

use jiff::civil::Date;

use crate::domain::actor::{Actor, Role};
use crate::domain::case::command::{ExtendDeadline, MissDeadline, PauseClock, ResumeClock, SetDeadline};
use crate::domain::case::decide::{Decision, Given, last_day, only, reason, refuse};
use crate::domain::case::event::{ClockPaused, ClockResumed, DeadlineExtended, DeadlineMissed, DeadlineSet};
use crate::domain::case::state::{Deadline, File};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::WorkingCalendar;

/// A new deadline answers a missed one; one that still counts is extended, with a reason.
pub(crate) fn may_be_set(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    match file.deadline {
        Some(deadline) if !deadline.was_missed => refuse(
            Code::DeadlineAlreadySet,
            "deadline",
            format!("the deadline is {}: extend it, with a reason", deadline.on),
        ),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn set_deadline(given: Given<'_>, command: &SetDeadline) -> Decision {
    only(DeadlineSet { deadline: last_day(command.deadline, given.order)? })
}

pub(crate) fn is_set(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    standing(file).map(|_| ())
}

pub(super) fn extend_deadline(given: Given<'_>, command: &ExtendDeadline) -> Decision {
    let from = standing(given.file)?.on;
    let to = command.deadline;
    if to <= from {
        return refuse(Code::DeadlineNotLater, "deadline", format!("{to} is not after the deadline, {from}"));
    }
    only(DeadlineExtended { from, to: last_day(to, given.order)?, reason: reason(&command.reason)? })
}

/// A deadline is missed once, and only while it runs.
pub(crate) fn has_passed(file: &File, _: &Actor, today: Date) -> Result<(), Refusal> {
    let deadline = standing(file)?;
    if deadline.was_missed {
        return refuse(Code::DeadlineAlreadyMissed, "", format!("that {} was missed is on record", deadline.on));
    }
    if file.running_deadline(today).is_none() {
        return refuse(Code::DeadlineNotPassed, "", "the deadline does not run");
    }
    if deadline.on >= today {
        return refuse(Code::DeadlineNotPassed, "", format!("the deadline is {}", deadline.on));
    }
    Ok(())
}

pub(super) fn miss_deadline(given: Given<'_>, _: &MissDeadline) -> Decision {
    only(DeadlineMissed { deadline: standing(given.file)?.on })
}

pub(crate) fn clock_is_not_paused(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if let Some(from) = file.paused_from {
        return refuse(Code::ClockAlreadyPaused, "", format!("the clock has been paused since {from}"));
    }
    Ok(())
}

pub(super) fn pause_clock(given: Given<'_>, command: &PauseClock) -> Decision {
    only(ClockPaused { from: clock_day(given), reason: command.reason.clone() })
}

pub(crate) fn clock_is_paused(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    paused_from(file).map(|_| ())
}

pub(super) fn resume_clock(given: Given<'_>, _: &ResumeClock) -> Decision {
    let file = given.file;
    // Whoever says it went on before it was paused: no day has gone uncounted.
    let from = paused_from(file)?;
    let on = clock_day(given).max(from);
    let paused_working_days = WorkingCalendar::china().working_days_between(from, on);
    // Of a pause that began while the case was parked every day is the parking's: whoever holds the review counts it.
    let deadline = match parked_from(file, on) {
        Some(parked_from) if parked_from <= from => None,
        Some(_) | None => moved_deadline(file, from, on),
    };
    only(ClockResumed { on, paused_working_days, deadline })
}

/// Since when the case is parked on that day: one whose review nobody held in time is not any more.
pub(super) fn parked_from(file: &File, on: Date) -> Option<Date> {
    file.parked_from.filter(|_| file.is_parked(on))
}

/// The deadline after it stood still from one day until another: later by the working days between them. One that had
/// passed before stays where it is; and so does one that was missed, for logs have parkings and pauses that were dated back
/// to before the miss.
pub(super) fn moved_deadline(file: &File, from: Date, until: Date) -> Option<Date> {
    let deadline = file.deadline.filter(|deadline| deadline.on >= from && !deadline.was_missed)?;
    let calendar = WorkingCalendar::china();
    // One that was set meanwhile was set with the days before in view.
    let stood_still = calendar.working_days_between(deadline.set_on.max(from), until);
    Some(calendar.add_working_days(deadline.on, stood_still))
}

/// The day from which the clock stands or runs. Nobody stops it in the past, which would move a deadline at will; the
/// log of another tracker says itself when it did.
pub(super) fn clock_day(given: Given<'_>) -> Date {
    if given.order.by.holds(Role::Importer) { given.order.day() } else { given.order.today() }
}

fn standing(file: &File) -> Result<Deadline, Refusal> {
    let none = || Refusal::new(Code::NoDeadline, "", "the case has no deadline");
    file.deadline.ok_or_else(none)
}

fn paused_from(file: &File) -> Result<Date, Refusal> {
    let runs = || Refusal::new(Code::ClockNotPaused, "", "the clock is running");
    file.paused_from.ok_or_else(runs)
}
