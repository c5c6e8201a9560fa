//! Whether the log goes on from where this process has seen it, and the time as its clock does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::app::clocks::Clocks;
use crate::app::request::Fault;
use crate::store::StoreError;
use crate::telemetry::causes::with_causes;

/// How often a server looks. Whoever commits looks by itself before it goes on with another database.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// Looks whether the database still has what this process has seen of the log, which subscribers and queries are
/// answered by as well as commands; and at the clocks, of which the log of the process is told.
#[derive(Clone, Copy, Debug)]
pub struct LookBack;

impl LookBack {
    /// Looks again and again, and comes back with [`StoreError::WentBack`] where something is gone, or with
    /// [`StoreError::Replaced`].
    pub async fn lost(self, app: Arc<App>) -> Fault {
        let mut looks = tokio::time::interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clocks = Clocks::default();
        loop {
            looks.tick().await;
            match app.store.look_back().await {
                Err(lost @ (StoreError::WentBack { .. } | StoreError::Replaced { .. })) => return lost.into(),
                // Whoever needs the database tells that it does not answer.
                Err(error) => tracing::debug!(error = %with_causes(&error), "nobody can look back at the log for now"),
                Ok(()) => clocks.look(&app).await,
            }
        }
    }
}
