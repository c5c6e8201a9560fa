//! What servers see of each other: whose lease is free, what there is to do, and how far the log was read.

use etalon::app::{Next, Start, Webhook, WebhookDraft};
use etalon::clock::Clock;
use etalon::store::{EnabledWebhook, PassedBy, Store, serving_lease};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::statements::told::counting;
use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::Database;
use crate::webhooks::receiver::{Answer, Receiver};
use crate::webhooks::stage::{Stage, from_the_beginning, manager};

/// How long a lease is asked for, in microseconds.
const A_WHILE: i64 = 10_000_000;

/// One that hears of the end of campaigns, from now on.
pub fn rare() -> WebhookDraft {
    WebhookDraft {
        url: "https://example.org/events".to_owned(),
        event_types: vec!["CampaignClosed".to_owned()],
        start: Start::Now,
        ..from_the_beginning()
    }
}

impl Stage {
    /// What that server sees of the webhook when it looks.
    async fn seen_by(&self, store: &dyn Store, holder: &str, webhook: Uuid) -> EnabledWebhook {
        let now = self.clock.now().as_microsecond();
        let seen = store.enabled_webhooks(holder, now, now + A_WHILE).await.expect("the store works");
        seen.into_iter().find(|seen| seen.id == webhook).expect("it is enabled")
    }

    /// Commits an event that nobody hears.
    pub async fn goes_on(&self, store: &dyn Store, version: u64) {
        commit_one(store, note(case_stream(1), version, &format!("key {version}"))).await.expect("accepted");
    }
}

pub async fn a_look_tells_whose_lease_is_free_and_what_there_is_to_do(stage: &Stage) {
    let store = stage.database.open().await;
    let receiver = Receiver::answering(|_| Answer::Status(500)).await;
    let (webhook, _) = stage.webhook(&manager("44"), &receiver.url).await;
    let (second, _) = stage.webhook_for(&manager("44"), rare()).await;
    let now = stage.clock.now().as_microsecond();
    assert!(store.try_lease(&serving_lease(webhook.id), "one", now, now + A_WHILE).await.expect("asked"));
    let is_free = async |holder, id| stage.seen_by(&*store, holder, id).await.is_free;
    assert!(is_free("one", webhook.id).await && !is_free("another", webhook.id).await);
    assert!(is_free("one", second.id).await && is_free("another", second.id).await, "nobody has it");
    let prolonged = store.prolong_serving(&[webhook.id, second.id], "one", now + 2 * A_WHILE).await;
    assert_eq!(prolonged.expect("the store works"), 1, "the other is not its own");
    let of_another = store.prolong_serving(&[webhook.id], "another", now + 3 * A_WHILE).await;
    assert_eq!(of_another.expect("the store works"), 0);
    stage.clock.advance(SignedDuration::from_micros(2 * A_WHILE - 1));
    assert!(!is_free("another", webhook.id).await);
    stage.clock.advance(SignedDuration::from_micros(1));
    assert!(is_free("another", webhook.id).await, "it has run out");

    let seen = stage.seen_by(&*store, "one", webhook.id).await;
    let end = stage.app.head().await.expect("the store works").expect("events") + 1;
    assert_eq!((seen.next_position, seen.next_due, seen.log_end), (1, None, end));
    assert_eq!((seen.owner.as_str(), seen.key_id), ("manager-44", webhook.key_id));
    while stage.round(webhook.id).await.next == Next::AtOnce {}
    stage.app.write_passed().await;
    let (present, seen) = (stage.present(webhook.id).await, stage.seen_by(&*store, "one", webhook.id).await);
    assert_eq!((seen.next_position, seen.turn, seen.rest_until), (end, present.turn, present.rest_until));
    let lag = stage.app.webhook_lag(&present).await.expect("the store works");
    let next_try_at = lag.next_try_at.map(|at| at.as_microsecond());
    assert!(next_try_at.is_some() && seen.next_due == next_try_at, "{seen:?}");
}

pub async fn what_concerns_no_webhook_is_written_of_none_at_once(stage: &Stage) {
    let store = stage.database.open().await;
    let (webhook, _) = stage.webhook_for(&manager("44"), rare()).await;
    let behind = async |present: &Webhook| stage.app.webhook_lag(present).await.expect("the store works").positions;
    for version in 0..2 {
        stage.goes_on(&*store, version).await;
        assert_eq!(behind(&webhook).await, 1, "it was not looked at");
        assert_eq!(stage.round(webhook.id).await.next, Next::Waits(None));
        assert_eq!(behind(&webhook).await, 0, "it was");
        assert_eq!(stage.present(webhook.id).await, webhook, "and nothing is written of it");
    }
    stage.app.write_passed().await;
    let expected = Webhook { next_position: webhook.next_position + 2, ..webhook };
    assert_eq!(stage.present(expected.id).await, expected, "other servers see it now");
    assert_eq!(behind(&expected).await, 0);
}

pub async fn what_was_passed_by_is_written_of_the_turn_that_it_followed(stage: &Stage) {
    let store = stage.database.open().await;
    let (webhook, _) = stage.webhook_for(&manager("44"), rare()).await;
    let (second, _) = stage.webhook_for(&manager("44"), rare()).await;
    let (turn, start) = (webhook.turn, webhook.next_position);
    let passed = async |turn, next_position| {
        let both = [webhook.id, second.id].map(|webhook_id| PassedBy { webhook_id, turn, next_position });
        store.pass_by(&both).await.expect("the store works");
        let present = stage.present(webhook.id).await;
        assert_eq!(stage.present(second.id).await.next_position, present.next_position, "all of them together");
        present
    };
    assert_eq!(passed(turn + 1, start + 9).await, webhook, "another server has outrun it");
    assert_eq!(passed(turn, start + 5).await, Webhook { next_position: start + 5, ..webhook.clone() });
    assert_eq!(passed(turn, start + 3).await.next_position, start + 5, "nothing is passed by twice");
}

#[tokio::test]
async fn as_many_statements_see_to_many_webhooks_as_to_few() {
    const MANY: usize = 12;
    /// A connection may be made anew.
    const BESIDE: usize = 3;
    let stage = Stage::on(Database::postgres()).await;
    let store = stage.database.open().await;
    let mut webhooks = Vec::new();
    let mut counts = Vec::new();
    for number in 1..=MANY {
        webhooks.push(stage.webhook_for(&manager("44"), rare()).await.0.id);
        if ![1, MANY].contains(&number) {
            continue;
        }
        stage.goes_on(&*store, counts.len() as u64).await;
        for webhook in &webhooks {
            stage.round(*webhook).await;
        }
        let now = stage.clock.now().as_microsecond();
        let (_, looks) = counting(store.enabled_webhooks("one", now, now + A_WHILE)).await;
        let (_, prolongs) = counting(store.prolong_serving(&webhooks, "one", now + A_WHILE)).await;
        let (_, writes) = counting(stage.app.write_passed()).await;
        counts.push([looks, prolongs, writes]);
    }
    let [few, many] = counts[..] else { panic!("{counts:?}") };
    assert!(few.iter().all(|count| *count > 0), "statements are counted: {few:?}");
    assert!(many.iter().zip(few).all(|(many, few)| *many <= few + BESIDE), "{many:?}, and for one {few:?}");
    let (_, none) = counting(stage.app.write_passed()).await;
    assert_eq!(none, 0, "nothing was passed by since");
}
