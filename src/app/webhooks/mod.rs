//! Webhooks: events of the log are posted to endpoints that the managers of bureaus set up.
//!
//! An event arrives at least once, and those of one aggregate arrive in order: one that fails holds back the later ones
//! of its own stream and no others. How far an endpoint was served, and what has to be tried again and when, is in the
//! database; what a killed server had sent without writing it down is sent again, under the same id. One server at a
//! time serves an endpoint, by a lease that any other can take over, and what it writes is written only while nobody
//! else has written. What concerns an endpoint is written of it; what does not is passed by.
//!
//! An endpoint has the rights of its owner, the manager who created it or has last resumed it, changed its URL or taken a
//! new secret, kept with it, and every event is judged by them in the round that sends it, which lasts for some seconds.
//! When the owner is let in no more it is paused before anything else is sent.
//!
//! Endpoints are no aggregate: they are configuration of the installation, and their secrets and addresses must be able to
//! go, which nothing in the log is. Who created or changed one is in a list of its own that is only added to.

mod alteration;
mod apart;
mod changes;
mod courier;
mod envelope;
mod lane;
mod leases;
mod letters;
mod orders;
mod overview;
mod ownership;
mod passed;
mod round;
mod sight;

pub use alteration::WebhookAlteration;
pub use changes::{Changed, WebhookDraft, WebhookPatch, WebhookRequest};
pub use courier::Courier;
pub use orders::WebhookOrder;
pub use overview::{Lag, Tested};
pub use round::{Next, Round};

use crate::domain::actor::Actor;
use crate::domain::actor::Role;
use crate::identity::webhook_key::WebhookKey;
use crate::outbound::{Networks, Schedule, Sender};
use passed::Passed;

/// What this process needs to deliver.
pub struct Outlet {
    key: WebhookKey,
    networks: Networks,
    schedule: Schedule,
    sender: Sender,
    /// Something was changed: a server that looks for work looks at once.
    changed: tokio::sync::Notify,
    /// How far this process has read the log for endpoints that nothing of it concerned.
    passed: Passed,
}

impl Outlet {
    /// An outlet over those settings.
    #[must_use]
    pub fn new(key: WebhookKey, networks: Networks, schedule: Schedule, timeout: std::time::Duration) -> Self {
        let sender = Sender::new(networks.clone(), timeout);
        Self { key, networks, schedule, sender, changed: tokio::sync::Notify::new(), passed: Passed::default() }
    }
}

/// Who looks at endpoints; only managers change them.
const OVERSEERS: &[Role] = &[Role::Manager, Role::Auditor];

/// The jurisdiction whose endpoints the actor sees, as the code that theirs begin with. Endpoints hear what is internal to
/// cases: so none are there for who speaks for an enterprise, whatever else they are.
fn overseen(actor: &Actor) -> Option<&str> {
    let oversees = actor.holds_any(OVERSEERS) && !actor.holds(Role::Enterprise);
    oversees.then(|| actor.jurisdiction.code())
}
