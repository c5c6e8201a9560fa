//! Webhooks whose owners are let in no more, and whoever takes them over.

use std::time::Duration;

use etalon::app::{KeyPage, Next, Webhook, WebhookAction, WebhookAlteration, WebhookPatch, WebhookState};
use etalon::domain::actor::Actor;
use etalon::identity::credential::RevocationKey;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::stage::{Stage, manager};

/// Changes are listed in the order of their times.
const A_SECOND: SignedDuration = SignedDuration::from_secs(1);
/// Longer than the clock that wrote a new token may be ahead of a revocation.
const A_MINUTE: SignedDuration = SignedDuration::from_secs(60);

impl Stage {
    async fn revoke(&self, who: &Actor) {
        self.app.revoke(&RevocationKey::of_actor(who.id.as_str())).await.expect("it is revoked");
    }

    async fn alter(&self, who: &Actor, webhook: &Webhook, alteration: WebhookAlteration) -> Webhook {
        let altered = self.app.alter_webhook(&self.request(who), webhook.id, &alteration).await;
        altered.expect("altered").webhook.expect("a webhook")
    }

    /// What was done to it, and by whom.
    async fn changes(&self, webhook: &Webhook) -> Vec<(String, WebhookAction)> {
        let page = KeyPage { limit: 10, ..KeyPage::default() };
        let changes = self.app.webhook_changes(&manager("CN"), Some(webhook.id), &page).await;
        changes.expect("the store works").into_iter().map(|change| (change.actor, change.action)).collect()
    }

    /// Everything that a manager of the province sees has arrived.
    async fn has_all(&self, receiver: &Receiver) {
        let visible = self.visible(&manager("44")).await;
        let expected = visible.iter().map(|event| event.position).filter(|at| *at > 0).collect();
        assert_eq!(in_order(&receiver.taken()), expected);
    }
}

fn told(changes: &[(String, WebhookAction)]) -> Vec<(&str, WebhookAction)> {
    changes.iter().map(|(actor, action)| (actor.as_str(), *action)).collect()
}

pub async fn a_webhook_is_paused_when_its_owner_is_let_in_no_more(stage: &Stage) {
    let (who, other) = (manager("44"), manager("4403"));
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    stage.clock.advance(A_MINUTE);
    stage.revoke(&who).await;
    // With the revoked token, in the seconds that it takes every server to know of it.
    stage.clock.advance(SignedDuration::from_secs(4));
    let (late, _) = stage.webhook(&who, &receiver.url).await;
    stage.clock.advance(A_SECOND);
    for webhook in [&webhook, &late] {
        assert_eq!(stage.round(webhook.id).await.next, Next::Over);
        assert_eq!(stage.present(webhook.id).await.state, WebhookState::Paused);
        let changes = stage.changes(webhook).await;
        let paused = ("etalon:clock", WebhookAction::OwnerRevoked);
        assert_eq!(told(&changes), [("manager-44", WebhookAction::Created), paused]);
    }
    assert!(receiver.all().is_empty(), "nothing was sent");

    // Nobody else's, and not what the actor sets up when tokens are good again.
    let theirs = Receiver::answering(|_| Answer::Status(200)).await;
    let (kept, _) = stage.webhook(&other, &theirs.url).await;
    let (delivered, ..) = stage.deliver_all(kept.id).await;
    assert!(delivered > 0);
    stage.clock.advance(A_MINUTE);
    let (anew, _) = stage.webhook(&who, &receiver.url).await;
    stage.deliver_all(anew.id).await;
    stage.has_all(&receiver).await;
}

pub async fn a_revocation_ends_a_round_that_is_under_way(stage: &Stage) {
    let who = manager("44");
    let revoked = CancellationToken::new();
    let receiver = Receiver::answering({
        let revoked = revoked.clone();
        move |_| Answer::Told(200, revoked.clone())
    })
    .await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    let revoking = async {
        receiver.has_heard(1).await;
        stage.revoke(&who).await;
        revoked.cancel();
    };
    let (round, ()) = tokio::join!(stage.round(webhook.id), revoking);
    let heard = receiver.all().len();
    assert!(heard <= 8 && round.delivered == heard as u64, "those under way, and no more: {heard}, {round:?}");
    assert_eq!(stage.deliver_all(webhook.id).await, (0, 0, 0));
    assert_eq!(receiver.all().len(), heard);
    assert_eq!(stage.present(webhook.id).await.state, WebhookState::Paused);
}

pub async fn whoever_resumes_a_webhook_owns_it(stage: &Stage) {
    let (who, above) = (manager("44"), manager("CN"));
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    stage.clock.advance(A_MINUTE);
    stage.revoke(&who).await;
    stage.round(webhook.id).await;
    stage.clock.advance(A_SECOND);
    let taken_over = stage.alter(&above, &webhook, WebhookAlteration::Resume).await;
    assert_eq!((taken_over.owner.as_str(), taken_over.jurisdiction.as_str()), ("manager-CN", "44"));
    stage.deliver_all(webhook.id).await;
    stage.has_all(&receiver).await;

    // It goes with its owner of today, and comes back to the first one, with a token of today.
    stage.clock.advance(A_MINUTE);
    stage.revoke(&above).await;
    assert_eq!(stage.round(webhook.id).await.next, Next::Over);
    stage.clock.advance(A_MINUTE);
    stage.alter(&who, &webhook, WebhookAlteration::Resume).await;
    assert_ne!(stage.round(webhook.id).await.next, Next::Over);
    let changes = stage.changes(&webhook).await;
    assert_eq!(
        told(&changes),
        [
            ("manager-44", WebhookAction::Created),
            ("etalon:clock", WebhookAction::OwnerRevoked),
            ("manager-CN", WebhookAction::Resumed),
            ("etalon:clock", WebhookAction::OwnerRevoked),
            ("manager-44", WebhookAction::Resumed),
        ]
    );
}

pub async fn whoever_changes_the_url_or_takes_a_new_secret_owns_a_webhook(stage: &Stage) {
    let (who, thief) = (manager("44"), manager("CN"));
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let elsewhere = Receiver::answering(|_| Answer::Status(200)).await;
    let to = |url: &str| WebhookPatch { url: Some(url.to_owned()), ..WebhookPatch::default() };
    let redirected = WebhookAlteration::Update(to(&elsewhere.url));
    let mut taken_over = Vec::new();
    for alteration in [redirected, WebhookAlteration::RotateSecret(Duration::ZERO)] {
        let (webhook, _) = stage.webhook(&who, &receiver.url).await;
        let altered = stage.alter(&thief, &webhook, alteration).await;
        assert_eq!((altered.owner.as_str(), altered.jurisdiction.as_str()), ("manager-CN", "44"));
        taken_over.push(altered);
    }
    // What it hears may be changed in the name of its owner, and so may a URL that stays the same.
    let (kept, _) = stage.webhook(&who, &receiver.url).await;
    let narrower = WebhookPatch { event_types: Some(vec!["CaseReported".to_owned()]), ..to(&receiver.url) };
    assert_eq!(stage.alter(&thief, &kept, WebhookAlteration::Update(narrower)).await.owner, "manager-44");

    stage.revoke(&thief).await;
    for webhook in &taken_over {
        assert_eq!(stage.round(webhook.id).await.next, Next::Over);
        assert_eq!(stage.present(webhook.id).await.state, WebhookState::Paused);
    }
    assert!(receiver.all().is_empty() && elsewhere.all().is_empty(), "nothing was sent");
    let (delivered, ..) = stage.deliver_all(kept.id).await;
    assert!(delivered > 0, "what the thief did not take over goes on");
}
