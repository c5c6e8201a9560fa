//! The HTTP front and the shape of answers, as a client meets them.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::server::{Installation, Server, Who};

const QUERY: &str = r#"{"query":"{ viewer { roles } }"}"#;
const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

struct Front {
    server: Server,
    /// Its folder goes when it is dropped.
    _installation: Installation,
    token: String,
    client: reqwest::Client,
}

impl Front {
    fn start() -> Self {
        let installation = Installation::embedded();
        let token = installation.token(&Who::new("front-tester", "MANAGER", "CN"));
        Self { server: installation.start(), _installation: installation, token, client: reqwest::Client::new() }
    }

    fn request(&self, method: Method) -> RequestBuilder {
        self.client.request(method, &self.server.graphql).bearer_auth(&self.token)
    }

    async fn post(&self, accept: &str, body: impl Into<String>) -> Response {
        let request = self.request(Method::POST).header("content-type", JSON).header("accept", accept);
        request.body(body.into()).send().await.expect("an answer")
    }

    async fn ask(&self, query: &str) -> Value {
        let answer = self.post(JSON, json!({ "query": query }).to_string()).await;
        answer.json().await.expect("JSON")
    }
}

async fn code_of(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("JSON");
    (status, body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_its_own_status() {
    let front = Front::start();
    let post = |content_type: &'static str, body: &'static str| {
        front.request(Method::POST).header("content-type", content_type).body(body)
    };
    let bare = || front.client.post(&front.server.graphql).header("content-type", JSON).body(QUERY);
    let mutation =
        front.client.get(format!("{}?query=mutation%7B__typename%7D", front.server.graphql)).bearer_auth(&front.token);
    let table = [
        (post("text/plain", QUERY), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post("application/x-www-form-urlencoded", "query={a}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post(JSON, "{"), 400, "BAD_REQUEST"),
        (post(JSON, "[]"), 400, "BAD_REQUEST"),
        (post(JSON, QUERY).header("accept", "text/html"), 406, "NOT_ACCEPTABLE"),
        (bare().bearer_auth("x.y.z"), 401, "TOKEN_MALFORMED"),
        (bare(), 401, "TOKEN_MISSING"),
        (mutation, 405, "METHOD_NOT_ALLOWED"),
        (front.request(Method::DELETE), 405, "METHOD_NOT_ALLOWED"),
    ];
    for (request, status, code) in table {
        let answer = request.send().await.expect("an answer");
        assert!(answer.headers().contains_key("x-request-id"), "{code}");
        assert_eq!(code_of(answer).await, (status, code.to_owned()));
    }
    let large = format!("{{\"query\":\"{}\"}}", "x".repeat(9 * 1024 * 1024));
    assert_eq!(code_of(front.post(JSON, large).await).await, (413, "BODY_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn the_media_type_decides_what_the_status_says() {
    let front = Front::start();
    for query in ["{", "{ nothingOfThatName }", "query($id: ID!) { node(id: $id) { id } }"] {
        let body = json!({ "query": query }).to_string();
        let modern = front.post(GRAPHQL_RESPONSE, body.clone()).await;
        assert_eq!(modern.status().as_u16(), 400, "{query}");
        let answer: Value = modern.json().await.expect("JSON");
        assert!(answer.get("data").is_none() && answer["errors"].is_array(), "{query}");
        assert_eq!(front.post(JSON, body).await.status().as_u16(), 200, "{query}");
    }
    let fine = front.post(GRAPHQL_RESPONSE, QUERY).await;
    assert_eq!(fine.status().as_u16(), 200);
    assert_eq!(fine.headers()["content-type"], "application/graphql-response+json; charset=utf-8");
}

#[tokio::test]
async fn a_field_that_fails_leaves_its_neighbours() {
    let front = Front::start();
    let answer = front.ask("{ case(id: \"x\") { id } cases(after: \"x\") { nodes { id } } serverInfo { name } }").await;
    assert_eq!(answer["data"], json!({ "case": null, "cases": null, "serverInfo": { "name": "etalon" } }));
    let codes: Vec<_> =
        answer["errors"].as_array().expect("errors").iter().map(|error| &error["extensions"]["code"]).collect();
    assert!(codes.contains(&&json!("ID_INVALID")) && codes.contains(&&json!("CURSOR_INVALID")), "{codes:?}");
}

#[tokio::test]
async fn a_fragment_bomb_does_not_go_off() {
    let front = Front::start();
    let fragments = (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{next} ...f{next} }} ", next = n + 1));
    let bomb =
        format!("{{ ...f0 }} {} fragment f40 on Query {{ serverInfo {{ name }} }}", fragments.collect::<String>());
    let answer = front.ask(&bomb).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "COST_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn the_same_key_gives_the_same_receipt() {
    let front = Front::start();
    let open = |name: &str| {
        format!(
            "mutation {{ openCampaign(input: {{ name: \"{name}\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\", idempotencyKey: \"k\" }}) {{ receipt {{ position version eventIds replayed }} userErrors {{ code field }} }} }}"
        )
    };
    let first = front.ask(&open("计量服务")).await;
    let mut again = front.ask(&open("计量服务")).await;
    let receipt = &mut again["data"]["openCampaign"]["receipt"];
    assert_eq!(receipt["replayed"], true);
    receipt["replayed"] = false.into();
    assert_eq!(first, again);
    let other = front.ask(&open("another")).await;
    let error = json!([{ "code": "IDEMPOTENCY_KEY_REUSED", "field": ["idempotencyKey"] }]);
    assert_eq!(other["data"]["openCampaign"], json!({ "receipt": null, "userErrors": error }));
}
