//! By whose rights an endpoint hears, and what becomes of it when these fall away: it is paused, until a manager resumes it
//! and so takes it over.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::app::App;
use crate::app::request::{Fault, time_of};
use crate::app::revocations::Standing;
use crate::app::webhooks::round::Next;
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::Division;
use crate::identity::credential::Credential;
use crate::store::{StoreError, Webhook, WebhookAction, WebhookState, WebhookWrite};

/// A revoked token is taken until every server knows it, and one that replaces it is issued half a minute later: who has
/// become an owner within that time may have done so with the one that was revoked.
const UNSURE_FOR: SignedDuration = SignedDuration::from_secs(30);

/// The division of a stored code, which is empty for the nation.
pub(super) fn division(code: &str) -> Result<Division, Fault> {
    if code.is_empty() {
        return Ok(Division::nation());
    }
    let read = Division::parse(code);
    read.map_err(|_| StoreError::Corrupt { what: format!("division {code:?} of a webhook") }.into())
}

/// The actor by whose rights the endpoint hears.
pub(super) fn owner(webhook: &Webhook) -> Result<Actor, Fault> {
    let corrupt = || StoreError::Corrupt { what: format!("owner of webhook {}", webhook.id) };
    let id = ActorId::parse(&webhook.owner).map_err(|_| corrupt())?;
    let role = Role::named(&webhook.owner_role).ok_or_else(corrupt)?;
    let jurisdiction = division(&webhook.jurisdiction)?;
    Ok(Actor { id, roles: BTreeSet::from([role]), jurisdiction, institution: None, enterprise: None })
}

/// What is revoked when the owner's tokens are: the rights that the endpoint was created or taken over with.
pub(super) fn credential(owner: &str, owned_since: i64) -> Credential {
    Credential::of_actor(owner, time_of(owned_since) - UNSURE_FOR)
}

impl App {
    /// Whether the owner is let in no more.
    pub(super) async fn is_disowned(&self, webhook: &Webhook) -> Result<bool, Fault> {
        let credential = credential(&webhook.owner, webhook.owned_since);
        if self.standing(&credential) == Standing::Unknown {
            self.look_for_revocations().await?;
        }
        Ok(self.standing(&credential) != Standing::Good)
    }

    /// Pauses an endpoint whose owner is let in no more. Where somebody was faster, it has to be looked at again.
    pub(super) async fn pause_disowned(&self, webhook: Webhook) -> Result<Next, Fault> {
        let change = self.change_by_the_server(&webhook, WebhookAction::OwnerRevoked);
        let paused = Webhook { state: WebhookState::Paused, updated_at: change.at, ..webhook };
        if !self.store.write_webhook(&WebhookWrite::Update(paused), &change).await? {
            return Ok(Next::AtOnce);
        }
        tracing::warn!(
            webhook = %change.webhook_id,
            "a webhook is paused: the tokens of its owner were revoked, or the owner was erased"
        );
        Ok(Next::Over)
    }
}
