//! The past: what was answered then is answered again, to whom may see it today, and senseless moments are refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::life::scene::{Scene, person, triage};
use crate::life::world::{World, text, with};
use crate::support::server::Who;

/// Every kind of read, with filters, orders, pages and counts.
const SEEN: &str = "fragment Seen on Query {
    open: cases(first: 2, filter: { open: true }, orderBy: [{ field: TITLE }]) {
        totalCount pageInfo { hasNextPage } nodes { ...Whole }
    }
    latest: cases(first: 100, orderBy: [{ field: UPDATED_AT, direction: DESC }]) { totalCount position nodes { id version } }
    triaged: cases(filter: { status: { eq: TRIAGED } }) { totalCount nodes { id } }
    enterprises(filter: { nameContains: \"轴承\" }) { totalCount nodes { id version name division { code } contact { telephone } } }
    institutions { totalCount nodes { id version name } }
    persons { totalCount nodes { id name telephone } }
    campaigns { totalCount nodes { id name } }
    enterprise(id: $enterprise) { id version address enrolments { campaign { id } } }
    case(id: $case) { ...Whole }
    node(id: $case) { id ... on Case { version } }
    nodes(ids: [$case, $enterprise]) { id }
}
fragment Whole on Case {
    id number title status version position updatedAt problem
    enterprise { id name version } lead { id name version } institution { id version }
    comments { text by { id person { id name version } } } experts { membership person { id } }
    events(first: 100) { nodes { position type actor { id person { name version } } } }
}";

const NOW: &str = "query Now($case: ID!, $enterprise: ID!) { ...Seen }";

const THEN: &str = "query Then($case: ID!, $enterprise: ID!, $point: AsOfPoint!) {
    asOf(point: $point) { position time query { ...Seen } }
}";

const ONE: &str =
    "query One($point: AsOfPoint!, $id: ID!) { asOf(point: $point) { query { case(id: $id) { version } } } }";

/// What was read at a moment is read again as of it, whichever way the moment is named.
pub async fn the_past_is_answered_as_it_was(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "难点一").await;
    let ask = async |query: &str, point: Value| {
        let variables = json!({ "case": case.id, "enterprise": scene.enterprise, "point": point });
        world.ask("watcher", &format!("{query} {SEEN}"), variables).await
    };
    let mut read = Vec::new();
    for step in 0..7 {
        match step {
            0 => {}
            1 => drop(case.takes("coordinator", "triageCase", triage("RESEARCH_PROBLEM")).await),
            2 => drop(scene.researching(world, "难点二").await.id),
            3 => drop(case.takes("coordinator", "assignResearch", scene.assignment()).await),
            4 => drop(case.takes("lead", "acceptAssignment", json!({})).await),
            5 => {
                let renamed = json!({ "personId": scene.lead, "name": "改名后" });
                world.takes("coordinator", "amendPerson", renamed).await;
            }
            _ => drop(case.takes("lead", "addComment", json!({ "text": "看不出原因" })).await),
        }
        let answer = ask(NOW, json!({ "position": "0" })).await;
        let events = &answer["case"]["events"]["nodes"];
        let last = events.as_array().and_then(|events| events.last()).expect("an event").clone();
        read.push((world.position().await, last, answer));
    }
    for (position, _, expected) in &read {
        let then = ask(THEN, json!({ "position": position.to_string() })).await["asOf"].clone();
        assert_eq!(then["position"], position.to_string());
        assert_eq!(&then["query"], expected, "as of {position}");
        let by_time = ask(THEN, json!({ "time": then["time"] })).await["asOf"].clone();
        assert_eq!(by_time, then, "a time is the last position recorded by then");
    }
    // Just after an event is just after its command.
    let (position, event, expected) = &read[1];
    assert_eq!(event["position"], position.to_string());
    let id = case.shows("events(first: 2) { nodes { id } }").await["events"]["nodes"][1]["id"].clone();
    let then = ask(THEN, json!({ "event": id })).await["asOf"].clone();
    assert_eq!((&then["position"], &then["query"]), (&event["position"], expected));

    // Two aliases compare two moments.
    let both = "query Both($id: ID!, $from: Position!, $to: Position!) {
        from: asOf(point: { position: $from }) { query { case(id: $id) { status } } }
        to: asOf(point: { position: $to }) { query { case(id: $id) { status } } }
    }";
    let (from, to) = (read[0].0.to_string(), read[1].0.to_string());
    let both = world.ask("watcher", both, json!({ "id": case.id, "from": from, "to": to })).await;
    let statuses = ["from", "to"].map(|name| text(&both[name]["query"]["case"]["status"]));
    assert_eq!(statuses, ["REPORTED", "TRIAGED"]);
    pages_go_on_in_the_past(world, read[3].0).await;
}

/// Pages of a past list fit together, and a cursor of one moment is none of another.
async fn pages_go_on_in_the_past(world: &World, position: i64) {
    let query = "query Pages($position: Position!, $after: String) {
        asOf(point: { position: $position }) { query {
            cases(first: 1, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } }
            persons(first: 1) { pageInfo { endCursor } }
            institutions(first: 1) { pageInfo { endCursor } }
        } }
    }";
    let ask = async |position: i64, after: &Value| {
        let variables = json!({ "position": position.to_string(), "after": after });
        world.ask("watcher", query, variables).await["asOf"]["query"].clone()
    };
    let first = ask(position, &Value::Null).await["cases"].clone();
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
    let after = &first["pageInfo"]["endCursor"];
    let second = ask(position, after).await["cases"].clone();
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_ne!(first["nodes"], second["nodes"]);
    for (position, after) in [
        (position + 1, after.clone()),
        (position, ask(position, &Value::Null).await["persons"]["pageInfo"]["endCursor"].clone()),
    ] {
        let variables = json!({ "position": position.to_string(), "after": after });
        let refusal = world.refusal("watcher", query, variables).await;
        assert_eq!(refusal, ("CURSOR_INVALID".to_owned(), "after".to_owned()));
    }
    // One of a register is none of another.
    let of_institutions = &ask(position, &Value::Null).await["institutions"]["pageInfo"]["endCursor"];
    let persons = "query Persons($position: Position!, $after: String) {
        asOf(point: { position: $position }) { query { persons(first: 1, after: $after) { nodes { id } } } }
    }";
    let variables = json!({ "position": position.to_string(), "after": of_institutions });
    let refusal = world.refusal("watcher", persons, variables).await;
    assert_eq!(refusal, ("CURSOR_INVALID".to_owned(), "after".to_owned()));
}

/// A case that was given to another institution is hidden from the first with all its past, and shown to the second.
pub async fn rights_are_those_of_today(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "换机构").await;
    let (_, university) = institution_of(world, &scene.expert).await;
    let before = world.position().await;
    let sees = async |who: &str, position: i64| {
        let point = json!({ "position": position.to_string() });
        let answer = world.ask(who, ONE, json!({ "point": point, "id": case.id })).await;
        answer["asOf"]["query"]["case"]["version"].as_u64()
    };
    let expert = Who { institution: Some(university), ..Who::new("colleague", "EXPERT", "32") };
    world.admit("colleague", &expert);
    assert_eq!(sees("second lead", before).await, Some(4));
    assert_eq!(sees("colleague", before).await, None);
    let to = json!({ "institutionId": university, "leadId": scene.expert, "deadline": null, "reason": "换人" });
    case.takes("coordinator", "reassignResearch", to).await;
    let after = world.position().await;
    for position in [before - 1, before, after] {
        let version = if position == after { 5 } else { 4 - u64::try_from(before - position).expect("not later") };
        assert_eq!(sees("second lead", position).await, None, "{position}");
        assert_eq!(sees("lead", position).await, None, "{position}");
        assert_eq!(sees("colleague", position).await, Some(version), "{position}");
        assert_eq!(sees("expert", position).await, Some(version), "{position}");
        assert_eq!(sees("coordinator elsewhere", position).await, None, "{position}");
    }
    entries_that_moved_away(world, &scene).await;
}

/// The institution of a person: its global id and UUID.
async fn institution_of(world: &World, person: &str) -> (String, uuid::Uuid) {
    let query = "query Of($id: ID!) { person(id: $id) { affiliation { institution { id } } } }";
    let answer = world.ask("watcher", query, json!({ "id": person })).await;
    let id = text(&answer["person"]["affiliation"]["institution"]["id"]);
    let uuid = crate::life::world::uuid_of(&id);
    (id, uuid)
}

/// A person who has moved to another province is hidden from the first with the past.
async fn entries_that_moved_away(world: &World, scene: &Scene) {
    let someone = world.creates("coordinator", "registerPerson", person("搬走的人", &scene.institute)).await;
    let before = world.position().await;
    let (university, _) = institution_of(world, &scene.expert).await;
    let moved = json!({ "personId": someone, "affiliation": { "institutionId": university } });
    // Neither province can move a person into or out of the other.
    world.admit("coordinator of both", &Who::new("coordinator-of-both", "COORDINATOR", "CN"));
    world.takes("coordinator of both", "amendPerson", moved).await;
    let query = "query Moved($point: AsOfPoint!, $id: ID!) {
        asOf(point: $point) { query { person(id: $id) { name division { code } } persons(filter: { divisionWithin: \"44\" }) { nodes { id } } } }
    }";
    for (who, is_there) in [("coordinator", false), ("coordinator elsewhere", true), ("watcher", true)] {
        let variables = json!({ "point": { "position": before.to_string() }, "id": someone });
        let answer = world.ask(who, query, variables).await["asOf"]["query"].clone();
        assert_eq!(answer["person"].is_object(), is_there, "{who}");
        let listed = answer["persons"]["nodes"].as_array().expect("a list").iter().any(|node| node["id"] == *someone);
        assert_eq!(listed, is_there, "{who}: it was in 44 then");
        if is_there {
            assert_eq!(answer["person"]["division"]["code"], "44", "{who}");
        }
    }
}

/// What had happened by a time is told by the events that happened by then, whenever the log took them.
pub async fn what_had_happened_is_told_by_the_log_of_now(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "补记").await;
    case.takes("coordinator", "triageCase", triage("RESEARCH_PROBLEM")).await;
    let times = case.shows("events { nodes { occurredAt } }").await;
    let time_of = |place: usize| text(&times["events"]["nodes"][place]["occurredAt"]);
    let (reported, triaged) = (time_of(0), time_of(1));
    let seen = async |time: &str| {
        let query = "query Happened($time: DateTime!, $id: ID!) {
            asOf(point: { time: $time }, axis: OCCURRED) { axis position time query {
                case(id: $id) { version status position comments { text } events { nodes { type } } }
                reported: cases(filter: { status: { eq: REPORTED } }) { totalCount position nodes { id version } }
                cases { totalCount nodes { id status } }
            } }
        }";
        let asked = json!({ "time": time, "id": case.id });
        let then = world.ask("watcher", query, asked).await["asOf"].clone();
        assert_eq!((&then["axis"], &then["position"]), (&json!("OCCURRED"), &Value::Null));
        then["query"].clone()
    };
    let kinds = |query: &Value| -> Vec<String> {
        let events = query["case"]["events"]["nodes"].as_array().expect("a list");
        events.iter().map(|event| text(&event["type"])).collect()
    };
    // In order, both axes tell the same.
    let at_report = seen(&reported).await;
    assert_eq!((&at_report["case"]["version"], &at_report["case"]["status"]), (&json!(1), &json!("REPORTED")));
    assert_eq!(at_report["reported"]["totalCount"], 1);
    assert_eq!(seen(&triaged).await["case"]["status"], "TRIAGED");

    // A comment that was made between the two, and put on record after both.
    let comment = json!({ "text": "当天就说过", "occurredAt": reported });
    case.takes("enterprise", "addComment", comment).await;
    let at_report = seen(&reported).await;
    assert_eq!((&at_report["case"]["version"], &at_report["case"]["status"]), (&json!(2), &json!("REPORTED")));
    assert_eq!(at_report["case"]["comments"], json!([{ "text": "当天就说过" }]));
    assert_eq!(kinds(&at_report), ["CaseReported", "CommentAdded"]);
    assert_eq!(at_report["reported"]["nodes"], json!([{ "id": case.id, "version": 2 }]));
    assert_eq!(at_report["case"]["position"], world.position().await.to_string());
    let at_triage = seen(&triaged).await;
    assert_eq!((&at_triage["case"]["version"], &at_triage["case"]["status"]), (&json!(3), &json!("TRIAGED")));
    assert_eq!(at_triage["reported"]["totalCount"], 0);
    assert_eq!(kinds(&at_triage), ["CaseReported", "CaseTriaged", "CommentAdded"]);

    // What follows in order follows on both axes, and nothing is left of the moment before the first event.
    case.takes("coordinator", "assignResearch", scene.assignment()).await;
    assert_eq!(seen(&triaged).await["case"], at_triage["case"]);
    let all = case.shows("events { nodes { occurredAt } }").await;
    let last = text(&all["events"]["nodes"][3]["occurredAt"]);
    assert_eq!(seen(&last).await["case"]["status"], "ASSIGNED");
    let before = seen("2026-01-01T00:00:00Z").await;
    assert_eq!((&before["case"], &before["cases"]["totalCount"]), (&Value::Null, &json!(0)));

    for (query, code) in [
        ("{ asOf(point: { position: \"0\" }, axis: OCCURRED) { time } }", "AXIS_NEEDS_TIME"),
        ("{ asOf(point: { time: \"2999-01-01T00:00:00Z\" }, axis: OCCURRED) { time } }", "POINT_IN_FUTURE"),
        ("{ asOf(point: { time: \"1900-01-01T00:00:00Z\" }, axis: OCCURRED) { time } }", "YEAR_INVALID"),
    ] {
        assert_eq!(world.refusal("watcher", query, json!({})).await.0, code, "{query}");
    }
}

/// Pages of what had happened by a time go on while the log hears of other times and of what others see, and are refused
/// once it has heard of that time: nothing is skipped or repeated without a word.
pub async fn pages_of_what_had_happened_go_on_or_are_refused(world: &World) {
    let scene = Scene::set(world).await;
    for title in ["丙：内径", "丁：内径"] {
        let report = with(scene.report(title), json!({ "enterpriseId": scene.other_enterprise }));
        world.creates("other enterprise", "reportCase", report).await;
    }
    let case = scene.reported(world, "甲：内径").await;
    let last = scene.reported(world, "乙：内径").await;
    let time = last.shows("events { nodes { occurredAt } }").await["events"]["nodes"][0]["occurredAt"].clone();
    let lists = [
        ("watcher", "cases", "orderBy: [{ field: TITLE }]"),
        ("watcher", "search", "query: \"内径\""),
        ("watcher", "persons", "filter: { divisionWithin: \"44\" }"),
        ("other enterprise", "cases", "orderBy: [{ field: UPDATED_AT }]"),
        ("other enterprise", "search", "query: \"内径\""),
    ];
    let query = |(_, list, arguments): (&str, &str, &str)| {
        format!(
            "query Pages($time: DateTime!, $first: Int, $after: String, $last: Int, $before: String) {{
                asOf(point: {{ time: $time }}, axis: OCCURRED) {{ query {{
                    list: {list}(first: $first, after: $after, last: $last, before: $before, {arguments}) {{
                        nodes {{ id }} pageInfo {{ startCursor endCursor }}
                    }}
                }} }}
            }}"
        )
    };
    let forward = |after: &Value| json!({ "time": time, "first": 1, "after": after });
    let page = async |list: (&str, &str, &str), asked: Value| {
        world.ask(list.0, &query(list), asked).await["asOf"]["query"]["list"].clone()
    };
    let refusal = async |list: (&str, &str, &str), asked: Value| world.refusal(list.0, &query(list), asked).await;
    let outdated = |argument: &str| ("CURSOR_OUTDATED".to_owned(), argument.to_owned());
    let mut cursors = Vec::new();
    for list in lists {
        let first = page(list, forward(&Value::Null)).await;
        cursors.push((list, first["nodes"].clone(), first["pageInfo"]["endCursor"].clone()));
    }
    let go_on = async |which: &[usize]| {
        for place in which {
            let (list, first, cursor) = &cursors[*place];
            let second = page(*list, forward(cursor)).await;
            assert_eq!(second["nodes"].as_array().map(Vec::len), Some(1), "{list:?}");
            assert_ne!(&second["nodes"], first, "{list:?}");
            // Back again, by a cursor of the second page.
            let back = json!({ "time": time, "last": 1, "before": second["pageInfo"]["startCursor"] });
            assert_eq!(&page(*list, back).await["nodes"], first, "{list:?}");
        }
    };
    // What happens now has not happened by then.
    case.takes("enterprise", "addComment", json!({ "text": "现在才说" })).await;
    world.creates("coordinator", "registerPerson", person("后来的人", &scene.institute)).await;
    go_on(&[0, 1, 2, 3, 4]).await;

    let comment = json!({ "text": "当时就说过", "occurredAt": time });
    case.takes("enterprise", "addComment", comment).await;
    for (list, _, cursor) in &cursors[..2] {
        assert_eq!(refusal(*list, forward(cursor)).await, outdated("after"), "{list:?}");
        let back = json!({ "time": time, "last": 1, "before": cursor });
        assert_eq!(refusal(*list, back).await, outdated("before"), "{list:?}");
    }
    go_on(&[2, 3, 4]).await;

    let late = with(person("当时就在的人", &scene.institute), json!({ "occurredAt": time }));
    world.creates("coordinator", "registerPerson", late).await;
    let (persons, _, cursor) = &cursors[2];
    assert_eq!(refusal(*persons, forward(cursor)).await, outdated("after"));
    go_on(&[3, 4]).await;

    // Begun again, they go on; a cursor that does not say where the log ended is of no use, nor one of another log.
    for list in lists {
        let begun = page(list, forward(&Value::Null)).await;
        let cursor = &begun["pageInfo"]["endCursor"];
        assert_ne!(page(list, forward(cursor)).await["nodes"], begun["nodes"], "{list:?}");
        assert_eq!(refusal(list, forward(&with_head(cursor, None))).await, outdated("after"), "{list:?}");
        let ahead = with_head(cursor, Some(9_999_999));
        assert_eq!(refusal(list, forward(&ahead)).await, ("CURSOR_INVALID".to_owned(), "after".to_owned()), "{list:?}");
    }
}

/// The cursor with another end of the log in it, or with none.
fn with_head(cursor: &Value, head: Option<u64>) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(text(cursor)).expect("base64");
    let mut place: Value = serde_json::from_slice(&bytes).expect("JSON");
    let read = match place.get("asked").is_some() {
        true => &mut place["asked"],
        false => &mut place,
    };
    let read = read.as_object_mut().expect("an object");
    let was = match head {
        Some(head) => read.insert("head".to_owned(), json!(head)),
        None => read.remove("head"),
    };
    assert!(was.is_some(), "a cursor of what had happened says where the log ended");
    URL_SAFE_NO_PAD.encode(place.to_string()).into()
}

/// What is no moment of the past is refused, each for its own reason.
pub async fn senseless_moments_are_refused(world: &World) {
    world.admit("newcomer", &Who::new("newcomer", "MANAGER", "44"));
    let empty = json!({ "point": { "position": "0" }, "id": "00000000-0000-7000-8000-000000000000" });
    assert_eq!(world.refusal("newcomer", ONE, empty).await.0, "POINT_IN_FUTURE");
    let now = json!({ "point": { "time": "2026-01-01T00:00:00Z" }, "id": "00000000-0000-7000-8000-000000000000" });
    assert_eq!(world.refusal("newcomer", ONE, now).await.0, "POINT_BEFORE_LOG");
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "难点").await;
    let last = world.position().await;
    let event = case.shows("events { nodes { id } }").await["events"]["nodes"][0]["id"].clone();
    for (who, point, code, field) in [
        ("watcher", json!({ "position": (last + 1).to_string() }), "POINT_IN_FUTURE", "point.position"),
        ("watcher", json!({ "time": "2999-01-01T00:00:00Z" }), "POINT_IN_FUTURE", "point.time"),
        ("watcher", json!({ "time": "2012-01-01T00:00:00Z" }), "POINT_BEFORE_LOG", "point"),
        ("watcher", json!({ "event": case.id }), "ID_INVALID", "point.event"),
        ("watcher", json!({ "event": "x" }), "ID_INVALID", "point.event"),
        ("coordinator elsewhere", json!({ "event": event }), "NOT_FOUND", "point.event"),
    ] {
        let refusal = world.refusal(who, ONE, json!({ "point": point, "id": case.id })).await;
        assert_eq!(refusal, (code.to_owned(), field.to_owned()), "{who} {point}");
    }
    let absent = json!({ "event": base64_of(&format!("Event:{}", last + 9)) });
    let refusal = world.refusal("watcher", ONE, json!({ "point": absent, "id": case.id })).await;
    assert_eq!(refusal.0, "NOT_FOUND", "an event that is not there is refused as one that may not be seen");
    let nested = "{ asOf(point: { position: \"0\" }) { query { asOf(point: { position: \"0\" }) { position } } } }";
    assert_eq!(world.refusal("watcher", nested, json!({})).await.0, "AS_OF_NESTED");
    let two = "{ asOf(point: { position: \"0\", time: \"2026-01-01T00:00:00Z\" }) { position } }";
    let (status, answer) = world.post("watcher", two, json!({})).await;
    assert!(answer["errors"].is_array(), "{status} {answer}");
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
