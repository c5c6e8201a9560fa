//! A point in the log's past, as a command line has it.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::value::calendar;

/// How a point in the log's past is written.
const POINT: &str = "a position such as 41822, or a time with its offset such as 2026-10-31T16:00:00Z";

/// A point in the log's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Everything recorded up to and including this time, UTC.
    Time(Timestamp),
    /// Everything recorded up to the end of this day in UTC+8.
    Day(Date),
    /// Everything up to and including this position, from 0.
    Position(u64),
}

impl AsOf {
    /// The time, if it is one.
    pub fn time(self) -> Option<Timestamp> {
        match self {
            Self::Time(time) => Some(time),
            Self::Day(day) => Some(calendar::end_of(day)),
            Self::Position(_) => None,
        }
    }
}

impl FromStr for AsOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let position = text.parse::<i64>().map_err(|_| format!("`{text}` is no position"))?;
            return Ok(Self::Position(position.unsigned_abs()));
        }
        text.parse().map(Self::Time).map_err(|_| format!("write {POINT}"))
    }
}

/// A point in the log's past, or the end of a day in UTC+8.
pub(super) fn parse_day_or_point(text: &str) -> Result<AsOf, String> {
    match text.parse::<Date>() {
        // The last day that can be written ends behind the last time there is.
        Ok(day) if text.len() == 10 && day < Date::MAX => Ok(AsOf::Day(day)),
        _ => text.parse().map_err(|_: String| format!("write a day such as 2026-10-31, {POINT}")),
    }
}
