//! In which coding an answer comes, and that nothing is done for whoever takes none.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::front::{Front, JSON, QUERY, code_of};

fn posting(front: &Front, accept_encoding: &str) -> RequestBuilder {
    front.request(Method::POST).header("content-type", JSON).header("accept-encoding", accept_encoding)
}

#[tokio::test]
async fn an_answer_comes_compressed_where_that_is_asked_for() {
    let front = Front::start();
    let schema = json!({ "query": "{ __schema { types { name description } } }" }).to_string();
    for encoding in ["gzip", "br", "zstd"] {
        let answer = posting(&front, encoding).body(schema.clone()).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], encoding);
    }
    assert!(!front.post(JSON, schema).await.headers().contains_key("content-encoding"));
}

/// Clients list what they may be unable to read: some on Node.js 20 send the first of these and have no zstd.
#[tokio::test]
async fn of_what_is_liked_equally_everybody_can_read_what_comes() {
    let front = Front::start();
    let schema = json!({ "query": "{ __schema { types { name description } } }" }).to_string();
    for (listed, expected) in [
        ("gzip, deflate, br, zstd", "gzip"),
        ("zstd, br", "br"),
        ("*", "gzip"),
        ("gzip;q=0.8, br;q=0.8, zstd", "zstd"),
        ("gzip;q=0.8, br;q=0.9, *;q=0.1", "br"),
    ] {
        let answer = posting(&front, listed).body(schema.clone()).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], expected, "{listed}");
        assert_eq!(answer.headers()["vary"], "accept-encoding", "{listed}");
        let bytes = answer.bytes().await.expect("a body");
        assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), expected == "gzip", "{listed}");
    }
    let answer = posting(&front, "gzip;q=0.5, identity").body(schema).send().await.expect("an answer");
    assert!(!answer.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn whoever_takes_an_answer_in_no_coding_is_refused_before_anything_is_done() {
    let front = Front::start();
    let open = "mutation { openCampaign(input: { name: \"计量服务\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\" }) { receipt { position } userErrors { code } } }";
    let open = json!({ "query": open }).to_string();
    let refused = (406, "ENCODING_NOT_ACCEPTABLE".to_owned());
    for encoding in ["identity;q=0", "*;q=0", "deflate, *;q=0"] {
        let answer = posting(&front, encoding).body(open.clone()).send().await.expect("an answer");
        assert_eq!(code_of(answer).await, refused, "{encoding}");
        for path in ["/healthz", "/graphiql", "/log/checkpoint", "/no/such/path"] {
            let answer = front.client.get(front.at(path)).header("accept-encoding", encoding).send().await;
            assert_eq!(code_of(answer.expect("an answer")).await, refused, "{encoding}: {path}");
        }
    }
    assert_eq!(front.ask("{ campaigns { totalCount } }").await["data"]["campaigns"]["totalCount"], 0);
    for encoding in ["identity", "deflate", "gzip;q=0", "gzip, identity;q=0", "identity;q=none"] {
        let answer = posting(&front, encoding).body(QUERY).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{encoding}");
    }
}
