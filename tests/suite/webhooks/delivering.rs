//! What arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etalon::app::{AggregateType, WebhookAlteration, WebhookDraft};
use etalon::clock::Clock;
use etalon::domain::value::Division;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::ledger::bundles::seals;
use crate::support::dice::dice;
use crate::webhooks::receiver::{Answer, Message, Receiver, in_order};
use crate::webhooks::stage::{Stage, from_the_beginning, loopback, manager};

pub async fn everything_arrives_in_order_whatever_fails(stage: &Stage) {
    let who = manager("44");
    let mut throw = dice(2012);
    let receiver = Receiver::answering(move |_| match throw(100) {
        0..20 => Answer::Status(500),
        20..25 => Answer::Status(429),
        25..27 => Answer::Silence,
        27..29 => Answer::TakenInSilence,
        29..32 => Answer::RetryAfter(503, "7"),
        _ => Answer::Status(204),
    })
    .await;
    let (webhook, secret) = stage.webhook(&who, &receiver.url).await;
    receiver.expect_signed_with(&[&secret]);
    let impatient = stage.another_that_waits(loopback(), Duration::from_millis(300)).await;
    let (_, failed, dead) = stage.deliver_all_by(&impatient, webhook.id).await;
    assert!(failed > 50, "{failed} attempts failed");

    let given_up: BTreeSet<_> = stage.dead_letters(webhook.id).await.iter().map(|letter| letter.position).collect();
    assert_eq!(given_up.len() as u64, dead);
    let arrived = in_order(&receiver.taken());
    let leaves: BTreeMap<_, _> =
        stage.visible(&who).await.iter().map(|event| (event.position, STANDARD.encode(event.leaf_hash))).collect();
    for message in receiver.all() {
        assert_eq!(Some(&message.id), leaves.get(&message.position()), "that of its leaf, at every attempt");
    }
    let expected: BTreeSet<_> = leaves.into_keys().filter(|at| *at > 0).collect();
    let accounted: BTreeSet<_> = arrived.union(&given_up).copied().collect();
    assert_eq!(accounted, expected, "every event arrived or is a dead letter, and no other did");
    assert!(receiver.taken().len() > arrived.len(), "what was not heard to be taken came again");
    let lag = stage.app.webhook_lag(&stage.present(webhook.id).await).await.expect("the store works");
    assert_eq!((lag.positions, lag.waiting), (0, 0));
}

pub async fn only_what_the_owner_may_see_is_sent(stage: &Stage) {
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let city = WebhookDraft {
        url: receiver.url.clone(),
        aggregate_types: vec![AggregateType::Case],
        event_types: vec!["CaseReported".to_owned(), "FindingRecorded".to_owned()],
        division: Some(Division::parse("4403").expect("a division")),
        ..from_the_beginning()
    };
    let (webhook, _) = stage.webhook_for(&manager("44"), city).await;
    stage.deliver_all(webhook.id).await;
    let expected: BTreeSet<_> = stage
        .visible(&manager("4403"))
        .await
        .into_iter()
        .filter(|event| ["CaseReported", "FindingRecorded"].contains(&event.event_type.as_str()))
        .map(|event| event.position)
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(in_order(&receiver.taken()), expected);
    for message in receiver.taken() {
        let body = String::from_utf8_lossy(&message.body);
        assert!(!body.contains(r#""v":"#), "personal data stays: {body}");
        assert!(message.event["type"].as_str().is_some_and(|kind| kind.starts_with("local.etalon.Case.")));
    }
}

/// Where it lies plays no part: it lies nowhere.
pub async fn another_name_of_the_log_is_sent(stage: &Stage) {
    let folder = TempDir::new().expect("a folder");
    let restoring = stage.another(loopback()).await.with_seals(seals(&folder));
    restoring.resume(None).await.expect("it goes on");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let of_the_log =
        WebhookDraft { url: receiver.url.clone(), aggregate_types: vec![AggregateType::Log], ..from_the_beginning() };
    let (webhook, _) = stage.webhook_for(&manager("4403"), of_the_log).await;
    stage.deliver_all(webhook.id).await;
    let taken = receiver.taken();
    let [message] = taken.as_slice() else { panic!("one event, not {taken:?}") };
    assert_eq!(message.event["type"], "local.etalon.Log.RecoveredFrom.v1.0");
    assert_eq!(Some(message.position()), stage.app.head().await.expect("the store reads"));
}

/// What is signed is when it is sent, however old the event is and however often it was tried: whoever receives compares that with the own clock.
pub async fn every_attempt_is_signed_with_its_own_time(stage: &Stage) {
    let clock = stage.clock.clone();
    let (mut tried, off) = (BTreeSet::new(), Arc::new(Mutex::new(Vec::new())));
    let receiver = Receiver::answering({
        let off = off.clone();
        move |message| {
            off.lock().unwrap().push(message.timestamp - clock.now().as_second());
            Answer::Status(if tried.insert(message.id.clone()) { 500 } else { 200 })
        }
    })
    .await;
    let reports = WebhookDraft {
        url: receiver.url.clone(),
        event_types: vec!["CaseReported".to_owned()],
        ..from_the_beginning()
    };
    let (webhook, secret) = stage.webhook_for(&manager("44"), reports).await;
    receiver.expect_signed_with(&[&secret]);
    let (delivered, failed, _) = stage.deliver_all(webhook.id).await;
    assert!(delivered > 1 && failed == delivered, "each is tried twice: {failed} of {delivered}");
    let off = off.lock().unwrap().clone();
    assert_eq!(off, vec![0; off.len()], "by the clock at the attempt");
    let all = receiver.all();
    let is_old = |message: &Message| {
        let event: Timestamp = message.event["time"].as_str().expect("a time").parse().expect("RFC 3339");
        event.as_second() < message.timestamp - 300
    };
    assert!(all.iter().any(is_old), "an event is older than a receiver bears");
    for second in receiver.taken() {
        let first = all.iter().find(|message| message.id == second.id).expect("it was tried before");
        assert!(second.timestamp > first.timestamp && second.body == first.body, "the same message, signed anew");
        assert_ne!(second.signature, first.signature);
    }
}

pub async fn a_secret_is_rotated_without_a_gap(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, old) = stage.webhook(&who, &receiver.url).await;
    let overlap = Duration::from_secs(3_600);
    let rotated = stage
        .app
        .alter_webhook(&stage.request(&who), webhook.id, &WebhookAlteration::RotateSecret(overlap))
        .await
        .expect("rotated");
    let new = rotated.secret.expect("the new secret").reveal();
    assert_ne!(old, new);
    stage.deliver_all(webhook.id).await;
    let taken = receiver.taken();
    assert!(!taken.is_empty());
    assert!(taken.iter().all(|message| message.is_signed_with(&old) && message.is_signed_with(&new)));
    stage.clock.advance(SignedDuration::from_hours(2));
    stage.app.test_webhook(&who, webhook.id).await.expect("tested").outcome.expect("delivered");
    let ping = receiver.taken().pop().expect("a ping");
    assert_eq!(ping.event["type"], "local.etalon.Webhook.Ping.v1.0");
    assert!(ping.is_signed_with(&new) && !ping.is_signed_with(&old), "the old secret has ended");
}

/// Whoever has not heard the answer to a rotation rotates again, and the receiver still has what it had before both.
pub async fn a_secret_that_is_rotated_again_keeps_its_overlap(stage: &Stage) {
    let who = manager("44");
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let (webhook, first) = stage.webhook(&who, &receiver.url).await;
    let rotated = async |overlap_seconds: u64| {
        let rotate = WebhookAlteration::RotateSecret(Duration::from_secs(overlap_seconds));
        let rotated = stage.app.alter_webhook(&stage.request(&who), webhook.id, &rotate).await.expect("rotated");
        rotated.secret.expect("the new secret").reveal()
    };
    let pinged = async || {
        stage.app.test_webhook(&who, webhook.id).await.expect("tested").outcome.expect("delivered");
        receiver.all().pop().expect("a ping")
    };
    rotated(3_600).await;
    stage.clock.advance(SignedDuration::from_mins(10));
    let third = rotated(60).await;
    receiver.expect_signed_with(&[&first]);
    stage.clock.advance(SignedDuration::from_mins(49));
    assert!(pinged().await.is_signed_with(&third));
    receiver.expect_signed_with(&[&third]);
    stage.clock.advance(SignedDuration::from_mins(1));
    assert!(!pinged().await.is_signed_with(&first), "the hour is over");

    // An overlap of none ends all of them.
    rotated(3_600).await;
    let last = rotated(0).await;
    receiver.expect_signed_with(&[&last]);
    assert!(!pinged().await.is_signed_with(&third));

    for _ in 0..20 {
        rotated(3_600).await;
    }
    receiver.expect_signed_with(&[]);
    assert_eq!(pinged().await.signature.split(' ').count(), 8, "a header has an end");
}
