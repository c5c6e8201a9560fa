//! Endpoints, deliveries and changes as the tables hold them, and their way out of the drivers.

use sqlx::FromRow;
use uuid::Uuid;

use crate::store::stored::{corrupt, id, stream, time};
use crate::store::webhook::{DeliveryState, EnabledWebhook, HELD, WebhookAction, WebhookStanding, WebhookState};
use crate::store::{StoreError, StreamId};

/// Where events go, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookConfiguration {
    /// Where they are posted to.
    pub url: String,
    /// Stored names of aggregate types; empty = all.
    pub aggregate_types: Vec<String>,
    /// Wire names of events; empty = all.
    pub event_types: Vec<String>,
    /// Only in the division of this code; empty = wherever.
    pub division: String,
}

/// Why a delivery failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// A word that a program can act on.
    pub class: String,
    /// The HTTP status, 0 when none came.
    pub status: u16,
    /// For people.
    pub reason: String,
}

/// An endpoint. Times are microseconds since the Unix epoch, 0 where something never happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Which.
    pub id: Uuid,
    /// How often its configuration was written.
    pub version: u64,
    /// Where events go, and which.
    pub configuration: WebhookConfiguration,
    /// Whose rights every event is judged by.
    pub owner: String,
    /// Since when that is the owner.
    pub owned_since: i64,
    /// The role of the owner.
    pub owner_role: String,
    /// Where the endpoint hears by that role: a division's code, empty for the nation.
    pub jurisdiction: String,
    /// Whether it is served.
    pub state: WebhookState,
    /// Which key file its secret is derived from.
    pub key_id: String,
    /// Which secret in the row of its secrets.
    pub secret_number: u32,
    /// Until when the secrets before it sign as well.
    pub old_secret_until: i64,
    /// The oldest that does.
    pub oldest_secret_number: u32,
    /// When it was created.
    pub created_at: i64,
    /// When its configuration was last written.
    pub updated_at: i64,
    /// The first position that it hears.
    pub first_position: u64,
    /// Every event before it has been dealt with.
    pub next_position: u64,
    /// How often deliveries were written.
    pub turn: i64,
    /// Nothing is sent before.
    pub rest_until: i64,
    /// When something was last delivered, and which position.
    pub delivered: Option<(i64, u64)>,
    /// When something last failed, and why.
    pub failed: Option<(i64, Failed)>,
}

/// An event that waits for its delivery, or was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which endpoint it goes to.
    pub webhook_id: Uuid,
    /// Which event.
    pub position: u64,
    /// Whose event it is: events of one stream are delivered in order.
    pub stream: StreamId,
    /// Its wire name.
    pub event_type: String,
    /// What becomes of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first tried, 0 = never.
    pub first_tried_at: i64,
    /// When it was last tried, 0 = never.
    pub last_tried_at: i64,
    /// When it is tried next; [`HELD`](super::HELD) while it waits behind another.
    pub due_at: i64,
    /// Why it was not delivered when it was last tried.
    pub failed: Failed,
}

/// A line of the list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookChange {
    /// In the order of time.
    pub id: Uuid,
    /// What was changed.
    pub webhook_id: Uuid,
    /// The jurisdiction of the endpoint.
    pub jurisdiction: String,
    /// When.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// What was done.
    pub action: WebhookAction,
    /// As it was after it.
    pub configuration: WebhookConfiguration,
    /// What makes it the same change when it is sent again.
    pub idempotency_key: String,
    /// SHA-256 of the whole request, in lower-case hexadecimal.
    pub digest: String,
}

#[derive(FromRow)]
pub(super) struct WebhookRow {
    id: String,
    version: i64,
    url: String,
    aggregate_types: String,
    event_types: String,
    division: String,
    owner: String,
    owned_since: i64,
    owner_role: String,
    jurisdiction: String,
    state: String,
    key_id: String,
    secret_number: i64,
    old_secret_until: i64,
    oldest_secret_number: i64,
    created_at: i64,
    updated_at: i64,
    first_position: i64,
    next_position: i64,
    turn: i64,
    rest_until: i64,
    delivered_at: i64,
    delivered_position: i64,
    failed_at: i64,
    failed_class: String,
    failed_status: i64,
    failed_reason: String,
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        const TABLE: &str = "webhooks";
        let delivered_at = time("webhooks.delivered_at", row.delivered_at)?;
        let delivered = (delivered_at != 0).then(|| (delivered_at, row.delivered_position.cast_unsigned()));
        let failed = failed(row.failed_class, row.failed_status, row.failed_reason)?;
        Ok(Self {
            id: id(TABLE, &row.id)?,
            version: row.version.cast_unsigned(),
            configuration: configuration(row.url, &row.aggregate_types, &row.event_types, row.division)?,
            owner: row.owner,
            owned_since: time("webhooks.owned_since", row.owned_since)?,
            owner_role: row.owner_role,
            jurisdiction: row.jurisdiction,
            state: WebhookState::parse(&row.state)?,
            key_id: row.key_id,
            secret_number: small(TABLE, row.secret_number)?,
            old_secret_until: time("webhooks.old_secret_until", row.old_secret_until)?,
            oldest_secret_number: small(TABLE, row.oldest_secret_number)?,
            created_at: time("webhooks.created_at", row.created_at)?,
            updated_at: time("webhooks.updated_at", row.updated_at)?,
            first_position: row.first_position.cast_unsigned(),
            next_position: row.next_position.cast_unsigned(),
            turn: row.turn,
            rest_until: time("webhooks.rest_until", row.rest_until)?,
            delivered,
            failed: (row.failed_at != 0).then_some((time("webhooks.failed_at", row.failed_at)?, failed)),
        })
    }
}

#[derive(FromRow)]
pub(super) struct DeliveryRow {
    webhook_id: String,
    position: i64,
    aggregate_type: String,
    aggregate_id: String,
    event_type: String,
    state: String,
    attempts: i64,
    first_tried_at: i64,
    last_tried_at: i64,
    due_at: i64,
    failed_class: String,
    failed_status: i64,
    failed_reason: String,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        const TABLE: &str = "webhook_deliveries";
        Ok(Self {
            webhook_id: id(TABLE, &row.webhook_id)?,
            position: row.position.cast_unsigned(),
            stream: stream(TABLE, &row.aggregate_type, &row.aggregate_id)?,
            event_type: row.event_type,
            state: DeliveryState::parse(&row.state)?,
            attempts: small(TABLE, row.attempts)?,
            first_tried_at: time("webhook_deliveries.first_tried_at", row.first_tried_at)?,
            last_tried_at: time("webhook_deliveries.last_tried_at", row.last_tried_at)?,
            due_at: row.due_at,
            failed: failed(row.failed_class, row.failed_status, row.failed_reason)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct ChangeRow {
    id: String,
    webhook_id: String,
    jurisdiction: String,
    at: i64,
    actor: String,
    action: String,
    url: String,
    aggregate_types: String,
    event_types: String,
    division: String,
    idempotency_key: String,
    digest: String,
}

impl TryFrom<ChangeRow> for WebhookChange {
    type Error = StoreError;

    fn try_from(row: ChangeRow) -> Result<Self, StoreError> {
        const TABLE: &str = "webhook_changes";
        Ok(Self {
            id: id(TABLE, &row.id)?,
            webhook_id: id(TABLE, &row.webhook_id)?,
            jurisdiction: row.jurisdiction,
            at: time("webhook_changes.at", row.at)?,
            actor: row.actor,
            action: WebhookAction::parse(&row.action)?,
            configuration: configuration(row.url, &row.aggregate_types, &row.event_types, row.division)?,
            idempotency_key: row.idempotency_key,
            digest: row.digest,
        })
    }
}

#[derive(FromRow)]
pub(super) struct EnabledRow {
    id: String,
    key_id: String,
    owner: String,
    owned_since: i64,
    turn: i64,
    next_position: i64,
    rest_until: i64,
    next_due: i64,
    log_end: i64,
    is_free: i64,
}

impl TryFrom<EnabledRow> for EnabledWebhook {
    type Error = StoreError;

    fn try_from(row: EnabledRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id("webhooks", &row.id)?,
            key_id: row.key_id,
            owner: row.owner,
            owned_since: time("webhooks.owned_since", row.owned_since)?,
            turn: row.turn,
            next_position: row.next_position.cast_unsigned(),
            rest_until: row.rest_until,
            next_due: Some(row.next_due).filter(|due| *due < HELD),
            log_end: row.log_end.cast_unsigned(),
            is_free: row.is_free == 1,
        })
    }
}

#[derive(FromRow)]
pub(super) struct StreamRow {
    aggregate_type: String,
    aggregate_id: String,
}

impl TryFrom<StreamRow> for StreamId {
    type Error = StoreError;

    fn try_from(row: StreamRow) -> Result<Self, StoreError> {
        stream("webhook_deliveries", &row.aggregate_type, &row.aggregate_id)
    }
}

#[derive(FromRow)]
pub(super) struct StandingRow {
    enabled: i64,
    next_position: i64,
    waiting: i64,
    dead: i64,
}

impl From<StandingRow> for WebhookStanding {
    fn from(row: StandingRow) -> Self {
        Self {
            enabled: row.enabled.cast_unsigned(),
            next_position: u64::try_from(row.next_position).ok(),
            waiting: row.waiting.cast_unsigned(),
            dead: row.dead.cast_unsigned(),
        }
    }
}

#[derive(FromRow)]
pub(super) struct DueRow {
    pub(super) due_at: i64,
}

fn configuration(
    url: String,
    aggregate_types: &str,
    event_types: &str,
    division: String,
) -> Result<WebhookConfiguration, StoreError> {
    let list = |text: &str| serde_json::from_str(text).map_err(|_| corrupt("the webhook tables", "list", text));
    let (aggregate_types, event_types) = (list(aggregate_types)?, list(event_types)?);
    Ok(WebhookConfiguration { url, aggregate_types, event_types, division })
}

fn failed(class: String, status: i64, reason: String) -> Result<Failed, StoreError> {
    let status = u16::try_from(status).map_err(|_| corrupt("the webhook tables", "status", &status.to_string()))?;
    Ok(Failed { class, status, reason })
}

fn small(table: &str, number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| corrupt(table, "number", &number.to_string()))
}
