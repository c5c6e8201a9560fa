//! Lists of cases by pages: filtered, ordered, and stable while cases change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::world::{World, text, with};

const PAGE: &str = "query Page($first: Int, $after: String, $last: Int, $before: String, $filter: CaseFilter, $orderBy: [CaseOrder!]) {
    cases(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
        totalCount position pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id number title status } }
    }
}";

/// Pages of one list neither skip nor repeat, whatever happens between them.
pub async fn pages_are_stable_while_cases_change(world: &World) {
    let scene = Scene::set(world).await;
    let mut cases = Vec::new();
    for number in 0..12 {
        cases.push(scene.reported(world, &format!("难点 {:02}", number * 5 % 12)).await);
    }
    for order in [
        json!([{ "field": "TITLE" }]),
        json!([{ "field": "UPDATED_AT", "direction": "DESC" }]),
        json!([{ "field": "GAP" }]),
        Value::Null,
    ] {
        let asked = |first: u32, after: &Value| json!({ "first": first, "after": after, "orderBy": order });
        let whole = page(world, asked(100, &Value::Null)).await;
        let expected = titles(&whole);
        let (mut found, mut after, mut pages) = (Vec::new(), Value::Null, 0);
        let mut position = Value::Null;
        loop {
            let part = page(world, asked(5, &after)).await;
            assert_eq!(part["totalCount"], whole["totalCount"], "counted at the list's position");
            assert_eq!(part["pageInfo"]["hasPreviousPage"], pages > 0);
            assert!(position.is_null() || position == part["position"], "one list, one position");
            position = part["position"].clone();
            found.extend(titles(&part));
            after = part["pageInfo"]["endCursor"].clone();
            assert_eq!(part["edges"].as_array().and_then(|edges| edges.last()).expect("an edge")["cursor"], after);
            if part["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // Some of the list move to its front or end, some change, new ones come.
            scene.reported(world, &format!("00 {pages}")).await;
            cases[pages].takes("enterprise", "addComment", json!({ "text": "变了" })).await;
            cases[11 - pages].takes("enterprise", "addComment", json!({ "text": "也变了" })).await;
            pages += 1;
        }
        assert!(pages >= 2);
        assert_eq!(found, expected, "{order}");
        // Back from the last page to the first, at the position that the cursors carry.
        let (mut back, mut before) = (Vec::new(), after);
        loop {
            let part = page(world, json!({ "last": 4, "before": before, "orderBy": order })).await;
            assert_eq!((&part["position"], &part["pageInfo"]["hasNextPage"]), (&position, &json!(true)));
            back.splice(..0, titles(&part));
            before = part["pageInfo"]["startCursor"].clone();
            if part["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(back, expected[..expected.len() - 1], "{order}");
    }
    let empty = page(world, json!({ "first": 0 })).await;
    assert_eq!((&empty["edges"], &empty["pageInfo"]["endCursor"]), (&json!([]), &Value::Null));
    assert!(empty["totalCount"].as_u64() > Some(12));
}

/// A filter gives what it says, alone and combined.
pub async fn filters_give_what_they_say(world: &World) {
    let scene = Scene::set(world).await;
    let first = scene.reported(world, "甲：内径").await;
    scene.triaged(world, "乙：外径").await;
    let third = scene.reported(world, "丙：内径 100% _特殊_").await;
    third.takes("enterprise", "withdrawCase", json!({ "reason": "x" })).await;
    let fourth = scene.researching(world, "丁：角度").await;
    fourth.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    let reporter = first.shows("reportedBy { id }").await["reportedBy"]["id"].clone();
    let numbers = page(world, json!({ "filter": { "title": { "eq": "甲：内径" } } })).await;
    let number = text(&numbers["edges"][0]["node"]["number"]);
    assert!(number.starts_with("GD-"), "{number}");
    let table = [
        (json!({}), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "status": { "eq": "TRIAGED" } }), vec!["乙"]),
        (json!({ "status": { "in": ["TRIAGED", "WITHDRAWN"] } }), vec!["乙", "丙"]),
        (json!({ "open": true }), vec!["甲", "乙", "丁"]),
        (json!({ "not": { "open": true } }), vec!["丙"]),
        (json!({ "title": { "contains": "内径" } }), vec!["甲", "丙"]),
        // What SQL would take for wildcards is text.
        (json!({ "title": { "contains": "_特殊_" } }), vec!["丙"]),
        (json!({ "title": { "contains": "径%1" } }), vec![]),
        (json!({ "number": { "eq": number } }), vec!["甲"]),
        (json!({ "title": { "contains": "内径" }, "open": true }), vec!["甲"]),
        (
            json!({ "or": [{ "title": { "startsWith": "丁" } }, { "and": [{ "open": false }, { "title": { "startsWith": "丙" } }] }] }),
            vec!["丙", "丁"],
        ),
        (json!({ "or": [] }), vec![]),
        (json!({ "divisionWithin": "4403" }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "divisionWithin": "32" }), vec![]),
        (json!({ "enterpriseId": { "eq": scene.enterprise } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "enterpriseId": { "ne": scene.enterprise } }), vec![]),
        (json!({ "leadId": { "eq": scene.lead } }), vec!["丁"]),
        (json!({ "leadId": { "isNull": true } }), vec!["甲", "乙", "丙"]),
        // The lead, and whoever was invited.
        (json!({ "memberId": { "eq": scene.lead } }), vec!["丁"]),
        (json!({ "memberId": { "in": [scene.expert] } }), vec!["丁"]),
        (json!({ "memberId": { "nin": [scene.lead, scene.expert] } }), vec!["甲", "乙", "丙"]),
        (json!({ "memberId": { "isNull": true } }), vec!["甲", "乙", "丙"]),
        (json!({ "memberId": { "isNull": false, "ne": scene.lead } }), vec![]),
        (json!({ "reportedBy": { "eq": reporter } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "reportedBy": { "ne": reporter } }), vec![]),
        (json!({ "feeTotal": { "gte": "0.00", "lt": "0.01" } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "feeTotal": { "gt": "0" } }), vec![]),
        // Between two fen nothing is rounded.
        (json!({ "feeTotal": { "gt": "-0.001", "lt": "0.004" } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "feeTotal": { "eq": "0.004" } }), vec![]),
        (json!({ "feeTotal": { "in": ["0.001", "0.00"] } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "feeTotal": { "gte": "0.001" } }), vec![]),
        (json!({ "feeTotal": { "ne": "0.001", "nin": ["0.002"] } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "not": { "feeTotal": { "eq": "0.001" } } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "feeTotal": { "lt": "1e30" } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "gap": { "ne": "1.0000001" } }), vec!["甲", "乙", "丙", "丁"]),
        // What is not asked at all may be null.
        (json!({ "institutionId": null, "gap": null, "open": null, "and": null }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "gap": { "gt": "1" } }), vec![]),
        (json!({ "category": { "startsWith": "L" } }), vec!["乙", "丁"]),
        (json!({ "reportedAt": { "gt": "2099-01-01T00:00:00Z" } }), vec![]),
        (json!({ "title": { "nin": ["甲：内径"] } }), vec!["乙", "丙", "丁"]),
        (json!({ "status": { "nin": ["TRIAGED", "WITHDRAWN"] } }), vec!["甲", "丁"]),
        (json!({ "id": { "in": [first.id, third.id] } }), vec!["甲", "丙"]),
        (json!({ "leadId": { "nin": [scene.lead] } }), vec!["甲", "乙", "丙"]),
        (json!({ "division": { "eq": "440305" } }), vec!["甲", "乙", "丙", "丁"]),
        // Relative to the moment of the question.
        (json!({ "reportedAt": { "gt": "-PT1H", "lte": "NOW" } }), vec!["甲", "乙", "丙", "丁"]),
        (json!({ "reportedAt": { "lt": "TODAY-P1D" } }), vec![]),
        (json!({ "deadline": { "gte": "TODAY", "lt": "P1Y" } }), vec!["丁"]),
        (json!({ "deadline": { "lt": "TODAY" } }), vec![]),
        (json!({ "deadline": { "nin": ["TODAY"], "isNull": false } }), vec!["丁"]),
    ];
    for (filter, expected) in table {
        let list = page(world, json!({ "filter": filter, "orderBy": [{ "field": "NUMBER" }] })).await;
        let found: Vec<_> =
            titles(&list).iter().map(|title| title.chars().next().expect("a letter").to_string()).collect();
        assert_eq!(found, expected, "{filter}");
        assert_eq!(list["totalCount"], expected.len(), "{filter}");
    }
    // The events of a case are a list of the same kind.
    first.takes("coordinator", "triageCase", triage("TESTING")).await;
    let events = first.shows("events(first: 1) { pageInfo { hasNextPage endCursor } nodes { type } }").await;
    let after = text(&events["events"]["pageInfo"]["endCursor"]);
    let rest =
        first.shows(&format!("events(after: {after:?}) {{ pageInfo {{ hasNextPage }} nodes {{ type }} }}")).await;
    assert_eq!(rest["events"], json!({ "pageInfo": { "hasNextPage": false }, "nodes": [{ "type": "CaseTriaged" }] }));
    let only = first.shows("events(filter: { types: [\"CaseTriaged\"] }) { nodes { type } }").await;
    assert_eq!(only["events"]["nodes"], json!([{ "type": "CaseTriaged" }]));
}

/// The same cursor of a list that was read where the log is not yet.
fn ahead(cursor: &Value) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(text(cursor)).expect("Base64");
    let mut place: Value = serde_json::from_slice(&bytes).expect("JSON");
    let position = place["asked"]["at"]["position"].as_u64().expect("a position");
    place["asked"]["at"]["position"] = (position + 1_000_000_000).into();
    URL_SAFE_NO_PAD.encode(place.to_string())
}

/// What makes no sense is refused with the argument's name.
pub async fn senseless_questions_are_refused(world: &World) {
    let scene = Scene::set(world).await;
    scene.reported(world, "一").await;
    scene.reported(world, "二").await;
    let by_title = page(world, json!({ "first": 1, "orderBy": [{ "field": "TITLE" }] })).await;
    let cursor = by_title["pageInfo"]["endCursor"].clone();
    let mut deep = json!({ "open": true });
    for _ in 0..5 {
        deep = json!({ "not": deep });
    }
    let nested = json!({ "and": [{ "open": true }, { "or": [{ "deadline": { "lt": "TOMORROW" } }] }] });
    let wide: Vec<_> = (0..101).map(|_| json!({ "open": true })).collect();
    let contains = |text: &str| json!({ "filter": { "title": { "contains": text } } });
    let table = [
        (contains("a\0"), "TEXT_CONTROL_CHARACTER", "filter.title.contains"),
        (contains(&"长".repeat(100_000)), "TEXT_TOO_LONG", "filter.title.contains"),
        (json!({ "filter": { "leadId": { "in": ["nonsense"] } } }), "ID_INVALID", "filter.leadId.in.0"),
        (json!({ "first": 101 }), "PAGE_SIZE_INVALID", "first"),
        (json!({ "first": -1 }), "PAGE_SIZE_INVALID", "first"),
        (json!({ "last": 101 }), "PAGE_SIZE_INVALID", "last"),
        (json!({ "first": 1, "last": 1 }), "PAGE_SIZE_INVALID", "last"),
        (json!({ "last": 1, "before": "nonsense" }), "CURSOR_INVALID", "before"),
        (json!({ "after": "nonsense" }), "CURSOR_INVALID", "after"),
        (json!({ "after": "" }), "CURSOR_INVALID", "after"),
        (json!({ "after": cursor }), "CURSOR_INVALID", "after"),
        (json!({ "after": cursor, "orderBy": [{ "field": "NUMBER" }] }), "CURSOR_INVALID", "after"),
        (json!({ "after": ahead(&cursor), "orderBy": [{ "field": "TITLE" }] }), "CURSOR_INVALID", "after"),
        (json!({ "filter": { "deadline": { "lt": "soon" } } }), "RELATIVE_DATE_INVALID", "filter.deadline.lt"),
        (json!({ "filter": { "deadline": { "lt": "PT36H" } } }), "RELATIVE_DATE_UNIT", "filter.deadline.lt"),
        (json!({ "filter": { "deadline": { "lt": "2026-02-30" } } }), "DATE_INVALID", "filter.deadline.lt"),
        (
            json!({ "filter": { "updatedAt": { "gt": "-P99999Y" } } }),
            "RELATIVE_DATE_OUT_OF_RANGE",
            "filter.updatedAt.gt",
        ),
        (json!({ "filter": nested }), "RELATIVE_DATE_INVALID", "filter.and.1.or.0.deadline.lt"),
        (json!({ "filter": { "not": { "gap": { "in": ["1", "x"] } } } }), "DECIMAL_INVALID", "filter.not.gap.in.1"),
        (json!({ "filter": { "or": [{ "divisionWithin": "99" }] } }), "DIVISION_UNKNOWN", "filter.or.0.divisionWithin"),
        // Null for "nobody" would find everything.
        (json!({ "filter": { "institutionId": { "eq": null } } }), "COMPARED_WITH_NULL", "filter.institutionId.eq"),
        (json!({ "filter": { "memberId": { "nin": null } } }), "COMPARED_WITH_NULL", "filter.memberId.nin"),
        (json!({ "filter": { "title": { "contains": null } } }), "COMPARED_WITH_NULL", "filter.title.contains"),
        (json!({ "filter": { "status": { "in": null } } }), "COMPARED_WITH_NULL", "filter.status.in"),
        (json!({ "filter": { "gap": { "gt": null } } }), "COMPARED_WITH_NULL", "filter.gap.gt"),
        (json!({ "filter": { "deadline": { "isNull": null } } }), "COMPARED_WITH_NULL", "filter.deadline.isNull"),
        (json!({ "filter": deep }), "FILTER_TOO_LARGE", "filter"),
        (json!({ "filter": { "or": wide } }), "FILTER_TOO_LARGE", "filter"),
    ];
    for (variables, code, field) in table {
        let refused = world.refusal("watcher", PAGE, variables.clone()).await;
        assert_eq!(refused, (code.to_owned(), field.to_owned()), "{variables}");
    }
    for (argument, field) in [("code", "filter.code"), ("nameContains", "filter.nameContains")] {
        let query =
            format!("query Named($text: String!) {{ enterprises(filter: {{ {argument}: $text }}) {{ totalCount }} }}");
        let refused = world.refusal("watcher", &query, json!({ "text": "\0" })).await;
        assert_eq!(refused, ("TEXT_CONTROL_CHARACTER".to_owned(), field.to_owned()));
    }
    let named = "{ persons(filter: { nameContains: \"李\" }) { totalCount } }";
    let refused = world.refusal("watcher", named, json!({})).await;
    assert_eq!(refused, ("NAMES_SEALED".to_owned(), "filter.nameContains".to_owned()));
    let coded = "{ persons(filter: { code: \"EXPERT\", nameContains: null }) { totalCount } }";
    assert_ne!(world.ask("watcher", coded, json!({})).await["persons"]["totalCount"], 0);
    let nodes = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let ids = vec![scene.lead.clone(); 101];
    assert_eq!(world.refusal("watcher", nodes, json!({ "ids": ids })).await.0, "TOO_MANY_IDS");
    let nonsense = world.refusal("watcher", nodes, json!({ "ids": [scene.lead, "nonsense"] })).await;
    assert_eq!(nonsense, ("ID_INVALID".to_owned(), "ids.1".to_owned()));
    let unknown = URL_SAFE_NO_PAD.encode("Person:00000000-0000-7000-8000-000000000000");
    let same = world.ask("watcher", nodes, json!({ "ids": [scene.lead, unknown, scene.lead] })).await;
    let lead = json!({ "id": scene.lead });
    assert_eq!(same["nodes"], json!([lead, null, lead]), "in their order");
    let wrong = with(json!({}), json!({ "id": scene.lead }));
    let refused = world.refusal("watcher", "query Wrong($id: ID!) { case(id: $id) { id } }", wrong).await;
    assert_eq!(refused, ("ID_INVALID".to_owned(), "id".to_owned()));
}

async fn page(world: &World, variables: Value) -> Value {
    world.ask("watcher", PAGE, variables).await["cases"].clone()
}

fn titles(page: &Value) -> Vec<String> {
    page["edges"].as_array().expect("edges").iter().map(|edge| text(&edge["node"]["title"])).collect()
}
