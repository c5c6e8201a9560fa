//! The courier of a server: looks which endpoints are to be served, and serves those whose lease it gets.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::webhooks::apart::apart;
use crate::app::webhooks::round::Next;
use crate::store::EnabledWebhook;
use crate::telemetry::causes::with_causes;

/// How often a server looks for endpoints that nobody serves.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a server that has died keeps others out.
const LEASE_LASTS: Duration = Duration::from_secs(10);
/// How often a lease is prolonged.
const PROLONG_EVERY: Duration = Duration::from_secs(3);
/// How long a served endpoint waits at most before its server looks at the log without being told.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves endpoints until it is stopped.
pub struct Courier {
    /// Who it is for the leases.
    pub holder: String,
}

impl Courier {
    /// Looks again and again; where this process delivers nothing, it only waits. When it is stopped, what is under way is
    /// finished and written down, and every lease is given back.
    pub async fn run(self, app: Arc<App>, stop: CancellationToken) {
        let Ok(outlet) = app.outlet() else { return stop.cancelled().await };
        let holder = Arc::new(self.holder);
        let key_id = outlet.key.id();
        let mut served = HashSet::new();
        // Those of another key, each told of once.
        let mut left_alone = HashSet::new();
        let mut tasks = JoinSet::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = looks.tick() => {}
                () = outlet.changed.notified() => {}
                Some(ended) = tasks.join_next() => {
                    served.remove(&ended.expect("a panic of the work for an endpoint does not leave it"));
                    continue;
                }
            }
            let enabled = match app.store.enabled_webhooks().await {
                Ok(enabled) => enabled,
                Err(error) => {
                    tracing::warn!(error = %with_causes(&error), "webhooks cannot be looked for");
                    continue;
                }
            };
            for EnabledWebhook { id: webhook, key_id: made_with } in enabled {
                // Its lease is for the servers that have the key.
                if made_with != key_id {
                    if left_alone.insert(webhook) {
                        tracing::error!(%webhook, "its secret was made with another webhook key than this server has");
                    }
                    continue;
                }
                if served.insert(webhook) {
                    let serving = serve(app.clone(), holder.clone(), webhook, stop.clone());
                    // An endpoint whose work breaks off is served again at the next look.
                    tasks.spawn(async move {
                        apart(webhook, serving).await;
                        webhook
                    });
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// Serves one endpoint for as long as it is enabled and this server has its lease.
async fn serve(app: Arc<App>, holder: Arc<String>, webhook: Uuid, stop: CancellationToken) {
    let lease = format!("webhook:{webhook}");
    let mut held_until = Instant::now() + LEASE_LASTS;
    match take(&app, &lease, &holder).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(fault) => return tracing::warn!(%webhook, fault = %with_causes(&fault), "a webhook cannot be served"),
    }
    let lost = async {
        let mut prolongs = tokio::time::interval(PROLONG_EVERY);
        loop {
            prolongs.tick().await;
            let until = Instant::now() + LEASE_LASTS;
            match timeout_at(held_until, take(&app, &lease, &holder)).await {
                Ok(Ok(true)) => held_until = until,
                Ok(Ok(false)) => return tracing::info!(%webhook, "another server has taken over"),
                Err(_) => return tracing::warn!(%webhook, "a lease has run out: another server may take over"),
                // It is still ours for a while; the next try may succeed.
                Ok(Err(fault)) => tracing::warn!(%webhook, fault = %with_causes(&fault), "a lease was not prolonged"),
            }
        }
    };
    tokio::select! {
        () = lost => {}
        ended = rounds(&app, webhook, &stop) => {
            if let Err(fault) = ended {
                tracing::warn!(%webhook, fault = %with_causes(&fault), "a webhook cannot be served for now");
            }
            if let Err(error) = app.store.release_lease(&lease, &holder).await {
                tracing::warn!(%webhook, error = %with_causes(&error), "a lease will run out by itself");
            }
        }
    }
}

async fn take(app: &App, lease: &str, holder: &str) -> Result<bool, Fault> {
    let now = app.now();
    let until = now + LEASE_LASTS;
    Ok(app.store.try_lease(lease, holder, now.as_microsecond(), until.as_microsecond()).await?)
}

/// One round after the other.
async fn rounds(app: &App, webhook: Uuid, stop: &CancellationToken) -> Result<(), Fault> {
    let mut committed = app.writer.committed();
    loop {
        committed.mark_unchanged();
        let until = match app.deliver(webhook, stop).await?.next {
            Next::Over => return Ok(()),
            Next::AtOnce => continue,
            Next::Waits(until) => until,
        };
        let pause = until.map_or(PATIENCE, |until| {
            Duration::try_from(until.duration_since(app.now())).unwrap_or_default().min(PATIENCE)
        });
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = committed.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
