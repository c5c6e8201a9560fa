//! A subscription that has much to say of how far it is still tells of every event.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use etalon::app::App;
use etalon::clock::ManualClock;
use etalon::demo;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::graphql::{Asked, Limits, Schema, Session, StreamLimits};
use etalon::identity::credential::Credential;
use etalon::store;
use futures::future::join_all;
use jiff::Timestamp;

use crate::following::subscriber::EVENTS;
use crate::store::on_both_databases;
use crate::store::support::Database;

const SUBSCRIBERS: u64 = 40;

/// The heart beats all the time that an event takes to be read and judged.
async fn an_event_is_told_however_fast_the_heart_beats(database: Database) {
    let end: Timestamp = "2026-11-24T08:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
    let opened = store::open(&database.url, clock.clone()).await.expect("a new database");
    let app = Arc::new(App::new(opened, clock.clone()).with_vault(database.vault()));
    demo::fill(&app, &clock, end).await.expect("the log is filled");
    let last = app.log(None, None, 10_000).await.expect("the log reads").last().expect("an event").position;
    let streams = StreamLimits { heartbeat: Duration::from_millis(1), ..StreamLimits::default() };
    let schema = Schema::new(app.clone(), Limits::default(), streams);

    let everything_behind = async |after: u64| {
        let mut variables = serde_json::Map::new();
        variables.insert("after".to_owned(), after.to_string().into());
        let asked = Asked { query: Some(EVENTS.to_owned()), variables, ..Asked::default() };
        let document = schema.read(asked).unwrap_or_else(|refused| panic!("{:?}", refused.errors));
        let opened = schema.subscribe(document, auditor(), None).await;
        let mut subscribed = opened.unwrap_or_else(|refused| panic!("{:?}", refused.errors));
        let mut told = BTreeSet::new();
        loop {
            let (further, delivery) = subscribed.next().await;
            let delivery = delivery.expect("the log reads");
            let update = &delivery.response.data.into_json().expect("JSON")["events"];
            if update["caseEvent"].is_object() || update["registerEvent"].is_object() {
                told.insert(delivery.position);
            }
            if delivery.position >= last {
                return told;
            }
            subscribed = further;
        }
    };
    let told = join_all((1..=SUBSCRIBERS).map(|back| everything_behind(last - back))).await;
    for (told, back) in told.into_iter().zip(1..) {
        assert_eq!(told, (last - back + 1..=last).collect(), "those behind position {}", last - back);
    }
    app.shutdown().await;
}

fn auditor() -> Session {
    let actor = Actor {
        id: ActorId::parse("auditor").expect("an id"),
        roles: [Role::Auditor].into(),
        jurisdiction: Division::parse("CN").expect("a division"),
        institution: None,
        enterprise: None,
    };
    let credential = Credential::of_actor(actor.id.as_str(), Timestamp::MIN);
    Session { actor, expires_at: Timestamp::MAX, credential, request_id: "test".to_owned() }
}

on_both_databases! { an_event_is_told_however_fast_the_heart_beats }
