//! A round that takes long: it ends in time, and what is done about its webhook meanwhile holds for it.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use etalon::app::{Next, WebhookAlteration, WebhookDraft, WebhookPatch};
use etalon::clock::Clock;
use etalon::domain::value::Division;
use etalon::store::RowChanges;
use jiff::SignedDuration;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::statements::told::counting;
use crate::store::samples::{append, case_stream, commit, notes};
use crate::store::support::{Database, Raw};
use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::sharing::rare;
use crate::webhooks::stage::{Stage, from_the_beginning, manager};

/// How many messages are on their way at a time.
const AT_A_TIME: usize = 8;

/// A receiver whose first answers come when something else was done, some seconds later.
struct Slow {
    receiver: Receiver,
    done: CancellationToken,
}

impl Slow {
    async fn new() -> Self {
        let done = CancellationToken::new();
        let receiver = Receiver::answering({
            let done = done.clone();
            move |_| Answer::Told(200, done.clone())
        })
        .await;
        Self { receiver, done }
    }

    /// A round, and the order once it is under way; what comes after it.
    async fn round_with(&self, stage: &Stage, webhook: Uuid, order: WebhookAlteration) -> Next {
        let ordering = async {
            self.receiver.has_heard(1).await;
            let ordered = stage.app.alter_webhook(&stage.request(&manager("44")), webhook, &order).await;
            ordered.expect("carried out");
            stage.clock.advance(SignedDuration::from_secs(2));
            self.done.cancel();
        };
        let (round, ()) = tokio::join!(stage.round(webhook), ordering);
        let heard = self.receiver.all().len();
        assert!(heard <= AT_A_TIME, "those under way, and no more: {heard}");
        round.next
    }
}

pub async fn a_round_ends_in_time_and_another_goes_on(stage: &Stage) {
    let clock = stage.clock.clone();
    // Every answer takes three seconds more.
    let receiver = Receiver::answering(move |_| {
        clock.advance(SignedDuration::from_secs(3));
        Answer::Status(200)
    })
    .await;
    let (webhook, _) = stage.webhook(&manager("44"), &receiver.url).await;
    let expected: BTreeSet<_> =
        stage.visible(&manager("44")).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    let round = stage.round(webhook.id).await;
    let heard = receiver.all().len();
    // Ten seconds of four answers, and what is on its way by then.
    assert!(heard <= 4 + AT_A_TIME && expected.len() > 4 + AT_A_TIME, "{heard} of {}", expected.len());
    let next = round.next;
    let is_due = matches!(next, Next::AtOnce) || matches!(next, Next::Waits(Some(due)) if due <= stage.clock.now());
    assert!(is_due, "the rest is due at once: {next:?}");
    stage.deliver_all(webhook.id).await;
    assert_eq!(in_order(&receiver.taken()), expected);
    assert_eq!(receiver.all().len(), expected.len(), "each of them once");
}

/// Nothing of a log of any length may be what a webhook hears: it is looked through in parts, each within the time that one
/// statement has.
pub async fn what_is_rare_is_looked_for_in_a_part_of_the_log_at_a_time(stage: &Stage) {
    const PASSED_BY: u64 = 20_000;
    const AT_ONCE: usize = 500;
    let (webhook, _) = stage.webhook_for(&manager("44"), rare()).await;
    let store = stage.database.open().await;
    for version in (0..PASSED_BY).step_by(AT_ONCE) {
        let content = notes(&[" "; AT_ONCE], RowChanges::default());
        let outcomes = commit(&*store, &[append(case_stream(1), version, &format!("key {version}"), content)]).await;
        outcomes[0].as_ref().expect("accepted");
    }
    let behind = async || stage.app.webhook_lag(&webhook).await.expect("the store works").positions;
    let (mut left, mut next) = (vec![behind().await], Next::AtOnce);
    while next == Next::AtOnce {
        next = stage.round(webhook.id).await.next;
        left.push(behind().await);
    }
    assert_eq!(next, Next::Waits(None));
    assert_eq!((left.first(), left.last()), (Some(&PASSED_BY), Some(&0)));
    let mut parts = left.windows(2).map(|pair| pair[0] - pair[1]);
    assert!(parts.all(|part| 0 < part && part < PASSED_BY / 2), "{left:?}");
}

/// A round of new events that all fail, and one that tries all of them again: how many there are, and how many statements
/// each round took.
async fn failing_rounds(stage: &Stage, division: &str) -> (u64, [usize; 2]) {
    let receiver = Receiver::answering(|_| Answer::Status(500)).await;
    let reports = WebhookDraft {
        url: receiver.url.clone(),
        event_types: vec!["CaseReported".to_owned()],
        division: Some(Division::parse(division).expect("a division")),
        ..from_the_beginning()
    };
    let (webhook, _) = stage.webhook_for(&manager("CN"), reports).await;
    let (new, of_new) = counting(stage.round(webhook.id)).await;
    stage.clock.advance(SignedDuration::from_hours(1));
    let (again, of_again) = counting(stage.round(webhook.id)).await;
    assert_eq!(new.failed, again.failed, "all of them are due");
    (new.failed, [of_new, of_again])
}

#[tokio::test]
async fn a_round_takes_as_many_statements_for_many_streams_as_for_few() {
    /// A server looks for revocations now and then, whatever it does.
    const BESIDE: usize = 3;
    let stage = Stage::on(Database::postgres()).await;
    let (few, of_few) = failing_rounds(&stage, "4403").await;
    let (many, of_many) = failing_rounds(&stage, "CN").await;
    assert!(few > 0 && many > few + 10, "{few} and {many} cases");
    for (of_few, of_many) in of_few.into_iter().zip(of_many) {
        assert!(of_many <= of_few + BESIDE, "{of_many} statements, and for few {of_few}");
    }
}

#[tokio::test]
async fn a_change_holds_for_what_is_committed_after_it_while_a_round_is_under_way() {
    const LOCK: &str = "begin; lock table webhook_deliveries in access exclusive mode";
    const WAITING: &str =
        "select count(*)::text from pg_locks where not granted and relation = 'webhook_deliveries'::regclass";
    let stage = Stage::on(Database::postgres()).await;
    let (webhook, _) = stage.webhook_for(&manager("44"), rare()).await;
    let behind = async || {
        let present = stage.present(webhook.id).await;
        stage.app.webhook_lag(&present).await.expect("the store works").positions
    };
    let (store, raw) = (stage.database.open().await, stage.database.raw().await);
    let Raw::Postgres(pool) = &raw else { unreachable!("it is one of PostgreSQL") };
    let held = pool.begin_with(LOCK).await.expect("nobody reads it");
    let changed = async {
        let mut looks = interval(Duration::from_millis(5));
        while raw.texts(WAITING).await[0] == "0" {
            looks.tick().await;
        }
        // The round has read the endpoint.
        let patch = WebhookPatch { event_types: Some(vec!["CaseReported".to_owned()]), ..WebhookPatch::default() };
        let change = WebhookAlteration::Update(patch);
        stage.app.alter_webhook(&stage.request(&manager("44")), webhook.id, &change).await.expect("changed");
        stage.goes_on(&*store, 0).await;
        held.rollback().await.expect("it is given back");
    };
    let (round, ()) = tokio::join!(stage.round(webhook.id), changed);
    assert_eq!((round.next, behind().await), (Next::Waits(None), 1), "what came after the change is not passed by");
    assert_eq!((stage.round(webhook.id).await.next, behind().await), (Next::Waits(None), 0));
}

pub async fn a_pause_holds_for_a_round_that_is_under_way(stage: &Stage) {
    let (who, slow) = (manager("44"), Slow::new().await);
    let (webhook, _) = stage.webhook(&who, &slow.receiver.url).await;
    slow.round_with(stage, webhook.id, WebhookAlteration::Pause).await;
    let heard = slow.receiver.all().len();
    assert_eq!(stage.round(webhook.id).await.next, Next::Over);
    assert_eq!(slow.receiver.all().len(), heard);

    stage.app.alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::Resume).await.expect("resumed");
    stage.deliver_all(webhook.id).await;
    let messages = slow.receiver.all();
    let different: HashSet<_> = messages.iter().map(|message| message.position()).collect();
    assert_eq!(different.len(), messages.len(), "what had arrived is not sent again");
    let expected =
        stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect::<HashSet<_>>();
    assert_eq!(different, expected);
}

pub async fn what_went_to_an_old_address_goes_to_the_new_one(stage: &Stage) {
    let (who, old) = (manager("44"), Slow::new().await);
    let new = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &old.receiver.url).await;
    let patch = WebhookPatch { url: Some(new.url.clone()), ..WebhookPatch::default() };
    let next = old.round_with(stage, webhook.id, WebhookAlteration::Update(patch)).await;
    assert_eq!(next, Next::AtOnce, "it is served on, by the same server");
    let heard = old.receiver.all().len();
    assert_eq!(stage.present(webhook.id).await.delivered, None, "the new address has got nothing yet");
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&new.taken()), expected, "everything, what the old one has got as well");
    assert_eq!(old.receiver.all().len(), heard, "and nothing more goes to the old one");
}
