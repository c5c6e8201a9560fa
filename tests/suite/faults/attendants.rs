//! What a server does beside answering requests, whoever asks: it looks at deadlines, and completes erasures.

use std::sync::Arc;
use std::time::Duration;

use etalon::app::{App, EventRecord, Follower, Interest, Start};
use etalon::config::Settings;
use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::deadlines::late_cases;
use crate::erasure::servers::{cut_short, key_is_there, server};
use crate::faults::parts::{serves, settings};
use crate::store::on_both_databases;
use crate::store::support::{Database, TestClock};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until what is waited for has come.
async fn served_until<T>(app: &Arc<App>, settings: &Settings, comes: impl Future<Output = T>) -> T {
    tokio::select! {
        ended = serves(app, settings) => panic!("the server has ended: {ended:?}"),
        came = timeout(PATIENCE, comes) => came.expect("it comes"),
    }
}

/// The next so many events.
async fn next(follower: &mut Follower, count: usize) -> Vec<EventRecord> {
    let mut events = Vec::new();
    while events.len() < count {
        let known = follower.more().await.expect("there is more");
        let batch = follower.read(known).await.expect("the log can be read");
        events.extend(batch.events.iter().map(|event| event.record.clone()));
    }
    events
}

/// Three deadlines have passed, and nobody answers until so many days later.
async fn goes_up(database: Database, working_days: Option<u16>, days: i64, told: &str) {
    let (house, cases, app) = late_cases(database).await;
    let (app, folder) = (Arc::new(app), TempDir::new().expect("a temporary folder"));
    let mut settings = settings(folder.path());
    if let Some(working_days) = working_days {
        settings.escalate_after_working_days = working_days;
    }
    let mut follower = app.follow(Start::Now, Interest::default()).await.expect("the log can be read");
    let missed = served_until(&app, &settings, next(&mut follower, 3)).await;
    assert!(missed.iter().all(|event| event.event_type == "DeadlineMissed"), "{missed:?}");
    house.clock.advance(SignedDuration::from_hours(24 * days));
    let escalated = served_until(&app, &settings, next(&mut follower, 3)).await;
    assert!(escalated.iter().all(|event| event.event_type == "CaseEscalated"), "{escalated:?}");
    assert!(escalated.iter().all(|event| event.payload.contains(told)), "{escalated:?}");
    let query = "query Level($id: ID!) { case(id: $id) { level } }";
    for case in cases {
        let shown = house.ask("watcher", query, json!({ "id": case })).await;
        assert_eq!(shown["case"]["level"], "CITY");
    }
}

async fn a_missed_deadline_that_nobody_answers_goes_up_by_itself(database: Database) {
    goes_up(database, None, 14, "within 10 working days").await;
}

async fn it_goes_up_after_as_many_working_days_as_the_settings_say(database: Database) {
    goes_up(database, Some(20), 28, "within 20 working days").await;
}

async fn an_erasure_that_was_cut_short_is_completed_by_whoever_serves(database: Database) {
    let (folder, clock) = (TempDir::new().expect("a temporary folder"), TestClock::new());
    let keys = folder.path().join("keys");
    let (_, [erased, kept]) = cut_short(&database, &clock, &keys).await;
    let app = Arc::new(server(&database, &clock, &keys).await);
    let is_destroyed = async {
        let mut looks = interval(Duration::from_millis(20));
        while key_is_there(&keys, erased) {
            looks.tick().await;
        }
    };
    served_until(&app, &settings(folder.path()), is_destroyed).await;
    assert!(key_is_there(&keys, kept));
}

on_both_databases! {
    a_missed_deadline_that_nobody_answers_goes_up_by_itself,
    it_goes_up_after_as_many_working_days_as_the_settings_say,
    an_erasure_that_was_cut_short_is_completed_by_whoever_serves,
}
