//! Cases are found by their words, and solved ones by their likeness.

use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::world::{World, text, with};

const SEARCH: &str = "query Search($query: String!, $first: Int, $after: String, $filter: CaseFilter) {
    search(query: $query, first: $first, after: $after, filter: $filter) {
        totalCount complete position pageInfo { hasNextPage hasPreviousPage endCursor }
        edges { cursor score node { id title } fragments { id field text marks { id start end } cutBefore cutAfter } }
    }
}";

/// Both scripts, in every part of a case; ranked and marked; the same on both databases, since both are held to this.
pub async fn words_are_found_ranked_and_marked(world: &World) {
    let scene = Scene::set(world).await;
    scene.reported(world, "K型热电偶校准偏差").await;
    let in_comment = scene.reported(world, "炉温不均").await;
    let in_finding = scene.researching(world, "烧结炉").await;
    in_comment.takes("enterprise", "addComment", json!({ "text": "换了 热电偶 也没用 😀 热电偶" })).await;
    let finding = json!({ "text": "Thermocouple drift: 热电偶老化。", "citations": ["JJF 1637-2017"] });
    in_finding.takes("lead", "recordFinding", finding).await;
    let rules = json!({ "text": "不确定度", "citations": ["JJF 1059.1-2012", "GB/T 307.2-2005"] });
    in_finding.takes("lead", "recordFinding", rules).await;

    let found = search(world, "watcher", json!({ "query": "热电偶" })).await;
    assert_eq!(titles(&found), ["K型热电偶校准偏差", "烧结炉", "炉温不均"]);
    assert_eq!((&found["totalCount"], &found["complete"]), (&json!(3), &json!(true)));
    let scores: Vec<_> = edges(&found).iter().map(|edge| edge["score"].as_f64().expect("a number")).collect();
    assert!(scores.is_sorted_by(|more, less| more > less), "{scores:?}");
    let fragment = &edges(&found)[2]["fragments"][0];
    assert_eq!(fragment["field"], "COMMENT");
    let marks: Vec<_> =
        fragment["marks"].as_array().expect("a list").iter().map(|mark| (&mark["start"], &mark["end"])).collect();
    // The smiling face counts two.
    assert_eq!(marks, [(&json!(3), &json!(6)), (&json!(14), &json!(17))]);

    for (query, expected) in [
        ("校准", &["K型热电偶校准偏差"][..]),
        ("Ｋ型热电偶　校准", &["K型热电偶校准偏差"]),
        ("drifting THERMOCOUPLES", &["烧结炉"]),
        ("jjf 1637", &["烧结炉"]),
        // A number is found by its whole part, and not by its digits alone.
        ("JJF 1059", &["烧结炉"]),
        ("JJF1059", &["烧结炉"]),
        ("JJF1059.1", &["烧结炉"]),
        ("GB/T 307", &["烧结炉"]),
        ("1059.2", &[]),
        ("\"1059 1\"", &[]),
        ("校准 \"measures 8 um apart\"", &["K型热电偶校准偏差"]),
        // One word stands in the title and the other in the problem.
        ("校准 \"measures 8 µm apart\"", &["K型热电偶校准偏差"]),
        ("热电偶 -老化", &["K型热电偶校准偏差", "炉温不均"]),
        ("炉", &["烧结炉", "炉温不均"]),
        ("校准、热电偶", &["K型热电偶校准偏差"]),
        ("\"校准、热电偶\"", &[]),
        ("热偶", &[]),
    ] {
        let mut found = titles(&search(world, "watcher", json!({ "query": query })).await);
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    let only = json!({ "query": "热电偶", "filter": { "status": { "eq": "RESEARCHING" } } });
    assert_eq!(titles(&search(world, "watcher", only).await), ["烧结炉"]);
}

/// Whoever may not see a case finds nothing of it, and counts nothing.
pub async fn only_what_one_may_see_is_found(world: &World) {
    let scene = Scene::set(world).await;
    scene.reported(world, "热电偶校准").await;
    for (who, count) in [
        ("watcher", 1),
        ("city manager", 1),
        ("enterprise", 1),
        ("other enterprise", 0),
        ("coordinator elsewhere", 0),
        ("lead", 0),
    ] {
        let found = search(world, who, json!({ "query": "热电偶" })).await;
        assert_eq!((&found["totalCount"], edges(&found).len()), (&json!(count), count), "{who}");
    }
}

/// Pages of one search fit together while cases change, and the past is searched as it was.
pub async fn a_search_is_of_one_moment(world: &World) {
    let scene = Scene::set(world).await;
    for number in 0..7 {
        scene.reported(world, &format!("热电偶 {number}")).await;
    }
    let before = world.position().await;
    let whole = search(world, "watcher", json!({ "query": "热电偶", "first": 100 })).await;
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = search(world, "watcher", json!({ "query": "热电偶", "first": 3, "after": after })).await;
        assert_eq!((&page["totalCount"], &page["position"]), (&json!(7), &whole["position"]));
        found.extend(titles(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        scene.reported(world, "热电偶 热电偶").await;
    }
    assert_eq!(found, titles(&whole));
    // A place in what was found is none in what another question finds, and typing it otherwise is none.
    let cursor = &edges(&whole)[2]["cursor"];
    let (same, other) = ("\"热 电偶\"", "热电");
    let rest = search(world, "watcher", json!({ "query": same, "after": cursor })).await;
    assert_eq!(titles(&rest), titles(&whole)[3..]);
    let refused = world.refusal("watcher", SEARCH, json!({ "query": other, "after": cursor })).await;
    assert_eq!(refused, ("CURSOR_INVALID".to_owned(), "after".to_owned()));
    // Nor is it one in other cases: among them a word is as rare as it is there.
    let (recent, open) = (json!({ "reportedAt": { "gt": "-P1D" } }), json!({ "status": { "eq": "REPORTED" } }));
    let first = search(world, "watcher", json!({ "query": same, "filter": recent, "first": 2 })).await;
    let cursor = &edges(&first)[0]["cursor"];
    let second =
        search(world, "watcher", json!({ "query": same, "filter": recent, "after": cursor, "first": 1 })).await;
    assert_eq!(titles(&second), titles(&first)[1..]);
    for filter in [Value::Null, open] {
        let asked = json!({ "query": same, "filter": filter, "after": cursor });
        assert_eq!(world.refusal("watcher", SEARCH, asked).await, ("CURSOR_INVALID".to_owned(), "after".to_owned()));
    }

    let renamed = scene.reported(world, "原题").await;
    renamed.takes("coordinator", "renameCase", json!({ "title": "铂电阻" })).await;
    let past = "query Past($position: Position!) {
        then: asOf(point: { position: $position }) { query {
            thermocouples: search(query: \"热电偶\") { totalCount }
            resistors: search(query: \"铂电阻\") { totalCount }
        } }
        now: search(query: \"铂电阻\") { totalCount nodes { title } }
        gone: search(query: \"原题\") { totalCount }
    }";
    let answer = world.ask("watcher", past, json!({ "position": before.to_string() })).await;
    let then = &answer["then"]["query"];
    assert_eq!((&then["thermocouples"]["totalCount"], &then["resistors"]["totalCount"]), (&json!(7), &json!(0)));
    assert_eq!(answer["now"], json!({ "totalCount": 1, "nodes": [{ "title": "铂电阻" }] }));
    assert_eq!(answer["gone"]["totalCount"], 0);
}

/// A case that is taken up again has no lesson, and is found by none, until it is closed anew.
pub async fn the_lesson_of_a_reopened_case_is_not_found(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "烧结炉").await;
    case.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    let solve = async |lesson: &str| {
        let service = json!({ "institutionId": scene.institute, "certificate": "A-1" });
        case.takes("coordinator", "provideRoutineService", service).await;
        case.takes("enterprise", "confirmSolution", json!({})).await;
        case.takes("coordinator", "closeCase", json!({ "lesson": lesson, "feeTotal": "0" })).await;
    };
    let count = async |query: &str| search(world, "watcher", json!({ "query": query })).await["totalCount"].clone();
    solve("先恒温").await;
    assert_eq!(count("恒温").await, 1);
    let closed = world.position().await;
    case.takes("enterprise", "reopenCase", json!({ "reason": "仍然漂移" })).await;
    assert_eq!(count("恒温").await, 0);
    let past = "query Past($position: Position!) {
        asOf(point: { position: $position }) { query { search(query: \"恒温\") { totalCount } } }
    }";
    let then = world.ask("watcher", past, json!({ "position": closed.to_string() })).await;
    assert_eq!(then["asOf"]["query"]["search"]["totalCount"], 1);
    solve("先除湿").await;
    assert_eq!((count("恒温").await, count("除湿").await), (json!(0), json!(1)));
}

/// What cannot be looked for is refused by name.
pub async fn senseless_searches_are_refused(world: &World) {
    for (query, code) in [
        (String::new(), "SEARCH_EMPTY"),
        ("，。!?".to_owned(), "SEARCH_EMPTY"),
        ("😀".to_owned(), "SEARCH_EMPTY"),
        ("-热电偶".to_owned(), "SEARCH_EMPTY"),
        ("长".repeat(201), "SEARCH_TOO_LONG"),
        ("a\u{0}b".to_owned(), "TEXT_CONTROL_CHARACTER"),
    ] {
        let refused = world.refusal("watcher", SEARCH, json!({ "query": query })).await;
        assert_eq!(refused, (code.to_owned(), "query".to_owned()), "{query:?}");
    }
    let refused = world.refusal("watcher", SEARCH, json!({ "query": "能", "after": "x" })).await;
    assert_eq!(refused, ("CURSOR_INVALID".to_owned(), "after".to_owned()));
    for query in ["'; drop table search_texts; --x", "\"\"\" OR 1=1", "a* NEAR(b) {c}:^d", "\u{202e}abc"] {
        search(world, "watcher", json!({ "query": query })).await;
    }
}

/// A case is told of solved ones like it, with the reasons.
pub async fn solved_cases_are_found_by_likeness(world: &World) {
    let scene = Scene::set(world).await;
    let solved = scene.reported(world, "烧结炉热电偶漂移").await;
    solved.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    solved
        .takes(
            "coordinator",
            "provideRoutineService",
            json!({
                "institutionId": scene.institute, "certificate": "A-1", "report": "重新校准",
            }),
        )
        .await;
    // As like, but not solved.
    scene.triaged(world, "烧结炉热电偶漂移").await;
    let open = scene.triaged(world, "退火炉热电偶漂移严重").await;
    let unsolved = world.position().await;
    solved.takes("enterprise", "confirmSolution", json!({})).await;
    let at_last = world.position().await;

    const LIKE: &str =
        "similar(first: 3) { id score sharedTerms sameMeasurand sameCategory sameKind case { title status } }";
    let similar = format!("query Similar($id: ID!) {{ case(id: $id) {{ {LIKE} }} }}");
    let answer = world.ask("watcher", &similar, json!({ "id": open.id })).await;
    let found = answer["case"]["similar"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{answer:#}");
    assert_eq!(found[0]["case"], json!({ "title": "烧结炉热电偶漂移", "status": "RESOLVED" }));
    assert_eq!((&found[0]["sameCategory"], &found[0]["sameMeasurand"]), (&json!(true), &json!(false)));
    assert!(found[0]["score"].as_f64() > Some(0.3), "{answer:#}");
    let terms: Vec<_> = found[0]["sharedTerms"].as_array().expect("a list").iter().map(text).collect();
    assert!(terms.contains(&"炉热电偶漂移".to_owned()), "{terms:?}");
    let past = format!(
        "query Past($id: ID!, $position: Position!) {{
            asOf(point: {{ position: $position }}) {{ query {{ case(id: $id) {{ {LIKE} }} }} }}
        }}"
    );
    let then = async |position: i64| {
        let variables = json!({ "id": open.id, "position": position.to_string() });
        world.ask("watcher", &past, variables).await["asOf"]["query"].clone()
    };
    // Both were there before there was a solution.
    assert_eq!(then(unsolved).await, json!({ "case": { "similar": [] } }));
    assert_eq!(then(at_last).await, answer);
    // The words of the one and the status of the other are those of the moment.
    open.takes("coordinator", "renameCase", json!({ "title": "称重传感器" })).await;
    assert_ne!(world.ask("watcher", &similar, json!({ "id": open.id })).await, answer);
    assert_eq!(then(at_last).await, answer);
    solved.takes("enterprise", "reopenCase", json!({ "reason": "仍然漂移" })).await;
    let now = world.ask("watcher", &similar, json!({ "id": open.id })).await;
    assert_eq!(now, json!({ "case": { "similar": [] } }));
    assert_eq!(then(at_last).await, answer);
    let refused = world
        .refusal(
            "watcher",
            "query Many($id: ID!) { case(id: $id) { similar(first: 21) { id } } }",
            json!({ "id": open.id }),
        )
        .await;
    assert_eq!(refused, ("PAGE_SIZE_INVALID".to_owned(), "first".to_owned()));
}

async fn search(world: &World, who: &str, variables: Value) -> Value {
    let variables = with(json!({ "first": 50 }), variables);
    world.ask(who, SEARCH, variables).await["search"].clone()
}

fn edges(found: &Value) -> &[Value] {
    found["edges"].as_array().expect("a list")
}

fn titles(found: &Value) -> Vec<String> {
    edges(found).iter().map(|edge| text(&edge["node"]["title"])).collect()
}
