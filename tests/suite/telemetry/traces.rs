//! Traces go through request, operation, command and commit, as a part of the caller's own, and say where in the log it went.

use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use crate::faults::{COMMENT, coordinator, report_cases};
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server};
use crate::telemetry::collector::{Collector, number};

const TRACE: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
const CALLER: [u8; 8] = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];
/// The two of them, as a caller tells them (W3C Trace Context, 3.2).
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Nothing else says this.
const TEXT: &str = "谁也不该看见的读数";

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_sqlite_is_followed_into_its_commit() {
    a_command_is_followed_into_its_commit(&Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_postgresql_is_followed_into_its_commit() {
    let database = fresh_database();
    a_command_is_followed_into_its_commit(&Installation::on(database.url())).await;
}

async fn a_command_is_followed_into_its_commit(installation: &Installation) {
    let collector = Collector::start().await;
    let mut command = installation.command();
    command.env("ETALON_OTLP_ENDPOINT", &collector.url);
    let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
    let cases = report_cases(installation, &server.graphql).await;
    let input = json!({ "caseId": cases[0], "text": TEXT });
    let answer = traced(installation, &server, COMMENT, json!({ "input": input })).await;
    let position = answer["data"]["addComment"]["receipt"]["position"].as_str().expect("a position");
    let position: i64 = position.parse().expect("a number");
    traced(installation, &server, "{ cases(first: 1) { nodes { number } } }", json!({})).await;
    // What is left is sent before it ends.
    assert!(server.stop(), "it ends in order:\n{}", server.log());

    let spans = collector.spans();
    let ours: Vec<_> = spans.iter().filter(|span| span.trace_id == TRACE).collect();
    let one = |name: &str, parent: &[u8]| {
        let mut found = ours.iter().filter(|span| span.name == name && span.parent_span_id == parent);
        *found.next().unwrap_or_else(|| panic!("no {name} within {parent:?} among {:?}", names(&ours)))
    };
    let command = ours.iter().find(|span| span.name == "command");
    let command =
        *command.unwrap_or_else(|| panic!("no command among {:?} of {}:\n{}", names(&ours), spans.len(), server.log()));
    let operation = within(&ours, command);
    let request = within(&ours, operation);
    assert_eq!((operation.name.as_str(), request.name.as_str()), ("operation", "request"));
    assert_eq!(request.parent_span_id, CALLER, "the caller's own span is its parent");
    let commit = one("commit", &command.span_id);
    assert_eq!(number(command, "etalon.position"), Some(position));
    assert_eq!(number(commit, "etalon.position"), Some(position));

    // The transaction that took it is linked with it, and a part of nobody's trace.
    let together = spans.iter().find(|span| span.links.iter().any(|link| link.span_id == commit.span_id));
    let together = together.expect("a group commit");
    assert_eq!((together.name.as_str(), together.parent_span_id.len()), ("group commit", 0));

    // The query says as of which position its list is.
    let queries = ours.iter().filter(|span| span.name == "operation" && span.span_id != operation.span_id);
    let [query] = queries.collect::<Vec<_>>()[..] else { panic!("one query among {:?}", names(&ours)) };
    assert_eq!(number(query, "etalon.position"), Some(position));
    one("read", &query.span_id);

    let sent = collector.bytes();
    for secret in [TEXT, "内径测量", "示例轴承厂", "coordinator", &installation.token(&coordinator())[..60]] {
        assert!(!sent.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_nobody_an_answer() {
    let installation = Installation::embedded();
    let mut command = installation.command();
    // A port that nobody listens at.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    command.env("ETALON_OTLP_ENDPOINT", format!("http://{free}"));
    let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
    report_cases(&installation, &server.graphql).await;
    assert!(server.stop(), "it ends in order");
    server.says("the collector takes no traces").await;
}

/// Asks as a part of a trace.
async fn traced(installation: &Installation, server: &Server, query: &str, variables: Value) -> Value {
    let client = reqwest::Client::new();
    let request = client.post(&server.graphql).bearer_auth(installation.token(&coordinator()));
    let body = json!({ "query": query, "variables": variables });
    let answer = request.header("traceparent", TRACEPARENT).json(&body).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer
}

/// The span that this one is within.
fn within<'a>(spans: &[&'a Span], inner: &Span) -> &'a Span {
    let outer = spans.iter().find(|span| span.span_id == inner.parent_span_id);
    outer.unwrap_or_else(|| panic!("{} is within none of {:?}", inner.name, names(spans)))
}

fn names(spans: &[&Span]) -> Vec<String> {
    spans.iter().map(|span| span.name.clone()).collect()
}
