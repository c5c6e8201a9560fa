//! Whether the clock of this process goes with that of the database, and with the times that the log has told.

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::clock::CLOCKS_DIFFER;
use crate::store::{Head, StoreError};
use crate::telemetry::causes::with_causes;

/// What was found last, so that a change is told once.
#[derive(Default)]
pub(super) struct Clocks {
    is_ahead: bool,
    is_log_ahead: bool,
}

impl Clocks {
    /// Looks at them, and tells in the log of the process what has changed since.
    pub(super) async fn look(&mut self, app: &App) {
        if let Err(error) = self.compare(app).await {
            tracing::debug!(error = %with_causes(&error), "nobody can compare the clocks for now");
        }
    }

    async fn compare(&mut self, app: &App) -> Result<(), StoreError> {
        let is_ahead = match app.store.goes_with_its_clock().await {
            Ok(()) => false,
            Err(error @ StoreError::ClockAhead { .. }) => {
                if !self.is_ahead {
                    tracing::error!(error = %with_causes(&error), "no more commands are taken");
                }
                true
            }
            Err(error) => return Err(error),
        };
        if self.is_ahead && !is_ahead {
            tracing::info!("the clock of this server goes with that of the database again: commands are taken");
        }
        self.is_ahead = is_ahead;
        let ahead = ahead(app.store.head().await?, app.now());
        let is_log_ahead = ahead > CLOCKS_DIFFER;
        if is_log_ahead && !self.is_log_ahead {
            tracing::error!(
                seconds = ahead.as_secs(),
                "the last event of the log is of a time that is still to come by the clock of this server, and every event gets \
                 that time until then: the clock of whoever recorded it was ahead, or this one is behind (LOG_AHEAD)"
            );
        }
        self.is_log_ahead = is_log_ahead;
        Ok(())
    }
}

/// How far the time of the last event is ahead of now; nothing where it is past.
pub(super) fn ahead(head: Head, now: Timestamp) -> SignedDuration {
    SignedDuration::from_micros(head.recorded_at.saturating_sub(now.as_microsecond()).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_still_to_come_is_ahead() {
        let now = Timestamp::from_microsecond(1_000_000).expect("a time");
        let ahead_of = |recorded_at| ahead(Head { next_position: 1, recorded_at }, now);
        assert_eq!(ahead_of(1_000_000), SignedDuration::ZERO);
        assert_eq!(ahead_of(0), SignedDuration::ZERO);
        assert_eq!(ahead_of(62_000_001), SignedDuration::from_micros(61_000_001));
        assert_eq!(ahead_of(i64::MAX), SignedDuration::from_micros(i64::MAX - 1_000_000));
    }
}
