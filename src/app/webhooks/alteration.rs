//! What is done about an endpoint that is there, decided without doing it.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::request::Failure;
use crate::app::webhooks::changes::{WebhookPatch, WebhookRequest, known_types, names, sound_url};
use crate::app::webhooks::{Outlet, ownership};
use crate::identity::webhook_key::WebhookSecret;
use crate::store::{Webhook, WebhookAction, WebhookState};

/// How many secrets sign a message at most: a receiver takes no header of any length.
const MOST_SECRETS: u32 = 8;

/// What is done about an endpoint that is there.
#[derive(Clone, Debug)]
pub enum WebhookAlteration {
    /// Where its events go, or which.
    Update(WebhookPatch),
    /// Nothing is sent, nothing is lost. One that is paused stays so.
    Pause,
    /// One that was paused or gone is served again, from where it was left.
    Resume,
    /// It gets a new secret, and the one before it signs as well for so long, with those that were to sign still. Without
    /// an overlap none of them does.
    RotateSecret(Duration),
}

impl WebhookAlteration {
    /// What the list of changes calls it.
    pub(super) fn action(&self) -> WebhookAction {
        match self {
            Self::Update(_) => WebhookAction::Updated,
            Self::Pause => WebhookAction::Paused,
            Self::Resume => WebhookAction::Resumed,
            Self::RotateSecret(_) => WebhookAction::SecretRotated,
        }
    }

    /// Whether whoever orders it owns the endpoint from then on: it hears where it heard, by the rights of somebody who is
    /// there to answer for what it sends, where to, and who knows its secret.
    fn takes_over(&self, webhook: &Webhook) -> bool {
        match self {
            Self::Update(patch) => patch.url.as_ref().is_some_and(|url| *url != webhook.configuration.url),
            Self::Pause => false,
            Self::Resume | Self::RotateSecret(_) => true,
        }
    }
}

impl App {
    /// The endpoint as it would be written, still with the version that it has, and its new secret if it gets one.
    pub(super) async fn altered(
        &self,
        request: &WebhookRequest,
        id: Uuid,
        alteration: &WebhookAlteration,
    ) -> Result<(Webhook, Option<WebhookSecret>), Failure> {
        let outlet = self.outlet()?;
        let mut webhook = self.managed(&request.actor, id, request.expected_version).await?;
        let now = self.now();
        let mut secret = None;
        if alteration.takes_over(&webhook) {
            webhook.owner = request.actor.id.to_string();
            webhook.owned_since = now.as_microsecond();
        }
        match alteration {
            WebhookAlteration::Update(patch) => update(outlet, request, &mut webhook, patch)?,
            WebhookAlteration::Pause => webhook.state = WebhookState::Paused,
            WebhookAlteration::Resume => webhook.state = WebhookState::Enabled,
            WebhookAlteration::RotateSecret(overlap) => secret = Some(rotate(outlet, &mut webhook, *overlap, now)),
        }
        webhook.updated_at = now.as_microsecond();
        Ok((webhook, secret))
    }
}

fn rotate(outlet: &Outlet, webhook: &mut Webhook, overlap: Duration, now: Timestamp) -> WebhookSecret {
    let (replaced, until) = (webhook.secret_number, (now + overlap).as_microsecond());
    webhook.secret_number += 1;
    if webhook.key_id != outlet.key.id() {
        // A secret of a key that this server does not have can sign nothing any more.
        webhook.key_id = outlet.key.id();
        webhook.old_secret_until = 0;
        webhook.oldest_secret_number = webhook.secret_number;
    } else if overlap.is_zero() || webhook.old_secret_until <= now.as_microsecond() {
        webhook.old_secret_until = until;
        webhook.oldest_secret_number = replaced;
    } else {
        // The one that is replaced may be known to nobody, and one before it to the receiver.
        webhook.old_secret_until = webhook.old_secret_until.max(until);
        let oldest = webhook.secret_number.saturating_sub(MOST_SECRETS - 1);
        webhook.oldest_secret_number = webhook.oldest_secret_number.max(oldest);
    }
    outlet.key.secret(webhook.id, webhook.secret_number)
}

fn update(
    outlet: &Outlet,
    request: &WebhookRequest,
    webhook: &mut Webhook,
    patch: &WebhookPatch,
) -> Result<(), Failure> {
    if let Some(division) = &patch.division {
        request.actor.check_covers(division, "divisionWithin")?;
        ownership::owner(webhook)?.check_covers(division, "divisionWithin")?;
        division.code().clone_into(&mut webhook.configuration.division);
    }
    let configuration = &mut webhook.configuration;
    if let Some(url) = patch.url.clone() {
        configuration.url = sound_url(outlet, url)?;
    }
    if let Some(types) = patch.aggregate_types.clone() {
        configuration.aggregate_types = names(types);
    }
    if let Some(types) = patch.event_types.clone() {
        configuration.event_types = known_types(types)?;
    }
    Ok(())
}
