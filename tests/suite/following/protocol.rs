//! The two protocols, to the letter: close codes, what is refused before a stream begins, and what else goes over a socket.

use futures::{SinkExt, StreamExt};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::following::resuming::OPEN;
use crate::following::subscriber::{EVENTS, Got, Socket, Subscriber, Transport, connected, greeted, position, say};
use crate::life::scene::campaign;
use crate::support::server::{Installation, Server, Who};

struct House {
    server: Server,
    installation: Installation,
    token: String,
}

impl House {
    fn open() -> Self {
        Self::with(&[])
    }

    /// One with more settings.
    fn with(settings: &[(&str, &str)]) -> Self {
        let installation = Installation::embedded();
        let mut command = installation.command();
        let command = command.envs(settings.iter().copied()).env("ETALON_BODY_LIMIT_BYTES", "4096");
        let command = command.env("ETALON_SUBSCRIPTIONS_PER_CONNECTION", "2");
        let command = command.env("ETALON_OPERATIONS_PER_CONNECTION", "2");
        let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        let token = installation.token(&Who::new("manager", "MANAGER", "44"));
        Self { server, installation, token }
    }

    async fn greeted(&self) -> Socket {
        greeted(&self.server.graphql, &self.token).await.expect("it is acknowledged")
    }
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": query } })
}

/// The code that a socket is closed with.
async fn close_code(mut socket: Socket) -> u16 {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("it is closed in words: {other:?}"),
        }
    }
}

async fn message(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("a message is expected: {other:?}"),
        }
    }
}

#[tokio::test]
async fn every_offence_has_its_close_code() {
    let house = House::open();
    let url = &house.server.graphql;
    let fresh = async || connected(url, "graphql-transport-ws").await.expect("it is there");
    let events = "subscription { events(fromStart: true) { position } }";

    for (text, code) in [
        ("hello".to_owned(), 4400),
        (json!({ "type": "wat" }).to_string(), 4400),
        (json!({ "type": "subscribe", "id": "1" }).to_string(), 4400),
        (json!({ "type": "connection_init" }).to_string(), 4429),
        ("[".repeat(100), 4400),
        ("x".repeat(5_000), 1009),
    ] {
        let mut socket = house.greeted().await;
        socket.send(Message::text(text.clone())).await.expect("it is sent");
        assert_eq!(close_code(socket).await, code, "{text}");
    }
    let mut socket = house.greeted().await;
    socket.send(Message::binary(vec![1, 2, 3])).await.expect("it is sent");
    assert_eq!(close_code(socket).await, 4400, "a message in bytes");

    let mut socket = house.greeted().await;
    for _ in 0..2 {
        say(&mut socket, subscribe("x", events)).await;
    }
    assert_eq!(close_code(socket).await, 4409, "an id that is taken");

    let mut socket = fresh().await;
    say(&mut socket, subscribe("1", events)).await;
    assert_eq!(close_code(socket).await, 4401, "nobody has said who is asking");

    let stranger = Installation::embedded().token(&Who::new("manager", "MANAGER", "44"));
    for payload in [json!(null), json!({}), json!({ "authorization": format!("Bearer {stranger}") })] {
        let mut socket = fresh().await;
        say(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(close_code(socket).await, 4403, "{payload}");
    }
    let request = url.replacen("http", "ws", 1).into_client_request().expect("a URL");
    let (socket, answer) = connect_async(request).await.expect("it is there");
    assert!(!answer.headers().contains_key(SEC_WEBSOCKET_PROTOCOL));
    assert_eq!(close_code(socket).await, 4406, "another protocol");
}

#[tokio::test]
async fn who_does_not_say_in_time_who_is_asking_is_closed() {
    let house = House::with(&[("ETALON_CONNECTION_INIT_TIMEOUT_MS", "500")]);
    let socket = connected(&house.server.graphql, "graphql-transport-ws").await.expect("it is there");
    assert_eq!(close_code(socket).await, 4408);
}

#[tokio::test]
async fn an_actor_has_a_quarter_of_the_streams_as_sockets() {
    let house = House::with(&[("ETALON_STREAMING_CONNECTIONS", "4")]);
    let first = house.greeted().await;
    let mut second = connected(&house.server.graphql, "graphql-transport-ws").await.expect("it is there");
    let authorization = format!("Bearer {}", house.token);
    say(&mut second, json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
    assert_eq!(close_code(second).await, 1013);
    let other = house.installation.token(&Who::new("another-manager", "MANAGER", "44"));
    assert!(greeted(&house.server.graphql, &other).await.is_some(), "others have theirs");
    drop(first);
}

#[tokio::test]
async fn a_page_of_another_origin_and_a_bad_token_are_refused_at_the_door() {
    let house = House::open();
    let own = house.server.graphql.trim_end_matches("/graphql").to_owned();
    let good = format!("Bearer {}", house.token);
    for (origin, authorization, status) in [
        (Some("https://evil.example"), None, Some(403)),
        (None, Some("Bearer x.y.z"), Some(401)),
        (Some(own.as_str()), Some(good.as_str()), None),
    ] {
        let mut request = house.server.graphql.replacen("http", "ws", 1).into_client_request().expect("a URL");
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-transport-ws"));
        headers.extend(origin.map(|origin| (ORIGIN, origin.parse().expect("a value"))));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value.parse().expect("a value"))));
        match (connect_async(request).await, status) {
            (Err(tungstenite::Error::Http(answer)), Some(status)) => assert_eq!(answer.status(), status),
            (Ok((mut socket, _)), None) => {
                // The header has said who is asking.
                say(&mut socket, json!({ "type": "connection_init" })).await;
                assert_eq!(message(&mut socket).await["type"], "connection_ack");
            }
            (other, _) => panic!("{status:?} is expected: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_socket_carries_operations_of_every_kind() {
    let house = House::open();
    let mut socket = house.greeted().await;
    say(&mut socket, json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(message(&mut socket).await, json!({ "type": "pong", "payload": { "n": 1 } }));

    say(&mut socket, subscribe("q", "{ viewer { roles } }")).await;
    let answer = json!({ "data": { "viewer": { "roles": ["MANAGER"] } } });
    let next = message(&mut socket).await;
    assert_eq!((&next["type"], &next["payload"]["data"]), (&json!("next"), &answer["data"]));
    assert_eq!(message(&mut socket).await, json!({ "id": "q", "type": "complete" }));

    for (id, query, code) in [
        ("a", "subscription { noSuchField }", "GRAPHQL_VALIDATION_FAILED"),
        ("b", "{", "GRAPHQL_PARSE_FAILED"),
        ("c", "subscription { events { position } other: events { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ("d", "subscription { caseChanged(id: \"x\") { position } }", "ID_INVALID"),
        ("e", "subscription { events(filter: { types: [\"Nothing\"] }) { position } }", "EVENT_TYPE_UNKNOWN"),
    ] {
        say(&mut socket, subscribe(id, query)).await;
        let error = message(&mut socket).await;
        assert_eq!((&error["id"], &error["type"]), (&json!(id), &json!("error")), "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{error}");
    }

    let within = "subscription { ...S } fragment S on Subscription { events(fromStart: true) { ...U } } fragment U on LogUpdate { position }";
    say(&mut socket, subscribe("s", within)).await;
    let mutation = json!({ "query": OPEN, "variables": { "input": campaign("经由套接字") } });
    say(&mut socket, json!({ "id": "m", "type": "subscribe", "payload": mutation })).await;
    let mut got = Vec::new();
    while got.len() < 3 {
        let message = message(&mut socket).await;
        got.push((
            message["id"].as_str().expect("an id").to_owned(),
            message["type"].as_str().expect("a type").to_owned(),
        ));
    }
    got.sort();
    let expected = [("m", "complete"), ("m", "next"), ("s", "next")];
    assert_eq!(got, expected.map(|(id, kind)| (id.to_owned(), kind.to_owned())));

    say(&mut socket, subscribe("t", "subscription { events(fromStart: true) { position } }")).await;
    assert_eq!(message(&mut socket).await["payload"]["data"]["events"]["position"], "0");
    say(&mut socket, subscribe("u", "subscription { events { position } }")).await;
    let refused = message(&mut socket).await["payload"][0]["extensions"].clone();
    let limit = json!({ "code": "TOO_MANY_SUBSCRIPTIONS", "limit": "subscriptionsPerConnection", "maximum": 2 });
    assert!(
        limit.as_object().is_some_and(|limit| limit.iter().all(|(name, value)| refused[name] == *value)),
        "{refused}"
    );
    say(&mut socket, json!({ "id": "t", "type": "complete" })).await;
    say(&mut socket, subscribe("t", "subscription { events(fromStart: true) { position } }")).await;
    assert_eq!(message(&mut socket).await["id"], "t", "the id and the room are free again");

    socket.close(None).await.expect("it is sent");
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(_))) => break,
            Some(Ok(_)) => {}
            other => panic!("a client that closes is answered: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_names_no_position_that_a_subscription_misses_something_behind() {
    let House { server, installation: _installation, token } = House::open();
    let client = reqwest::Client::new();
    for _ in 0..3 {
        let body = json!({ "query": OPEN, "variables": { "input": campaign("计量服务") } });
        client.post(&server.graphql).bearer_auth(&token).json(&body).send().await.expect("an answer");
    }
    let mut socket = greeted(&server.graphql, &token).await.expect("it is acknowledged");
    // It hears of nothing for a while, and is told no position; the other one is told the latest at once.
    let quiet = "subscription { events(after: \"0\", filter: { subjects: [CASE] }) { position } }";
    say(&mut socket, subscribe("quiet", quiet)).await;
    say(&mut socket, subscribe("told", "subscription { events { position } }")).await;
    let first = message(&mut socket).await;
    assert_eq!((&first["id"], &first["payload"]["data"]["events"]["position"]), (&json!("told"), &json!("2")));
    let ended = tokio::task::spawn_blocking(move || server.stop());
    let reason: Value = loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => break serde_json::from_str(&frame.reason).expect("JSON"),
            Some(Ok(_)) => {}
            other => panic!("it is closed in words: {other:?}"),
        }
    };
    assert_eq!(reason["code"], "SHUTTING_DOWN");
    assert!([json!("0"), Value::Null].contains(&reason["position"]), "{reason}");
    drop(socket);
    assert!(ended.await.expect("no panic"), "it ends in order");
}

#[tokio::test]
async fn a_socket_has_so_many_operations_under_way_and_no_more() {
    let house = House::open();
    let mut socket = house.greeted().await;
    // They wait until the server gives the position up.
    let waits = "{ cases(minPosition: \"9999\") { totalCount } }";
    for id in ["a", "b", "c"] {
        say(&mut socket, subscribe(id, waits)).await;
    }
    let refused = message(&mut socket).await;
    assert_eq!((&refused["id"], &refused["type"]), (&json!("c"), &json!("error")));
    let expected =
        json!({ "code": "TOO_MANY_OPERATIONS", "limit": "operationsPerConnection", "maximum": 2, "retryable": true });
    assert_eq!(refused["payload"][0]["extensions"], expected);
    // What the client does not wait for any more takes no room.
    say(&mut socket, json!({ "id": "a", "type": "complete" })).await;
    say(&mut socket, subscribe("d", "{ viewer { roles } }")).await;
    let answered = message(&mut socket).await;
    assert_eq!((&answered["id"], &answered["type"]), (&json!("d"), &json!("next")));
}

#[tokio::test]
async fn an_event_stream_resumes_by_its_last_id_and_refuses_before_it_begins() {
    let house = House::open();
    let client = reqwest::Client::new();
    let post = |query: &str| {
        let request = client.post(&house.server.graphql).bearer_auth(&house.token);
        request.json(&json!({ "query": query }))
    };
    let events = "subscription { events { position } }";
    let after = |position: &str| post(events).header(ACCEPT, "text/event-stream").header("last-event-id", position);
    for (request, status, code) in [
        (post(events), 406, "SUBSCRIPTION_NEEDS_STREAM"),
        (post("subscription { no }").header(ACCEPT, "text/event-stream"), 400, "GRAPHQL_VALIDATION_FAILED"),
        (post("subscription { caseChanged(id: 1) { id } }").header(ACCEPT, "text/event-stream"), 400, "ID_INVALID"),
        (after("x"), 400, "LAST_EVENT_ID_INVALID"),
        (after("-1"), 400, "LAST_EVENT_ID_INVALID"),
        (after("18446744073709551615"), 400, "LAST_EVENT_ID_INVALID"),
        (after("9999"), 400, "POSITION_NOT_REACHED"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{code}");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], code);
    }
    let once = post("{ viewer { roles } }").header(ACCEPT, "text/event-stream").send().await.expect("an answer");
    assert_eq!(once.headers()["content-type"], "text/event-stream");
    let text = once.text().await.expect("a body");
    assert!(
        text.starts_with("event: next\ndata: {\"data\":") && text.ends_with("event: complete\ndata:\n\n"),
        "{text}"
    );

    for _ in 0..3 {
        let body = json!({ "query": OPEN, "variables": { "input": campaign("计量服务") } });
        client.post(&house.server.graphql).bearer_auth(&house.token).json(&body).send().await.expect("an answer");
    }
    // By GET as well, and the id of the last event goes before the document.
    let from_start = "subscription%7Bevents(fromStart:true)%7Bposition%7D%7D";
    let request = client.get(format!("{}?query={from_start}", house.server.graphql)).bearer_auth(&house.token);
    let request = request.header(ACCEPT, "text/event-stream").header("last-event-id", "0");
    let answer = request.send().await.expect("an answer");
    let mut resumed = Subscriber::EventStream { answer, bytes: Vec::new(), got: Default::default() };
    assert_eq!(position(&resumed.update().await), 1);
    assert_eq!(position(&resumed.update().await), 2);
    // An empty id is none: the stream begins where the document says.
    let request = client.get(format!("{}?query={from_start}", house.server.graphql)).bearer_auth(&house.token);
    let answer = request.header(ACCEPT, "text/event-stream").header("last-event-id", "").send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    let mut begun = Subscriber::EventStream { answer, bytes: Vec::new(), got: Default::default() };
    for expected in 0..3 {
        assert_eq!(position(&begun.update().await), expected);
    }
    let expired = json!({ "after": "9999" });
    let token = house.installation.token(&Who::new("auditor", "AUDITOR", "CN"));
    let mut ahead = Subscriber::open(Transport::EventStream, &house.server.graphql, &token, EVENTS, expired).await;
    let Got::Error(refused) = ahead.as_mut().expect("an answer").next().await else { panic!("it is refused") };
    assert_eq!(refused["code"], "POSITION_NOT_REACHED");
}

/// Those of one response name are one field (GraphQL, 5.2.4.1), and one that may be left out would leave none.
#[tokio::test]
async fn a_subscription_selects_one_field_however_often_it_stands_there() {
    let house = House::open();
    let mut socket = house.greeted().await;
    let campaigns = json!({ "query": OPEN, "variables": { "input": campaign("一个字段") } });
    say(&mut socket, json!({ "id": "m", "type": "subscribe", "payload": campaigns })).await;
    while message(&mut socket).await["type"] != "complete" {}
    let composed = "subscription { events(fromStart: true) { position } ...A ...B }
        fragment A on Subscription { events(fromStart: true) { registerEvent { type } ...P } }
        fragment B on Subscription { ... { events(fromStart: true) { ...P } } } fragment P on LogUpdate { at: position }";
    say(&mut socket, subscribe("s", composed)).await;
    let update = message(&mut socket).await;
    let expected = json!({ "position": "0", "registerEvent": { "type": "CampaignOpened" }, "at": "0" });
    assert_eq!(update["payload"]["data"]["events"], expected, "{update}");
    say(&mut socket, json!({ "id": "s", "type": "complete" })).await;

    let conditional = "can not specify @skip or @include on root fields";
    for (id, query, told) in [
        ("a", "subscription { events { position } other: events { position } }", "can only have one root field"),
        ("b", "subscription { events @include(if: true) { position } }", conditional),
        ("c", "subscription { ... @skip(if: false) { events { position } } }", conditional),
        ("d", "subscription { ...F @skip(if: false) } fragment F on Subscription { events { position } }", conditional),
    ] {
        say(&mut socket, subscribe(id, query)).await;
        let error = message(&mut socket).await;
        assert_eq!((&error["id"], &error["type"]), (&json!(id), &json!("error")), "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{error}");
        let message = error["payload"][0]["message"].as_str().expect("a message");
        assert!(message.contains(told), "{message}");
    }
}
