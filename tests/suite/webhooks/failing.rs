//! What does not arrive, and what becomes of it.

use std::collections::{BTreeSet, HashSet};

use etalon::app::{
    Failure, FailureClass, Key, KeyPage, Next, Request, Start, WebhookAction, WebhookAlteration, WebhookDraft,
    WebhookPatch, WebhookState,
};
use etalon::clock::Clock;
use etalon::domain::case::Case;
use etalon::domain::case::command::AddComment;
use etalon::domain::case::values::{Audience, CommentId};
use etalon::domain::refusal::Code;
use etalon::domain::value::Statement;
use etalon::outbound::Networks;
use etalon::store::{Delivery, DeliveryState, Failed, Turn};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::store::support::Raw;
use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::stage::{ATTEMPTS, Stage, from_the_beginning, loopback, manager};

pub async fn what_is_given_up_is_a_dead_letter_and_the_case_goes_on(stage: &Stage) {
    let who = manager("44");
    let visible = stage.visible(&who).await;
    // A case with much behind its first event.
    let poison = visible.iter().find(|event| event.event_type == "CaseTriaged").expect("a case is triaged").clone();
    let subject = format!("Case/{}", poison.aggregate_id);
    let receiver = Receiver::answering({
        let poisoned = poison.position;
        move |message| Answer::Status(if message.position() == poisoned { 500 } else { 200 })
    })
    .await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;

    // At first it only holds up its own case.
    while stage.round(webhook.id).await.next == Next::AtOnce {}
    let arrived = in_order(&receiver.taken());
    let behind: HashSet<_> = visible
        .iter()
        .filter(|event| event.aggregate_id == poison.aggregate_id && event.position >= poison.position)
        .map(|event| event.position)
        .collect();
    let expected = visible.iter().map(|event| event.position).filter(|at| *at > 0 && !behind.contains(at)).collect();
    assert_eq!(arrived, expected, "all but what is behind it has arrived");
    assert!(behind.len() > 2);

    let (_, failed, dead) = stage.deliver_all(webhook.id).await;
    assert_eq!((failed, dead), (u64::from(ATTEMPTS) - 1, 1));
    let letters = stage.dead_letters(webhook.id).await;
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!((letter.position, letter.attempts), (poison.position, ATTEMPTS));
    assert_eq!((letter.failed.class.as_str(), letter.failed.status), ("STATUS", 500));
    assert!(letter.last_tried_at > letter.first_tried_at);
    let of_the_case = receiver.taken().into_iter().filter(|message| message.subject() == subject).count();
    assert_eq!(of_the_case, visible.iter().filter(|event| event.aggregate_id == poison.aggregate_id).count() - 1);

    // Sent for again, it arrives; sent for twice, it is not there any more.
    receiver.answer(|_| Answer::Status(200));
    let request = stage.request(&who);
    stage.app.replay_dead_letter(&request, webhook.id, letter.position).await.expect("replayed");
    assert!(stage.app.replay_dead_letter(&request, webhook.id, letter.position).await.expect("the same").replayed);
    assert_eq!(stage.deliver_all(webhook.id).await, (1, 0, 0));
    assert_eq!(receiver.taken().pop().expect("a message").position(), poison.position);
    assert!(stage.dead_letters(webhook.id).await.is_empty());
    let gone = stage.app.discard_dead_letter(&stage.request(&who), webhook.id, letter.position).await;
    assert!(matches!(gone, Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound));

    // Its first answer is told again when the webhook itself is gone.
    stage.app.delete_webhook(&stage.request(&who), webhook.id).await.expect("deleted");
    let again = stage.app.replay_dead_letter(&request, webhook.id, letter.position).await.expect("the same");
    assert!(again.replayed && again.webhook.is_none());
}

/// The clock stands still, so that all of them fail at the same time.
pub async fn of_several_that_fail_at_once_the_same_is_told_whichever_ends_last(stage: &Stage) {
    let who = manager("44");
    let reported = stage.visible(&who).await.into_iter().filter(|event| event.event_type == "CaseReported");
    let mut cases: Vec<_> = reported.map(|event| event.aggregate_id).collect();
    cases.sort_unstable();
    let [first, .., last] = cases.as_slice() else { panic!("several cases are there, not {cases:?}") };
    let all_are_heard = CancellationToken::new();
    let receiver = Receiver::answering({
        let [first, last] = [first, last].map(|case| format!("Case/{case}"));
        let all_are_heard = all_are_heard.clone();
        move |message| match message.subject() {
            subject if subject == first => Answer::Told(501, all_are_heard.clone()),
            subject if subject == last => Answer::Status(502),
            _ => Answer::Status(500),
        }
    })
    .await;
    let event_types = vec!["CaseReported".to_owned()];
    let draft = WebhookDraft { url: receiver.url.clone(), event_types, ..from_the_beginning() };
    let (webhook, _) = stage.webhook_for(&who, draft).await;
    let telling = async {
        receiver.has_heard(cases.len()).await;
        all_are_heard.cancel();
    };
    let (round, ()) = tokio::join!(stage.round(webhook.id), telling);
    assert_eq!(round.failed, cases.len() as u64);
    let (_, failed) = stage.present(webhook.id).await.failed.expect("it has failed");
    assert_eq!(failed.status, 502, "that of the last stream");
}

pub async fn what_is_gone_is_left_alone(stage: &Stage) {
    let who = manager("44");
    let mut left = 10;
    let receiver = Receiver::answering(move |_| {
        left -= 1;
        Answer::Status(if left < 0 { 410 } else { 200 })
    })
    .await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    stage.deliver_all(webhook.id).await;
    let present = stage.present(webhook.id).await;
    assert_eq!(present.state, WebhookState::Gone);
    let lag = stage.app.webhook_lag(&present).await.expect("the store works");
    assert_eq!((lag.waiting, lag.next_try_at), (0, None), "nothing is tried of what is gone");
    let heard = receiver.all().len();
    stage.clock.advance(SignedDuration::from_hours(100));
    assert_eq!(stage.round(webhook.id).await.next, Next::Over);
    assert_eq!(receiver.all().len(), heard, "nothing more is sent");

    receiver.answer(|_| Answer::Status(200));
    stage.app.alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::Resume).await.expect("resumed");
    let lag = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
    assert!(lag.waiting > 0 && lag.next_try_at.is_some(), "what it would not take waits again: {lag:?}");
    stage.app.alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::Pause).await.expect("paused");
    let paused = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
    assert_eq!((paused.waiting, paused.next_try_at), (lag.waiting, None), "it waits, and for no time");
    stage.app.alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::Resume).await.expect("resumed");
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&receiver.taken()), expected, "nothing is lost");
    assert!(stage.dead_letters(webhook.id).await.is_empty());
}

pub async fn a_late_answer_says_nothing_of_what_came_since(stage: &Stage) {
    let who = manager("44");
    let told = CancellationToken::new();
    let old = Receiver::answering({
        let told = told.clone();
        move |_| Answer::Told(410, told.clone())
    })
    .await;
    let new = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &old.url).await;
    let changing = async {
        old.has_heard(1).await;
        let patch = WebhookPatch { url: Some(new.url.clone()), ..WebhookPatch::default() };
        stage
            .app
            .alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::Update(patch))
            .await
            .expect("updated");
        told.cancel();
    };
    let (round, ()) = tokio::join!(stage.round(webhook.id), changing);
    assert!(round.failed > 0 && round.next != Next::Over, "{round:?}");
    let present = stage.present(webhook.id).await;
    assert_eq!((present.state, &present.configuration.url), (WebhookState::Enabled, &new.url));
    let page = KeyPage { limit: 10, ..KeyPage::default() };
    let changes = stage.app.webhook_changes(&who, Some(webhook.id), &page).await.expect("the store works");
    let actions: Vec<_> = changes.iter().map(|change| change.action).collect();
    // Both were ordered at one moment of the test's clock.
    let is_known = |action| [WebhookAction::Created, WebhookAction::Updated].contains(action);
    assert!(actions.len() == 2 && actions.iter().all(is_known), "nobody says that it is gone: {actions:?}");
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&new.taken()), expected, "everything goes where it goes now");
}

/// What cannot be put into a message is given up in the end, and nothing else waits for it.
pub async fn an_event_that_breaks_its_delivery_is_a_dead_letter(stage: &Stage) {
    let who = manager("44");
    let visible = stage.visible(&who).await;
    let poison = visible.iter().find(|event| event.event_type == "CaseTriaged").expect("a case is triaged").position;
    let raw = stage.database.raw().await;
    raw.execute(match raw {
        Raw::Sqlite(_) => "drop trigger events_are_not_updated",
        Raw::Postgres(_) => "drop trigger events_only_grow on events",
    })
    .await;
    // A time that no calendar has.
    raw.execute(&format!("update events set recorded_at = {} where position = {poison}", i64::MAX)).await;
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    let (_, failed, dead) = stage.deliver_all(webhook.id).await;
    assert_eq!((failed, dead), (u64::from(ATTEMPTS), 1));
    let letters = stage.dead_letters(webhook.id).await;
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!((letter.position, letter.attempts, &*letter.failed.class), (poison, ATTEMPTS, "INTERNAL"));
    let others = visible.iter().map(|event| event.position).filter(|at| *at > 0 && *at != poison).collect();
    assert_eq!(in_order(&receiver.taken()), others, "all others arrive, those of its case too");
}

/// Narrowed while much waits for a receiver that was away, a webhook is sent the rest.
pub async fn what_waits_is_not_sent_when_it_is_not_wanted_any_more(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(500)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    // The first of some stream is given up, and all that is behind it waits.
    let letter = loop {
        if let Next::Waits(Some(until)) = stage.round(webhook.id).await.next {
            stage.clock.set(stage.clock.now().max(until));
        }
        if let Some(letter) = stage.dead_letters(webhook.id).await.pop() {
            break letter;
        }
    };
    assert_ne!(letter.event_type, "CaseTriaged");
    let patch = WebhookPatch { event_types: Some(vec!["CaseTriaged".to_owned()]), ..WebhookPatch::default() };
    let narrow = WebhookAlteration::Update(patch);
    stage.app.alter_webhook(&stage.request(&who), webhook.id, &narrow).await.expect("updated");
    stage.app.replay_dead_letter(&stage.request(&who), webhook.id, letter.position).await.expect("replayed");

    receiver.answer(|_| Answer::Status(200));
    stage.deliver_all(webhook.id).await;
    let visible = stage.visible(&who).await;
    let wanted = visible.iter().filter(|event| event.event_type == "CaseTriaged");
    let expected: BTreeSet<_> = wanted.map(|event| event.position).collect();
    assert!(!expected.is_empty());
    assert_eq!(in_order(&receiver.taken()), expected, "it is sent what it wants now, and nothing else");
    let lag = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
    assert_eq!(lag.waiting, 0, "nothing else waits any more");
    let letters = stage.dead_letters(webhook.id).await;
    assert!(letters.iter().all(|other| other.position != letter.position), "what was sent for is not wanted either");
}

/// More than a round delivers of a stream, whether the first of it arrives in the end or is given up.
pub async fn what_waits_of_one_case_arrives_however_much_it_is(stage: &Stage) {
    const COMMENTS: u64 = 70;
    let who = manager("44");
    let closing = stage.visible(&who).await.into_iter().find(|event| event.event_type == "CaseClosed");
    let case = closing.expect("a case is closed").stream().expect("a stream").aggregate_id;
    let before = stage.app.head().await.expect("it reads").expect("there are events");
    for number in 0..COMMENTS {
        let text = Statement::parse(&format!("第{number}次复测")).expect("a text");
        let comment = AddComment { id: CommentId(stage.app.new_id()), text, audience: Audience::Everybody };
        let key = Key::unique(stage.app.new_id());
        let request = Request { actor: who.clone(), key, expected_version: None, occurred_at: None, source: None };
        stage.app.execute::<Case>(&request, case, comment.into()).await.expect("it is added");
    }
    for (failures, given_up) in [(2, None), (ATTEMPTS, Some(before + 1))] {
        let mut heard = 0;
        let receiver = Receiver::answering(move |_| {
            heard += 1;
            Answer::Status(if heard <= failures { 500 } else { 200 })
        })
        .await;
        let draft = WebhookDraft { url: receiver.url.clone(), start: Start::After(before), ..from_the_beginning() };
        let (webhook, _) = stage.webhook_for(&who, draft).await;
        let dead = u64::from(given_up.is_some());
        assert_eq!(stage.deliver_all(webhook.id).await, (COMMENTS - dead, u64::from(failures), dead));
        let expected = (before + 1..=before + COMMENTS).filter(|position| Some(*position) != given_up).collect();
        assert_eq!(in_order(&receiver.taken()), expected);
        let lag = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
        assert_eq!((lag.waiting, lag.dead), (0, dead));
    }
}

/// What waits names its event by position, where another one is if the log went back since.
pub async fn what_waits_goes_out_with_no_event_of_another_stream(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    stage.deliver_all(webhook.id).await;
    let visible = stage.visible(&who).await;
    let here = visible.last().expect("an event");
    let elsewhere = visible.iter().rev().find(|event| event.stream() != here.stream()).expect("one of another case");
    let kept = [here, elsewhere].map(|event| Delivery {
        webhook_id: webhook.id,
        position: event.position,
        stream: here.stream().expect("a stream"),
        event_type: event.event_type.clone(),
        state: DeliveryState::Waiting,
        attempts: 1,
        first_tried_at: 1,
        last_tried_at: 1,
        due_at: 1,
        failed: Failed::default(),
    });
    let present = stage.present(webhook.id).await;
    let turn = Turn {
        webhook_id: webhook.id,
        turn: present.turn,
        version: present.version,
        url: present.configuration.url,
        next_position: present.next_position,
        rest_until: 0,
        delivered: None,
        failed: None,
        kept: Vec::from(kept),
        done: Vec::new(),
        gone: None,
    };
    assert!(stage.database.open().await.write_turn(&turn).await.expect("the store works"));
    assert_eq!(stage.deliver_all(webhook.id).await, (1, 0, 0), "that of its own stream alone");
    assert_eq!(receiver.taken().pop().expect("a message").position(), here.position);
    let lag = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
    assert_eq!(lag.waiting, 0, "the other one waits for nothing any more");
}

pub async fn a_receiver_that_asks_for_time_gets_it(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::RetryAfter(503, "3600")).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    let asked_at = stage.clock.now();
    let Next::Waits(Some(until)) = stage.round(webhook.id).await.next else { panic!("it waits") };
    assert!(until >= asked_at + SignedDuration::from_hours(1), "{until}");
    let heard = receiver.all().len();
    assert!(heard <= 8, "those under way, and no more: {heard}");
    stage.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(stage.round(webhook.id).await.next, Next::Waits(Some(until)));
    assert_eq!(receiver.all().len(), heard, "nothing is sent meanwhile");
    receiver.answer(|_| Answer::Status(200));
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&receiver.taken()), expected);
}

/// No pause is as long as its clock was ahead.
pub async fn what_a_server_that_was_ahead_has_put_off_is_sent_at_once(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::RetryAfter(503, "3600")).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    stage.clock.advance(SignedDuration::from_hours(24 * 7));
    assert!(stage.round(webhook.id).await.failed > 0);
    let now = stage.clock.advance(SignedDuration::from_hours(-24 * 7));
    receiver.answer(|_| Answer::Status(200));
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&receiver.taken()), expected);
    assert_eq!(stage.clock.now(), now, "nothing was waited for");
}

pub async fn addresses_inside_are_not_called(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let strict = stage.another(Networks::default()).await;
    for (url, code) in [
        ("https://10.0.0.1/", Code::AddressForbidden),
        ("https://169.254.169.254/latest/meta-data", Code::AddressForbidden),
        ("https://[::1]/", Code::AddressForbidden),
        (receiver.url.as_str(), Code::UrlInvalid),
        ("http://example.org/", Code::UrlInvalid),
    ] {
        let draft = WebhookDraft { url: url.to_owned(), ..from_the_beginning() };
        let refused = strict.create_webhook(&stage.request(&who), draft).await;
        assert!(matches!(&refused, Err(Failure::Refused(refusal)) if refusal.code == code), "{url}: {refused:?}");
    }
    // One that was set up under other settings is not called either; nor is a name that leads inside.
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    strict.deliver(webhook.id, &CancellationToken::new()).await.expect("the store works");
    let name = receiver.url.replace("http://127.0.0.1", "https://localhost");
    let draft = WebhookDraft { url: name, ..from_the_beginning() };
    let named =
        strict.create_webhook(&stage.request(&who), draft).await.expect("names are judged when they are called");
    let tested = strict.test_webhook(&who, named.webhook.expect("a webhook").id).await.expect("tested");
    assert_eq!(tested.outcome.expect_err("refused").class, FailureClass::AddressForbidden);
    let (_, failed) = stage.present(webhook.id).await.failed.expect("it has failed");
    assert_eq!(failed.class, FailureClass::AddressForbidden.name());
    assert!(receiver.all().is_empty(), "nobody came inside");
}

pub async fn two_servers_do_not_write_over_each_other(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, _) = stage.webhook(&who, &receiver.url).await;
    let other = stage.another(loopback()).await;
    // As if a lease had run out under a server that was only slow.
    let stop = CancellationToken::new();
    let (one, two) = tokio::join!(stage.app.deliver(webhook.id, &stop), other.deliver(webhook.id, &stop));
    let outcomes = [one.expect("the store works").next, two.expect("the store works").next];
    assert!(outcomes.contains(&Next::Over), "the slower one notices: {outcomes:?}");
    stage.deliver_all(webhook.id).await;
    let expected = stage.visible(&who).await.iter().map(|event| event.position).filter(|at| *at > 0).collect();
    assert_eq!(in_order(&receiver.taken()), expected);
}
