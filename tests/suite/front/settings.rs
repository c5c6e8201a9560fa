//! Every limit is what the settings say, and is told and refused by its name.

use reqwest::Response;
use serde_json::{Value, json};

use crate::front::{Front, GRAPHQL_RESPONSE, ids_in_fragments, within_fragments};

#[tokio::test]
async fn a_limit_is_what_the_settings_say() {
    let front = Front::with(&[
        ("ETALON_DOCUMENT_LIMIT_BYTES", "8192"),
        ("ETALON_TOKEN_LIMIT", "1000"),
        ("ETALON_NESTING_LIMIT", "30"),
        ("ETALON_ALIAS_LIMIT", "2"),
        ("ETALON_DIRECTIVE_LIMIT", "1"),
        ("ETALON_ROOT_FIELD_LIMIT", "3"),
        ("ETALON_SELECTION_LIMIT", "100"),
        ("ETALON_DEPTH_LIMIT", "15"),
        ("ETALON_COST_LIMIT", "5000"),
        ("ETALON_PAGE_LIMIT", "20"),
    ]);
    let deep = (0..16).fold("{ id }".to_owned(), |inner, _| format!("{{ duplicateOf {inner} }}"));
    let selection = (0..40).map(|_| "...f ").collect::<String>();
    let table = [
        ("largestDocumentBytes", 8_192, format!("{{ viewer {{ id }} }} # {}", "x".repeat(9_000))),
        ("largestDocumentTokens", 1_000, "a ".repeat(1_001)),
        ("deepestNesting", 30, "{ a ".repeat(31)),
        ("mostAliases", 2, "{ a: __typename b: __typename c: __typename }".to_owned()),
        ("mostDirectives", 1, "{ __typename @skip(if: false) @include(if: true) }".to_owned()),
        ("mostRootFields", 3, "{ __typename __typename __typename __typename }".to_owned()),
        (
            "largestSelection",
            100,
            format!("{{ viewer {{ {selection} }} }} fragment f on Viewer {{ id id id __typename }}"),
        ),
        ("mostValues", 1_000, ids_in_fragments(3, 400)),
        ("largestDepth", 15, format!("{{ case(id: \"x\") {deep} }}")),
        ("deepestSelection", 27, format!("{{ {} }}", within_fragments(27))),
        ("largestCost", 5_000, "{ statistics { groups { cases } } annualFigures { id } }".to_owned()),
    ];
    for (name, maximum, query) in table {
        let body = json!({ "query": query }).to_string();
        let answer: Value = front.post(GRAPHQL_RESPONSE, body).await.json().await.expect("JSON");
        let told = &answer["errors"][0]["extensions"];
        assert_eq!((&told["limit"], &told["maximum"]), (&json!(name), &json!(maximum)), "{answer}");
        let config = front.ask(&format!("{{ serviceConfig {{ {name} }} }}")).await;
        assert_eq!(config["data"]["serviceConfig"][name], maximum);
    }
    let answer = front.ask("{ cases(first: 21) { totalCount } }").await;
    let told = &answer["errors"][0]["extensions"];
    assert_eq!((&told["limit"], &told["maximum"]), (&json!("largestPage"), &json!(20)), "{answer}");
    let usual = front.ask("{ serviceConfig { largestPage usualPage } }").await;
    assert_eq!(usual["data"]["serviceConfig"], json!({ "largestPage": 20, "usualPage": 20 }));
    let page = front.ask("{ cases { nodes { id } } }").await;
    assert_eq!(page["extensions"]["cost"]["requested"], 1 + 20 * 2, "a usual page is reckoned as it is");
}

async fn refusal(answer: Response) -> (u16, String, Value) {
    let status = answer.status().as_u16();
    let again = answer.headers()["retry-after"].to_str().expect("a text").to_owned();
    let body: Value = answer.json().await.expect("JSON");
    let extensions = &body["errors"][0]["extensions"];
    (status, again, json!([extensions["code"], extensions["limit"], extensions["maximum"]]))
}

#[tokio::test]
async fn streams_are_counted_for_the_server_and_for_everybody() {
    let body = json!({ "query": "subscription { events { position } }" });
    let open = |front: &Front| {
        let request = front.client.post(&front.server.graphql).bearer_auth(&front.token).json(&body);
        request.header("accept", "text/event-stream").send()
    };
    for (settings, expected) in [
        (
            [("ETALON_SUBSCRIPTIONS_PER_ACTOR", "1"), ("ETALON_STREAMING_CONNECTIONS", "5")],
            (429, "10".to_owned(), json!(["TOO_MANY_SUBSCRIPTIONS", "subscriptionsPerActor", 1])),
        ),
        (
            [("ETALON_SUBSCRIPTIONS_PER_ACTOR", "5"), ("ETALON_STREAMING_CONNECTIONS", "1")],
            (503, "10".to_owned(), json!(["TOO_MANY_CONNECTIONS", "streamingConnections", 1])),
        ),
    ] {
        let front = Front::with(&settings);
        let first = open(&front).await.expect("an answer");
        assert_eq!(first.status(), 200);
        assert_eq!(refusal(open(&front).await.expect("an answer")).await, expected);
    }
}
