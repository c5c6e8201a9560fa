//! How endpoints are doing: lists of them, of their dead letters and of their changes; how far behind they are; a ping.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::request::{Failure, Fault, time_of};
use crate::app::webhooks::envelope::Envelope;
use crate::app::webhooks::{Outlet, overseen};
use crate::domain::actor::Actor;
use crate::domain::refusal::{Code, Refusal};
use crate::outbound;
use crate::outbound::Endpoint;
use crate::store::{Delivery, DeliveryState, KeyPage, Webhook, WebhookChange, WebhookState};

/// How far behind an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// How many positions of the log were not looked at yet, as of some seconds ago where another server looks at them.
    pub positions: u64,
    /// How many events wait for another try, or behind one that does; none of an endpoint that is gone.
    pub waiting: u64,
    /// How many events were given up.
    pub dead: u64,
    /// When the next one is tried; never while the endpoint is paused or gone.
    pub next_try_at: Option<Timestamp>,
}

/// What came of a ping.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The status of a success, or why there is none.
    pub outcome: Result<u16, outbound::Failure>,
}

impl App {
    /// A page of the endpoints that the actor may see, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn webhooks(&self, actor: &Actor, page: &KeyPage<Uuid>) -> Result<Vec<Webhook>, Fault> {
        match overseen(actor) {
            Some(jurisdiction) => Ok(self.store.webhooks(jurisdiction, page).await?),
            None => Ok(Vec::new()),
        }
    }

    /// How many there are on all pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_webhooks(&self, actor: &Actor) -> Result<u64, Fault> {
        match overseen(actor) {
            Some(jurisdiction) => Ok(self.store.count_webhooks(jurisdiction).await?),
            None => Ok(0),
        }
    }

    /// A page of the changes of endpoints that the actor may see, of one where it is named, in the order of time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn webhook_changes(
        &self,
        actor: &Actor,
        webhook: Option<Uuid>,
        page: &KeyPage<Uuid>,
    ) -> Result<Vec<WebhookChange>, Fault> {
        match overseen(actor) {
            Some(jurisdiction) => Ok(self.store.webhook_changes(jurisdiction, webhook, page).await?),
            None => Ok(Vec::new()),
        }
    }

    /// How many there are on all pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_webhook_changes(&self, actor: &Actor, webhook: Option<Uuid>) -> Result<u64, Fault> {
        match overseen(actor) {
            Some(jurisdiction) => Ok(self.store.count_webhook_changes(jurisdiction, webhook).await?),
            None => Ok(0),
        }
    }

    /// A page of an endpoint's dead letters, by position. Whoever asks has been shown the endpoint.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dead_letters(&self, webhook: Uuid, page: &KeyPage<u64>) -> Result<Vec<Delivery>, Fault> {
        Ok(self.store.dead_letters(webhook, page).await?)
    }

    /// How many there are on all pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_dead_letters(&self, webhook: Uuid) -> Result<u64, Fault> {
        Ok(self.store.count_deliveries(webhook, DeliveryState::Dead).await?)
    }

    /// How far behind an endpoint is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn webhook_lag(&self, webhook: &Webhook) -> Result<Lag, Fault> {
        let head = self.store.head().await?.next_position;
        // This server knows what it has passed by; what another has is written down within seconds.
        let read_here = |outlet: &Outlet| outlet.passed.reached(webhook.id, webhook.turn, webhook.next_position);
        let next_position = self.outlet.as_ref().map_or(webhook.next_position, read_here);
        let waiting = match webhook.state {
            WebhookState::Enabled | WebhookState::Paused => {
                self.store.count_deliveries(webhook.id, DeliveryState::Waiting).await?
            }
            WebhookState::Gone => 0,
        };
        let next_due = match webhook.state {
            WebhookState::Enabled => self.store.next_due(webhook.id).await?,
            WebhookState::Paused | WebhookState::Gone => None,
        };
        Ok(Lag {
            positions: head.saturating_sub(next_position),
            waiting,
            dead: self.store.count_deliveries(webhook.id, DeliveryState::Dead).await?,
            next_try_at: next_due.map(time_of),
        })
    }

    /// Sends a ping, signed like every message, whatever the state of the endpoint. Nothing of it is kept.
    ///
    /// # Errors
    /// A refusal, or a fault. That the ping did not arrive is no error.
    pub async fn test_webhook(&self, actor: &Actor, id: Uuid) -> Result<Tested, Failure> {
        let (webhook, endpoint) = self.sendable(actor, id).await?;
        let origin = self.store.origin().await?;
        let envelope = Envelope::of_ping(&origin, self.new_id(), webhook.id, self.now());
        Ok(Tested { outcome: self.outlet()?.post(self, &webhook, &endpoint, envelope).await })
    }

    /// An endpoint that the actor may try and this server can send to, and where it is.
    pub(super) async fn sendable(&self, actor: &Actor, id: Uuid) -> Result<(Webhook, Endpoint), Failure> {
        let outlet = self.outlet()?;
        let webhook = self.managed(actor, id, None).await?;
        if webhook.key_id != outlet.key.id() {
            let message = "this server does not have the key of its secret: rotate the secret";
            return Err(Refusal::new(Code::NotFound, "webhookId", message).into());
        }
        let endpoint = Endpoint::parse(&webhook.configuration.url, &outlet.networks)
            .map_err(|error| Refusal::new(Code::AddressForbidden, "webhookId", error.to_string()))?;
        Ok((webhook, endpoint))
    }
}
