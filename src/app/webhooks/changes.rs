//! Setting endpoints up: who may, what is sound, and a line in the list of changes for everything that is done.

use uuid::Uuid;

use crate::app::App;
use crate::app::earlier::incomparable;
use crate::app::follow::Start;
use crate::app::request::{Failure, Fault, Key, time_of};
use crate::app::webhooks::alteration::WebhookAlteration;
use crate::app::webhooks::{Outlet, overseen};
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::event_types::is_event_type;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Division;
use crate::identity::webhook_key::WebhookSecret;
use crate::outbound::{Endpoint, EndpointError};
use crate::store::{
    AggregateType, Webhook, WebhookAction, WebhookChange, WebhookConfiguration, WebhookState, WebhookWrite,
};

/// How often a change without an expected version is made anew after another was faster.
const ATTEMPTS: usize = 8;

/// How many endpoints a manager may own when another one is created.
const MOST_OWNED: u64 = 100;
/// How many there may be of all managers.
const MOST_IN_ALL: u64 = 1_000;

/// The circumstances of a change.
#[derive(Clone, Debug)]
pub struct WebhookRequest {
    /// Who makes it.
    pub actor: Actor,
    /// What makes it the same change when it is sent again.
    pub key: Key,
    /// The version that the client saw; none means the present one, whatever it is.
    pub expected_version: Option<u64>,
}

/// An endpoint to be.
#[derive(Clone, Debug)]
pub struct WebhookDraft {
    /// Where events are posted to.
    pub url: String,
    /// Only events of these; empty means all.
    pub aggregate_types: Vec<AggregateType>,
    /// Only events of these types; empty means all.
    pub event_types: Vec<String>,
    /// Only in this division; none means wherever the creator may see something.
    pub division: Option<Division>,
    /// Where it begins.
    pub start: Start,
}

/// What changes about an endpoint; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookPatch {
    /// Where events are posted to.
    pub url: Option<String>,
    /// Only events of these; empty means all.
    pub aggregate_types: Option<Vec<AggregateType>>,
    /// Only events of these types; empty means all.
    pub event_types: Option<Vec<String>>,
    /// Only in this division.
    pub division: Option<Division>,
}

/// What came of a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The endpoint as it is now; none when it is deleted.
    pub webhook: Option<Webhook>,
    /// Its new secret, told this once.
    pub secret: Option<WebhookSecret>,
    /// The change was made before, under the same key.
    pub replayed: bool,
}

impl App {
    /// Creates an endpoint. It hears by the rights of whoever creates it.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn create_webhook(&self, request: &WebhookRequest, draft: WebhookDraft) -> Result<Changed, Failure> {
        let outlet = self.outlet()?;
        may_create(&request.actor)?;
        if let Some(known) = self.changed_before(request).await? {
            return Ok(known);
        }
        let webhook = self.drafted(request, draft).await?;
        let change = self.change(request, &webhook, WebhookAction::Created).await?;
        if self.store.write_webhook(&WebhookWrite::Create(webhook.clone()), &change).await? {
            log(&change);
            outlet.changed.notify_one();
            let secret = outlet.key.secret(webhook.id, webhook.secret_number);
            return Ok(Changed { webhook: Some(webhook), secret: Some(secret), replayed: false });
        }
        self.changed_before(request).await?.ok_or_else(|| Fault::Outrun { attempts: 1 }.into())
    }

    /// The endpoint that the draft would be.
    pub(super) async fn drafted(&self, request: &WebhookRequest, draft: WebhookDraft) -> Result<Webhook, Failure> {
        let outlet = self.outlet()?;
        let actor = &request.actor;
        if let Some(division) = &draft.division {
            actor.check_covers(division, "divisionWithin")?;
        }
        self.check_room(actor).await?;
        let configuration = WebhookConfiguration {
            url: sound_url(outlet, draft.url)?,
            aggregate_types: names(draft.aggregate_types),
            event_types: known_types(draft.event_types)?,
            division: draft.division.map_or_else(String::new, |division| division.code().to_owned()),
        };
        let first_position = self.first_position(draft.start).await?;
        let now = self.now().as_microsecond();
        Ok(Webhook {
            id: self.new_id(),
            version: 1,
            configuration,
            owner: actor.id.to_string(),
            owned_since: now,
            owner_role: Role::Manager.name().to_owned(),
            jurisdiction: actor.jurisdiction.code().to_owned(),
            state: WebhookState::Enabled,
            key_id: outlet.key.id(),
            secret_number: 1,
            old_secret_until: 0,
            oldest_secret_number: 1,
            created_at: now,
            updated_at: now,
            first_position,
            next_position: first_position,
            turn: 0,
            rest_until: 0,
            delivered: None,
            failed: None,
        })
    }

    /// Whether there is room for another endpoint of the actor: every server looks for all of them every second, and the one
    /// that serves an endpoint looks at every commit for it. Of orders that come at once each may find the last room.
    async fn check_room(&self, actor: &Actor) -> Result<(), Failure> {
        let message = if self.store.count_owned_webhooks(actor.id.as_str()).await? >= MOST_OWNED {
            format!("a manager who owns {MOST_OWNED} webhooks creates no other: delete one that is not needed")
        } else if self.store.count_webhooks("").await? >= MOST_IN_ALL {
            format!("there are {MOST_IN_ALL} webhooks, and no room for another one of anybody")
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::TooManyWebhooks, "actor", message).into())
    }

    /// The position of the first event that an endpoint may hear.
    async fn first_position(&self, start: Start) -> Result<u64, Failure> {
        let next = self.store.head().await?.next_position;
        match start {
            Start::Beginning => Ok(0),
            Start::Now => Ok(next),
            Start::After(after) if after < next => Ok(after + 1),
            // So that a mistaken one is noticed.
            Start::After(after) => {
                let message = format!("the log has not reached position {after}: it ends before {next}");
                Err(Refusal::new(Code::PositionNotReached, "after", message).into())
            }
        }
    }

    /// Deletes an endpoint, with what waits for it and its dead letters. The list of changes keeps what it was.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn delete_webhook(&self, request: &WebhookRequest, id: Uuid) -> Result<Changed, Failure> {
        if let Some(known) = self.changed_before(request).await? {
            return Ok(known);
        }
        for _ in 0..ATTEMPTS {
            let webhook = self.managed(&request.actor, id, request.expected_version).await?;
            let change = self.change(request, &webhook, WebhookAction::Deleted).await?;
            if self.store.write_webhook(&WebhookWrite::Delete(webhook), &change).await? {
                log(&change);
                return Ok(Changed { webhook: None, secret: None, replayed: false });
            }
            if let Some(known) = self.changed_before(request).await? {
                return Ok(known);
            }
        }
        Err(Fault::Outrun { attempts: ATTEMPTS }.into())
    }

    /// Does something about an endpoint that is there.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn alter_webhook(
        &self,
        request: &WebhookRequest,
        id: Uuid,
        alteration: &WebhookAlteration,
    ) -> Result<Changed, Failure> {
        let outlet = self.outlet()?;
        if let Some(known) = self.changed_before(request).await? {
            return Ok(known);
        }
        for _ in 0..ATTEMPTS {
            let (mut webhook, secret) = self.altered(request, id, alteration).await?;
            let change = self.change(request, &webhook, alteration.action()).await?;
            if self.store.write_webhook(&WebhookWrite::Update(webhook.clone()), &change).await? {
                log(&change);
                outlet.changed.notify_one();
                webhook.version += 1;
                return Ok(Changed { webhook: Some(webhook), secret, replayed: false });
            }
            if let Some(known) = self.changed_before(request).await? {
                return Ok(known);
            }
        }
        Err(Fault::Outrun { attempts: ATTEMPTS }.into())
    }

    /// An endpoint that the actor may change.
    pub(super) async fn managed(&self, actor: &Actor, id: Uuid, expected: Option<u64>) -> Result<Webhook, Failure> {
        let webhook = self.webhook(actor, id).await?;
        let webhook =
            webhook.ok_or_else(|| Refusal::new(Code::NotFound, "webhookId", "no such webhook is there for you"))?;
        actor.check_role(&[Role::Manager])?;
        match expected {
            Some(expected) if expected != webhook.version => {
                let message = format!("it is at version {}, not at {expected}: look at it again", webhook.version);
                Err(Refusal::new(Code::VersionConflict, "expectedVersion", message).into())
            }
            _ => Ok(webhook),
        }
    }

    /// What the change of this key came to, where it was made before.
    pub(super) async fn changed_before(&self, request: &WebhookRequest) -> Result<Option<Changed>, Failure> {
        let Some(change) = self.store.webhook_change(request.actor.id.as_str(), request.key.text()).await? else {
            return Ok(None);
        };
        if !self.digests_kept(&request.key).await?.map(hex::encode).contains(&change.digest) {
            if self.is_from_before_these_keys(change.at).await? {
                let place = format!("what was done then is in `webhookChanges`, at {}", time_of(change.at));
                return Err(incomparable(&place).into());
            }
            let message = "this key came with another input before";
            return Err(Refusal::new(Code::IdempotencyKeyReused, "idempotencyKey", message).into());
        }
        let webhook = self.webhook(&request.actor, change.webhook_id).await?;
        // The secret was told once. Whoever did not hear it asks for a new one.
        Ok(Some(Changed { webhook, secret: None, replayed: true }))
    }

    /// The line about a change.
    pub(super) async fn change(
        &self,
        request: &WebhookRequest,
        webhook: &Webhook,
        action: WebhookAction,
    ) -> Result<WebhookChange, Fault> {
        Ok(WebhookChange {
            id: self.new_id(),
            webhook_id: webhook.id,
            jurisdiction: webhook.jurisdiction.clone(),
            at: self.now().as_microsecond(),
            actor: request.actor.id.to_string(),
            action,
            configuration: webhook.configuration.clone(),
            idempotency_key: request.key.text().to_owned(),
            digest: hex::encode(self.digest_to_keep(&request.key).await?),
        })
    }

    /// The line about what the server itself does about an endpoint.
    pub(super) fn change_by_the_server(&self, webhook: &Webhook, action: WebhookAction) -> WebhookChange {
        let id = self.new_id();
        WebhookChange {
            id,
            webhook_id: webhook.id,
            jurisdiction: webhook.jurisdiction.clone(),
            at: self.now().as_microsecond(),
            actor: ActorId::clock().to_string(),
            action,
            configuration: webhook.configuration.clone(),
            idempotency_key: id.to_string(),
            digest: String::new(),
        }
    }

    /// What this process delivers with.
    pub(super) fn outlet(&self) -> Result<&Outlet, Fault> {
        self.outlet.as_ref().ok_or(Fault::NoWebhooks)
    }

    /// An endpoint, if it is there for this actor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn webhook(&self, actor: &Actor, id: Uuid) -> Result<Option<Webhook>, Fault> {
        let Some(jurisdiction) = overseen(actor) else { return Ok(None) };
        let webhook = self.store.webhook(id).await?;
        Ok(webhook.filter(|webhook| webhook.jurisdiction.starts_with(jurisdiction)))
    }
}

/// Whether the actor may create endpoints.
pub(super) fn may_create(actor: &Actor) -> Result<(), Refusal> {
    actor.check_role(&[Role::Manager])?;
    if overseen(actor).is_none() {
        let message = "endpoints hear what is internal to cases: nobody who speaks for an enterprise creates one";
        return Err(Refusal::new(Code::NotPermitted, "actor", message));
    }
    Ok(())
}

/// Also in the server's own log, so that a change is on record outside the database. The address is not: it may hold a
/// secret of the receiver's.
pub(super) fn log(change: &WebhookChange) {
    tracing::info!(webhook = %change.webhook_id, actor = change.actor, action = change.action.as_str(), "a webhook was changed");
}

pub(super) fn sound_url(outlet: &Outlet, url: String) -> Result<String, Refusal> {
    match Endpoint::parse(&url, &outlet.networks) {
        Ok(_) => Ok(url),
        Err(error @ EndpointError::Forbidden) => Err(Refusal::new(Code::AddressForbidden, "url", error.to_string())),
        Err(error) => Err(Refusal::new(Code::UrlInvalid, "url", error.to_string())),
    }
}

pub(super) fn names(types: Vec<AggregateType>) -> Vec<String> {
    let mut names: Vec<_> = types.into_iter().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

pub(super) fn known_types(mut types: Vec<String>) -> Result<Vec<String>, Refusal> {
    types.sort();
    types.dedup();
    match types.iter().find(|name| !is_event_type(name)) {
        Some(unknown) => {
            let message = format!("{unknown:?} is no event type: write one such as CaseReported");
            Err(Refusal::new(Code::EventTypeUnknown, "eventTypes", message))
        }
        None => Ok(types),
    }
}
