//! Webhooks: endpoints, what still has to be delivered to them, and who changed them.
//!
//! Operational state, no events: nothing here is rebuilt from the log. Every write is one transaction, and one that is
//! outrun by another writes nothing. Neither does one where the log has lost what this process has seen of it
//! ([`StoreError::WentBack`]). Where the commit itself fails it may be written all the same
//! ([unsettled](StoreError::is_unsettled)).

mod row;
mod sql;
mod store;
mod words;

use async_trait::async_trait;
use uuid::Uuid;

pub use row::{Delivery, Failed, Webhook, WebhookChange, WebhookConfiguration};
pub use words::{DeliveryState, WebhookAction, WebhookState};

use crate::store::{Keep, StoreError, StreamId};

/// The due time of an event that waits behind another one of its stream.
pub const HELD: i64 = i64::MAX;

/// The name of the lease under which one server at a time serves an endpoint.
#[must_use]
pub fn serving_lease(webhook: Uuid) -> String {
    format!("webhook:{webhook}")
}

/// An endpoint that is to be served, and what tells whether there is something to do for it, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnabledWebhook {
    /// Its id.
    pub id: Uuid,
    /// The key that its secret was made with: only a server that has it can serve the endpoint.
    pub key_id: String,
    /// Whose rights every event is judged by.
    pub owner: String,
    /// Since when that is the owner.
    pub owned_since: i64,
    /// How often deliveries were written.
    pub turn: i64,
    /// Every event before it has been dealt with.
    pub next_position: u64,
    /// Nothing is sent before.
    pub rest_until: i64,
    /// When the next waiting delivery is due.
    pub next_due: Option<i64>,
    /// Where the next event of the log will be.
    pub log_end: u64,
    /// Whether whoever looks may take its [lease](serving_lease), or has it.
    pub is_free: bool,
}

/// How far the log was read for an endpoint since a turn, without anything that concerns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedBy {
    /// Which endpoint.
    pub webhook_id: Uuid,
    /// The turn since which it was read.
    pub turn: i64,
    /// Every event before it was left out, unless it was dealt with in that turn or before.
    pub next_position: u64,
}

/// A page of a list in the order of one key, ascending whichever its end is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage<K> {
    /// Only after this key.
    pub after: Option<K>,
    /// Only before this key.
    pub before: Option<K>,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// At most so many.
    pub limit: u32,
}

/// What happens to an endpoint, together with its line in the list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookWrite {
    /// It comes into being.
    Create(Webhook),
    /// Its configuration becomes this; the version is the one that was changed.
    Update(Webhook),
    /// It goes, with everything that waits for it.
    Delete(Webhook),
}

/// What a turn of deliveries changes. It is written only while the endpoint is at that turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub webhook_id: Uuid,
    /// The turn it began at.
    pub turn: i64,
    /// The version of the configuration that everything was sent by.
    pub version: u64,
    /// Where everything was sent. Nothing of the turn is written when the endpoint has another address by now, which has
    /// got nothing of it.
    pub url: String,
    /// Every event before it is now delivered, left out or kept below.
    pub next_position: u64,
    /// Nothing is sent before (microseconds since the Unix epoch, 0 = at once).
    pub rest_until: i64,
    /// The last success of the turn: when, and which position.
    pub delivered: Option<(i64, u64)>,
    /// The last failure of the turn.
    pub failed: Option<(i64, Failed)>,
    /// Deliveries to keep, new ones and changed ones, each once.
    pub kept: Vec<Delivery>,
    /// Positions of kept deliveries that are done.
    pub done: Vec<u64>,
    /// The endpoint wants nothing any more: the line that says so. Nothing of the turn is written when the endpoint is
    /// at another version by now.
    pub gone: Option<WebhookChange>,
}

/// How webhooks are doing, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookStanding {
    /// How many are served.
    pub enabled: u64,
    /// The position up to which each of them is served; `None` without any.
    pub next_position: Option<u64>,
    /// How many deliveries wait for another try.
    pub waiting: u64,
    /// How many were given up.
    pub dead: u64,
}

/// The part of the store that webhooks need. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// An endpoint.
    ///
    /// # Errors
    /// When the database fails.
    async fn webhook(&self, id: Uuid) -> Result<Option<Webhook>, StoreError>;

    /// A page of the endpoints whose jurisdiction has this prefix, by id.
    ///
    /// # Errors
    /// When the database fails.
    async fn webhooks(&self, jurisdiction_prefix: &str, page: &KeyPage<Uuid>) -> Result<Vec<Webhook>, StoreError>;

    /// How many there are on all pages.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_webhooks(&self, jurisdiction_prefix: &str) -> Result<u64, StoreError>;

    /// How all endpoints are doing.
    ///
    /// # Errors
    /// When the database fails.
    async fn webhook_standing(&self) -> Result<WebhookStanding, StoreError>;

    /// How many of them that actor owns, in all jurisdictions.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_owned_webhooks(&self, owner: &str) -> Result<u64, StoreError>;

    /// The endpoints that are to be served, for whoever would take their leases now until `expires_at`. Nothing is written.
    ///
    /// # Errors
    /// When the database fails.
    async fn enabled_webhooks(
        &self,
        holder: &str,
        now: i64,
        expires_at: i64,
    ) -> Result<Vec<EnabledWebhook>, StoreError>;

    /// Prolongs the [leases](serving_lease) of these endpoints, all of them in one statement; how many of them the holder
    /// still had.
    ///
    /// # Errors
    /// When the database fails.
    async fn prolong_serving(&self, webhooks: &[Uuid], holder: &str, expires_at: i64) -> Result<u64, StoreError>;

    /// Writes down how far the log was read for endpoints, all of them in one statement; what was outrun by a turn is
    /// left out.
    ///
    /// # Errors
    /// When the database fails.
    async fn pass_by(&self, passed: &[PassedBy]) -> Result<(), StoreError>;

    /// Writes it, if the change's key is new and, but for a new one, the version is still the one that was changed.
    ///
    /// # Errors
    /// When the database fails.
    async fn write_webhook(&self, write: &WebhookWrite, change: &WebhookChange) -> Result<bool, StoreError>;

    /// The change that this actor made under this key.
    ///
    /// # Errors
    /// When the database fails.
    async fn webhook_change(&self, actor: &str, key: &str) -> Result<Option<WebhookChange>, StoreError>;

    /// A page of the changes in the jurisdictions with this prefix, of one endpoint where it is named, by id.
    ///
    /// # Errors
    /// When the database fails.
    async fn webhook_changes(
        &self,
        jurisdiction_prefix: &str,
        webhook: Option<Uuid>,
        page: &KeyPage<Uuid>,
    ) -> Result<Vec<WebhookChange>, StoreError>;

    /// How many there are on all pages.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_webhook_changes(&self, jurisdiction_prefix: &str, webhook: Option<Uuid>) -> Result<u64, StoreError>;

    /// Waiting deliveries that are due, the oldest first: of each stream at most its first. What waits for a time after
    /// `latest` is due as well: a clock that was ahead has told it to.
    ///
    /// # Errors
    /// When the database fails.
    async fn due_deliveries(
        &self,
        webhook: Uuid,
        now: i64,
        latest: i64,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// What waits of the streams, in order, and of each no more than so many.
    ///
    /// # Errors
    /// When the database fails.
    async fn waiting_of(&self, webhook: Uuid, streams: &[StreamId], limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Those of the streams of which something waits.
    ///
    /// # Errors
    /// When the database fails.
    async fn waiting_among(&self, webhook: Uuid, streams: &[StreamId]) -> Result<Vec<StreamId>, StoreError>;

    /// When the next waiting delivery is due.
    ///
    /// # Errors
    /// When the database fails.
    async fn next_due(&self, webhook: Uuid) -> Result<Option<i64>, StoreError>;

    /// How many deliveries of an endpoint are in that state.
    ///
    /// # Errors
    /// When the database fails.
    async fn count_deliveries(&self, webhook: Uuid, state: DeliveryState) -> Result<u64, StoreError>;

    /// Writes what a turn changed; `false`, and nothing written, when another server was faster, the endpoint was
    /// deleted or goes to another address by now, or it shall be disabled and was changed meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    async fn write_turn(&self, turn: &Turn) -> Result<bool, StoreError>;

    /// A page of the dead letters of an endpoint, by position.
    ///
    /// # Errors
    /// When the database fails.
    async fn dead_letters(&self, webhook: Uuid, page: &KeyPage<u64>) -> Result<Vec<Delivery>, StoreError>;

    /// A dead letter.
    ///
    /// # Errors
    /// When the database fails.
    async fn dead_letter(&self, webhook: Uuid, position: u64) -> Result<Option<Delivery>, StoreError>;

    /// Makes a dead letter a waiting delivery again, due now unless an earlier one of its stream waits; `false` when
    /// the endpoint, at that turn, has no such letter or the change's key was used.
    ///
    /// # Errors
    /// When the database fails.
    async fn replay(&self, letter: &Delivery, turn: i64, now: i64, change: &WebhookChange) -> Result<bool, StoreError>;

    /// Throws a dead letter away; `false` when there is none or the change's key was used.
    ///
    /// # Errors
    /// When the database fails.
    async fn discard(&self, letter: &Delivery, change: &WebhookChange) -> Result<bool, StoreError>;
}
