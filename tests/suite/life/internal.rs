//! What experts and managers say among themselves: nothing that its enterprise asks tells of it, whenever and by
//! whatever way it asks, and to those whom it is for it is there like everything else.

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::script::Case;
use crate::life::world::{World, text, uuid_of, with};
use crate::support::server::Who;

/// Said internally, and nowhere else.
const ASIDE: &str = "记录不可信";
/// Said to everybody before and after it.
const SAID: [&str; 2] = ["夜班温度偏低", "已补记夜班温度"];

/// Everything that could tell of it.
const EVERYTHING: &str =
    "query Everything($id: ID!, $word: String!, $without: String!, $position: Position!, $time: DateTime!) {
    case(id: $id) { ...whole }
    found: search(query: $word) { totalCount complete edges { score fragments { field text } } }
    others: search(query: $without) { totalCount edges { score fragments { field text } } }
    recorded: asOf(point: { position: $position }) { query { case(id: $id) { ...whole }
        search(query: $word) { totalCount edges { fragments { field text } } } } }
    happened: asOf(point: { time: $time }, axis: OCCURRED) { query { case(id: $id) { ...whole }
        search(query: $word) { totalCount edges { fragments { field text } } } } }
}
fragment whole on Case {
    comments { text audience by { id } }
    events(first: 100) { totalCount nodes { type payload } }
    last: events(last: 2) { nodes { type } }
    asides: events(filter: { types: [\"InternalCommentAdded\"] }) { totalCount nodes { id } }
    timeline(first: 100) { totalCount nodes { chinese english } }
    fieldHistory(field: COMMENTS) { actor { id } change { ... on CommentsChange { added { text } } } }
    diff(from: { version: 0 }) { field ... on CommentsChange { added { text } events { type } } }
}";

/// Whoever works on the case reads it, and whoever oversees it; whoever else sees the case sees it without.
pub async fn what_is_internal_is_for_some(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "恒温间测量").await;
    case.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    case.takes("expert", "acceptInvitation", json!({})).await;
    // Whoever speaks for the enterprise is kept out of it, whatever else they are.
    let both = Who { enterprise: Some(uuid_of(&scene.enterprise)), ..Who::new("both", "ENTERPRISE", "44") };
    world.admit("enterprise and manager", &Who { roles: vec!["ENTERPRISE", "MANAGER"], ..both });
    let others = ["enterprise", "enterprise and manager", "visitor", "reviewer", "second lead"];
    let privy = ["lead", "expert", "coordinator", "manager", "city manager", "national manager", "auditor", "watcher"];

    case.takes("enterprise", "addComment", json!({ "text": SAID[0] })).await;
    let mut before = Vec::new();
    for who in others {
        before.push(everything(&case, who).await);
    }
    let aside = case.takes("expert", "addComment", json!({ "text": ASIDE, "audience": "INTERNAL" })).await;
    for (who, before) in others.into_iter().zip(&before) {
        assert_eq!(everything(&case, who).await, *before, "{who} is answered as if nothing had been said");
    }
    for who in privy {
        let all = everything(&case, who).await;
        for whole in [&all["case"], &all["recorded"]["query"]["case"], &all["happened"]["query"]["case"]] {
            let said = json!({ "text": ASIDE, "audience": "INTERNAL", "by": { "id": uuid_of(&scene.expert) } });
            assert_eq!(whole["comments"][1], said, "{who}");
            assert_eq!(whole["asides"]["totalCount"], 1, "{who}");
            assert_eq!(whole["last"]["nodes"][1]["type"], "InternalCommentAdded", "{who}");
        }
        let hit =
            json!({ "totalCount": 1, "edges": [{ "fragments": [{ "field": "INTERNAL_COMMENT", "text": ASIDE }] }] });
        assert_eq!(all["recorded"]["query"]["search"], hit, "{who}");
        assert_eq!(all["happened"]["query"]["search"], hit, "{who}");
        assert_eq!((&all["found"]["totalCount"], &all["others"]["totalCount"]), (&json!(1), &json!(0)), "{who}");
    }
    case.takes("enterprise", "addComment", json!({ "text": SAID[1] })).await;
    let event = text(&aside["receipt"]["eventIds"][0]);
    for (who, is_privy) in others.map(|who| (who, false)).into_iter().chain(privy.map(|who| (who, true))) {
        by_its_place(&case, who, &event, is_privy).await;
    }
    overtaken(&case, &aside["receipt"]["version"]).await;
    versions_count_it(&case, aside["receipt"]["version"].as_i64().expect("a version")).await;
    who_has_left_reads_no_more(&case, &event).await;
}

/// Not even what was said while they were there.
async fn who_has_left_reads_no_more(case: &Case<'_>, event: &str) {
    case.takes("expert", "leaveCase", json!({})).await;
    let all = everything(case, "expert").await;
    for shown in [&all, &all["recorded"]["query"], &all["happened"]["query"]] {
        assert_eq!(shown["case"], Value::Null, "{shown}");
    }
    for found in [&all["found"], &all["others"], &all["recorded"]["query"]["search"]] {
        assert_eq!((&found["totalCount"], &found["edges"]), (&json!(0), &json!([])), "{found}");
    }
    let node = "query Node($event: ID!) { node(id: $event) { id } }";
    assert_eq!(case.world.ask("expert", node, json!({ "event": event })).await["node"], Value::Null);
    let moment = "query Moment($event: ID!) { asOf(point: { event: $event }) { position } }";
    assert_eq!(case.world.refusal("expert", moment, json!({ "event": event })).await.0, "NOT_FOUND");
}

/// What somebody is told by [`EVERYTHING`]: as of now, and of a moment that is now as well.
async fn everything(case: &Case<'_>, who: &str) -> Value {
    let position = case.world.position().await.to_string();
    let last = case.shows("events(last: 1) { nodes { occurredAt } }").await;
    let variables = json!({
        "id": case.id, "word": ASIDE, "without": format!("恒温间 -{ASIDE}"), "position": position,
        "time": last["events"]["nodes"][0]["occurredAt"],
    });
    case.world.ask(who, EVERYTHING, variables).await
}

/// By its id, as a moment, as a point of the case's life.
async fn by_its_place(case: &Case<'_>, who: &str, event: &str, is_privy: bool) {
    let variables = json!({ "id": case.id, "event": event });
    let node = "query Node($event: ID!) { node(id: $event) { id } nodes(ids: [$event]) { id } }";
    let answer = case.world.ask(who, node, json!({ "event": event })).await;
    assert_eq!([&answer["node"], &answer["nodes"][0]].map(Value::is_object), [is_privy; 2], "{who}");
    for query in [
        "query Moment($event: ID!) { asOf(point: { event: $event }) { position } }",
        "query Point($id: ID!, $event: ID!) { case(id: $id) { diff(from: { event: $event }) { field } } }",
    ] {
        match is_privy {
            true => drop(case.world.ask(who, query, variables.clone()).await),
            false => assert_eq!(case.world.refusal(who, query, variables.clone()).await.0, "NOT_FOUND", "{who}"),
        }
    }
}

/// A conflict tells what has happened since, to each what they may see of it.
async fn overtaken(case: &Case<'_>, aside: &Value) {
    const ADD: &str = "mutation Add($input: AddCommentInput!) { addComment(input: $input) {
        conflict { currentVersion eventsSince { type } } } }";
    let expected = aside.as_i64().expect("a version") - 1;
    let input = json!({ "caseId": case.id, "text": "晚了", "expectedVersion": expected });
    let since = async |who: &str| {
        let answer = case.world.ask(who, ADD, json!({ "input": input })).await;
        answer["addComment"]["conflict"]["eventsSince"].clone()
    };
    let said = json!({ "type": "CommentAdded" });
    for who in ["enterprise", "enterprise and manager"] {
        assert_eq!(since(who).await, json!([said]), "{who}");
    }
    assert_eq!(since("lead").await, json!([{ "type": "InternalCommentAdded" }, said]));
}

/// The versions of the case are the same for everybody: between two that what was said internally lies between, nothing
/// else changed.
async fn versions_count_it(case: &Case<'_>, aside: i64) {
    const DIFF: &str = "query Diff($id: ID!, $time: DateTime!, $from: CasePointInput!, $to: CasePointInput!) {
        case(id: $id) { version diff(from: $from, to: $to) { ...added } }
        asOf(point: { time: $time }, axis: OCCURRED) { query { case(id: $id) { version diff(from: $from, to: $to) { ...added } } } }
    }
    fragment added on FieldChange { ... on CommentsChange { added { text } } }";
    let last = case.shows("events(last: 1) { nodes { occurredAt } }").await;
    let base = json!({ "id": case.id, "time": last["events"]["nodes"][0]["occurredAt"] });
    let between = async |who: &str, from: i64, to: i64| {
        let points = json!({ "from": { "version": from }, "to": { "version": to } });
        let answer = case.world.ask(who, DIFF, with(base.clone(), points)).await;
        let (now, then) = (&answer["case"], &answer["asOf"]["query"]["case"]);
        assert_eq!(now, then, "{who}: all of it has happened");
        assert_eq!(now["version"], aside + 1, "{who}");
        now["diff"].clone()
    };
    let added = |text: &str| json!([{ "added": [{ "text": text }] }]);
    assert_eq!(between("enterprise", aside - 1, aside).await, json!([]));
    assert_eq!(between("enterprise", aside, aside + 1).await, added(SAID[1]));
    assert_eq!(between("lead", aside - 1, aside).await, added(ASIDE));
    assert_eq!(between("lead", aside, aside + 1).await, added(SAID[1]));
}
