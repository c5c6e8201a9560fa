//! The history of one case: what differs between two points, how a field went, and the timeline, on the way of one case through its life.

use serde_json::{Value, json};

use crate::life::scene::{CREDIT_CODE, Scene, campaign, enrolment};
use crate::life::script::Case;
use crate::life::world::{World, day, days, position_of, text, uuid_of};

const DIFF: &str = "query Diff($id: ID!, $from: CasePointInput!, $to: CasePointInput) {
    case(id: $id) { diff(from: $from, to: $to) {
        __typename id field events { id type }
        ... on TextChange { textBefore: before textAfter: after }
        ... on CaseStatusChange { statusBefore: before statusAfter: after }
        ... on DateChange { dateBefore: before dateAfter: after }
        ... on ReferenceChange { beforeId afterId after { id } }
        ... on CommentsChange { added { text } removed { text } }
        ... on ExpertsChange { addedExperts: added { membership } removedExperts: removed { membership } }
    } }
}";

const HISTORY: &str = "query History($id: ID!, $field: CaseField!) {
    case(id: $id) { fieldHistory(field: $field) {
        change { ... on CaseStatusChange { before after } ... on DateChange { dateBefore: before dateAfter: after } }
        event { type } actor { id } reason recordedAt occurredAt
    } }
}";

const TIMELINE: &str = "query Timeline($id: ID!, $first: Int, $after: String) {
    case(id: $id) { timeline(first: $first, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
            __typename id at kind chinese english
            ... on EventTimelineEntry { event { type position } }
            ... on VisitTimelineEntry { visit { visitedOn seen } }
            ... on DueTimelineEntry { on }
        }
    } }
}";

pub async fn one_case_has_a_history(world: &World) {
    let scene = Scene::set(world).await;
    let [due, later] = [30, 40].map(days());
    let before_it = world.position().await;
    let case = scene.researching_until(world, "历史", &due).await;
    let researching = world.position().await;
    case.takes("coordinator", "extendDeadline", json!({ "deadline": later, "reason": "等待零件" })).await;
    case.takes("lead", "addComment", json!({ "text": "零件已订" })).await;
    case.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    let invited = world.position().await;
    case.takes("expert", "acceptInvitation", json!({})).await;

    from_nothing(&case, before_it).await;
    in_between(&case, &scene, researching, invited, [&due, &later]).await;
    refused(&case, researching).await;
    beyond_the_moment(&case, researching).await;
    one_field(&case, [&due, &later]).await;
    filtered(&case).await;
    timeline(world, &scene, &case, &later).await;
}

async fn diff(case: &Case<'_>, from: Value, to: Value) -> Vec<Value> {
    let answer = case.world.ask("watcher", DIFF, json!({ "id": case.id, "from": from, "to": to })).await;
    answer["case"]["diff"].as_array().expect("a list").clone()
}

fn change<'a>(changes: &'a [Value], field: &str) -> &'a Value {
    changes.iter().find(|change| change["field"] == field).unwrap_or_else(|| panic!("{field}: {changes:#?}"))
}

fn fields(changes: &[Value]) -> Vec<String> {
    changes.iter().map(|change| text(&change["field"])).collect()
}

async fn from_nothing(case: &Case<'_>, before_it: i64) {
    let before = json!({ "position": before_it.to_string() });
    let everything = diff(case, before, Value::Null).await;
    assert_eq!(everything, diff(case, json!({ "version": 0 }), Value::Null).await);
    let title = change(&everything, "TITLE");
    assert_eq!((&title["textBefore"], &title["textAfter"]), (&Value::Null, &json!("历史")));
    assert_eq!(title["events"][0]["type"], "CaseReported");
    let status = change(&everything, "STATUS");
    let moved: Vec<_> = status["events"].as_array().expect("a list").iter().map(|event| text(&event["type"])).collect();
    assert_eq!(moved, ["CaseReported", "CaseTriaged", "ResearchAssigned", "AssignmentAccepted"]);
    assert_eq!((&status["statusBefore"], &status["statusAfter"]), (&Value::Null, &json!("RESEARCHING")));
}

async fn in_between(case: &Case<'_>, scene: &Scene, researching: i64, invited: i64, [due, later]: [&str; 2]) {
    let from = || json!({ "position": researching.to_string() });
    let until_invited = diff(case, from(), json!({ "position": invited.to_string() })).await;
    assert_eq!(fields(&until_invited), ["EXPERTS", "DEADLINE", "COMMENTS"]);
    let deadline = change(&until_invited, "DEADLINE");
    assert_eq!((&deadline["dateBefore"], &deadline["dateAfter"]), (&json!(due), &json!(later)));
    assert_eq!(change(&until_invited, "COMMENTS")["added"], json!([{ "text": "零件已订" }]));
    let experts = &change(&until_invited, "EXPERTS");
    assert_eq!(experts["addedExperts"], json!([{ "membership": "INVITED" }]));
    assert_eq!(experts["removedExperts"], json!([]));

    // The same two points by versions, and by the events that stand there.
    assert_eq!(until_invited, diff(case, json!({ "version": 4 }), json!({ "version": 7 })).await);
    let last = text(&experts["events"][0]["id"]);
    assert_eq!(until_invited, diff(case, from(), json!({ "event": last })).await);

    let joined = diff(case, json!({ "event": last }), Value::Null).await;
    assert_eq!(fields(&joined), ["EXPERTS"]);
    assert_eq!(joined[0]["removedExperts"], json!([{ "membership": "INVITED" }]));
    assert_eq!(joined[0]["addedExperts"], json!([{ "membership": "ACTIVE" }]));
    assert_eq!(diff(case, json!({ "version": 8 }), Value::Null).await, Vec::<Value>::new());

    let assigned = diff(case, json!({ "version": 2 }), json!({ "version": 3 })).await;
    assert_eq!(fields(&assigned), ["STATUS", "INSTITUTION", "LEAD", "ASSIGNED_AT", "DEADLINE"]);
    let lead = change(&assigned, "LEAD");
    assert_eq!((&lead["beforeId"], &lead["afterId"]), (&Value::Null, &json!(scene.lead)));
    assert_eq!(lead["after"]["id"], json!(scene.lead));
    past(case, researching, due).await;
}

/// As of the past a case has no later history.
async fn past(case: &Case<'_>, researching: i64, deadline: &str) {
    let query = "query Past($id: ID!, $point: AsOfPoint!, $all: CasePointInput!) {
        asOf(point: $point) { query { case(id: $id) {
            diff(from: $all) { field }
            fieldHistory(field: DEADLINE) { reason }
            timeline { totalCount nodes { kind ... on DueTimelineEntry { on } } }
        } } }
    }";
    let point = json!({ "position": researching.to_string() });
    let variables = json!({ "id": case.id, "point": point, "all": { "version": 0 } });
    let answer = case.world.ask("watcher", query, variables).await;
    let then = &answer["asOf"]["query"]["case"];
    let fields: Vec<_> = fields(then["diff"].as_array().expect("a list"));
    assert!(fields.contains(&"LEAD".to_owned()) && !fields.contains(&"COMMENTS".to_owned()), "{fields:?}");
    assert_eq!(then["fieldHistory"], json!([{ "reason": null }]));
    let due = then["timeline"]["nodes"].as_array().expect("a list").last().expect("the deadline");
    assert_eq!(*due, json!({ "kind": "DEADLINE", "on": deadline }));
}

async fn refused(case: &Case<'_>, researching: i64) {
    let query = "query Past($point: AsOfPoint!) { asOf(point: $point) { query { preview { __typename } } } }";
    let point = json!({ "position": researching.to_string() });
    let (code, _) = case.world.refusal("watcher", query, json!({ "point": point })).await;
    assert_eq!(code, "PREVIEW_OF_THE_PAST");
    let position = |position: i64| json!({ "position": position.to_string() });
    for (from, to, code, field) in [
        (json!({ "version": 5 }), position(researching), "POINTS_REVERSED", "from"),
        (position(researching + 1), json!({ "version": 2 }), "POINTS_REVERSED", "from"),
        (position(1_000_000), Value::Null, "POINT_IN_FUTURE", "from"),
        (json!({ "version": 1 }), json!({ "time": "2999-01-01T00:00:00Z" }), "POINT_IN_FUTURE", "to"),
        (json!({ "time": "1950-01-01T00:00:00Z" }), Value::Null, "POINT_BEFORE_LOG", "from"),
        (json!({ "version": -1 }), Value::Null, "VERSION_INVALID", "from"),
        (json!({ "version": 9 }), Value::Null, "VERSION_INVALID", "from"),
        (json!({ "version": 0 }), json!({ "version": 999 }), "VERSION_INVALID", "to"),
        (json!({ "event": case.id }), Value::Null, "ID_INVALID", "from"),
    ] {
        let variables = json!({ "id": case.id, "from": from, "to": to });
        let met = case.world.refusal("watcher", DIFF, variables.clone()).await;
        assert_eq!(met, (code.to_owned(), field.to_owned()), "{variables}");
    }
}

/// As of the past no point of the history lies later, whichever way it is named.
async fn beyond_the_moment(case: &Case<'_>, researching: i64) {
    let query = "query Past($id: ID!, $point: AsOfPoint!, $axis: AsOfAxis!, $from: CasePointInput!, $to: CasePointInput, $of: AsOfAxis) {
        asOf(point: $point, axis: $axis) { query { case(id: $id) { diff(from: $from, to: $to, axis: $of) { field } } } }
    }";
    let events = case.shows("events { nodes { id position recordedAt } }").await["events"]["nodes"].clone();
    let (then, last) = (&events[3], &events[7]);
    assert_eq!(position_of(then), researching);
    let point = json!({ "position": then["position"] });
    let by_time = json!({ "time": then["recordedAt"] });
    let later = json!({ "time": last["recordedAt"] });
    let zero = json!({ "version": 0 });
    let ask = |point: &Value, axis: &str, from: &Value, to: &Value, of: &str| json!({ "id": case.id, "point": point, "axis": axis, "from": from, "to": to, "of": of });
    for (variables, code, field) in [
        (ask(&point, "RECORDED", &zero, &json!({ "position": last["position"] }), "RECORDED"), "POINT_IN_FUTURE", "to"),
        (
            ask(&by_time, "RECORDED", &zero, &json!({ "position": last["position"] }), "RECORDED"),
            "POINT_IN_FUTURE",
            "to",
        ),
        (
            ask(&point, "RECORDED", &json!({ "position": last["position"] }), &Value::Null, "RECORDED"),
            "POINT_IN_FUTURE",
            "from",
        ),
        (ask(&point, "RECORDED", &zero, &json!({ "event": last["id"] }), "RECORDED"), "POINT_IN_FUTURE", "to"),
        (ask(&point, "RECORDED", &zero, &later, "RECORDED"), "POINT_IN_FUTURE", "to"),
        (ask(&point, "RECORDED", &zero, &later, "OCCURRED"), "POINT_IN_FUTURE", "to"),
        (ask(&by_time, "OCCURRED", &zero, &later, "OCCURRED"), "POINT_IN_FUTURE", "to"),
        (ask(&point, "RECORDED", &zero, &json!({ "version": 5 }), "RECORDED"), "VERSION_INVALID", "to"),
        (ask(&by_time, "OCCURRED", &json!({ "version": 5 }), &Value::Null, "OCCURRED"), "VERSION_INVALID", "from"),
    ] {
        let met = case.world.refusal("watcher", query, variables.clone()).await;
        assert_eq!(met, (code.to_owned(), field.to_owned()), "{variables}");
    }
    let whole = case.world.ask("watcher", query, ask(&point, "RECORDED", &zero, &Value::Null, "RECORDED")).await;
    for to in [json!({ "version": 4 }), point.clone(), by_time.clone(), json!({ "event": then["id"] })] {
        let variables = ask(&point, "RECORDED", &zero, &to, "RECORDED");
        assert_eq!(case.world.ask("watcher", query, variables).await, whole, "{to}");
    }
}

async fn one_field(case: &Case<'_>, [due, later]: [&str; 2]) {
    let ask = async |field: &str| {
        let answer = case.world.ask("watcher", HISTORY, json!({ "id": case.id, "field": field })).await;
        answer["case"]["fieldHistory"].as_array().expect("a list").clone()
    };
    let statuses: Vec<_> = ask("STATUS").await.iter().map(|entry| entry["change"]["after"].clone()).collect();
    assert_eq!(statuses, ["REPORTED", "TRIAGED", "ASSIGNED", "RESEARCHING"]);
    let deadlines = ask("DEADLINE").await;
    let [set, extended] = deadlines.as_slice() else { panic!("{deadlines:#?}") };
    assert_eq!((&set["event"]["type"], &set["reason"]), (&json!("ResearchAssigned"), &Value::Null));
    assert_eq!(extended["event"]["type"], "DeadlineExtended");
    assert_eq!((&extended["reason"], &extended["actor"]["id"]), (&json!("等待零件"), &json!("coordinator")));
    assert_eq!(extended["change"], json!({ "dateBefore": due, "dateAfter": later }));
    assert!(extended["recordedAt"].is_string() && extended["occurredAt"].is_string());
    assert_eq!(ask("LESSON").await, Vec::<Value>::new());
}

async fn filtered(case: &Case<'_>) {
    let query = "query Events($id: ID!, $filter: CaseEventFilter, $first: Int, $after: String) {
        case(id: $id) { events(first: $first, after: $after, filter: $filter) {
            totalCount pageInfo { hasNextPage endCursor } nodes { type recordedAt }
        } }
    }";
    let ask = async |filter: Value, first: i64, after: Value| {
        let variables = json!({ "id": case.id, "filter": filter, "first": first, "after": after });
        case.world.ask("watcher", query, variables).await["case"]["events"].clone()
    };
    let all = ask(Value::Null, 100, Value::Null).await;
    assert_eq!(all["totalCount"], 8);
    let by_lead = ask(json!({ "actor": uuid_of_lead(case).await }), 1, Value::Null).await;
    assert_eq!((&by_lead["totalCount"], &by_lead["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let rest = ask(json!({ "actor": uuid_of_lead(case).await }), 9, by_lead["pageInfo"]["endCursor"].clone()).await;
    let types: Vec<_> = rest["nodes"].as_array().expect("a list").iter().map(|event| text(&event["type"])).collect();
    assert_eq!(types, ["CommentAdded", "ExpertInvited"]);
    // The boundary itself is in the range that begins there, and not in the one that ends there.
    let fifth = all["nodes"][4]["recordedAt"].clone();
    for axis in ["recordedAt", "occurredAt"] {
        let until = ask(json!({ axis: { "until": "2000-01-01T00:00:00Z" } }), 100, Value::Null).await;
        assert_eq!(until["totalCount"], 0, "{axis}");
    }
    let from = ask(json!({ "recordedAt": { "from": fifth } }), 100, Value::Null).await;
    let until = ask(json!({ "recordedAt": { "until": fifth } }), 100, Value::Null).await;
    assert_eq!((&from["totalCount"], &until["totalCount"]), (&json!(4), &json!(4)));
    let happened =
        ask(json!({ "types": ["CaseReported"], "occurredAt": { "from": "2000-01-01T00:00:00Z" } }), 9, Value::Null);
    assert_eq!(happened.await["totalCount"], 1);
}

async fn uuid_of_lead(case: &Case<'_>) -> String {
    uuid_of(&text(&case.shows("lead { id }").await["lead"]["id"])).to_string()
}

async fn timeline(world: &World, scene: &Scene, case: &Case<'_>, deadline: &str) {
    let visit = async |campaign: &str, seen: &str| {
        let visit = json!({
            "enterpriseId": scene.enterprise, "campaignId": campaign, "visitedOn": day(0), "seen": seen,
        });
        world.takes("visitor", "recordFieldVisit", visit).await;
    };
    visit(&scene.campaign, "恒温间温度波动").await;
    let answer = world.ask("watcher", TIMELINE, json!({ "id": case.id })).await;
    let whole = &answer["case"]["timeline"];
    let nodes = whole["nodes"].as_array().expect("a list");
    assert_eq!(whole["totalCount"], nodes.len());
    let times: Vec<_> =
        nodes.iter().map(|node| text(&node["at"]).parse::<jiff::Timestamp>().expect("a time")).collect();
    assert!(times.is_sorted(), "{whole:#}");
    let of_kind = |kind: &str| nodes.iter().filter(|node| node["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of_kind("VISIT").len(), 1);
    assert_eq!(of_kind("VISIT")[0]["visit"]["seen"], "恒温间温度波动");
    assert_eq!(of_kind("COLLABORATION").len(), 2);
    let deadlines = of_kind("DEADLINE");
    let typenames: Vec<_> = deadlines.iter().map(|node| text(&node["__typename"])).collect();
    assert_eq!(typenames, ["EventTimelineEntry", "EventTimelineEntry", "DueTimelineEntry"]);
    assert_eq!(deadlines[2]["on"], deadline);
    assert!(text(&deadlines[1]["chinese"]).contains("等待零件"), "{:#}", deadlines[1]);
    assert!(text(&deadlines[1]["english"]).starts_with("Deadline extended"), "{:#}", deadlines[1]);
    let positions: Vec<_> =
        nodes.iter().map(|node| &node["event"]).filter(|event| event.is_object()).map(position_of).collect();
    assert!(positions.is_sorted(), "in the order of the log");

    let mut paged = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = world.ask("watcher", TIMELINE, json!({ "id": case.id, "first": 3, "after": after })).await;
        let page = &page["case"]["timeline"];
        paged.extend(page["nodes"].as_array().expect("a list").clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(&paged, nodes, "pages give the whole, once and in order");

    // The campaigns that it goes over to look after it as well.
    let [second, third] = ["后续活动", "再后续活动"].map(campaign);
    let second = world.creates("manager", "openCampaign", second).await;
    let third = world.creates("manager", "openCampaign", third).await;
    for (closed, successor) in [(&scene.campaign, &second), (&second, &third)] {
        let closing = json!({ "campaignId": closed, "successorId": successor });
        world.takes("manager", "closeCampaign", closing).await;
    }
    world.takes("coordinator", "enrolEnterprise", enrolment(CREDIT_CODE, &third)).await;
    visit(&third, "恒温间已改造").await;
    let shown = case.shows("timeline(first: 100) { nodes { ... on VisitTimelineEntry { visit { seen } } } }").await;
    let nodes = shown["timeline"]["nodes"].as_array().expect("a list").iter();
    let seen: Vec<_> = nodes.map(|node| &node["visit"]["seen"]).filter(|seen| seen.is_string()).collect();
    assert_eq!(seen, ["恒温间温度波动", "恒温间已改造"]);
}
