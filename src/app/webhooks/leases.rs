//! The leases of the endpoints that a server serves. Each is taken and lost by itself; what a server has it prolongs in one
//! statement, however many there are. Nothing is written for an endpoint that another server serves.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::store::{EnabledWebhook, StoreError, serving_lease};
use crate::telemetry::causes::with_causes;

/// How long a server that has died keeps others out.
const LAST_FOR: Duration = Duration::from_secs(10);
/// How often they are prolonged.
const PROLONGED_EVERY: Duration = Duration::from_secs(3);

/// The leases that a server has.
pub(super) struct Leases {
    holder: String,
    /// Held for no longer than it takes to look something up.
    held: Mutex<HashMap<Uuid, Held>>,
}

struct Held {
    /// When another server may take it.
    until: Instant,
    /// Cancelled when it is lost.
    lost: CancellationToken,
}

impl Leases {
    /// None yet, for that holder.
    pub(super) fn of(holder: String) -> Self {
        Self { holder, held: Mutex::default() }
    }

    /// The endpoints that are to be served, and which of their leases are free for this server.
    pub(super) async fn look(&self, app: &App) -> Result<Vec<EnabledWebhook>, StoreError> {
        let (now, expires_at) = span(app);
        app.store.enabled_webhooks(&self.holder, now, expires_at).await
    }

    /// Takes the lease of an endpoint. What it comes to is cancelled when the lease is lost; `None` while another server
    /// has it, and where it has run out by the time that the database has answered.
    pub(super) async fn take(&self, app: &App, webhook: Uuid) -> Result<Option<CancellationToken>, StoreError> {
        let until = Instant::now() + LAST_FOR;
        let (now, expires_at) = span(app);
        let is_taken = app.store.try_lease(&serving_lease(webhook), &self.holder, now, expires_at).await?;
        Ok(if is_taken { self.hold(webhook, until) } else { None })
    }

    fn hold(&self, webhook: Uuid, until: Instant) -> Option<CancellationToken> {
        if until <= Instant::now() {
            return None;
        }
        let lost = CancellationToken::new();
        self.held().insert(webhook, Held { until, lost: lost.clone() });
        Some(lost)
    }

    /// Gives the lease of an endpoint back, if this server has it.
    pub(super) async fn give_back(&self, app: &App, webhook: Uuid) {
        let had = self.held().remove(&webhook);
        if had.is_none() {
            return;
        }
        if let Err(error) = app.store.release_lease(&serving_lease(webhook), &self.holder).await {
            tracing::warn!(%webhook, error = %with_causes(&error), "a lease will run out by itself");
        }
    }

    /// Prolongs them again and again, for as long as it is asked to.
    pub(super) async fn keep(&self, app: &App) {
        let mut ticks = tokio::time::interval(PROLONGED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.prolong(app).await;
        }
    }

    /// Prolongs every lease that this server has, and tells of those that it has no more.
    async fn prolong(&self, app: &App) {
        let (webhooks, first_ends) = {
            let held = self.held();
            let webhooks: Vec<_> = held.keys().copied().collect();
            (webhooks, held.values().map(|held| held.until).min())
        };
        let Some(first_ends) = first_ends else { return };
        let until = Instant::now() + LAST_FOR;
        match timeout_at(first_ends, self.ask_for_all(app, &webhooks)).await {
            Ok(Ok(taken)) => self.are_kept(&webhooks, until, &taken),
            // They are still this server's for a while; the next try may succeed.
            Ok(Err(error)) => tracing::warn!(error = %with_causes(&error), "the leases of webhooks were not prolonged"),
            Err(_) => {}
        }
        self.lose_what_has_run_out();
    }

    /// Prolongs these, and answers which of them another server has taken. Nothing that was given back meanwhile comes
    /// back: what this server has no more is not prolonged.
    async fn ask_for_all(&self, app: &App, webhooks: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let (_, expires_at) = span(app);
        let prolonged = app.store.prolong_serving(webhooks, &self.holder, expires_at).await?;
        let mut taken = Vec::new();
        if prolonged == webhooks.len() as u64 {
            return Ok(taken);
        }
        for webhook in webhooks {
            let is_held = self.held().contains_key(webhook);
            if is_held && app.store.prolong_serving(&[*webhook], &self.holder, expires_at).await? == 0 {
                taken.push(*webhook);
            }
        }
        Ok(taken)
    }

    fn are_kept(&self, webhooks: &[Uuid], until: Instant, taken: &[Uuid]) {
        let mut held = self.held();
        for webhook in taken {
            if let Some(Held { lost, .. }) = held.remove(webhook) {
                tracing::info!(%webhook, "another server has taken over");
                lost.cancel();
            }
        }
        for webhook in webhooks {
            if let Some(kept) = held.get_mut(webhook) {
                kept.until = until;
            }
        }
    }

    fn lose_what_has_run_out(&self) {
        let now = Instant::now();
        self.held().retain(|webhook, Held { until, lost }| {
            let lasts = now < *until;
            if !lasts {
                tracing::warn!(%webhook, "a lease has run out: another server may take over");
                lost.cancel();
            }
            lasts
        });
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present, and when a lease that is taken or prolonged now ends, in microseconds since the Unix epoch.
fn span(app: &App) -> (i64, i64) {
    let now = app.now();
    (now.as_microsecond(), (now + LAST_FOR).as_microsecond())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;
    use tempfile::TempDir;

    use super::*;
    use crate::clock::ManualClock;
    use crate::store;

    async fn application(folder: &TempDir) -> (App, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new("2026-11-24T08:00:00Z".parse().expect("a time"), 2012));
        let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
        (App::new(store::open(&url, clock.clone()).await.expect("a new database"), clock.clone()), clock)
    }

    #[tokio::test]
    async fn leases_are_prolonged_together_and_lost_one_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (app, clock) = application(&folder).await;
        let [one, other] = ["one", "other"].map(|holder| Leases::of(holder.to_owned()));
        let [first, second] = [1, 2].map(Uuid::from_u128);
        let taken = async |leases: &Leases, webhook| leases.take(&app, webhook).await.expect("it is asked for");
        let first_lost = taken(&one, first).await.expect("nobody has it");
        let second_lost = taken(&one, second).await.expect("nobody has it");
        for _ in 0..2 {
            clock.advance(SignedDuration::from_secs(9));
            one.prolong(&app).await;
            assert!(taken(&other, first).await.is_none() && taken(&other, second).await.is_none());
        }
        // As if the server had stood still for a while.
        clock.advance(SignedDuration::from_secs(10));
        assert!(taken(&other, first).await.is_some(), "it has run out");
        one.prolong(&app).await;
        assert!(first_lost.is_cancelled() && !second_lost.is_cancelled());
        one.give_back(&app, first).await;
        assert!(taken(&one, first).await.is_none(), "what is lost is not given back");
        assert!(taken(&other, second).await.is_none(), "what nobody has taken is its own still");
        one.give_back(&app, second).await;
        assert!(taken(&other, second).await.is_some());
    }

    /// As where it is given back between a look at what is held and the question for it.
    #[tokio::test]
    async fn what_was_given_back_is_not_prolonged() {
        let folder = tempfile::tempdir().expect("a folder");
        let (app, _) = application(&folder).await;
        let [one, other] = ["one", "other"].map(|holder| Leases::of(holder.to_owned()));
        let webhook = Uuid::from_u128(1);
        let lost = one.take(&app, webhook).await.expect("it is asked for").expect("nobody has it");
        app.store.release_lease(&serving_lease(webhook), "one").await.expect("it is given back");
        one.prolong(&app).await;
        assert!(lost.is_cancelled());
        assert!(other.take(&app, webhook).await.expect("it is asked for").is_some(), "it is free");
    }

    #[test]
    fn what_has_run_out_before_it_was_got_is_not_held() {
        let (leases, webhook) = (Leases::of("one".to_owned()), Uuid::from_u128(1));
        assert!(leases.hold(webhook, Instant::now()).is_none());
        assert!(leases.held().is_empty());
        assert!(leases.hold(webhook, Instant::now() + LAST_FOR).is_some());
    }
}
