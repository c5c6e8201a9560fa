//! A list of a case is as long as somebody makes it: it is given whole while it is short, and is paid for by the row.

use serde_json::{Value, json};

use crate::faults::{COMMENT, coordinator, report_a_case};
use crate::front::Front;
use crate::support::server::ask;

const COMMENTS: u64 = 25;

#[tokio::test]
async fn a_long_list_of_a_case_is_given_in_parts() {
    let front = Front::with(&[("ETALON_PAGE_LIMIT", "10")]);
    let case = report_a_case(&front.installation, &front.server.graphql).await;
    let token = front.installation.token(&coordinator());
    for number in 0..COMMENTS {
        let input = json!({ "input": { "caseId": case, "text": format!("{number}") } });
        ask(&front.client, &front.server.graphql, &token, COMMENT, input).await.expect("an answer");
    }
    let asked = async |fields: &str| -> Value {
        let body = json!({ "query": format!("{{ case(id: \"{case}\") {{ {fields} }} }}") });
        let request = front.client.post(&front.server.graphql).bearer_auth(&token).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    };
    let texts = |answer: &Value| -> Vec<u64> {
        let comments = answer["data"]["case"]["comments"].as_array().expect("a list").iter();
        comments.map(|comment| comment["text"].as_str().and_then(|text| text.parse().ok()).expect("a number")).collect()
    };
    // What is next to it is answered.
    let whole = asked("title comments { text } attachments { id }").await;
    assert_eq!((&whole["data"]["case"]["comments"], &whole["data"]["case"]["attachments"]), (&Value::Null, &json!([])));
    let told = &whole["errors"][0];
    let expected = json!({ "code": "LIST_TOO_LONG", "field": ["first"], "limit": "largestPage", "maximum": 10 });
    assert_eq!(told["extensions"], expected);
    assert!(told["message"].as_str().is_some_and(|message| message.contains("25 rows")), "{told}");

    let mut read = Vec::new();
    for skip in [0, 10, 20] {
        read.extend(texts(&asked(&format!("comments(first: 10, skip: {skip}) {{ text }}")).await));
    }
    assert_eq!(read, (0..COMMENTS).collect::<Vec<_>>());
    assert_eq!(texts(&asked("comments(skip: 20) { text }").await), [20, 21, 22, 23, 24], "the rest is short");
    assert_eq!(texts(&asked("comments(skip: 99) { text }").await), [] as [u64; 0]);
    for wrong in ["first: 11", "first: -1", "first: 1, skip: -1"] {
        let refused = asked(&format!("comments({wrong}) {{ text }}")).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "PAGE_SIZE_INVALID", "{wrong}");
    }
    let cost = async |fields: &str| asked(fields).await["extensions"]["cost"]["requested"].as_u64().expect("a number");
    let (none, three) = (cost("comments(first: 0) { text }").await, cost("comments(first: 3) { text }").await);
    assert_eq!(three - none, 2, "no rows are reckoned as one");
    assert_eq!(
        cost("comments(first: 10) { text }").await,
        cost("comments { text }").await,
        "as it is reckoned usually"
    );

    // Every list of a case is asked for so.
    let lists = [
        "attachments",
        "comments",
        "experts",
        "fees",
        "findings",
        "gapHistory",
        "links",
        "measurements",
        "techniques",
        "trainings",
        "fieldHistory",
    ];
    for list in lists {
        let field = if list == "fieldHistory" { "field: TITLE, " } else { "" };
        let part = asked(&format!("{list}({field}first: 1, skip: 0) {{ __typename }}")).await;
        assert!(part["errors"].is_null() && part["data"]["case"][list].is_array(), "{list}: {part}");
        let wrong = asked(&format!("{list}({field}first: 11) {{ __typename }}")).await;
        assert_eq!(wrong["errors"][0]["extensions"]["code"], "PAGE_SIZE_INVALID", "{list}");
    }
}
