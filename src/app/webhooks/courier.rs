//! The courier of a server: looks what there is to do for endpoints, and serves those whose lease it gets.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::revocations::Standing;
use crate::app::webhooks::apart::apart;
use crate::app::webhooks::leases::Leases;
use crate::app::webhooks::round::Next;
use crate::app::webhooks::{Outlet, ownership};
use crate::store::EnabledWebhook;
use crate::telemetry::causes::with_causes;

/// How often a server looks, in one statement for all endpoints, for those that nobody serves and for what it was not told
/// of, as what another server has committed. Between two looks nothing is asked for an endpoint that has nothing to do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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
        let leases = Arc::new(Leases::of(self.holder));
        let desk = Desk {
            app: &app,
            outlet,
            leases: &leases,
            stop: &stop,
            served: HashMap::new(),
            left_alone: HashSet::new(),
            tasks: JoinSet::new(),
        };
        // Leases are kept, too, while what is under way is finished.
        tokio::select! {
            () = desk.run() => {}
            () = leases.keep(&app) => {}
            () = app.keep_passed() => {}
        }
        app.write_passed().await;
    }
}

/// What a server serves.
struct Desk<'a> {
    app: &'a Arc<App>,
    outlet: &'a Outlet,
    leases: &'a Arc<Leases>,
    stop: &'a CancellationToken,
    /// The endpoints that are served, each with what tells its work that there is something to do.
    served: HashMap<Uuid, Arc<Notify>>,
    /// Those of another key, each told of once.
    left_alone: HashSet<Uuid>,
    tasks: JoinSet<Uuid>,
}

impl Desk<'_> {
    async fn run(mut self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = looks.tick() => {}
                () = self.outlet.changed.notified() => {}
                Some(ended) = self.tasks.join_next() => {
                    self.served.remove(&ended.expect("a panic of the work for an endpoint does not leave it"));
                    continue;
                }
            }
            match self.leases.look(self.app).await {
                Ok(enabled) => self.see_to(enabled),
                Err(error) => tracing::warn!(error = %with_causes(&error), "webhooks cannot be looked for"),
            }
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// Tells the work for endpoints that there is something to do, and begins it where nobody does it.
    fn see_to(&mut self, enabled: Vec<EnabledWebhook>) {
        let key_id = self.outlet.key.id();
        let (ours, others): (Vec<_>, Vec<_>) = enabled.into_iter().partition(|webhook| webhook.key_id == key_id);
        for EnabledWebhook { id: webhook, .. } in others {
            // Its lease is for the servers that have the key.
            if self.left_alone.insert(webhook) {
                tracing::error!(%webhook, "its secret was made with another webhook key than this server has");
            }
        }
        let at_rest: HashSet<_> = ours.iter().filter(|webhook| self.is_at_rest(webhook)).map(|at| at.id).collect();
        // What is served and is not among those that are to be finds that out, too.
        for (_, told) in self.served.iter().filter(|(webhook, _)| !at_rest.contains(*webhook)) {
            told.notify_one();
        }
        for webhook in ours {
            if webhook.is_free && !self.served.contains_key(&webhook.id) {
                self.serve(webhook.id);
            }
        }
    }

    /// Whether a round would find nothing to do.
    fn is_at_rest(&self, webhook: &EnabledWebhook) -> bool {
        let now = self.app.now().as_microsecond();
        let owner = ownership::credential(&webhook.owner, webhook.owned_since);
        let reached = self.outlet.passed.reached(webhook.id, webhook.turn, webhook.next_position);
        let has_nothing = reached >= webhook.log_end && webhook.next_due.is_none_or(|due| due > now);
        self.app.standing(&owner) == Standing::Good && (webhook.rest_until > now || has_nothing)
    }

    fn serve(&mut self, webhook: Uuid) {
        let told = Arc::new(Notify::new());
        self.served.insert(webhook, told.clone());
        let (app, leases, stop) = (self.app.clone(), self.leases.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            // An endpoint whose work breaks off is served again at the next look.
            apart(webhook, serve(&app, &leases, webhook, &told, &stop)).await;
            leases.give_back(&app, webhook).await;
            webhook
        });
    }
}

/// Serves one endpoint for as long as it is enabled and this server has its lease.
async fn serve(app: &App, leases: &Leases, webhook: Uuid, told: &Notify, stop: &CancellationToken) {
    let lost = match leases.take(app, webhook).await {
        Ok(Some(lost)) => lost,
        Ok(None) => return,
        Err(error) => return tracing::warn!(%webhook, error = %with_causes(&error), "a webhook cannot be served"),
    };
    tokio::select! {
        () = lost.cancelled() => {}
        ended = rounds(app, webhook, told, stop) => {
            if let Err(fault) = ended {
                tracing::warn!(%webhook, fault = %with_causes(&fault), "a webhook cannot be served for now");
            }
        }
    }
}

/// One round after the other, each when there is something to do.
async fn rounds(app: &App, webhook: Uuid, told: &Notify, stop: &CancellationToken) -> Result<(), Fault> {
    let mut committed = app.writer.committed();
    loop {
        committed.mark_unchanged();
        let until = match app.deliver(webhook, stop).await?.next {
            Next::Over => return Ok(()),
            Next::AtOnce => continue,
            Next::Waits(until) => until,
        };
        let due = async {
            match until.map(|until| Duration::try_from(until.duration_since(app.now())).unwrap_or_default()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = committed.changed() => {}
            () = told.notified() => {}
            () = due => {}
        }
    }
}
