//! Commands sent twice, commands decided on an old version, and reads that wait for a write.

use serde_json::{Value, json};

use crate::life::scene::{Scene, campaign, triage};
use crate::life::world::{World, day, text, with};

pub async fn play(world: &World, scene: &Scene) {
    repetition(world, scene).await;
    conflict(world, scene).await;
    own_writes(world, scene).await;
}

async fn repetition(world: &World, scene: &Scene) {
    // What brings something into being, and what the lifecycle would refuse the second time.
    let case = scene.reported(world, "发了两次").await;
    let triage = with(triage("TESTING"), json!({ "caseId": case.id, "expectedVersion": 1 }));
    let report = scene.report("再发一次");
    for (number, (who, mutation, input)) in [
        ("manager", "openCampaign", campaign("只开一次")),
        ("enterprise", "reportCase", report),
        ("coordinator", "triageCase", triage),
        ("enterprise", "addComment", json!({ "caseId": case.id, "text": "一次" })),
    ]
    .into_iter()
    .enumerate()
    {
        let keyed = with(input, json!({ "idempotencyKey": format!("key-{number}") }));
        let first = world.takes(who, mutation, keyed.clone()).await;
        let position = world.position().await;
        let mut again = world.order(who, mutation, &keyed).await;
        assert_eq!(again["receipt"]["replayed"], true, "{again:#}");
        again["receipt"]["replayed"] = false.into();
        assert_eq!(again, first, "the first answer again");
        let other = with(keyed.clone(), json!({ "occurredAt": "2026-11-01T00:00:00Z" }));
        world.refuses((who, mutation, other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")).await;
        assert_eq!(world.position().await, position, "nothing was recorded twice");
    }
    // Another command under the key is another input; another actor's key is another key.
    let of_key = |text: &str| json!({ "caseId": case.id, "text": text, "idempotencyKey": "key-2" });
    world.refuses(("coordinator", "addComment", of_key("x"), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")).await;
    world.takes("visitor", "addComment", of_key("别人的钥匙")).await;
    // A refusal uses no key up.
    let key = json!({ "idempotencyKey": "key-refused" });
    case.refuses([(
        "coordinator",
        "assignResearch",
        with(scene.assignment(), json!({ "leadId": null, "idempotencyKey": "key-refused" })),
        "LEAD_MISSING",
        "leadId",
    )])
    .await;
    case.takes("coordinator", "assignResearch", with(scene.assignment(), key)).await;
}

async fn conflict(world: &World, scene: &Scene) {
    let case = scene.reported(world, "同时修改").await;
    case.takes("enterprise", "addComment", json!({ "text": "一" })).await;
    let set = case.takes("coordinator", "setDeadline", json!({ "deadline": day(9) })).await;
    let late = with(triage("TESTING"), json!({ "caseId": case.id, "expectedVersion": 1 }));
    let payload = world.order("coordinator", "triageCase", &late).await;
    assert_eq!(payload["userErrors"][0]["code"], "VERSION_CONFLICT");
    let ahead = with(late.clone(), json!({ "expectedVersion": 4 }));
    let refused = world.order("coordinator", "triageCase", &ahead).await;
    let message = text(&refused["userErrors"][0]["message"]);
    assert!(message.starts_with("it is at version 3, not at 4"), "{message}");
    let conflict = &payload["conflict"];
    assert_eq!(conflict["currentVersion"], 3);
    let since = conflict["eventsSince"].as_array().expect("events");
    let types: Vec<_> = since.iter().map(|event| text(&event["__typename"])).collect();
    assert_eq!(types, ["CommentAddedEvent", "DeadlineSetEvent"]);
    assert_eq!(since[1]["position"], set["receipt"]["position"]);
    assert_eq!(since[1]["id"], set["receipt"]["eventIds"][0]);
    for expected in [0, 4, -1, i32::MAX] {
        let input = with(triage("TESTING"), json!({ "expectedVersion": expected }));
        case.refuses([("coordinator", "triageCase", input, "VERSION_CONFLICT", "expectedVersion")]).await;
    }
    let current = with(late, json!({ "expectedVersion": conflict["currentVersion"] }));
    world.takes("coordinator", "triageCase", current).await;

    // A register tells the same.
    let amendment = |version: i32, name: &str| json!({ "institutionId": scene.institute, "name": name, "expectedVersion": version });
    let payload = world.order("coordinator", "amendInstitution", &amendment(1, "新名称")).await;
    assert_eq!(payload["userErrors"][0]["code"], "VERSION_CONFLICT");
    assert_eq!(payload["conflict"]["currentVersion"], 2);
    assert_eq!(payload["conflict"]["eventsSince"][0]["__typename"], "RegisterEvent");
    world.takes("coordinator", "amendInstitution", amendment(2, "新名称")).await;
}

async fn own_writes(world: &World, scene: &Scene) {
    let query = "query Own($id: ID!, $position: Position) { case(id: $id, minPosition: $position) { version } }";
    let case = scene.reported(world, "读到自己写的").await;
    for version in 2..6 {
        let taken = case.takes("enterprise", "addComment", json!({ "text": "又一条" })).await;
        let position = &taken["receipt"]["position"];
        let read = world.ask("enterprise", query, json!({ "id": case.id, "position": position })).await;
        assert_eq!(read["case"]["version"], version);
    }
    let ahead = (world.position().await + 1).to_string();
    let refused = world.refusal("enterprise", query, json!({ "id": case.id, "position": ahead })).await;
    assert_eq!(refused.0, "POSITION_NOT_REACHED");
    let occurred = "2026-10-01T08:30:00.000001+08:00";
    case.takes("enterprise", "addComment", json!({ "text": "早些时候", "occurredAt": occurred })).await;
    let last = case.shows("events(first: 100) { nodes { occurredAt recordedAt type actor { id } } }").await;
    let last = last["events"]["nodes"].as_array().and_then(|events| events.last()).expect("an event").clone();
    assert_eq!(last["occurredAt"], "2026-10-01T00:30:00.000001Z", "in UTC, to the microsecond");
    assert_eq!((&last["type"], &last["actor"]["id"]), (&json!("CommentAdded"), &Value::from("contact")));
}
