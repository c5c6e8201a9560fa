//! The clock of this process, held against that of the database, which the servers of a log have in common.
//!
//! No event has an earlier time than the one before it. So one commit by a server that is ahead gives its time to all that
//! follows until that has come: no moment in between can be asked for any more, and nothing mends that. Of an embedded
//! database the clock is that of its machine, and never another.

use crate::clock::{CLOCKS_DIFFER, Clock};
use crate::store::StoreError;
use crate::store::postgres::{self, PostgresBackend};
use crate::store::sqlite::{self, SqliteBackend};

/// How far ahead whoever commits may be, in microseconds: an auditor takes as much for right.
pub(super) const MOST_AHEAD: i64 = CLOCKS_DIFFER.as_secs() * 1_000_000;

/// A database with a clock.
pub(super) trait Clocked {
    /// Asks for its time, in microseconds since the Unix epoch.
    const TIME: &'static str;
}

impl Clocked for PostgresBackend {
    const TIME: &'static str = postgres::sql::TIME;
}

impl Clocked for SqliteBackend {
    const TIME: &'static str = sqlite::sql::TIME;
}

/// What the clock shows, in microseconds since the Unix epoch, if others can be held against it.
pub(super) fn shown(clock: &dyn Clock) -> Option<i64> {
    clock.is_real().then(|| clock.now().as_microsecond())
}

/// Holds what the clock showed against the time by that of the database.
///
/// # Errors
/// [`StoreError::ClockAhead`].
pub(super) fn must_not_be_ahead(shown: Option<i64>, time: i64) -> Result<(), StoreError> {
    let ahead = shown.map_or(0, |shown| shown.saturating_sub(time));
    if ahead > MOST_AHEAD { Err(StoreError::ClockAhead { seconds: ahead / 1_000_000 }) } else { Ok(()) }
}
