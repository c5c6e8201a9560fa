//! Who may set webhooks up, and what is on record about it.

use std::ops::RangeInclusive;
use std::time::Duration;

use etalon::app::{
    Changed, Failure, Key, KeyPage, Start, Vault, Webhook, WebhookAction, WebhookAlteration, WebhookDraft,
    WebhookOrder, WebhookPatch, WebhookRequest,
};
use etalon::domain::actor::{Actor, Role};
use etalon::domain::refusal::Code;
use etalon::domain::value::Division;
use jiff::SignedDuration;

use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::stage::{Stage, from_the_beginning, loopback, manager, somebody};

const URL: &str = "https://events.example.org/etalon";

/// How many copies of an order come at once: more than the database is asked at a time.
const COPIES: usize = 64;

fn draft() -> WebhookDraft {
    WebhookDraft { url: URL.to_owned(), ..from_the_beginning() }
}

fn refused(outcome: Result<Changed, Failure>) -> Code {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal.code,
        other => panic!("it is refused, not {other:?}"),
    }
}

pub async fn managers_set_up_and_others_look_or_do_not(stage: &Stage) {
    let app = &stage.app;
    let who = manager("44");
    for role in [Role::Coordinator, Role::Auditor, Role::Visitor, Role::Reviewer] {
        let other = somebody(role, "44");
        assert_eq!(refused(app.create_webhook(&stage.request(&other), draft()).await), Code::NotPermitted);
    }
    let outside = WebhookDraft { division: Some(Division::parse("32").expect("a division")), ..draft() };
    assert_eq!(refused(app.create_webhook(&stage.request(&who), outside).await), Code::OutsideJurisdiction);
    let unknown = WebhookDraft { event_types: vec!["CaseEaten".to_owned()], ..draft() };
    assert_eq!(refused(app.create_webhook(&stage.request(&who), unknown).await), Code::EventTypeUnknown);

    let (webhook, _) = stage.webhook_for(&who, draft()).await;
    let sees = async |actor: &Actor| app.webhook(actor, webhook.id).await.expect("the store works").is_some();
    assert!(sees(&manager("CN")).await && sees(&somebody(Role::Auditor, "44")).await);
    assert!(
        !sees(&manager("32")).await && !sees(&manager("4403")).await && !sees(&somebody(Role::Coordinator, "44")).await
    );
    assert_eq!(
        refused(app.alter_webhook(&stage.request(&manager("32")), webhook.id, &WebhookAlteration::Pause).await),
        Code::NotFound
    );
    // An endpoint hears what is internal to cases: there is none for who speaks for an enterprise, whatever else they are.
    let both = Actor { roles: [Role::Manager, Role::Enterprise].into(), ..manager("44") };
    assert_eq!(refused(app.create_webhook(&stage.request(&both), draft()).await), Code::NotPermitted);
    assert!(!sees(&both).await);
    assert_eq!(
        refused(app.alter_webhook(&stage.request(&both), webhook.id, &WebhookAlteration::Pause).await),
        Code::NotFound
    );
    let auditor = somebody(Role::Auditor, "44");
    assert_eq!(refused(app.delete_webhook(&stage.request(&auditor), webhook.id).await), Code::NotPermitted);

    // The owner's rights bound what a manager above may let it hear.
    let beyond = WebhookPatch { division: Some(Division::nation()), ..WebhookPatch::default() };
    let above = manager("CN");
    assert_eq!(
        refused(app.alter_webhook(&stage.request(&above), webhook.id, &WebhookAlteration::Update(beyond)).await),
        Code::OutsideJurisdiction
    );
    let within =
        WebhookPatch { division: Some(Division::parse("4403").expect("a division")), ..WebhookPatch::default() };
    stage.clock.advance(SignedDuration::from_secs(1));
    let stale = WebhookRequest { expected_version: Some(7), ..stage.request(&above) };
    assert_eq!(
        refused(app.alter_webhook(&stale, webhook.id, &WebhookAlteration::Update(within.clone())).await),
        Code::VersionConflict
    );
    let fresh = WebhookRequest { expected_version: Some(1), ..stage.request(&above) };
    let updated = app
        .alter_webhook(&fresh, webhook.id, &WebhookAlteration::Update(within))
        .await
        .expect("updated")
        .webhook
        .expect("a webhook");
    assert_eq!((updated.version, updated.configuration.division.as_str()), (2, "4403"));
    stage.clock.advance(SignedDuration::from_secs(1));
    app.delete_webhook(&stage.request(&who), webhook.id).await.expect("deleted");

    let page = KeyPage { limit: 10, ..KeyPage::default() };
    let changes = app.webhook_changes(&auditor, None, &page).await.expect("the store works");
    let told: Vec<_> = changes.iter().map(|change| (change.actor.as_str(), change.action)).collect();
    assert_eq!(
        told,
        [
            ("manager-44", WebhookAction::Created),
            ("manager-CN", WebhookAction::Updated),
            ("manager-44", WebhookAction::Deleted)
        ],
        "it outlives the webhook"
    );
    assert!(app.webhook_changes(&manager("32"), None, &page).await.expect("the store works").is_empty());
}

pub async fn a_change_that_is_sent_again_is_one_change(stage: &Stage) {
    let who = manager("44");
    let request = |input: &[u8]| WebhookRequest {
        actor: who.clone(),
        key: Key::chosen("create-1", "CreateWebhook", input).expect("a key"),
        expected_version: None,
    };
    let first = stage.app.create_webhook(&request(b"one"), draft()).await.expect("created");
    let again = stage.app.create_webhook(&request(b"one"), draft()).await.expect("the same");
    assert_eq!(again.webhook.expect("it").id, first.webhook.expect("it").id);
    assert!(first.secret.is_some() && again.secret.is_none() && again.replayed, "the secret is told once");
    assert_eq!(refused(stage.app.create_webhook(&request(b"two"), draft()).await), Code::IdempotencyKeyReused);
    assert_eq!(stage.app.count_webhooks(&who).await.expect("the store works"), 1);

    // Who reads the database cannot try inputs against what is kept of this one.
    let page = KeyPage { limit: 10, ..KeyPage::default() };
    let changes = stage.app.webhook_changes(&who, None, &page).await.expect("the store works");
    let plain = hex::encode(request(b"one").key.digest());
    assert_eq!(changes[0].digest.len(), plain.len());
    assert_ne!(changes[0].digest, plain);

    // Nor can the database, once it has gone on with other data keys.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys");
    stage.app.adopt_data_keys(&other).await.expect("adopted");
    let server = stage.another(loopback()).await.with_vault(other);
    for input in [&b"one"[..], b"two"] {
        let refused = refused(server.create_webhook(&request(input), draft()).await);
        assert_eq!(refused, Code::IdempotencyKeyIncomparable);
    }
}

/// A client that sends an order again may overtake itself: whichever comes second is told what the first one did.
pub async fn copies_of_an_order_at_once_are_one_change(stage: &Stage) {
    let (who, (webhook, _)) = (manager("44"), stage.webhook_for(&manager("44"), draft()).await);
    for (version, order) in [
        (Some(1), WebhookOrder::Alter(webhook.id, WebhookAlteration::Pause)),
        (Some(2), WebhookOrder::Alter(webhook.id, WebhookAlteration::Resume)),
        (None, WebhookOrder::Delete(webhook.id)),
    ] {
        let request = WebhookRequest { expected_version: version, ..stage.request(&who) };
        let copies = (0..COPIES).map(|_| stage.app.order_webhook(&request, order.clone()));
        let answers =
            futures::future::try_join_all(copies).await.unwrap_or_else(|failure| panic!("{order:?}: {failure}"));
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "{order:?} is carried out once");
    }
    let page = KeyPage { limit: 10, ..KeyPage::default() };
    let changes = stage.app.webhook_changes(&who, None, &page).await.expect("the store works");
    assert_eq!(changes.len(), 4);
}

pub async fn a_webhook_begins_where_it_is_told(stage: &Stage) {
    let who = manager("44");
    let head = stage.app.head().await.expect("the store works").expect("events") + 1;
    for (start, first) in [
        (Start::Beginning, 0),
        (Start::After(0), 1),
        (Start::After(7), 8),
        (Start::After(head - 1), head),
        (Start::Now, head),
    ] {
        let (webhook, _) = stage.webhook_for(&who, WebhookDraft { start, ..draft() }).await;
        assert_eq!((webhook.first_position, webhook.next_position), (first, first), "{start:?}");
    }
    // Behind a position that the log has not, nobody begins unawares.
    let (app, request) = (&stage.app, stage.request(&who));
    let count = app.count_webhooks(&who).await.expect("the store works");
    for beyond in [head, u64::MAX] {
        let mistaken = || WebhookDraft { start: Start::After(beyond), ..draft() };
        let foreseen = app.foresee_webhook(&request, WebhookOrder::Create(mistaken()));
        let (created, foreseen) = tokio::join!(app.create_webhook(&request, mistaken()), foreseen);
        for outcome in [created, foreseen] {
            let Err(Failure::Refused(refusal)) = outcome else { panic!("it is {outcome:?}") };
            assert_eq!((refusal.code, refusal.field.as_str()), (Code::PositionNotReached, "after"));
            assert!(refusal.message.ends_with(&format!("it ends before {head}")), "{}", refusal.message);
        }
    }
    assert_eq!(app.count_webhooks(&who).await.expect("the store works"), count, "nothing was created");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let draft = WebhookDraft { url: receiver.url.clone(), start: Start::Beginning, ..draft() };
    let (webhook, _) = stage.webhook_for(&who, draft).await;
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).collect();
    assert_eq!(in_order(&receiver.taken()), expected, "the first event of the log is among them");
}

/// More webhooks like that one, of that owner.
async fn multiply(stage: &Stage, webhook: &Webhook, owner: &str, numbers: RangeInclusive<u64>) {
    const AS_IT_IS: &str = "version, url, aggregate_types, event_types, division, owned_since, owner_role, \
         jurisdiction, state, key_id, secret_number, old_secret_until, oldest_secret_number, created_at, updated_at, \
         first_position, next_position, turn, rest_until, delivered_at, delivered_position, failed_at, failed_class, \
         failed_status, failed_reason";
    let (first, last) = numbers.into_inner();
    let statement = format!(
        "insert into webhooks (id, owner, {AS_IT_IS}) \
         with recursive numbers(number) as \
             (select {first} union all select number + 1 from numbers where number < {last}) \
         select '00000000-0000-4000-8000-' || cast(100000000000 + number as text), '{owner}', {AS_IT_IS} \
         from webhooks cross join numbers where id = '{}'",
        webhook.id
    );
    stage.database.raw().await.execute(&statement).await;
}

pub async fn no_more_webhooks_are_created_than_there_is_room_for(stage: &Stage) {
    const OWNED: u64 = 100;
    const IN_ALL: u64 = 1_000;
    let (app, who, other) = (&stage.app, manager("44"), manager("4403"));
    let has_no_room = async |who: &Actor| {
        let foreseen = app.foresee_webhook(&stage.request(who), WebhookOrder::Create(draft())).await;
        for outcome in [app.create_webhook(&stage.request(who), draft()).await, foreseen] {
            assert_eq!(refused(outcome), Code::TooManyWebhooks, "{who:?}");
        }
    };
    let (first, _) = stage.webhook_for(&who, draft()).await;
    multiply(stage, &first, who.id.as_str(), 2..=OWNED - 1).await;
    let request = stage.request(&who);
    let last = app.create_webhook(&request, draft()).await.expect("there is room").webhook.expect("a webhook");
    has_no_room(&who).await;
    assert!(app.create_webhook(&request, draft()).await.expect("the same").replayed, "it is there");
    app.delete_webhook(&stage.request(&who), last.id).await.expect("deleted");
    stage.webhook_for(&who, draft()).await;
    has_no_room(&who).await;
    stage.webhook_for(&other, draft()).await;
    multiply(stage, &first, "somebody", OWNED + 2..=IN_ALL).await;
    assert_eq!(app.count_webhooks(&manager("CN")).await.expect("the store works"), IN_ALL);
    has_no_room(&other).await;
}

/// What is foreseen of an order is what it then answers, and foreseeing it does nothing.
pub async fn what_is_foreseen_of_a_webhook_comes_true(stage: &Stage) {
    let (app, who) = (&stage.app, manager("44"));
    let create = || WebhookOrder::Create(draft());
    let foreseen = app.foresee_webhook(&stage.request(&who), create()).await.expect("foreseen");
    assert!(foreseen.secret.is_none() && !foreseen.replayed);
    assert_eq!(app.count_webhooks(&who).await.expect("the store works"), 0, "nothing was created");
    let request = stage.request(&who);
    let made = app.order_webhook(&request, create()).await.expect("created").webhook.expect("a webhook");
    let alike = |webhook: Webhook| Webhook { id: made.id, ..webhook };
    assert_eq!(alike(foreseen.webhook.expect("a webhook")), made);
    let again = app.foresee_webhook(&request, create()).await.expect("foreseen");
    assert!(again.replayed && again.webhook == Some(made.clone()), "it was created under this key");

    let patch = WebhookPatch { event_types: Some(vec!["CaseReported".to_owned()]), ..WebhookPatch::default() };
    for order in [
        WebhookOrder::Alter(made.id, WebhookAlteration::Update(patch)),
        WebhookOrder::Alter(made.id, WebhookAlteration::Pause),
        WebhookOrder::Alter(made.id, WebhookAlteration::Resume),
        WebhookOrder::Alter(made.id, WebhookAlteration::RotateSecret(Duration::from_secs(60))),
        WebhookOrder::Delete(made.id),
    ] {
        let before = stage.present(made.id).await;
        let foreseen = app.foresee_webhook(&stage.request(&who), order.clone()).await.expect("foreseen");
        assert_eq!(stage.present(made.id).await, before, "{order:?} was only foreseen");
        assert!(foreseen.secret.is_none());
        let done = app.order_webhook(&stage.request(&who), order.clone()).await.expect("done");
        assert_eq!(foreseen.webhook, done.webhook, "{order:?}");
    }
    for order in [
        WebhookOrder::Alter(made.id, WebhookAlteration::Pause),
        WebhookOrder::ReplayLetter(made.id, 3),
        WebhookOrder::DiscardLetter(made.id, 3),
        WebhookOrder::Delete(made.id),
        WebhookOrder::Create(WebhookDraft { event_types: vec!["CaseEaten".to_owned()], ..draft() }),
    ] {
        let foreseen = refused(app.foresee_webhook(&stage.request(&who), order.clone()).await);
        assert_eq!(foreseen, refused(app.order_webhook(&stage.request(&who), order).await));
    }
    let (webhook, _) = stage.webhook_for(&who, draft()).await;
    for order in [WebhookOrder::ReplayLetter(webhook.id, 3), WebhookOrder::DiscardLetter(webhook.id, 3)] {
        let Err(Failure::Refused(refusal)) = app.order_webhook(&stage.request(&who), order).await else {
            panic!("there is no such letter")
        };
        assert_eq!((refusal.code, refusal.field.as_str()), (Code::NotFound, "deadLetterId"));
    }
}
