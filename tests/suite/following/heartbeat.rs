//! A subscription that has much to say of how far it is still tells of every event.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use etalon::app::App;
use etalon::clock::ManualClock;
use etalon::demo;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::graphql::{Asked, Delivery, Limits, Schema, Session, StreamLimits, Subscribed};
use etalon::identity::credential::Credential;
use etalon::store::{self, RowChanges};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::following::subscriber::EVENTS;
use crate::store::on_both_databases;
use crate::store::samples::{append, case_stream, commit, notes};
use crate::store::support::{Database, TestClock};

const SUBSCRIBERS: u64 = 40;

/// A schema whose subscriptions tell all the time how far they are.
fn beating(app: &Arc<App>) -> Schema {
    let streams = StreamLimits { heartbeat: Duration::from_millis(1), ..StreamLimits::default() };
    Schema::new(app.clone(), Limits::default(), streams)
}

async fn subscribed(schema: &Schema, query: &str, variables: Value) -> Box<Subscribed> {
    let Value::Object(variables) = variables else { panic!("variables are an object") };
    let asked = Asked { query: Some(query.to_owned()), variables, ..Asked::default() };
    let document = schema.read(asked).unwrap_or_else(|refused| panic!("{:?}", refused.errors));
    let opened = schema.subscribe(document, auditor(), None).await;
    opened.unwrap_or_else(|refused| panic!("{:?}", refused.errors))
}

/// What is shown next.
async fn next(subscribed: &mut Subscribed) -> Delivery {
    loop {
        subscribed.heard().await.expect("the log reads");
        if let Some(delivery) = subscribed.show().await.expect("the log reads") {
            return delivery;
        }
    }
}

/// The heart beats all the time that an event takes to be read and judged.
async fn an_event_is_told_however_fast_the_heart_beats(database: Database) {
    let end: Timestamp = "2026-11-24T08:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
    let opened = store::open(&database.url, clock.clone()).await.expect("a new database");
    let app = Arc::new(App::new(opened, clock.clone()).with_vault(database.vault()));
    demo::fill(&app, &clock, end).await.expect("the log is filled");
    let last = app.log(None, None, 10_000).await.expect("the log reads").last().expect("an event").position;
    let schema = beating(&app);

    let everything_behind = async |after: u64| {
        let mut subscribed = subscribed(&schema, EVENTS, json!({ "after": after.to_string() })).await;
        let mut told = BTreeSet::new();
        loop {
            let delivery = next(&mut subscribed).await;
            let update = &delivery.response.data.into_json().expect("JSON")["events"];
            if update["caseEvent"].is_object() || update["registerEvent"].is_object() {
                told.insert(delivery.position);
            }
            if delivery.position >= last {
                return told;
            }
        }
    };
    let told = join_all((1..=SUBSCRIBERS).map(|back| everything_behind(last - back))).await;
    for (told, back) in told.into_iter().zip(1..) {
        assert_eq!(told, (last - back + 1..=last).collect(), "those behind position {}", last - back);
    }
    app.shutdown().await;
}

/// What is read between two beats is not read again at the next: whoever looks for what is rare gets through the log.
async fn who_looks_for_what_is_rare_gets_on_however_fast_the_heart_beats(database: Database) {
    const PASSED_BY: u64 = 20_000;
    const AT_ONCE: usize = 500;
    const RARE: &str = "subscription { events(fromStart: true, filter: { types: [\"CasesLinked\"] }) { position } }";
    let store = database.open().await;
    for version in (0..PASSED_BY).step_by(AT_ONCE) {
        let content = notes(&["said"; AT_ONCE], RowChanges::default());
        commit(&*store, &[append(case_stream(1), version, &format!("key {version}"), content)]).await;
    }
    let app = Arc::new(App::new(store, TestClock::new()));
    let mut subscribed = subscribed(&beating(&app), RARE, json!({})).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|position| *position < PASSED_BY - 1) {
        let next = timeout(Duration::from_secs(60), next(&mut subscribed)).await.expect("it gets on");
        told.push(next.position);
    }
    assert!(told.is_sorted(), "{told:?}");
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

on_both_databases! {
    an_event_is_told_however_fast_the_heart_beats,
    who_looks_for_what_is_rare_gets_on_however_fast_the_heart_beats,
}
