//! Many commands in one request: each is decided and recorded like a mutation of its own.

use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::world::{World, position_of, text, with};

const EXECUTE: &str = "mutation Execute($input: ExecuteCommandsInput!) { executeCommands(input: $input) { results {
    node { __typename id }
    receipt { position eventIds version recordedAt replayed }
    userErrors { code field message }
    warnings { code }
    conflict { __typename ... on CaseConflict { currentVersion eventsSince { type } } ... on RegisterConflict { currentVersion } }
} userErrors { code field } } }";

const FORESEE: &str =
    "query Foresee($input: ExecuteCommandsInput!) { preview { executeCommands(input: $input) { results {
    __typename
    ... on CasePreviewPayload { version events { type } userErrors { code field } warnings { code } }
    ... on RegisterPreviewPayload { version events { type } userErrors { code field } warnings { code } }
} userErrors { code field } } } }";

impl World {
    /// How each of many commands went.
    async fn execute(&self, who: &str, input: &Value) -> Vec<Value> {
        let answer = self.ask(who, EXECUTE, json!({ "input": input })).await;
        answer["executeCommands"]["results"].as_array().expect("a list").clone()
    }
}

pub async fn many_commands_are_carried_out(world: &World) {
    let scene = Scene::set(world).await;
    assert_eq!(world.schema.commands(), world.schema.mutations(), "every mutation with a receipt is a command");
    the_refused_leave_the_others(world, &scene).await;
    one_goes_on_from_another(world, &scene).await;
    all_are_refused_with_one(world, &scene).await;
    many_are_foreseen(world, &scene).await;
    senseless_lists_are_refused(world, &scene).await;
}

fn report(scene: &Scene, title: &str) -> Value {
    json!({ "reportCase": scene.report(title) })
}

fn comment(case: &str, more: Value) -> Value {
    json!({ "addComment": with(json!({ "caseId": case, "text": "批量" }), more) })
}

fn codes(result: &Value) -> Vec<(String, String)> {
    let errors = result["userErrors"].as_array().expect("a list").iter();
    errors.map(|error| (text(&error["code"]), crate::life::world::path(&error["field"]))).collect()
}

async fn the_refused_leave_the_others(world: &World, scene: &Scene) {
    let before = world.position().await;
    let input = json!({
        "commands": [report(scene, "批量一"), report(scene, " "), report(scene, "批量三")], "idempotencyKey": "bulk-1",
    });
    let first = world.execute("enterprise", &input).await;
    assert_eq!(codes(&first[1]), [("TEXT_EMPTY".to_owned(), "title".to_owned())], "{first:#?}");
    assert_eq!((&first[1]["receipt"], &first[1]["node"]), (&Value::Null, &Value::Null));
    for (place, position) in [(0, before + 1), (2, before + 2)] {
        let result = &first[place];
        assert_eq!((position_of(&result["receipt"]), codes(result)), (position, vec![]), "{result:#}");
        assert_eq!((&result["node"]["__typename"], &result["receipt"]["replayed"]), (&json!("Case"), &json!(false)));
    }
    let mut again = world.execute("enterprise", &input).await;
    for place in [0, 2] {
        assert_eq!(again[place]["receipt"]["replayed"], true);
        again[place]["receipt"]["replayed"] = false.into();
    }
    assert_eq!(again, first, "the first receipts again");
    let other = json!({ "commands": [report(scene, "另一个")], "idempotencyKey": "bulk-1" });
    let reused = world.execute("enterprise", &other).await;
    assert_eq!(codes(&reused[0]), [("IDEMPOTENCY_KEY_REUSED".to_owned(), "idempotencyKey".to_owned())]);
    // A key of its own counts, wherever the command stands.
    let own = with(scene.report("批量一"), json!({ "idempotencyKey": "bulk-1/0" }));
    let own = world.execute("enterprise", &json!({ "commands": [{ "reportCase": own }] })).await;
    assert_eq!(codes(&own[0])[0].0, "IDEMPOTENCY_KEY_REUSED", "the key is part of what is held to be the same");
    assert_eq!(world.position().await, before + 2, "nothing was recorded twice");
}

async fn one_goes_on_from_another(world: &World, scene: &Scene) {
    let case = scene.reported(world, "一步接一步").await;
    let of_case = |input: Value| with(input, json!({ "caseId": case.id }));
    let input = json!({ "commands": [
        { "triageCase": of_case(with(triage("RESEARCH_PROBLEM"), json!({ "expectedVersion": 1 }))) },
        { "assignResearch": of_case(with(scene.assignment(), json!({ "expectedVersion": 2 }))) },
        { "saveView": { "name": "批量的", "filter": {} } },
    ] });
    let done = world.execute("coordinator", &input).await;
    let versions: Vec<_> = done.iter().map(|result| result["receipt"]["version"].clone()).collect();
    assert_eq!(versions, [2, 3, 1], "{done:#?}");
    assert_eq!((&done[0]["node"]["id"], &done[2]["node"]["__typename"]), (&json!(case.id), &json!("View")));
}

async fn all_are_refused_with_one(world: &World, scene: &Scene) {
    let case = scene.reported(world, "一个都不少").await;
    let commands = |version: u64| {
        json!({
            "errorPolicy": "REJECT_EVERYTHING",
            "commands": [comment(&case.id, json!({})), comment(&case.id, json!({ "expectedVersion": version }))],
        })
    };
    let before = world.position().await;
    let refused = world.execute("enterprise", &commands(7)).await;
    assert_eq!(world.position().await, before, "nothing was recorded");
    assert_eq!((&refused[0]["receipt"], codes(&refused[0])), (&Value::Null, vec![]));
    assert_eq!(codes(&refused[1]), [("VERSION_CONFLICT".to_owned(), "expectedVersion".to_owned())]);
    let conflict = json!({ "__typename": "CaseConflict", "currentVersion": 1, "eventsSince": [] });
    assert_eq!(refused[1]["conflict"], conflict);
    let keyed = with(commands(1), json!({ "idempotencyKey": "all-1" }));
    let done = world.execute("enterprise", &keyed).await;
    // Each was decided on what was there before; that the first moved it on is told when it comes to the second.
    assert_eq!((&done[0]["receipt"]["version"], codes(&done[1])[0].0.as_str()), (&json!(2), "VERSION_CONFLICT"));
    // Sent again, what is there is known, and the other is refused as it would be alone.
    let again = world.execute("enterprise", &keyed).await;
    assert_eq!((&again[0]["receipt"]["replayed"], codes(&again[1])[0].0.as_str()), (&json!(true), "VERSION_CONFLICT"));
    // In another order each has another's key.
    let (mut turned, refused) = (keyed.clone(), "IDEMPOTENCY_KEY_REUSED");
    turned["commands"].as_array_mut().expect("a list").reverse();
    let turned = world.execute("enterprise", &turned).await;
    assert_eq!((codes(&turned[0])[0].0.as_str(), &turned[1]["receipt"]), (refused, &Value::Null));
    assert_eq!(world.position().await, before + 1, "one comment was recorded");
}

async fn many_are_foreseen(world: &World, scene: &Scene) {
    let case = scene.reported(world, "先看一看").await;
    let before = world.position().await;
    let view = json!({ "saveView": { "name": "预演的", "filter": {} } });
    let input = json!({ "commands": [comment(&case.id, json!({})), view, comment(&case.id, json!({ "text": "" }))] });
    let foreseen = world.ask("enterprise", FORESEE, json!({ "input": input })).await;
    let told = json!([
        {
            "__typename": "CasePreviewPayload", "version": 2, "events": [{ "type": "CommentAdded" }], "userErrors": [],
            "warnings": [],
        },
        {
            "__typename": "RegisterPreviewPayload", "version": 1, "events": [{ "type": "ViewSaved" }], "userErrors": [],
            "warnings": [],
        },
        {
            "__typename": "CasePreviewPayload", "version": null, "events": [],
            "userErrors": [{ "code": "TEXT_EMPTY", "field": ["text"] }], "warnings": [],
        },
    ]);
    assert_eq!(foreseen["preview"]["executeCommands"]["results"], told);
    assert_eq!(world.position().await, before, "nothing was recorded");
}

async fn senseless_lists_are_refused(world: &World, scene: &Scene) {
    assert_eq!(world.execute("enterprise", &json!({ "commands": [] })).await, Vec::<Value>::new());
    let many = json!({ "input": { "commands": vec![report(scene, "太多"); 101] } });
    let refusal = world.refusal("enterprise", EXECUTE, many).await;
    assert_eq!(refusal, ("TOO_MANY_COMMANDS".to_owned(), "input.commands".to_owned()));
    // Nothing is done with a key that would be too long for one of the places.
    for (document, answer) in [(EXECUTE, "/executeCommands"), (FORESEE, "/preview/executeCommands")] {
        for key in ["k".repeat(126), String::new(), "有汉字".to_owned()] {
            let input = json!({ "commands": [report(scene, "键不对")], "idempotencyKey": key });
            let answer = world.ask("enterprise", document, json!({ "input": input })).await.pointer(answer).cloned();
            let told = codes(&answer.expect("an answer"));
            assert_eq!(told, [("IDEMPOTENCY_KEY_INVALID".to_owned(), "idempotencyKey".to_owned())], "{key}");
        }
    }
    let long = json!({ "commands": [report(scene, "键正好")], "idempotencyKey": "k".repeat(125) });
    assert_eq!(codes(&world.execute("enterprise", &long).await[0]), []);
}
