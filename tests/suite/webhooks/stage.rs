//! A log with thirty cases of two provinces, an application that delivers, and a clock that stands still until it is moved.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use etalon::app::{
    App, Delivery, EventRecord, Key, KeyPage, Moment, Next, Outlet, Round, Start, Webhook, WebhookDraft, WebhookRequest,
};
use etalon::clock::{Clock, ManualClock};
use etalon::demo;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::identity::webhook_key::WebhookKey;
use etalon::outbound::{Networks, Schedule};
use etalon::store;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::support::Database;

/// How often an event is tried here.
pub const ATTEMPTS: u32 = 4;
/// How long an answer is waited for where all receivers answer: a slow machine is no fault of theirs.
const PATIENT: Duration = Duration::from_secs(60);

pub struct Stage {
    pub app: App,
    pub clock: Arc<ManualClock>,
    folder: TempDir,
    // Dropped after the application that uses it.
    pub database: Database,
}

impl Stage {
    pub async fn on(database: Database) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let end: Timestamp = "2026-11-24T08:00:00Z".parse().expect("a time");
        let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
        let opened = store::open(&database.url, clock.clone()).await.expect("a new database");
        let app = App::new(opened, clock.clone()).with_vault(database.vault());
        demo::fill(&app, &clock, end).await.expect("the log is filled");
        let app = app.with_outlet(outlet(&folder, loopback(), PATIENT));
        Self { app, clock, folder, database }
    }

    /// Another server on the same database, that may call those networks.
    pub async fn another(&self, networks: Networks) -> App {
        self.another_that_waits(networks, PATIENT).await
    }

    /// One that takes a receiver to be silent after so long.
    pub async fn another_that_waits(&self, networks: Networks, patience: Duration) -> App {
        let opened = store::open(&self.database.url, self.clock.clone()).await.expect("the database opens");
        App::new(opened, self.clock.clone()).with_outlet(outlet(&self.folder, networks, patience))
    }

    /// Sets a webhook up over the whole log; its secret as it is told.
    pub async fn webhook(&self, who: &Actor, url: &str) -> (Webhook, String) {
        self.webhook_for(who, WebhookDraft { url: url.to_owned(), ..from_the_beginning() }).await
    }

    pub async fn webhook_for(&self, who: &Actor, draft: WebhookDraft) -> (Webhook, String) {
        let made = self.app.create_webhook(&self.request(who), draft).await.expect("it is created");
        (made.webhook.expect("a webhook"), made.secret.expect("its secret").reveal())
    }

    pub fn request(&self, who: &Actor) -> WebhookRequest {
        WebhookRequest { actor: who.clone(), key: Key::unique(self.app.new_id()), expected_version: None }
    }

    pub async fn round(&self, webhook: Uuid) -> Round {
        self.app.deliver(webhook, &CancellationToken::new()).await.expect("the store works")
    }

    /// One round after the other, the clock moved to each try that is due, until nothing is left to do. What the rounds did.
    pub async fn deliver_all(&self, webhook: Uuid) -> (u64, u64, u64) {
        self.deliver_all_by(&self.app, webhook).await
    }

    /// The same at that server.
    pub async fn deliver_all_by(&self, app: &App, webhook: Uuid) -> (u64, u64, u64) {
        let mut total = (0, 0, 0);
        loop {
            let round = app.deliver(webhook, &CancellationToken::new()).await.expect("the store works");
            total = (total.0 + round.delivered, total.1 + round.failed, total.2 + round.dead);
            match round.next {
                Next::AtOnce => {}
                Next::Waits(Some(until)) => self.clock.set(self.clock.now().max(until)),
                Next::Waits(None) | Next::Over => return total,
            }
        }
    }

    /// The events that the actor may see, in order.
    pub async fn visible(&self, who: &Actor) -> Vec<EventRecord> {
        let mut visible = Vec::new();
        for event in self.app.log(None, None, 10_000).await.expect("the log reads") {
            let seen = self.app.event_at(who, event.position, Moment::Present).await.expect("the store works");
            visible.extend(seen);
        }
        visible
    }

    pub async fn dead_letters(&self, webhook: Uuid) -> Vec<Delivery> {
        let page = KeyPage { limit: 100, ..KeyPage::default() };
        self.app.dead_letters(webhook, &page).await.expect("the store works")
    }

    pub async fn present(&self, webhook: Uuid) -> Webhook {
        let found = self.app.webhook(&manager("CN"), webhook).await.expect("the store works");
        found.expect("it is there")
    }
}

/// Where the receivers are.
pub fn loopback() -> Networks {
    Networks::new(vec!["127.0.0.0/8".parse().expect("a network")])
}

fn outlet(folder: &TempDir, networks: Networks, patience: Duration) -> Outlet {
    let key = WebhookKey::open_or_create(&folder.path().join("webhook-key")).expect("a key");
    let schedule = Schedule { attempts: ATTEMPTS, first_pause: Duration::from_secs(5) };
    Outlet::new(key, networks, schedule, patience)
}

pub fn from_the_beginning() -> WebhookDraft {
    WebhookDraft {
        url: String::new(),
        aggregate_types: Vec::new(),
        event_types: Vec::new(),
        division: None,
        // Position 0 is the opening of the campaign; everything that happens to cases comes later.
        start: Start::After(0),
    }
}

pub fn somebody(role: Role, jurisdiction: &str) -> Actor {
    Actor {
        id: ActorId::parse(&format!("{}-{jurisdiction}", role.name().to_lowercase())).expect("an id"),
        roles: BTreeSet::from([role]),
        jurisdiction: Division::parse(jurisdiction).expect("a division"),
        institution: None,
        enterprise: None,
    }
}

pub fn manager(jurisdiction: &str) -> Actor {
    somebody(Role::Manager, jurisdiction)
}
