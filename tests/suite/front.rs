//! The HTTP front and the shape of answers, as a client meets them.

mod bodies;
mod codings;
mod connections;
mod ending;
mod hosts;
mod hygiene;
mod lists;
mod messages;
mod rates;
mod readers;
mod ready;
mod refusals;
mod room;
mod secure;
mod settings;
mod size;
mod slow;
mod streams;
mod twice;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::server::{Installation, Server, Who};

const QUERY: &str = r#"{"query":"{ viewer { roles } }"}"#;
const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

struct Front {
    server: Server,
    /// Its folder goes when it is dropped.
    installation: Installation,
    token: String,
    client: reqwest::Client,
}

impl Front {
    fn start() -> Self {
        Self::with(&[])
    }

    /// With these variables.
    fn with(settings: &[(&str, &str)]) -> Self {
        Self::of(Installation::embedded(), settings)
    }

    fn of(installation: Installation, settings: &[(&str, &str)]) -> Self {
        let token = installation.token(&Who::new("front-tester", "MANAGER", "CN"));
        let mut command = installation.command();
        let server = Server::start(command.envs(settings.iter().copied()).args(["serve", "--listen", "127.0.0.1:0"]));
        Self { server, installation, token, client: reqwest::Client::new() }
    }

    /// The URL of a path.
    fn at(&self, path: &str) -> String {
        self.server.graphql.replace("/graphql", path)
    }

    /// The server's address without a scheme.
    fn address(&self) -> String {
        self.at("").replace("http://", "")
    }

    /// One of the server's figures, where it has a listener for them.
    async fn figure(&self, name: &str) -> f64 {
        let log = self.server.log();
        let (_, told) = log.lines().find_map(|line| line.split_once("figures at ")).expect("it says where they are");
        let text = self.client.get(told.trim()).send().await.expect("an answer").text().await.expect("text");
        let told = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        told.expect("it is there").parse().expect("a number")
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
    let by_link = || {
        let request = front.client.get(format!("{}?query=mutation%7B__typename%7D", front.server.graphql));
        request.bearer_auth(&front.token).header("sec-fetch-site", "cross-site")
    };
    let table = [
        (post("text/plain", QUERY), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post("application/x-www-form-urlencoded", "query={a}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post(JSON, QUERY).header("content-encoding", "gzip"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post(JSON, "{"), 400, "BAD_REQUEST"),
        (post(JSON, "[]"), 400, "BATCH_LIMIT_EXCEEDED"),
        (post("multipart/form-data; boundary=x", "--x"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (by_link(), 400, "PREFLIGHT_HEADER_MISSING"),
        (front.client.get(&front.server.graphql), 400, "PREFLIGHT_HEADER_MISSING"),
        (post(JSON, QUERY).header("accept", "text/html"), 406, "NOT_ACCEPTABLE"),
        (bare().bearer_auth("x.y.z"), 401, "TOKEN_MALFORMED"),
        (bare(), 401, "TOKEN_MISSING"),
        (by_link().header("apollo-require-preflight", "true"), 405, "METHOD_NOT_ALLOWED"),
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

/// A field within so many inline fragments.
fn within_fragments(count: usize) -> String {
    (0..count).fold("__typename".to_owned(), |inner, _| format!("... {{ {inner} }}"))
}

/// So many spreads of a fragment that asks for so many ids.
fn ids_in_fragments(spreads: usize, ids: usize) -> String {
    let (spreads, ids) = ("...f ".repeat(spreads), "\"x\" ".repeat(ids));
    format!("{{ {spreads} }} fragment f on Query {{ nodes(ids: [{ids}]) {{ id }} }}")
}

/// The code of the first error, and what else it says.
async fn refusal_of(front: &Front, body: Value) -> (String, Value) {
    let answer = front.post(GRAPHQL_RESPONSE, body.to_string()).await;
    assert_eq!(answer.status().as_u16(), 400);
    let answer: Value = answer.json().await.expect("JSON");
    let error = &answer["errors"][0];
    (error["extensions"]["code"].as_str().unwrap_or_default().to_owned(), error.clone())
}

#[tokio::test]
async fn what_would_be_too_much_is_refused_by_the_name_of_its_limit() {
    let front = Front::start();
    let bomb = |fields: &str| {
        let fragments = (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{next} ...f{next} }} ", next = n + 1));
        format!("{{ ...f0 }} {} fragment f40 on Query {{ {fields} }}", fragments.collect::<String>())
    };
    let cases =
        (0..30).map(|n| format!("a{n}: cases(first: 100) {{ nodes {{ events(first: 100) {{ nodes {{ id }} }} }} }} "));
    let overlap = (0..600).map(|n| format!("id(x: {n}) ")).collect::<String>();
    let deep = (0..30).fold("{ id }".to_owned(), |inner, _| format!("{{ duplicateOf {inner} }}"));
    let table = [
        ("{ a ".repeat(100_000), "NESTING_LIMIT_EXCEEDED", "deepestNesting"),
        (format!("{{ case(id: {}", "[".repeat(100_000)), "NESTING_LIMIT_EXCEEDED", "deepestNesting"),
        ("a ".repeat(1_500_000), "DOCUMENT_LIMIT_EXCEEDED", "largestDocumentBytes"),
        (
            format!("{{ viewer {{ id }} }} # {}", "x".repeat(3_000_000)),
            "DOCUMENT_LIMIT_EXCEEDED",
            "largestDocumentBytes",
        ),
        ("a ".repeat(15_000), "TOKEN_LIMIT_EXCEEDED", "largestDocumentTokens"),
        (format!("{{ {} }}", "x: __typename ".repeat(101)), "ALIAS_LIMIT_EXCEEDED", "mostAliases"),
        (format!("{{ __typename {} }}", "@skip(if: false) ".repeat(101)), "DIRECTIVE_LIMIT_EXCEEDED", "mostDirectives"),
        (format!("{{ {} }}", "__typename ".repeat(51)), "ROOT_FIELD_LIMIT_EXCEEDED", "mostRootFields"),
        (bomb("serverInfo { name }"), "SELECTION_LIMIT_EXCEEDED", "largestSelection"),
        (format!("{{ viewer {{ {overlap} }} }}"), "SELECTION_LIMIT_EXCEEDED", "largestSelection"),
        (format!("{{ case(id: \"x\") {deep} }}"), "DEPTH_LIMIT_EXCEEDED", "largestDepth"),
        (format!("{{ {} }}", within_fragments(32)), "SELECTION_DEPTH_LIMIT_EXCEEDED", "deepestSelection"),
        (ids_in_fragments(20, 600), "VALUE_LIMIT_EXCEEDED", "mostValues"),
        (format!("{{ {} }}", cases.collect::<String>()), "COST_LIMIT_EXCEEDED", "largestCost"),
    ];
    for (query, code, limit) in table {
        let (refused, error) = refusal_of(&front, json!({ "query": query })).await;
        assert_eq!(refused, code, "{error}");
        assert_eq!(error["extensions"]["limit"], limit);
        let maximum = error["extensions"]["maximum"].as_u64().expect("a number").to_string();
        assert!(error["message"].as_str().is_some_and(|message| message.contains(&maximum)), "{error}");
        assert!(error.to_string().len() < 1_000, "an error repeats no document");
    }
}

#[tokio::test]
async fn what_reads_much_is_refused_however_little_text_it_is() {
    let front = Front::start();
    let similar = (0..3).fold("id".to_owned(), |inner, _| format!("similar(first: 20) {{ case {{ {inner} }} }}"));
    let events = "cases(first: 100) { nodes { events(first: $n) { nodes { id type payload position } } } }";
    let table = [
        (format!("{{ case(id: \"x\") {{ {similar} }} }}"), json!({})),
        (format!("query($n: Int! = 100) {{ {events} other: {events} }}"), json!({})),
        (format!("query($n: Int! = 1) {{ {events} other: {events} }}"), json!({ "n": 100 })),
    ];
    for (query, variables) in table {
        let (refused, error) = refusal_of(&front, json!({ "query": query, "variables": variables })).await;
        assert_eq!((refused.as_str(), &error["extensions"]["limit"]), ("COST_LIMIT_EXCEEDED", &json!("largestCost")));
    }
    let answer = front.ask(&format!("query($n: Int! = 1) {{ {events} }}")).await;
    assert_eq!(answer["extensions"]["cost"]["requested"], 1 + 100 * (1 + 5 + 5));
}

/// Every limit has a field, and every refusal of an argument says which.
#[tokio::test]
async fn every_limit_is_told_by_the_service() {
    let front = Front::start();
    let fields = front.ask("{ __type(name: \"ServiceConfig\") { fields { name } } }").await;
    let names = fields["data"]["__type"]["fields"].as_array().expect("a list").iter();
    let names: Vec<_> = names.filter_map(|field| field["name"].as_str()).filter(|name| *name != "fieldCosts").collect();
    let query = format!("{{ serviceConfig {{ {} fieldCosts {{ field cost rows }} }} }}", names.join(" "));
    let config = front.ask(&query).await["data"]["serviceConfig"].clone();
    assert_eq!((&config["queryTimeoutMs"], &config["statementTimeoutMs"]), (&json!(10_000), &json!(5_000)));
    let costs = config["fieldCosts"].as_array().expect("a list");
    assert!(costs.contains(&json!({ "field": "Case.similar", "cost": 2_250, "rows": 5 })), "{costs:?}");
    let ids = vec!["\"x\""; 101].join(", ");
    let wide = vec!["{}"; 101].join(", ");
    let orders = vec!["{ deleteView: { viewId: \"x\" } }"; 101].join(", ");
    let deep = (0..5).fold("{ open: true }".to_owned(), |inner, _| format!("{{ not: {inner} }}"));
    let table = [
        ("largestPage", "{ cases(first: 101) { totalCount } }".to_owned()),
        ("mostIds", format!("{{ nodes(ids: [{ids}]) {{ id }} }}")),
        ("mostCommands", format!("mutation {{ executeCommands(input: {{ commands: [{orders}] }}) {{ __typename }} }}")),
        ("deepestFilter", format!("{{ cases(filter: {deep}) {{ totalCount }} }}")),
        ("largestFilter", format!("{{ cases(filter: {{ or: [{wide}] }}) {{ totalCount }} }}")),
        ("mostValues", ids_in_fragments(20, 600)),
        ("longestSearch", format!("{{ search(query: \"{}\") {{ totalCount }} }}", "x".repeat(201))),
        (
            "mostSearchParts",
            format!(
                "{{ search(query: \"{}\") {{ totalCount }} }}",
                ('a'..='q').map(|word| format!("{word}{word} ")).collect::<String>()
            ),
        ),
    ];
    for (name, query) in table {
        let answer = front.ask(&query).await;
        let told = &answer["errors"][0]["extensions"];
        assert_eq!((&told["limit"], &told["maximum"]), (&json!(name), &config[name]), "{answer}");
    }
    let deep =
        format!("{{\"query\":\"query($v: Int) {{ viewer {{ id }} }}\",\"variables\":{{\"v\":{}", "[".repeat(100_000));
    for (body, name) in [(deep, "deepestNesting"), (format!("[{QUERY},{QUERY}]"), "operationsPerRequest")] {
        let refused: Value = front.post(JSON, body).await.json().await.expect("JSON");
        let told = &refused["errors"][0]["extensions"];
        assert_eq!((&told["limit"], &told["maximum"]), (&json!(name), &config[name]));
    }
    let large = format!("{{\"query\":\"{}\"}}", "x".repeat(9 * 1024 * 1024));
    let refused: Value = front.post(JSON, large).await.json().await.expect("JSON");
    let told = &refused["errors"][0]["extensions"];
    assert_eq!((&told["limit"], &told["maximum"]), (&json!("largestBodyBytes"), &config["largestBodyBytes"]));
}

#[tokio::test]
async fn a_document_that_makes_no_sense_is_refused_whole() {
    let front = Front::start();
    let table = [
        ("{ secret_word ", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { shoeSize } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($unused: Int) { viewer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ c: case(id: \"a\") { id } c: case(id: \"b\") { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ cases(first: 2147483648) { totalCount } viewer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ asOf(point: { time: \"31.10.2026\" }) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { id } asOf(point: {}) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ asOf(point: { time: null }) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ asOf(point: { position: \"1\", event: \"x\" }) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($p: Position) { asOf(point: { position: $p }) { position } }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query($e: ID) { ...a } fragment a on Query { asOf(point: { event: $e }) { position } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "mutation { addAttachment(input: { caseId: \"x\", name: \"x\", mediaType: \"x/y\", digest: \"x\", contentBase64: \"!!!\" }) { receipt { position } } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query A { viewer { id } } query B { viewer { id } }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($at: DateTime!) { asOf(point: { time: $at }) { position } }", "BAD_USER_INPUT"),
    ];
    for (query, code) in table {
        let (refused, error) = refusal_of(&front, json!({ "query": query })).await;
        assert_eq!(refused, code, "{query}: {error}");
        assert!(!error.to_string().contains("secret_word"), "an error repeats no document: {error}");
        if code.starts_with("GRAPHQL") && !query.contains("...a") {
            assert!(error["locations"][0]["line"].is_u64(), "{query}: {error}");
        }
    }
    let triage = "mutation($input: TriageCaseInput!) { triageCase(input: $input) { receipt { position } } }";
    let input = json!({ "caseId": "x", "category": "L", "kind": "NO_SUCH_KIND", "severity": "MAJOR" });
    let (code, error) = refusal_of(&front, json!({ "query": triage, "variables": { "input": input } })).await;
    assert_eq!((code.as_str(), &error["extensions"]["field"]), ("BAD_USER_INPUT", &json!(["input", "kind"])));
}

#[tokio::test]
async fn a_known_document_may_be_named_by_its_digest() {
    let front = Front::start();
    let query = "query Who { viewer { roles } }";
    let digest = hex::encode(Sha256::digest(query));
    let named = |hash: &str, version: u32| json!({ "persistedQuery": { "version": version, "sha256Hash": hash } });
    let get = async |extensions: &Value| {
        let parameters = [("extensions", extensions.to_string())];
        let request = front.client.get(&front.server.graphql).query(&parameters).bearer_auth(&front.token);
        let request = request.header("x-apollo-operation-name", "Who");
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer
    };
    let (code, error) = refusal_of(&front, json!({ "extensions": named(&digest, 1) })).await;
    assert_eq!((code.as_str(), &error["message"]), ("PERSISTED_QUERY_NOT_FOUND", &json!("PersistedQueryNotFound")));
    let other = "0".repeat(64);
    let mismatch = refusal_of(&front, json!({ "query": query, "extensions": named(&other, 1) })).await;
    assert_eq!(mismatch.0, "PERSISTED_QUERY_HASH_MISMATCH");
    let newer = refusal_of(&front, json!({ "query": query, "extensions": named(&digest, 2) })).await;
    assert_eq!(newer.0, "PERSISTED_QUERY_NOT_SUPPORTED");
    let sent = front.post(JSON, json!({ "query": query, "extensions": named(&digest, 1) }).to_string()).await;
    let first: Value = sent.json().await.expect("JSON");
    assert_eq!(first["data"], json!({ "viewer": { "roles": ["MANAGER"] } }));
    assert_eq!(get(&named(&digest, 1)).await, first);
    assert_eq!(get(&named(&digest.to_uppercase(), 1)).await, first);
}

#[tokio::test]
async fn an_answer_tells_its_cost() {
    let front = Front::start();
    let answer = front.ask("{ cases(first: 10) { totalCount nodes { id title } } }").await;
    assert_eq!(answer["extensions"]["cost"], json!({ "requested": 81, "limit": 50_000, "depth": 3, "depthLimit": 20 }));
}

#[tokio::test]
async fn a_browser_finds_the_page_and_nothing_of_another_host() {
    let front = Front::start();
    let root = front.server.graphql.trim_end_matches("/graphql").to_owned();
    let browser = front.client.get(format!("{root}/")).header("accept", "text/html,*/*;q=0.8");
    let page = browser.send().await.expect("an answer");
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/graphiql"));
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let text = page.text().await.expect("text");
    assert!(text.contains("标准器"));
    for name in ["style.css", "page.js", "editor.js", "operations.js", "schema.js", "mark.svg", "examples.json"] {
        let file = front.client.get(format!("{root}/graphiql/{name}")).send().await.expect("an answer");
        assert_eq!(file.status().as_u16(), 200, "{name}");
    }
    let program = front.client.get(format!("{root}/")).send().await.expect("an answer");
    assert_eq!(program.status().as_u16(), 404);
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
