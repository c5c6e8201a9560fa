//! Where there is no room, nobody waits in a queue that grows: what is refused has not begun, and whoever looks after the server still sees that it lives.

use futures::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

use crate::front::{Front, JSON};
use crate::store::on_both_databases;
use crate::store::support::Database;
use crate::support::server::Installation;
use crate::time_limits::{LONG, make_fast, make_slow};

const OPEN: &str = "mutation { openCampaign(input: {
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

async fn is_alive(front: &Front) {
    for path in ["/healthz", "/readyz"] {
        let health = front.client.get(front.at(path)).send().await.expect("an answer");
        assert_eq!(health.status(), 200, "{path}");
    }
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
    let others = async {
        let mut found = None;
        for _ in 0..LOOKS {
            let answer = front.post(JSON, json!({ "query": "{ viewer { id } }" }).to_string()).await;
            if answer.status() != 200 {
                found = Some(answer);
                break;
            }
        }
        let (status, again, told) = refusal(found.expect("the only room is taken")).await;
        assert_eq!((status, again.as_deref()), (503, Some("1")));
        let expected = json!({
            "code": "SERVER_BUSY", "limit": "concurrentRequests", "maximum": 1, "retryable": true,
            "retryAfterSeconds": 1,
        });
        assert_eq!(told, expected);
        is_alive(&front).await;
        held.release().await;
    };
    let (answered, ()) = tokio::join!(command, others);
    let answered: Value = answered.json().await.expect("JSON");
    assert_eq!(answered["data"]["openCampaign"]["userErrors"], json!([]), "{answered}");
    assert_eq!(front.ask("{ viewer { id } }").await["data"]["viewer"]["id"], "front-tester");
}

async fn a_database_that_cannot_keep_up_refuses_more(database: Database) {
    let installation = Installation::on(&database.url);
    let settings = [("ETALON_DATABASE_QUEUE", "3"), ("ETALON_STATEMENT_TIMEOUT_MS", "1000")];
    let front = Front::of(installation, &settings);
    let raw = database.raw().await;
    make_slow(&raw, LONG).await;
    // More than there are connections of either database, and three that wait.
    let head = || front.post(JSON, json!({ "query": "{ serverInfo { position } }" }).to_string());
    let (answers, ()) = tokio::join!(join_all((0..40).map(|_| head())), is_alive(&front));
    let mut refused = 0;
    for answer in answers {
        let (status, again, told) = refusal(answer).await;
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
    a_database_that_cannot_keep_up_refuses_more,
}
