//! Requests that are made to be too much for a server, or to be taken for somebody else's: all are refused in a moment, and the server answers the next one.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::server::{Installation, Server, Who};

/// More than any of them takes, of a server that was not optimised on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(20);

struct Target {
    server: Server,
    _installation: Installation,
    token: String,
    client: Client,
}

impl Target {
    fn start() -> Self {
        let installation = Installation::embedded();
        let token = installation.token(&Who::new("prober", "MANAGER", "CN"));
        Self { server: installation.start(), _installation: installation, token, client: Client::new() }
    }

    /// Sends a body as it is: the status, and the code of the first error.
    async fn send(&self, body: impl Into<reqwest::Body>) -> (StatusCode, String) {
        let began = Instant::now();
        let request = self.client.post(&self.server.graphql).bearer_auth(&self.token);
        let request =
            request.header("content-type", "application/json").header("accept", "application/graphql-response+json");
        let answer = request.body(body).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(began.elapsed() < PATIENCE, "it took {:?}: {text}", began.elapsed());
        assert!(text.len() < 20_000, "a refusal is short: {} bytes", text.len());
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
        (status, answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(&self, query: &str, variables: Value) -> (StatusCode, String) {
        self.send(json!({ "query": query, "variables": variables }).to_string()).await
    }

    async fn is_well(&self) {
        let well = self.ask("{ viewer { id } }", json!({})).await;
        assert_eq!(well, (StatusCode::OK, String::new()));
    }
}

/// A list in which each item is another.
fn each(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

#[tokio::test]
async fn documents_that_unfold_are_refused_before_they_do() {
    let target = Target::start();
    let chain = |count: usize, last: &str| {
        let links = each(count, |n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1));
        format!("{{ ...f0 }} {links} fragment f{count} on Query {{ {last} }}")
    };
    let wide = each(100, |_| "...f ".to_owned());
    let deep = |levels: usize| {
        let inner =
            (0..levels).fold("id".to_owned(), |inner, _| format!("similar(first: 20) {{ case {{ {inner} }} }}"));
        format!("{{ cases(first: 100) {{ nodes {{ {inner} }} }} }}")
    };
    let introspection = (0..12).fold("name".to_owned(), |inner, _| format!("fields {{ type {{ {inner} }} }}"));
    for (what, query, code) in [
        ("duplicate fields", format!("{{ {} }}", "viewer { id } ".repeat(3_000)), "TOKEN_LIMIT_EXCEEDED"),
        ("duplicate root fields", format!("{{ {} }}", "viewer { id } ".repeat(60)), "ROOT_FIELD_LIMIT_EXCEEDED"),
        ("duplicate fields within", format!("{{ viewer {{ {} }} }}", "id ".repeat(5_000)), "SELECTION_LIMIT_EXCEEDED"),
        (
            "aliases",
            format!("{{ {} }}", each(101, |n| format!("a{n}: serverInfo {{ name }} "))),
            "ALIAS_LIMIT_EXCEEDED",
        ),
        (
            "directives",
            format!("{{ viewer {} {{ id }} }}", "@include(if: true) ".repeat(101)),
            "DIRECTIVE_LIMIT_EXCEEDED",
        ),
        ("unknown directives", format!("{{ viewer {} {{ id }} }}", "@x ".repeat(2_000)), "DIRECTIVE_LIMIT_EXCEEDED"),
        ("a cycle of one", "{ ...a } fragment a on Query { ...a }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("a cycle of many", chain(200, "...f0"), "GRAPHQL_VALIDATION_FAILED"),
        (
            "a cycle in a field",
            "{ cases(first: 1) { nodes { ...a } } } fragment a on Case { duplicateOf { ...a } }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "a fragment a hundred times",
            format!("{{ {wide} }} fragment f on Query {{ {} }}", "viewer { id } ".repeat(40)),
            "SELECTION_LIMIT_EXCEEDED",
        ),
        ("lists in lists", deep(4), "COST_LIMIT_EXCEEDED"),
        (
            "introspection in circles",
            format!("{{ __schema {{ types {{ {introspection} }} }} }}"),
            "DEPTH_LIMIT_EXCEEDED",
        ),
        ("a value that nests", format!("{{ cases(filter: {}", "{ not: ".repeat(100_000)), "NESTING_LIMIT_EXCEEDED"),
        (
            "a type that nests",
            format!("query($a: {}Int) {{ __typename }}", "[".repeat(100_000)),
            "NESTING_LIMIT_EXCEEDED",
        ),
        (
            "three megabytes of a comment",
            format!("# {}\n{{ viewer {{ id }} }}", "x".repeat(3_000_000)),
            "DOCUMENT_LIMIT_EXCEEDED",
        ),
        (
            "three megabytes of a text",
            format!("{{ search(query: \"{}\") {{ totalCount }} }}", "x".repeat(3_000_000)),
            "DOCUMENT_LIMIT_EXCEEDED",
        ),
        ("three megabytes of fields", "{a}".repeat(1_000_000), "DOCUMENT_LIMIT_EXCEEDED"),
        ("three megabytes of one name", format!("{{ {} }}", "x".repeat(3_000_000)), "DOCUMENT_LIMIT_EXCEEDED"),
        (
            "a number beyond all",
            format!("{{ cases(first: {}) {{ totalCount }} }}", "9".repeat(1_000)),
            "GRAPHQL_PARSE_FAILED",
        ),
    ] {
        let (status, found) = target.ask(&query, json!({})).await;
        assert!(!status.is_server_error(), "{what}: {status}");
        assert_eq!(found, code, "{what}");
    }
    // As many links as there may be tokens: it is long, and not deep.
    let (status, _) = target.ask(&chain(1_200, "viewer { id }"), json!({})).await;
    assert!(!status.is_server_error(), "{status}");
    target.is_well().await;
}

#[tokio::test]
async fn variables_and_bodies_that_unfold_are_refused_before_they_do() {
    let target = Target::start();
    let filtered = "query($filter: CaseFilter) { cases(filter: $filter) { totalCount } }";
    let fields = (0..50).map(|field| format!("f{field}: cases(filter: $filter) {{ totalCount }} ")).collect::<String>();
    let often = format!("query($filter: CaseFilter) {{ {fields} }}");
    let of_ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let nested = (0..100).fold(json!({ "open": true }), |inner, _| json!({ "not": inner }));
    for (what, query, variables, code) in [
        ("a filter that nests", filtered, json!({ "filter": nested }), "NESTING_LIMIT_EXCEEDED"),
        (
            "a filter that is wide",
            filtered,
            json!({ "filter": { "or": vec![json!({ "open": true }); 1_000] } }),
            "FILTER_TOO_LARGE",
        ),
        ("a filter of nothing", filtered, json!({ "filter": { "or": vec![json!({}); 1_100] } }), "FILTER_TOO_LARGE"),
        (
            "a filter of a megabyte",
            filtered,
            json!({ "filter": { "or": vec![json!({}); 350_000] } }),
            "VALUE_LIMIT_EXCEEDED",
        ),
        (
            "a filter that is used often",
            often.as_str(),
            json!({ "filter": { "or": vec![json!({}); 300] } }),
            "VALUE_LIMIT_EXCEEDED",
        ),
        ("ids", of_ids, json!({ "ids": vec!["x"; 100_000] }), "VALUE_LIMIT_EXCEEDED"),
        ("what nobody asked for", "{ viewer { id } }", json!({ "x": vec!["y"; 100_000] }), ""),
    ] {
        let (status, found) = target.ask(query, variables).await;
        assert!(!status.is_server_error(), "{what}: {status}");
        assert!(code.is_empty() || found == code, "{what}: {found}");
    }
    let levels = |open: &str, close: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        format!("{{\"query\":\"{{ viewer {{ id }} }}\",\"variables\":{{\"x\":{open}1{close}}}}}")
    };
    let batch = format!("[{}]", vec![r#"{"query":"{ viewer { id } }"}"#; 20].join(","));
    for (what, body, code) in [
        ("lists in lists", levels("[", "]"), "NESTING_LIMIT_EXCEEDED"),
        ("objects in objects", levels("{\"a\":", "}"), "NESTING_LIMIT_EXCEEDED"),
        ("a batch", batch, "BATCH_LIMIT_EXCEEDED"),
    ] {
        let (status, found) = target.send(body.into_bytes()).await;
        assert_eq!((status, found.as_str()), (StatusCode::BAD_REQUEST, code), "{what}");
    }
    for (what, body) in [
        ("half a pair of surrogates", br#"{"query":"{ search(query: \"\ud800\") { totalCount } }"}"#.to_vec()),
        (
            "half a pair in a variable",
            br#"{"query":"query($t: String!) { search(query: $t) { totalCount } }","variables":{"t":"\udfff x"}}"#
                .to_vec(),
        ),
        ("bytes that are no text", b"{\"query\":\"{ viewer { id } } # \xff\xfe\"}".to_vec()),
        ("a number beyond all", br#"{"query":"{ viewer { id } }","variables":{"x":1e400}}"#.to_vec()),
        ("nothing", Vec::new()),
        ("zeros", vec![0; 1_000_000]),
    ] {
        let (status, code) = target.send(body).await;
        assert_eq!((status, code.as_str()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"), "{what}");
    }
    target.is_well().await;
}

/// What a page of another site can make a browser send.
#[tokio::test]
async fn other_sites_make_nobody_command() {
    let target = Target::start();
    let url = &target.server.graphql;
    let query = r#"{"query":"mutation { openCampaign(input: { name: \"x\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\" }) { receipt { position } } }"}"#;
    for content_type in [
        "text/plain",
        "text/plain; charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
    ] {
        let request =
            target.client.post(url).bearer_auth(&target.token).header("content-type", content_type).body(query);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type:?}");
    }
    let commands = [(
        "query",
        "mutation { openCampaign(input: { name: \"x\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\" }) { receipt { position } } }",
    )];
    // A browser tells of the page that a link stands on, and what a script sends by GET is a command all the same.
    for (header, status) in
        [("sec-fetch-site", StatusCode::BAD_REQUEST), ("x-requested-with", StatusCode::METHOD_NOT_ALLOWED)]
    {
        let request = target.client.get(url).query(&commands).bearer_auth(&target.token).header(header, "page");
        assert_eq!(request.send().await.expect("an answer").status(), status, "{header}");
    }
    // Whatever the page is called, nothing tells its browser that it may read an answer.
    for method in [Method::OPTIONS, Method::POST] {
        let request = target.client.request(method.clone(), url).bearer_auth(&target.token);
        let request = request.header("origin", "https://evil.example").header("access-control-request-method", "POST");
        let answer = request.header("content-type", "application/json").body(r#"{"query":"{ viewer { id } }"}"#);
        let answer = answer.send().await.expect("an answer");
        let told = answer.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(told, None, "{method}");
    }
    let position = target.ask("{ serverInfo { position } }", json!({})).await;
    assert_eq!(position, (StatusCode::OK, String::new()), "the log is as empty as it was");
}
