//! What cannot be solved at one level goes one level up; at the top it stays open until it is looked at again.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{EscalateCase, ParkCase, UnparkCase};
use crate::domain::case::decide::deadlines::{clock_day, moved_deadline, parked_from};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{CaseEscalated, CaseParked, CaseUnparked};
use crate::domain::case::state::File;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Level;

pub(crate) fn is_below_nation(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    level_above(file).map(drop)
}

fn level_above(file: &File) -> Result<Level, Refusal> {
    let national =
        || Refusal::new(Code::AlreadyNational, "to", "there is no level above the nation: the case can be parked");
    file.level.up().ok_or_else(national)
}

pub(super) fn escalate_case(given: Given<'_>, command: &EscalateCase) -> Decision {
    let from = given.file.level;
    let up = level_above(given.file)?;
    if up != command.to {
        return refuse(Code::NotOneLevelUp, "to", format!("a case goes exactly one level up, from {from} to {up}"));
    }
    only(CaseEscalated { from, to: command.to, reason: command.reason.clone() })
}

/// One whose day of review has passed is parked anew: that is what its review may have come to.
pub(crate) fn may_be_parked(file: &File, _: &Actor, today: Date) -> Result<(), Refusal> {
    if file.level != Level::Nation {
        return refuse(Code::NotNational, "", "only a case at national level is parked: escalate it");
    }
    if let Some(until) = file.parked_until.filter(|_| file.is_parked(today)) {
        return refuse(Code::AlreadyParked, "", format!("the case is parked until {until}"));
    }
    Ok(())
}

pub(super) fn park_case(given: Given<'_>, command: &ParkCase) -> Decision {
    let Some(review_on) = command.review_on else {
        return refuse(Code::ReviewDateMissing, "reviewOn", "say when it is looked at again");
    };
    let today = given.order.today();
    if review_on <= today {
        return refuse(Code::ReviewDateNotInFuture, "reviewOn", format!("{review_on} is not after today, {today}"));
    }
    only(CaseParked { review_on, from: Some(clock_day(given)), reason: command.reason.clone() })
}

/// Whether its day of review is still to come or has passed.
pub(crate) fn has_been_parked(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.parked_until.is_none() {
        return refuse(Code::NotParked, "", "the case is not parked");
    }
    Ok(())
}

pub(super) fn unpark_case(given: Given<'_>, command: &UnparkCase) -> Decision {
    let (file, on) = (given.file, clock_day(given));
    // Paused or parked, of both the earlier one: no day stands still twice.
    let from = [file.paused_from, parked_from(file, on)].into_iter().flatten().min();
    let deadline = from.and_then(|from| moved_deadline(file, from, on));
    only(CaseUnparked { reason: command.reason.clone(), on: Some(on), deadline })
}
