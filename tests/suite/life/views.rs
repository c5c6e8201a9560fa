//! Saved views: kept, asked by their id, shared, taken back, thrown away; each sees their own and what is shared.

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::world::{World, text};

const MINE: &str = "query Mine { viewer { views { totalCount nodes { id name mine } } } }";

const ASKED: &str = "query Asked($view: ID!, $filter: CaseFilter, $orderBy: [CaseOrder!], $first: Int) {
    cases(view: $view, filter: $filter, orderBy: $orderBy, first: $first) {
        totalCount nodes { title } pageInfo { endCursor }
    }
}";

pub async fn play(world: &World, scene: &Scene) {
    for title in ["视图 丙", "视图 甲", "视图 乙"] {
        scene.reported(world, title).await;
    }
    let filter = json!({ "title": { "startsWith": "视图" }, "reportedAt": { "gt": "-P1D" } });
    let input = json!({ "name": "近期", "filter": filter, "orderBy": [{ "field": "TITLE" }], "groupBy": ["STATUS"] });
    refused(world).await;
    let view = world.creates("manager", "saveView", input).await;
    asked(world, &view, &filter).await;
    updated(world, &view).await;
    shared(world, &view).await;
    world.takes("manager", "deleteView", json!({ "viewId": view })).await;
    world.refuses(("manager", "deleteView", json!({ "viewId": view }), "NOT_FOUND", "viewId")).await;
    assert_eq!(listed(world, "manager").await, Vec::<String>::new());
    let gone = world.refusal("manager", ASKED, json!({ "view": view })).await;
    assert_eq!(gone, ("NOT_FOUND".to_owned(), "view".to_owned()));
}

async fn refused(world: &World) {
    let mut deep = json!({ "open": true });
    for _ in 0..6 {
        deep = json!({ "not": deep });
    }
    let twice = json!([{ "field": "TITLE" }, { "field": "TITLE" }]);
    world
        .refuses_all([
            ("lead", "saveView", json!({ "name": " " }), "TEXT_EMPTY", "name"),
            ("lead", "saveView", json!({ "name": "x", "filter": deep }), "FILTER_INVALID", "filter"),
            ("lead", "saveView", json!({ "name": "x", "orderBy": twice }), "ORDER_INVALID", "orderBy"),
        ])
        .await;
    // What is wrong with a filter is told as a list tells it, with the path to it.
    let nested = json!({ "and": [{ "open": true }, { "or": [{ "deadline": { "lt": "TOMORROW" } }] }] });
    world
        .refuses_all(
            [
                (nested, "RELATIVE_DATE_INVALID", "filter.and.1.or.0.deadline.lt"),
                (json!({ "deadline": { "nin": ["TODAY", "PT36H"] } }), "RELATIVE_DATE_UNIT", "filter.deadline.nin.1"),
                (
                    json!({ "not": { "parkedUntil": { "eq": "2026-02-30" } } }),
                    "DATE_INVALID",
                    "filter.not.parkedUntil.eq",
                ),
                (json!({ "updatedAt": { "gt": "-P99999Y" } }), "RELATIVE_DATE_OUT_OF_RANGE", "filter.updatedAt.gt"),
                (json!({ "title": { "eq": "a\0b" } }), "TEXT_CONTROL_CHARACTER", "filter.title.eq"),
                (json!({ "institutionId": { "eq": null } }), "COMPARED_WITH_NULL", "filter.institutionId.eq"),
            ]
            .map(|(filter, code, field)| ("lead", "saveView", json!({ "name": "x", "filter": filter }), code, field)),
        )
        .await;
}

/// The list is the view's, narrowed by what is asked besides; the view gives its question back in the list's own words.
async fn asked(world: &World, view: &str, filter: &Value) {
    let titles = |list: &Value| {
        let nodes = list["cases"]["nodes"].as_array().expect("a list").iter();
        nodes.map(|node| text(&node["title"])).collect::<Vec<_>>()
    };
    let list = world.ask("manager", ASKED, json!({ "view": view })).await;
    assert_eq!(titles(&list), ["视图 丙", "视图 乙", "视图 甲"], "by the bytes of the titles");
    let more = json!({ "view": view, "filter": { "title": { "contains": "甲" } } });
    assert_eq!(titles(&world.ask("manager", ASKED, more).await), ["视图 甲"]);
    let other_way = json!({ "view": view, "orderBy": [{ "field": "TITLE", "direction": "DESC" }], "first": 2 });
    let page = world.ask("manager", ASKED, other_way.clone()).await;
    assert_eq!((titles(&page), &page["cases"]["totalCount"]), (vec!["视图 甲".into(), "视图 乙".into()], &json!(3)));
    let place = format!("first: $first, after: {})", page["cases"]["pageInfo"]["endCursor"]);
    let next = ASKED.replace("first: $first)", &place);
    assert_eq!(titles(&world.ask("manager", &next, other_way).await), ["视图 丙"]);

    let query = "query Look($id: ID!) {
        view(id: $id) { name mine filter orderBy groupBy sharedWith { code } owner { id } version }
    }";
    let shown = world.ask("manager", query, json!({ "id": view })).await["view"].clone();
    assert_eq!((&shown["filter"], &shown["mine"], &shown["sharedWith"]), (filter, &json!(true), &Value::Null));
    assert_eq!(shown["groupBy"], json!(["STATUS"]));
    let again = "query Again($filter: CaseFilter, $orderBy: [CaseOrder!]) {
        cases(filter: $filter, orderBy: $orderBy) { totalCount nodes { title } pageInfo { endCursor } }
    }";
    let variables = json!({ "filter": shown["filter"], "orderBy": shown["orderBy"] });
    assert_eq!(titles(&world.ask("manager", again, variables).await), titles(&list));
}

async fn updated(world: &World, view: &str) {
    let update = |more: Value| crate::life::world::with(json!({ "viewId": view }), more);
    world
        .refuses_all([
            ("manager", "updateView", update(json!({ "name": "近期" })), "NOTHING_TO_AMEND", ""),
            ("coordinator", "updateView", update(json!({ "name": "x" })), "NOT_FOUND", "viewId"),
        ])
        .await;
    world.takes("manager", "updateView", update(json!({ "name": "最近一天", "groupBy": [] }))).await;
}

/// Private until it is shared; then there for everybody who works there, and nobody else.
async fn shared(world: &World, view: &str) {
    let share = |division: Value| json!({ "viewId": view, "divisionCode": division });
    assert_eq!(listed(world, "manager").await, ["最近一天"]);
    assert_eq!(listed(world, "coordinator").await, [""; 0]);
    assert_eq!(listed(world, "auditor").await, [""; 0], "an audit is no list of one's own");
    world
        .refuses_all([
            ("manager", "shareView", share(json!("32")), "OUTSIDE_JURISDICTION", "divisionCode"),
            ("manager", "shareView", share(Value::Null), "NOTHING_TO_AMEND", "divisionCode"),
            ("national manager", "shareView", share(json!("44")), "NOT_FOUND", "viewId"),
        ])
        .await;
    world.takes("manager", "shareView", share(json!("44"))).await;
    for who in ["coordinator", "visitor", "lead", "city manager"] {
        assert_eq!(listed(world, who).await, ["最近一天"], "{who}");
        assert!(world.ask(who, ASKED, json!({ "view": view })).await["cases"].is_object(), "{who}");
    }
    for who in ["coordinator elsewhere", "national manager"] {
        assert_eq!(listed(world, who).await, [""; 0], "{who}");
    }
    let delete = json!({ "viewId": view });
    world.refuses(("coordinator", "deleteView", delete, "NOT_PERMITTED", "")).await;
    world.takes("manager", "shareView", share(Value::Null)).await;
    assert_eq!(listed(world, "coordinator").await, [""; 0]);
}

async fn listed(world: &World, who: &str) -> Vec<String> {
    let views = world.ask(who, MINE, json!({})).await["viewer"]["views"].clone();
    let names: Vec<_> = views["nodes"].as_array().expect("a list").iter().map(|view| text(&view["name"])).collect();
    assert_eq!(views["totalCount"], names.len());
    names
}
