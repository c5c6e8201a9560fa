//! Who asks for too much in a row is told when to come again; everybody else is answered.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use reqwest::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::following::resuming::OPEN;
use crate::following::subscriber::{Socket, Subscriber, TRANSPORTS, greeted, position, say};
use crate::front::{Front, JSON, code_of};
use crate::life::scene::campaign;
use crate::support::server::{Who, ask};

/// It costs some 20,000.
const DEAR: &str = "{ cases(first: 100) { nodes { events(first: 100) { nodes { id } } } } }";
const CHEAP: &str = "{ viewer { id } }";

/// The extensions of the refusal, and the seconds after which it may be asked again.
async fn refused(answer: Response) -> (StatusCode, Value, u64) {
    let status = answer.status();
    let wait = answer.headers()["retry-after"].to_str().expect("a text").parse().expect("a number of seconds");
    let body: Value = answer.json().await.expect("JSON");
    (status, body["errors"][0]["extensions"].clone(), wait)
}

async fn message(socket: &mut Socket) -> Value {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("a message is expected: {other:?}"),
    }
}

#[tokio::test]
async fn an_actor_has_so_much_and_no_more() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "30000")]);
    let first = front.ask(DEAR).await;
    let cost = first["extensions"]["cost"]["requested"].as_u64().expect("a number");
    assert!((15_000..29_000).contains(&cost), "one of them is within the limit and two are not: {cost}");
    let again = front.post(JSON, json!({ "query": DEAR }).to_string()).await;
    let (status, told, wait) = refused(again).await;
    let expected = json!({
        "code": "ACTOR_RATE_LIMIT_EXCEEDED", "limit": "actorCostPerSecond", "maximum": 100, "retryable": true,
        "retryAfterSeconds": wait,
    });
    assert_eq!((status.as_u16(), &told), (429, &expected));
    // What is missing, and what the next try is charged before it is known what it asks for.
    let missing = (2 * cost + 30 - 30_000) / 100;
    assert!((missing.saturating_sub(60)..=missing + 1).contains(&wait), "{wait} s for {missing}");

    let config = front.ask("{ serviceConfig { actorCostPerSecond actorCostBurst anonymousRequestsPerMinute } }").await;
    let expected = json!({
        "actorCostPerSecond": 100, "actorCostBurst": 30_000, "anonymousRequestsPerMinute": 1_000,
    });
    assert_eq!(config["data"]["serviceConfig"], expected, "a little is left for a little question");

    let mut socket = greeted(&front.server.graphql, &front.token).await.expect("it is acknowledged");
    for (id, query) in [("dear", DEAR), ("cheap", CHEAP)] {
        say(&mut socket, json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }
    let (one, other) = (message(&mut socket).await, message(&mut socket).await);
    assert_eq!((&one["id"], &one["type"]), (&json!("dear"), &json!("error")), "{one}");
    assert_eq!(one["payload"][0]["extensions"]["code"], "ACTOR_RATE_LIMIT_EXCEEDED");
    assert_eq!((&other["id"], &other["type"]), (&json!("cheap"), &json!("next")), "{other}");

    let other = front.installation.token(&Who::new("somebody-else", "MANAGER", "CN"));
    let request = front.client.post(&front.server.graphql).bearer_auth(other).json(&json!({ "query": DEAR }));
    assert_eq!(request.send().await.expect("an answer").status(), 200, "another actor's account is another");
}

/// They are paid for as answers are: where little is left they come as fast as more flows in, and none is left out.
#[tokio::test]
async fn updates_of_a_subscription_come_no_faster_than_their_actor_may_ask() {
    const A_SECOND: u64 = 1_000;
    const BURST: u64 = 2_000;
    let (a_second, burst) = (A_SECOND.to_string(), BURST.to_string());
    let settings = [("ETALON_ACTOR_COST_PER_SECOND", &*a_second), ("ETALON_ACTOR_COST_BURST", &*burst)];
    let front = Front::with(&settings);
    // None of them asks for too much.
    let openers = ["opener", "another"].map(|name| front.installation.token(&Who::new(name, "MANAGER", "44")));
    let mut last = 0;
    for opener in openers.iter().cycle().take(28) {
        let input = json!({ "input": campaign("计量服务") });
        let opened = ask(&front.client, &front.server.graphql, opener, OPEN, input).await.expect("an answer");
        last = position(&opened["openCampaign"]["receipt"]);
    }
    let many: String = (0..90).map(|copy| format!("p{copy}: payload ")).collect();
    let large = format!("subscription {{ events(fromStart: true) {{ position registerEvent {{ {many} }} }} }}");
    for (transport, name) in TRANSPORTS.into_iter().zip(["one", "other"]) {
        let token = front.installation.token(&Who::new(name, "AUDITOR", "CN"));
        let began = Instant::now();
        let opened = Subscriber::open(transport, &front.server.graphql, &token, &large, json!({})).await;
        let mut subscriber = opened.expect("it is there");
        let mut bytes = 0;
        for expected in 0..=last {
            let update = subscriber.update().await;
            assert_eq!(position(&update), expected, "{transport:?}");
            // The last one is paid for when the next is asked for.
            bytes += if expected == last { 0 } else { update.to_string().len() as u64 };
        }
        let took = began.elapsed();
        let owed = Duration::from_secs_f64((bytes / 256).saturating_sub(BURST / 2) as f64 / A_SECOND as f64);
        assert!(!owed.is_zero() && took >= owed, "{transport:?}: {bytes} bytes in {took:?}, not {owed:?}");
        // Half of what may be saved up is left for what is asked meanwhile.
        let asked = ask(&front.client, &front.server.graphql, &token, CHEAP, json!({})).await;
        assert_eq!(asked.expect("an answer")["viewer"]["id"], name);
    }
}

#[tokio::test]
async fn files_of_the_log_and_what_makes_no_sense_are_charged_as_well() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "2000")]);
    let began = Instant::now();
    // Half a megabyte of nothing costs as much as it takes to read it, which is more than may be saved up.
    let nothing = front.post(JSON, " ".repeat(512 << 10)).await;
    assert_eq!(code_of(nothing).await, (400, "BAD_REQUEST".to_owned()));
    // All at once: for whoever asks slowly, one after the other, enough flows in meanwhile.
    let file = || front.client.get(front.at("/log/checkpoint")).bearer_auth(&front.token).send();
    let answers = join_all((0..64).map(|_| file())).await;
    let took = began.elapsed();
    let answers = answers.into_iter().map(|answer| answer.expect("an answer"));
    let (refusals, given): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status() == 429);
    let refusal = refusals.into_iter().next().expect("files are charged for");
    assert_eq!(refused(refusal).await.1["code"], "ACTOR_RATE_LIMIT_EXCEEDED");
    // A file costs ten, of a hundred that flow in each second.
    let most = 20.0 + 10.0 * took.as_secs_f64();
    assert!(given.len() as f64 <= most, "little was left, and {} files were given in {took:?}", given.len());
}

#[tokio::test]
async fn an_address_has_so_many_requests_without_a_good_token() {
    let front = Front::with(&[("ETALON_ANONYMOUS_REQUESTS_PER_MINUTE", "3")]);
    for _ in 0..5 {
        greeted(&front.server.graphql, &front.token).await.expect("who shows a token afterwards is no stranger");
    }
    let bare = |token: Option<&str>| {
        let request = front.client.post(&front.server.graphql).json(&json!({ "query": CHEAP }));
        match token {
            Some(token) => request.bearer_auth(token).send(),
            None => request.send(),
        }
    };
    for token in [None, Some("x.y.z"), Some("")] {
        assert_eq!(bare(token).await.expect("an answer").status(), 401, "{token:?}");
    }
    let (status, told, wait) = refused(bare(None).await.expect("an answer")).await;
    assert_eq!(status, 429);
    assert_eq!(
        [&told["code"], &told["limit"], &told["maximum"]],
        [&json!("ADDRESS_RATE_LIMIT_EXCEEDED"), &json!("anonymousRequestsPerMinute"), &json!(3)]
    );
    assert!((1..=20).contains(&wait), "one of them every 20 s: {wait}");

    let mut upgrade = front.server.graphql.replacen("http", "ws", 1).into_client_request().expect("a URL");
    upgrade.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-transport-ws"));
    let Err(tungstenite::Error::Http(answer)) = connect_async(upgrade).await else { panic!("it is refused") };
    assert_eq!(answer.status().as_u16(), 429, "a socket of somebody unknown is one of them");

    assert_eq!(front.ask(CHEAP).await["data"]["viewer"]["id"], "front-tester", "a good token is good");
    let health = front.client.get(front.at("/healthz")).send().await.expect("an answer");
    assert_eq!(health.status(), 200);
}
