//! The front as strangers and careless clients meet it, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use etalon::clock::{Clock, SystemClock};
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::life::scene::{Scene, campaign};
use crate::life::world::{World, read, text};
use crate::support::server::{Installation, Who};

/// What GraphiQL sends when it opens (graphql-js `getIntrospectionQuery`).
const GRAPHIQL: &str = "query IntrospectionQuery { __schema {
    queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
    directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL
    fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

/// Nobody comes in without a token of this installation that holds now.
pub async fn strangers_stay_outside(world: &World) {
    let installation = &world.installation;
    let manager = Who::new("manager", "MANAGER", "44");
    let now = SystemClock.now();
    let good = installation.token(&manager);
    let (head, signature) = good.rsplit_once('.').expect("three parts");
    let (header, _) = head.split_once('.').expect("three parts");
    let other = installation.token(&Who::new("manager", "MANAGER", "CN"));
    let claims_of_another = other.split('.').nth(1).expect("three parts");
    let table = [
        (None, "TOKEN_MISSING"),
        (Some(String::new()), "TOKEN_MALFORMED"),
        (Some("garbage".to_owned()), "TOKEN_MALFORMED"),
        (Some("难".to_owned()), "TOKEN_MALFORMED"),
        (Some(format!("{head}.")), "TOKEN_SIGNATURE"),
        (Some(format!("{header}.{claims_of_another}.{signature}")), "TOKEN_SIGNATURE"),
        (Some(Installation::embedded().token(&manager)), "TOKEN_SIGNATURE"),
        (Some(installation.token_since(&manager, now - SignedDuration::from_hours(2))), "TOKEN_EXPIRED"),
        (Some(installation.token_since(&manager, now + SignedDuration::from_hours(2))), "TOKEN_NOT_YET_VALID"),
    ];
    for (token, code) in table {
        let request = world.client.post(&world.server.graphql).json(&json!({ "query": "{ viewer { id } }" }));
        let request = match &token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        assert!(answer.headers().contains_key("www-authenticate"), "{code}");
        let (status, answer) = read(answer).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{token:?}");
        assert!(answer.get("data").is_none(), "{answer}");
    }
    world.admit("several", &Who { roles: vec!["COORDINATOR", "AUDITOR"], ..manager });
    let viewer = world.ask("several", "{ viewer { id roles jurisdiction { code } } }", json!({})).await;
    assert_eq!(
        viewer["viewer"],
        json!({ "id": "manager", "roles": ["COORDINATOR", "AUDITOR"], "jurisdiction": { "code": "44" } })
    );
}

/// What makes no sense is named, and a tool's introspection is answered.
pub async fn documents_are_judged(world: &World) {
    let nested = (0..30).fold("{ id }".to_owned(), |inner, _| format!("{{ duplicateOf {inner} }}"));
    let case = format!("{{ case(id: \"00000000-0000-7000-8000-000000000000\") {nested} }}");
    let hundred = "cases(first: 100) { nodes { events(first: 100) { nodes { id type payload position } } } }";
    let table = [
        ("{ nothingOfThatName }".to_owned(), "GRAPHQL_VALIDATION_FAILED", "nothingOfThatName"),
        ("{ viewer { shoeSize } }".to_owned(), "GRAPHQL_VALIDATION_FAILED", "shoeSize"),
        ("{ viewer { id }".to_owned(), "GRAPHQL_PARSE_FAILED", ""),
        (
            "mutation { addComment(input: { text: \"x\" }) { receipt { position } } }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "caseId",
        ),
        (
            "mutation { addComment(input: { caseId: \"x\", text: \"x\", mood: 1 }) { receipt { position } } }"
                .to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "mood",
        ),
        (case, "DEPTH_LIMIT_EXCEEDED", "20"),
        (format!("{{ a: {hundred} b: {hundred} }}"), "COST_LIMIT_EXCEEDED", "50000"),
    ];
    for (query, code, named) in table {
        let (_, answer) = world.post("watcher", &query, json!({})).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{query}\n{answer:#}");
        assert!(text(&error["message"]).contains(named), "{query}\n{answer:#}");
    }
    let schema = world.ask("watcher", GRAPHIQL, json!({})).await;
    assert!(schema["__schema"]["types"].as_array().is_some_and(|types| types.len() > 200));
}

/// What is under way when the server is told to end is answered, and what was answered is on record.
pub async fn the_last_request_is_answered(world: &World) {
    Scene::set(world).await;
    let address = world.server.graphql.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
    let input = campaign("最后一个");
    let query = world.schema.document_of("openCampaign");
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        world.token("manager"),
        body.len(),
    );
    let mut connection = TcpStream::connect(&address).expect("it listens");
    connection.write_all(head.as_bytes()).expect("it reads");
    let mut lines = BufReader::new(connection.try_clone().expect("a second handle"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("it answers");
    assert!(line.starts_with("HTTP/1.1 100"), "the request is under way: {line}");

    let server = &world.server;
    let answer = std::thread::scope(|scope| {
        let ended = scope.spawn(|| server.stop());
        while TcpStream::connect(&address).is_ok() {
            std::thread::yield_now();
        }
        connection.write_all(body.as_bytes()).expect("it still reads");
        let mut answer = String::new();
        lines.read_to_string(&mut answer).expect("it still answers");
        assert!(ended.join().expect("no panic"), "it ends well");
        answer
    });
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.rsplit_once("\r\n\r\n").expect("a body");
    let answer: Value = serde_json::from_str(body).expect("JSON");
    let payload = &answer["data"]["openCampaign"];
    assert_eq!(payload["userErrors"], json!([]));

    let server = world.installation.start();
    let found = "query Found($id: ID!) { campaign(id: $id) { name } }";
    let id = &payload["campaign"]["id"];
    let token = world.token("manager");
    let found = crate::support::server::ask(&world.client, &server.graphql, &token, found, json!({ "id": id })).await;
    assert_eq!(found.expect("an answer")["campaign"]["name"], "最后一个");
}
