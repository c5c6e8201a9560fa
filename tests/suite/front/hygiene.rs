//! What browsers are told and asked, and what nobody in particular learns.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::front::{Front, JSON, QUERY, code_of};

const EVIL: &str = "https://evil.example";
const CONSOLE: &str = "https://console.example";

fn posting(front: &Front, origin: &str) -> RequestBuilder {
    front.request(Method::POST).header("content-type", JSON).header("origin", origin).body(QUERY)
}

/// What a browser asks before it lets a page post JSON with a token.
async fn preflight(front: &Front, origin: &str) -> Response {
    let request = front.client.request(Method::OPTIONS, &front.server.graphql).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type").send().await.expect("an answer")
}

fn allowed_origin(answer: &Response) -> Option<&str> {
    answer.headers().get("access-control-allow-origin").map(|value| value.to_str().expect("a text"))
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let front = Front::start();
    let answers = [
        (front.post(JSON, QUERY).await, 200),
        (front.post(JSON, "{").await, 400),
        (front.client.post(&front.server.graphql).send().await.expect("an answer"), 401),
        (front.client.get(front.at("/healthz")).send().await.expect("an answer"), 200),
        (front.client.get(front.at("/graphiql")).send().await.expect("an answer"), 200),
        (front.client.get(front.at("/no/such/path")).send().await.expect("an answer"), 404),
        (front.client.get(front.at("/log/checkpoint")).send().await.expect("an answer"), 401),
    ];
    for (answer, status) in answers {
        let url = answer.url().clone();
        assert_eq!(answer.status(), status, "{url}");
        let said = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("a text"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(said(name), Some(value), "{name} of {url}");
        }
        let policy = said("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for silent in ["strict-transport-security", "access-control-allow-origin", "server", "x-powered-by"] {
            assert_eq!(said(silent), None, "{silent} of {url}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_neither_ask_nor_read() {
    let front = Front::start();
    let own = front.at("");
    assert_eq!(posting(&front, &own).send().await.expect("an answer").status(), 200);
    let by_get = |origin: &str| {
        let request = front.request(Method::GET).query(&[("query", "{ viewer { id } }")]).header("origin", origin);
        request.header("apollo-require-preflight", "true")
    };
    let stream = json!({ "query": "subscription { events { position } }" }).to_string();
    for request in [
        posting(&front, EVIL),
        posting(&front, "null"),
        posting(&front, EVIL).header("accept", "text/event-stream").body(stream),
        by_get(EVIL),
        front.client.get(front.at("/log/checkpoint")).bearer_auth(&front.token).header("origin", EVIL),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(allowed_origin(&answer), None);
        assert_eq!(code_of(answer).await, (403, "ORIGIN_FORBIDDEN".to_owned()));
    }
    for origin in [EVIL, CONSOLE, &own] {
        let asked = preflight(&front, origin).await;
        assert_eq!((asked.status().is_success(), allowed_origin(&asked)), (false, None), "{origin}");
    }
}

#[tokio::test]
async fn an_origin_that_the_settings_name_may_ask_and_read() {
    let front = Front::with(&[("ETALON_ALLOWED_ORIGINS", CONSOLE)]);
    let asked = preflight(&front, CONSOLE).await;
    assert_eq!((asked.status().is_success(), allowed_origin(&asked)), (true, Some(CONSOLE)));
    let headers = asked.headers();
    let may_be_sent = headers["access-control-allow-headers"].to_str().expect("a text").to_ascii_lowercase();
    assert!(may_be_sent.contains("authorization") && may_be_sent.contains("content-type"), "{may_be_sent}");
    assert!(!headers.contains_key("access-control-allow-credentials"), "there are no cookies to be sent");
    let answer = posting(&front, CONSOLE).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), allowed_origin(&answer)), (200, Some(CONSOLE)));
    let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("a text").to_ascii_lowercase();
    assert!(exposed.contains("retry-after"), "{exposed}");
    assert_eq!(allowed_origin(&preflight(&front, EVIL).await), None);
    let evil = posting(&front, EVIL).send().await.expect("an answer");
    assert_eq!((evil.status().as_u16(), allowed_origin(&evil)), (403, None));
}

/// Nobody in particular learns no word of the schema, whether they ask for it or guess.
#[tokio::test]
async fn nobody_in_particular_learns_nothing() {
    let front = Front::start();
    let questions = [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Case\") { name } }",
        "{ viewr { rolse } }",
        "{ casse { id } }",
        "mutation { reportCas { id } }",
        "subscription { event { id } }",
        "{",
    ];
    for query in questions {
        let body = json!({ "query": query });
        let by_get = front.client.get(&front.server.graphql).query(&[("query", query)]);
        let stream = front.client.post(&front.server.graphql).json(&body).header("accept", "text/event-stream");
        for request in [
            front.client.post(&front.server.graphql).json(&body),
            front.client.post(&front.server.graphql).json(&body).bearer_auth("x.y.z"),
            by_get.header("apollo-require-preflight", "true"),
            stream,
        ] {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 401, "{query}");
            let text = answer.text().await.expect("a body");
            let told: Value = serde_json::from_str(&text).expect("JSON");
            assert!(told.get("data").is_none() && text.len() < 300, "{text}");
            for word in ["did you mean", "viewer", "roles", "cases", "reportCase", "Query", "locations"] {
                assert!(!text.contains(word), "{query}: {text}");
            }
        }
    }
}
