//! What was passed by: how far the log was read for endpoints that nothing of it concerned. It is kept in memory and written
//! down now and then, for all of them together, so that what concerns no endpoint costs no write of any. Nothing was sent
//! for it: where a server is killed before it has written, that part of the log is looked through once more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::app::App;
use crate::store::PassedBy;
use crate::telemetry::causes::with_causes;

/// How often it is written down: other servers, and whoever looks how far behind an endpoint is, see what is written.
const WRITTEN_EVERY: Duration = Duration::from_secs(5);

/// What was passed by and is not written down, by endpoint. Held for no longer than it takes to look something up.
#[derive(Default)]
pub(super) struct Passed(Mutex<HashMap<Uuid, PassedBy>>);

impl Passed {
    /// How far the log was read for an endpoint that is at that turn and was written to be there.
    pub(super) fn reached(&self, webhook: Uuid, turn: i64, written: u64) -> u64 {
        let noted = self.noted();
        let since_then = noted.get(&webhook).filter(|passed| passed.turn == turn);
        since_then.map_or(written, |passed| passed.next_position.max(written))
    }

    /// Takes note of it.
    pub(super) fn note(&self, passed: PassedBy) {
        self.noted().insert(passed.webhook_id, passed);
    }

    /// A turn was written, and how far the log was read with it.
    pub(super) fn forget(&self, webhook: Uuid) {
        self.noted().remove(&webhook);
    }

    fn take(&self) -> Vec<PassedBy> {
        std::mem::take(&mut *self.noted()).into_values().collect()
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<Uuid, PassedBy>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Writes down what was passed by. Where that fails it is looked through once more.
    pub async fn write_passed(&self) {
        let Ok(outlet) = self.outlet() else { return };
        let passed = outlet.passed.take();
        if passed.is_empty() {
            return;
        }
        if let Err(error) = self.store.pass_by(&passed).await {
            tracing::warn!(error = %with_causes(&error), "how far the log was read for webhooks was not written down");
        }
    }

    /// Writes it down now and then, for as long as it is asked to.
    pub(super) async fn keep_passed(&self) {
        let mut ticks = tokio::time::interval(WRITTEN_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.write_passed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_by_counts_until_the_next_turn_or_until_it_is_written_down() {
        let (passed, webhook_id) = (Passed::default(), Uuid::from_u128(1));
        let noted = PassedBy { webhook_id, turn: 3, next_position: 70 };
        passed.note(noted);
        assert_eq!(passed.reached(webhook_id, 3, 50), 70);
        assert_eq!(passed.reached(webhook_id, 3, 90), 90, "another server was there meanwhile");
        assert_eq!(passed.reached(webhook_id, 4, 50), 50, "another turn was read from elsewhere");
        assert_eq!(passed.reached(Uuid::from_u128(2), 3, 50), 50);
        assert_eq!(passed.take(), [noted]);
        assert_eq!((passed.reached(webhook_id, 3, 50), passed.take()), (50, Vec::new()));
        passed.note(noted);
        passed.forget(webhook_id);
        assert_eq!(passed.take(), []);
    }
}
