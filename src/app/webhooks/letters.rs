//! Dead letters: events that were given up. They are sent for again or thrown away, each with a line in the list of
//! changes.

use uuid::Uuid;

use crate::app::App;
use crate::app::request::{Failure, Fault};
use crate::app::webhooks::changes::{Changed, WebhookRequest, log};
use crate::domain::refusal::{Code, Refusal};
use crate::store::{Delivery, Webhook, WebhookAction, WebhookChange};

/// How often it is tried while a server is delivering to the same endpoint.
const ATTEMPTS: usize = 32;

impl App {
    /// Makes a dead letter a delivery that is due at once. It comes after later events of its stream that were delivered
    /// meanwhile, and before those that wait.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn replay_dead_letter(
        &self,
        request: &WebhookRequest,
        webhook: Uuid,
        position: u64,
    ) -> Result<Changed, Failure> {
        self.settle(request, webhook, position, WebhookAction::LetterReplayed).await
    }

    /// Throws a dead letter away.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn discard_dead_letter(
        &self,
        request: &WebhookRequest,
        webhook: Uuid,
        position: u64,
    ) -> Result<Changed, Failure> {
        self.settle(request, webhook, position, WebhookAction::LetterDiscarded).await
    }

    async fn settle(
        &self,
        request: &WebhookRequest,
        id: Uuid,
        position: u64,
        action: WebhookAction,
    ) -> Result<Changed, Failure> {
        for _ in 0..ATTEMPTS {
            // Before anything is looked up: the endpoint may be gone by now.
            if let Some(known) = self.changed_before(request).await? {
                return Ok(known);
            }
            let (webhook, letter) = self.letter(request, id, position).await?;
            let change = self.change(request, &webhook, action).await?;
            if self.write_settled(&webhook, &letter, &change).await? {
                log(&change);
                self.outlet()?.changed.notify_one();
                return Ok(Changed { webhook: Some(webhook), secret: None, replayed: false });
            }
        }
        Err(Fault::Outrun { attempts: ATTEMPTS }.into())
    }

    /// A dead letter that the actor may do something about, with its endpoint.
    pub(super) async fn letter(
        &self,
        request: &WebhookRequest,
        id: Uuid,
        position: u64,
    ) -> Result<(Webhook, Delivery), Failure> {
        let webhook = self.managed(&request.actor, id, request.expected_version).await?;
        let letter = self.store.dead_letter(id, position).await?.ok_or_else(|| {
            let message = "no such dead letter is there: it was sent for again or thrown away";
            Refusal::new(Code::NotFound, "deadLetterId", message)
        })?;
        Ok((webhook, letter))
    }

    async fn write_settled(
        &self,
        webhook: &Webhook,
        letter: &Delivery,
        change: &WebhookChange,
    ) -> Result<bool, Failure> {
        Ok(match change.action {
            WebhookAction::LetterReplayed => self.store.replay(letter, webhook.turn, change.at, change).await?,
            _ => self.store.discard(letter, change).await?,
        })
    }
}
