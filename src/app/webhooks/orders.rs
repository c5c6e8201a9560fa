//! Orders about endpoints, each as one value: it is carried out, or foreseen by the same look-ups and the same decision.

use uuid::Uuid;

use crate::app::App;
use crate::app::request::Failure;
use crate::app::webhooks::alteration::WebhookAlteration;
use crate::app::webhooks::changes::{Changed, WebhookDraft, WebhookRequest, may_create};
use crate::domain::actor::Actor;
use crate::store::Webhook;

/// What is ordered.
#[derive(Clone, Debug)]
pub enum WebhookOrder {
    /// A new endpoint.
    Create(WebhookDraft),
    /// Something about this one.
    Alter(Uuid, WebhookAlteration),
    /// This one ends.
    Delete(Uuid),
    /// The dead letter of this one at that position is sent for again.
    ReplayLetter(Uuid, u64),
    /// The dead letter of this one at that position is thrown away.
    DiscardLetter(Uuid, u64),
}

impl App {
    /// Carries an order out.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn order_webhook(&self, request: &WebhookRequest, order: WebhookOrder) -> Result<Changed, Failure> {
        let answer = match order {
            WebhookOrder::Create(draft) => self.create_webhook(request, draft).await,
            WebhookOrder::Alter(id, alteration) => self.alter_webhook(request, id, &alteration).await,
            WebhookOrder::Delete(id) => self.delete_webhook(request, id).await,
            WebhookOrder::ReplayLetter(id, position) => self.replay_dead_letter(request, id, position).await,
            WebhookOrder::DiscardLetter(id, position) => self.discard_dead_letter(request, id, position).await,
        };
        match answer {
            // What it was refused for may be what another copy of it has done in the meantime.
            Err(Failure::Refused(refusal)) => self.changed_before(request).await?.ok_or(Failure::Refused(refusal)),
            answer => answer,
        }
    }

    /// Tells what [`App::order_webhook`] would answer, and does nothing. A new endpoint has another id when it is created,
    /// and no secret is told.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn foresee_webhook(&self, request: &WebhookRequest, order: WebhookOrder) -> Result<Changed, Failure> {
        self.outlet()?;
        if let WebhookOrder::Create(_) = &order {
            may_create(&request.actor)?;
        }
        if let Some(known) = self.changed_before(request).await? {
            return Ok(known);
        }
        let webhook = match order {
            WebhookOrder::Create(draft) => Some(self.drafted(request, draft).await?),
            WebhookOrder::Alter(id, alteration) => {
                let (webhook, _) = self.altered(request, id, &alteration).await?;
                Some(Webhook { version: webhook.version + 1, ..webhook })
            }
            WebhookOrder::Delete(id) => {
                self.managed(&request.actor, id, request.expected_version).await?;
                None
            }
            WebhookOrder::ReplayLetter(id, position) | WebhookOrder::DiscardLetter(id, position) => {
                Some(self.letter(request, id, position).await?.0)
            }
        };
        Ok(Changed { webhook, secret: None, replayed: false })
    }

    /// Tells whether [`App::test_webhook`] would send something, and to which endpoint.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn foresee_test(&self, actor: &Actor, id: Uuid) -> Result<Changed, Failure> {
        let (webhook, _) = self.sendable(actor, id).await?;
        Ok(Changed { webhook: Some(webhook), secret: None, replayed: false })
    }
}
