//! How streams end before their time: each with the position to go on from.

use std::time::Duration;

use etalon::clock::{Clock, SystemClock};
use jiff::SignedDuration;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::following::resuming::OPEN;
use crate::following::subscriber::{EVENTS, Got, Subscriber, TRANSPORTS, Transport, is_event, position};
use crate::life::scene::campaign;
use crate::store::on_both_databases;
use crate::store::support::Database;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask};
use crate::time_limits::{LONG, make_table_fast, make_table_slow};

/// Shows what it happened to as well, which is read for each update.
const SUBJECTS: &str = "subscription Events($after: Position, $fromStart: Boolean! = false) {
    events(after: $after, fromStart: $fromStart) { position subject { id } registerEvent { type } caseEvent { type } } }";

fn auditor() -> Who {
    Who::new("auditor", "AUDITOR", "CN")
}

/// A server with settings of its own.
fn start(installation: &Installation, settings: &[(&str, &str)]) -> Server {
    let mut command = installation.command();
    Server::start(command.envs(settings.iter().copied()).args(["serve", "--listen", "127.0.0.1:0"]))
}

/// Opens campaigns one after the other: the position of the last one.
async fn open_campaigns(installation: &Installation, server: &Server, count: usize) -> u64 {
    let client = Client::new();
    let token = installation.token(&Who::new("manager", "MANAGER", "44"));
    let mut last = 0;
    for _ in 0..count {
        let input = json!({ "input": campaign("计量服务") });
        let answer = ask(&client, &server.graphql, &token, OPEN, input).await.expect("an answer");
        last = position(&answer["openCampaign"]["receipt"]);
    }
    last
}

/// What ends a stream: its code, and the position that it says.
async fn end_of(transport: Transport, subscriber: &mut Subscriber, close_code: u16) -> (String, Option<u64>) {
    let told = match (transport, subscriber.next().await) {
        (Transport::WebSocket, Got::Closed(code, reason)) => {
            assert_eq!(code, close_code, "{reason}");
            serde_json::from_str(&reason).expect("the reason is JSON")
        }
        (Transport::EventStream, Got::Error(extensions)) => {
            assert_eq!(subscriber.next().await, Got::Closed(0, "complete".to_owned()));
            extensions
        }
        (_, other) => panic!("an end in words is expected, not {other:?}"),
    };
    let position = told["position"].as_str().map(|position| position.parse().expect("a number"));
    (told["code"].as_str().expect("a code").to_owned(), position)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_ends_its_streams() {
    let installation = Installation::embedded();
    let server = installation.start();
    let last = open_campaigns(&installation, &server, 3).await;
    // It lasts until both have begun, on a machine that does other things, too.
    let nearly_an_hour_ago = SystemClock.now() - SignedDuration::from_hours(1) + SignedDuration::from_secs(8);
    let token = installation.token_since(&auditor(), nearly_an_hour_ago);
    let mut subscribers = Vec::new();
    for transport in TRANSPORTS {
        let from_start = json!({ "fromStart": true });
        let mut subscriber =
            Subscriber::open(transport, &server.graphql, &token, EVENTS, from_start).await.expect("it holds still");
        for expected in 0..=last {
            assert_eq!(position(&subscriber.update().await), expected);
        }
        subscribers.push((transport, subscriber));
    }
    for (transport, mut subscriber) in subscribers {
        let end = end_of(transport, &mut subscriber, 4403).await;
        assert_eq!(end, ("TOKEN_EXPIRED".to_owned(), Some(last)), "{transport:?}");
    }
}

/// A single request is still answered, since clocks differ. A stream would end as it begins, and be asked for again and again.
#[tokio::test(flavor = "multi_thread")]
async fn no_stream_begins_when_its_token_has_ended() {
    let installation = Installation::embedded();
    let server = installation.start();
    let an_hour_ago = SystemClock.now() - SignedDuration::from_hours(1) - SignedDuration::from_secs(2);
    let token = installation.token_since(&auditor(), an_hour_ago);
    let viewer = ask(&Client::new(), &server.graphql, &token, "{ viewer { id } }", json!({})).await;
    assert_eq!(viewer.expect("an answer")["viewer"]["id"], "auditor");
    let open = async |transport| Subscriber::open(transport, &server.graphql, &token, EVENTS, json!({})).await;
    assert!(open(Transport::WebSocket).await.is_none(), "it is not acknowledged");
    let refused = open(Transport::EventStream).await.expect("an answer").next().await;
    assert_eq!(refused, Got::Error(json!({ "code": "TOKEN_EXPIRED" })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_says_where_to_go_on() {
    let installation = Installation::embedded();
    for transport in TRANSPORTS {
        let server = installation.start();
        let last = open_campaigns(&installation, &server, 2).await;
        let token = installation.token(&auditor());
        let subscriber = Subscriber::open(transport, &server.graphql, &token, EVENTS, json!({})).await;
        let mut subscriber = subscriber.expect("it is there");
        let first = subscriber.update().await;
        assert_eq!((position(&first), is_event(&first)), (last, false), "who begins now is told where that is");
        let ended = tokio::task::spawn_blocking(move || server.stop());
        let end = end_of(transport, &mut subscriber, 1001).await;
        assert_eq!(end, ("SHUTTING_DOWN".to_owned(), Some(last)), "{transport:?}");
        subscriber.cut();
        assert!(ended.await.expect("no panic"), "it ends in order");
    }
}

/// An update that came without what happened would look like one that only tells its position.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_at_the_moment_is_shown_when_the_client_comes_again() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let server = installation.start();
    let last = open_campaigns(&installation, &server, 3).await;
    let token = installation.token(&auditor());
    let mut owner = PgConnection::connect(database.url()).await.expect("the server answers");
    let mut rename = async |from: &str, to: &str| {
        owner.execute(format!("alter table {from} rename to {to}").as_str()).await.expect("it is renamed");
    };
    for transport in TRANSPORTS {
        rename("register_versions", "away").await;
        let variables = json!({ "fromStart": true });
        let subscriber = Subscriber::open(transport, &server.graphql, &token, SUBJECTS, variables).await;
        let mut subscriber = subscriber.expect("it is there");
        let (code, shown) = end_of(transport, &mut subscriber, 1013).await;
        assert_eq!((code.as_str(), shown), ("UNAVAILABLE", None), "{transport:?}");
        rename("away", "register_versions").await;
        let subscriber =
            Subscriber::open(transport, &server.graphql, &token, SUBJECTS, json!({ "fromStart": true })).await;
        let mut subscriber = subscriber.expect("it is there");
        for expected in 0..=last {
            let update = subscriber.update().await;
            assert_eq!((position(&update), is_event(&update)), (expected, true), "{update}");
        }
    }
}

/// A database that is busy for a while shows late what has happened, and one that stays so shows it to a client that comes
/// again.
async fn what_takes_too_long_is_not_left_out(database: Database) {
    const ROWS: &str = "register_versions";
    const GIVEN_UP: &str = "a request failed";
    let installation = Installation::on(&database.url);
    let server = start(&installation, &[("ETALON_STATEMENT_TIMEOUT_MS", "1000")]);
    let first = open_campaigns(&installation, &server, 1).await;
    let token = installation.token(&auditor());
    let open = async |transport: Transport, query: &str, variables: Value| {
        Subscriber::open(transport, &server.graphql, &token, query, variables).await.expect("it is there")
    };
    // Who follows from here on is judged by what the server knows: no row is read but for what is shown.
    let mut follower = open(Transport::WebSocket, EVENTS, json!({ "fromStart": true })).await;
    assert_eq!(position(&follower.update().await), first);
    let last = open_campaigns(&installation, &server, 2).await;
    while position(&follower.update().await) < last {}
    let (raw, behind) = (database.raw().await, json!({ "after": first.to_string() }));
    for transport in TRANSPORTS {
        make_table_slow(&raw, ROWS, 10 * LONG).await;
        let end = end_of(transport, &mut open(transport, SUBJECTS, behind.clone()).await, 1013).await;
        assert_eq!(end, ("TIMED_OUT".to_owned(), Some(first)), "{transport:?}");

        let given_up = || server.log().matches(GIVEN_UP).count();
        let before = given_up();
        let mut subscriber = open(transport, SUBJECTS, behind.clone()).await;
        let becomes_fast = async {
            let mut looks = tokio::time::interval(Duration::from_millis(10));
            while given_up() == before {
                looks.tick().await;
            }
            make_table_fast(&raw, ROWS).await;
        };
        let (update, ()) = tokio::join!(subscriber.update(), becomes_fast);
        assert_eq!((position(&update), is_event(&update)), (first + 1, true), "{update}");
        for expected in first + 2..=last {
            let update = subscriber.update().await;
            assert_eq!((position(&update), is_event(&update)), (expected, true), "{update}");
        }
    }
}

on_both_databases! {
    what_takes_too_long_is_not_left_out,
}

/// It is told as damaged in its place, and what is behind it comes as ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_a_damaged_time_ends_no_subscription() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let server = installation.start();
    let last = open_campaigns(&installation, &server, 3).await;
    let damaged = last - 1;
    let mut owner = PgConnection::connect(database.url()).await.expect("the server answers");
    let damage = format!("update events set recorded_at = {} where position = {damaged}", i64::MAX);
    for statement in ["drop trigger events_only_grow on events", damage.as_str()] {
        owner.execute(statement).await.expect("the owner may do anything");
    }
    let token = installation.token(&auditor());
    for transport in TRANSPORTS {
        let from_start = json!({ "fromStart": true });
        let subscriber = Subscriber::open(transport, &server.graphql, &token, EVENTS, from_start).await;
        let mut subscriber = subscriber.expect("it is there");
        for expected in 0..=last {
            match subscriber.next().await {
                Got::Error(told) if expected == damaged => assert_eq!(told["code"], "INTERNAL"),
                Got::Update(update) => assert_eq!((position(&update), is_event(&update)), (expected, true), "{update}"),
                other => panic!("{transport:?}: {other:?} in the place of {expected}"),
            }
        }
        // Whoever asks for a time is not told of what has none.
        let within =
            "subscription { events(fromStart: true, filter: { recordedAt: { from: \"2020-01-01T00:00:00Z\" } }) {
            position registerEvent { type } caseEvent { type } } }";
        let subscriber = Subscriber::open(transport, &server.graphql, &token, within, json!({})).await;
        let mut subscriber = subscriber.expect("it is there");
        for expected in (0..=last).filter(|expected| *expected != damaged) {
            assert_eq!(position(&subscriber.update().await), expected, "{transport:?}");
        }
    }
}

/// Who may see nothing still hears how far the log has been looked through.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_told_where_nothing_matches() {
    let installation = Installation::embedded();
    let server = start(&installation, &[("ETALON_HEARTBEAT_MS", "500")]);
    let expert = Who { institution: Some(uuid::Uuid::nil()), ..Who::new("nobody", "EXPERT", "44") };
    let token = installation.token(&expert);
    let cases = "subscription { events(fromStart: true, filter: { subjects: [CASE] }) { position caseEvent { type } registerEvent { type } } }";
    for transport in TRANSPORTS {
        let subscriber = Subscriber::open(transport, &server.graphql, &token, cases, json!({})).await;
        let mut subscriber = subscriber.expect("it is there");
        // It listens all the while: so short a heartbeat takes one who does not for one who has gone.
        let opening = open_campaigns(&installation, &server, 3);
        tokio::pin!(opening);
        let (mut last, mut told) = (None, None);
        while last.is_none() || told != last {
            tokio::select! {
                opened = &mut opening, if last.is_none() => last = Some(opened),
                update = subscriber.update() => {
                    assert!(!is_event(&update), "{update}");
                    told = Some(position(&update));
                }
            }
        }
    }
}

/// A reader who does not read: answers are large, so that they fill every buffer on the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_closed_with_its_position_and_goes_on_from_there() {
    let installation = Installation::embedded();
    let settings = [("ETALON_SLOW_READER_TIMEOUT_MS", "2000"), ("ETALON_SUBSCRIPTIONS_PER_ACTOR", "1")];
    let server = start(&installation, &settings);
    let last = open_campaigns(&installation, &server, 900).await;
    let many: String = (0..90).map(|copy| format!("p{copy}: payload ")).collect();
    let large = format!(
        "subscription Large($after: Position, $fromStart: Boolean! = false) {{
            events(after: $after, fromStart: $fromStart) {{ position registerEvent {{ {many} }} }} }}"
    );
    let token = installation.token(&auditor());
    for transport in TRANSPORTS {
        let (mut slow, first) = admitted(transport, &server, &token, &large, json!({ "fromStart": true })).await;
        let mut seen = vec![position(&first)];
        // There is room for one subscription: another is let in when this one has ended.
        admitted(transport, &server, &token, EVENTS, json!({})).await.0.cut();
        let end = loop {
            match slow.next().await {
                Got::Update(update) => seen.push(position(&update)),
                Got::Closed(code, reason) => {
                    assert_eq!(code, 1013);
                    break serde_json::from_str(&reason).expect("the reason is JSON");
                }
                Got::Error(extensions) => break extensions,
                Got::Cut => panic!("it is told why"),
            }
        };
        let told = position(&end);
        assert_eq!(end["code"], "SLOW_READER");
        assert_eq!(seen, (0..=told).collect::<Vec<_>>(), "{transport:?}");
        assert!(told < last, "it did not get everything");
        slow.cut();
        let after = json!({ "after": told.to_string() });
        let (mut again, first) = admitted(transport, &server, &token, &large, after).await;
        seen.push(position(&first));
        while seen.last() != Some(&last) {
            seen.push(position(&again.update().await));
        }
        assert_eq!(seen, (0..=last).collect::<Vec<_>>(), "{transport:?}");
        again.cut();
    }
}

/// A subscription and its first update, as soon as there is room for it.
async fn admitted(
    transport: Transport,
    server: &Server,
    token: &str,
    query: &str,
    variables: Value,
) -> (Subscriber, Value) {
    let mut retry = tokio::time::interval(Duration::from_millis(20));
    loop {
        retry.tick().await;
        let opened = Subscriber::open(transport, &server.graphql, token, query, variables.clone()).await;
        let mut subscriber = opened.expect("it is there");
        match subscriber.next().await {
            Got::Update(first) => return (subscriber, first),
            Got::Error(refused) => assert_eq!(refused["code"], "TOO_MANY_SUBSCRIPTIONS"),
            other => panic!("it is let in or refused, not {other:?}"),
        }
    }
}
