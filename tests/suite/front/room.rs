//! Where there is no room, nobody waits in a queue that grows: what is refused has not begun, and whoever looks after the server still sees that it lives.

use futures::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

use crate::following::subscriber::{EVENTS, Got, Subscriber, Transport};
use crate::front::size::schema;
use crate::front::{Front, GRAPHQL_RESPONSE, JSON};
use crate::store::on_both_databases;
use crate::store::support::{Database, Raw};
use crate::support::server::{Installation, Who};
use crate::time_limits::{LONG, make_fast, make_slow};

pub(super) const OPEN: &str = "mutation { openCampaign(input: {
    name: \"计量服务\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\"
}) { receipt { position } userErrors { code } } }";

/// How often something that is about to happen is looked for.
const LOOKS: usize = 10_000;

async fn refusal(answer: Response) -> (u16, Option<String>, Value) {
    let status = answer.status().as_u16();
    let again = answer.headers().get("retry-after").map(|value| value.to_str().expect("a text").to_owned());
    let body: Value = answer.json().await.expect("JSON");
    (status, again, body["errors"][0]["extensions"].clone())
}

async fn is_well(front: &Front, path: &str) {
    let health = front.client.get(front.at(path)).send().await.expect("an answer");
    assert_eq!(health.status(), 200, "{path}");
}

async fn so_many_are_answered_at_once(database: Database) {
    let installation = Installation::on(&database.url);
    let front = Front::of(installation, &[("ETALON_CONCURRENT_REQUESTS", "1")]);
    let raw = database.raw().await;
    // A command that cannot be committed, since another process is in the middle of a commit.
    let held = raw.hold_head().await;
    let command = async {
        loop {
            let answer = front.post(JSON, json!({ "query": OPEN }).to_string()).await;
            // One of the others may have been faster.
            if answer.status() != 503 {
                return answer;
            }
        }
    };
    let other = front.installation.token(&Who::new("somebody-else", "MANAGER", "CN"));
    let others = async {
        let asks = async |token: &str| {
            let request = front.client.post(&front.server.graphql).bearer_auth(token);
            request.json(&json!({ "query": "{ viewer { id } }" })).send().await.expect("an answer")
        };
        let mut found = None;
        for _ in 0..LOOKS {
            let answer = asks(&other).await;
            if answer.status() != 200 {
                found = Some(answer);
                break;
            }
        }
        let told_of = |code: &str, limit: &str| {
            json!({
                "code": code, "limit": limit, "maximum": 1, "retryable": true, "retryAfterSeconds": 1,
            })
        };
        let found = refusal(found.expect("the only room is taken")).await;
        assert_eq!(found, (503, Some("1".to_owned()), told_of("SERVER_BUSY", "concurrentRequests")));
        let own = refusal(asks(&front.token).await).await;
        assert_eq!(own, (429, Some("1".to_owned()), told_of("TOO_MANY_REQUESTS", "concurrentRequestsPerActor")));
        is_well(&front, "/healthz").await;
        is_well(&front, "/readyz").await;
        held.release().await;
    };
    let (answered, ()) = tokio::join!(command, others);
    let answered: Value = answered.json().await.expect("JSON");
    assert_eq!(answered["data"]["openCampaign"]["userErrors"], json!([]), "{answered}");
    assert_eq!(front.ask("{ viewer { id } }").await["data"]["viewer"]["id"], "front-tester");
}

/// A position that is not there is waited for, as after a restore by every client that was told a later one.
async fn who_waits_for_a_position_holds_no_place_of_those_who_work(database: Database) {
    const AHEAD: &str = "9000000000000000000";
    const WAITING: &str = "etalon_waiting_requests";
    let settings = [("ETALON_CONCURRENT_REQUESTS", "12"), ("ETALON_METRICS_LISTEN", "127.0.0.1:0")];
    let front = Front::of(Installation::on(&database.url), &settings);
    let query = format!("{{ campaigns(first: 1, minPosition: \"{AHEAD}\") {{ nodes {{ id }} }} }}");
    let asked = async || front.ask(&query).await["errors"][0]["extensions"].clone();
    let followed = async |transport| {
        let (url, ahead) = (&front.server.graphql, json!({ "after": AHEAD }));
        let subscriber = Subscriber::open(transport, url, &front.token, EVENTS, ahead).await;
        match subscriber.expect("it is there").next().await {
            Got::Error(told) => told,
            other => panic!("there is no such position: {other:?}"),
        }
    };
    let beside = async {
        let mut waiting = 0.0;
        for _ in 0..LOOKS {
            waiting = front.figure(WAITING).await;
            if waiting == 3.0 {
                break;
            }
        }
        assert_eq!((waiting, front.figure("etalon_answering_requests").await), (3.0, 0.0));
        // The actor's part is three: of those who work it is free, of those who wait it is not.
        assert_eq!(front.ask("{ viewer { id } }").await["data"]["viewer"]["id"], "front-tester");
        let refused = asked().await;
        let told = ["code", "limit", "maximum", "retryable"].map(|name| refused[name].clone());
        assert_eq!(told, [json!("SERVER_BUSY"), json!("concurrentRequestsPerActor"), json!(3), json!(true)]);
    };
    let (by_post, by_socket, by_events, ()) =
        tokio::join!(asked(), followed(Transport::WebSocket), followed(Transport::EventStream), beside);
    for told in [by_post, by_socket, by_events] {
        assert_eq!(told["code"], "POSITION_NOT_REACHED", "{told}");
    }
    assert_eq!(front.figure(WAITING).await, 0.0);
}

const HEAD: &str = "{ serverInfo { position } }";

/// More requests than there are connections of either database, and some that wait: what comes of each for that many
/// actors in turn.
async fn heads(front: &Front, actors: usize) -> Vec<(u16, Option<String>, Value)> {
    let token = |number| front.installation.token(&Who::new(format!("reader-{number}"), "MANAGER", "CN"));
    let tokens: Vec<_> = (0..actors).map(token).collect();
    let head = |token: &String| {
        let request = front.client.post(&front.server.graphql).bearer_auth(token);
        let answer = request.json(&json!({ "query": HEAD })).send();
        async { refusal(answer.await.expect("an answer")).await }
    };
    join_all(tokens.iter().cycle().take(40).map(head)).await
}

async fn what_one_actor_asks_for_leaves_the_database_to_others(database: Database) {
    let settings =
        [("ETALON_DATABASE_QUEUE", "8"), ("ETALON_STATEMENT_TIMEOUT_MS", "1000"), ("ETALON_QUERY_TIMEOUT_MS", "3000")];
    let front = Front::of(Installation::on(&database.url), &settings);
    let raw = database.raw().await;
    make_slow(&raw, LONG).await;
    let (answers, other, ()) = tokio::join!(heads(&front, 1), front.ask(HEAD), is_well(&front, "/healthz"));
    for (_, _, told) in answers {
        assert_eq!(told["code"], "TIMED_OUT", "it waits for what else they read, and for no connection: {told}");
    }
    let told = &other["errors"][0]["extensions"];
    assert_eq!((&told["code"], &told["limit"]), (&json!("TIMED_OUT"), &json!("statementTimeoutMs")), "it was read");
    make_fast(&raw).await;
}

async fn a_database_that_cannot_keep_up_refuses_more(database: Database) {
    let installation = Installation::on(&database.url);
    let settings = [("ETALON_DATABASE_QUEUE", "3"), ("ETALON_STATEMENT_TIMEOUT_MS", "1000")];
    let front = Front::of(installation, &settings);
    let raw = database.raw().await;
    make_slow(&raw, LONG).await;
    let (answers, ()) = tokio::join!(heads(&front, 20), is_well(&front, "/healthz"));
    let mut refused = 0;
    for (status, again, told) in answers {
        match told["code"].as_str() {
            Some("DATABASE_BUSY") => {
                assert_eq!((status, again.as_deref()), (503, Some("1")));
                assert_eq!((&told["limit"], &told["maximum"]), (&json!("databaseQueue"), &json!(3)));
                refused += 1;
            }
            code => assert_eq!((status, code), (200, Some("TIMED_OUT")), "the others are given up in time"),
        }
    }
    assert!((1..40).contains(&refused), "{refused} of 40 were refused at once");
    make_fast(&raw).await;
    assert_eq!(front.ask("{ serverInfo { name } }").await["data"]["serverInfo"]["name"], "etalon");
}

on_both_databases! {
    so_many_are_answered_at_once,
    who_waits_for_a_position_holds_no_place_of_those_who_work,
    what_one_actor_asks_for_leaves_the_database_to_others,
    a_database_that_cannot_keep_up_refuses_more,
}

/// The longest answers of one actor, which are being made until a lock is given back.
#[tokio::test]
async fn one_actor_leaves_room_for_the_answers_of_others() {
    const LIMIT: usize = 2 * 1024 * 1024;
    const MAKING: &str = "etalon_making_answer_bytes";
    let settings = [
        ("ETALON_STATEMENT_TIMEOUT_MS", "600000"),
        ("ETALON_QUERY_TIMEOUT_MS", "600000"),
        ("ETALON_ANSWER_LIMIT_BYTES", "2097152"),
        ("ETALON_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let database = Database::postgres();
    let front = Front::of(Installation::on(&database.url), &settings);
    let raw = database.raw().await;
    let Raw::Postgres(pool) = &raw else { unreachable!("it is one of PostgreSQL") };
    let lock = "begin; lock table register_versions in access exclusive mode";
    let held = pool.begin_with(lock).await.expect("nobody reads it");
    let once = front.post(JSON, json!({ "query": schema(1) }).to_string()).await.text().await.expect("text").len();
    let long = schema(LIMIT * 3 / 5 / once);
    let waiting = long.replacen('{', "{ campaigns(first: 1) { nodes { id } } ", 1);
    let mutation = "mutation { deleteView(input: { viewId: \"x\" }) { userErrors { code } } }";
    let asks = async |token: &str, query: &str| {
        let request = front.client.post(&front.server.graphql).bearer_auth(token).header("accept", GRAPHQL_RESPONSE);
        request.json(&json!({ "query": query })).send().await.expect("an answer")
    };
    let others = async {
        let mut is_full = false;
        for _ in 0..LOOKS {
            is_full = front.figure(MAKING).await > (8 * LIMIT) as f64;
            if is_full {
                break;
            }
        }
        assert!(is_full, "{} bytes are being made", front.figure(MAKING).await);
        let other = front.installation.token(&Who::new("somebody-else", "MANAGER", "CN"));
        for query in ["{ viewer { id } }", mutation] {
            let (status, again, told) = refusal(asks(&front.token, query).await).await;
            let expected = json!({
                "code": "SERVER_BUSY", "limit": "largestAnswerBytes", "maximum": LIMIT, "retryable": true,
            });
            assert_eq!((status, again.as_deref(), told), (503, Some("1"), expected), "{query}");
            assert_eq!(asks(&other, query).await.status(), 200, "{query}");
        }
        assert_eq!(asks(&other, &long).await.status(), 200, "there is room for a long one of somebody else");
        held.rollback().await.expect("it is given back");
    };
    let (answers, ()) = tokio::join!(join_all((0..16).map(|_| asks(&front.token, &waiting))), others);
    let refused = answers.iter().filter(|answer| answer.status() == 503).count();
    assert!(refused > 0 && answers.iter().all(|answer| [200, 503].contains(&answer.status().as_u16())));
    assert_eq!(asks(&front.token, mutation).await.status(), 200);
    assert_eq!(front.figure(MAKING).await, 0.0, "nothing is left of them");
}
