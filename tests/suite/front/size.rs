//! What is long costs: an answer that is too long is never made, and a body is paid for before any of it is kept.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::faults::coordinator;
use crate::front::streams::talk;
use crate::front::{Front, GRAPHQL_RESPONSE, JSON, QUERY};

const LIMIT: u64 = 2 * 1024 * 1024;

/// All types with their fields, so many times.
pub(crate) fn schema(times: usize) -> String {
    let fields: Vec<_> = (0..times).map(|time| format!("f{time}: fields {{ name description }}")).collect();
    format!("{{ __schema {{ types {{ {} }} }} }}", fields.join(" "))
}

#[tokio::test]
async fn an_answer_that_would_be_too_long_is_not_made() {
    let front = Front::with(&[("ETALON_ANSWER_LIMIT_BYTES", &LIMIT.to_string())]);
    let fine = front.ask(&schema(1)).await;
    assert!(fine["errors"].is_null() && fine["data"]["__schema"]["types"].is_array(), "{fine}");
    for times in [60, 99] {
        let answer = front.post(JSON, json!({ "query": schema(times) }).to_string()).await;
        let text = answer.text().await.expect("a text");
        assert!(text.len() < 10_000, "{} bytes of what was thrown away", text.len());
        let told: Value = serde_json::from_str(&text).expect("JSON");
        let expected = json!({
            "code": "ANSWER_TOO_LARGE", "limit": "largestAnswerBytes", "maximum": LIMIT, "retryable": false,
        });
        assert_eq!((&told["errors"][0]["extensions"], &told["errors"][1]), (&expected, &Value::Null), "{told}");
    }
    let config = front.ask("{ serviceConfig { largestAnswerBytes } }").await;
    assert_eq!(config["data"]["serviceConfig"]["largestAnswerBytes"], LIMIT);
}

/// The commands of a mutation are carried out and told, whatever else their payloads show.
#[tokio::test]
async fn what_came_of_a_command_is_told_however_much_is_shown() {
    let front = Front::with(&[("ETALON_ANSWER_LIMIT_BYTES", &LIMIT.to_string())]);
    let token = front.installation.token(&coordinator());
    let case = talk(&front, &token).await;
    let texts: String = (0..90).map(|number| format!("t{number}: text ")).collect();
    let told = "receipt { position } userErrors { code }";
    let query = format!(
        "mutation($input: AddCommentInput!, $many: ExecuteCommandsInput!) {{
            a: addComment(input: $input) {{ case {{ comments {{ {texts} }} }} {told} }}
            b: addComment(input: $input) {{ {told} case {{ id }} }}
            c: executeCommands(input: $many) {{ results {{ node {{ id }} {told} }} userErrors {{ code }} }}
        }}"
    );
    let input = json!({ "caseId": case, "text": "短" });
    let variables = json!({ "input": input, "many": { "commands": [{ "addComment": input }] } });
    let request = front.client.post(&front.server.graphql).bearer_auth(&token).header("accept", GRAPHQL_RESPONSE);
    let answer = request.json(&json!({ "query": query, "variables": variables })).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("JSON");
    let data = &answer["data"];
    let payloads = [&data["a"], &data["b"], &data["c"]["results"][0]];
    for payload in payloads {
        assert!(payload["receipt"]["position"].is_string(), "{answer}");
        assert_eq!(payload["userErrors"], json!([]));
    }
    assert_eq!(data["c"]["userErrors"], json!([]));
    assert_eq!(data["a"]["case"], Value::Null);
    for shown in [&data["b"]["case"], &data["c"]["results"][0]["node"]] {
        assert_eq!(shown["id"], json!(case), "what comes behind it fits");
    }
    let errors = answer["errors"].as_array().expect("errors");
    let expected = json!({
        "code": "ANSWER_TOO_LARGE", "limit": "largestAnswerBytes", "maximum": LIMIT, "retryable": false,
    });
    assert_eq!((errors.len(), &errors[0]["path"], &errors[0]["extensions"]), (1, &json!(["a", "case"]), &expected));
    let query = format!("{{ case(id: \"{case}\") {{ comments {{ id }} }} }}");
    let comments = front.ask(&query).await["data"]["case"]["comments"].as_array().map(Vec::len);
    assert_eq!(comments, Some(4 + 3), "each was carried out, and once");
}

/// The beginning of what comes back.
async fn begun(stream: &mut TcpStream) -> String {
    let mut first = [0; 64];
    let read = stream.read(&mut first).await.expect("an answer");
    String::from_utf8_lossy(&first[..read]).into_owned()
}

async fn sent(front: &Front, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(front.address()).await.expect("it is there");
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         {headers}\r\n\r\n{body}",
        front.token
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    stream
}

#[tokio::test]
async fn a_body_is_paid_for_before_it_comes() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "6000")]);
    // A mebibyte each, of which nothing more comes.
    let mut one = sent(&front, "content-length: 1048576", "{").await;
    let mut other = sent(&front, "content-length: 1048576", "{").await;
    // Which of them is looked at first is the server's affair.
    let answer = tokio::select! {
        answer = begun(&mut one) => answer,
        answer = begun(&mut other) => answer,
    };
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

/// What was charged for bytes that did not come is given back: a body that does not say how long it is costs what it has.
#[tokio::test]
async fn a_body_of_no_said_length_costs_what_it_has() {
    let front = Front::with(&[("ETALON_ACTOR_COST_PER_SECOND", "100"), ("ETALON_ACTOR_COST_BURST", "40000")]);
    for _ in 0..5 {
        let body = format!("{:x}\r\n{QUERY}\r\n0\r\n\r\n", QUERY.len());
        let answer = begun(&mut sent(&front, "transfer-encoding: chunked", &body).await).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}
