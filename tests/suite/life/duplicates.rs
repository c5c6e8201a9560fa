//! Duplicates: of one another, of a case that is withdrawn, and of one that is closed; and how they are taken up again.

use serde_json::{Value, json};

use crate::life::scene::{Scene, number, triage};
use crate::life::script::Case;
use crate::life::world::{World, text, with};

/// The first is a duplicate of the second.
pub async fn play(world: &World, scene: &Scene, (first, second): (&Case<'_>, &Case<'_>)) {
    chain_of_duplicates(world, scene, (first, second)).await;
    nothing_goes_on(world, scene).await;
    duplicate_of_a_closed_case(world, scene).await;
}

/// The original is a duplicate in turn: what goes on is named, and found, behind it.
async fn chain_of_duplicates(world: &World, scene: &Scene, (first, second): (&Case<'_>, &Case<'_>)) {
    let last = scene.reported(world, "最后留下的难点").await;
    let as_of = world.position().await.to_string();
    second.takes("coordinator", "markDuplicate", json!({ "ofCaseId": last.id })).await;
    let told = first.shows("duplicateOf { id number open }").await;
    assert_eq!(told["duplicateOf"], json!({ "id": last.id, "number": number(&last).await, "open": true }));
    let query = "query Before($id: ID!, $point: AsOfPoint!) {
        asOf(point: $point) { query { case(id: $id) { duplicateOf { id } } } }
    }";
    let before = world.ask("watcher", query, json!({ "id": first.id, "point": { "position": as_of } })).await;
    assert_eq!(before["asOf"]["query"]["case"]["duplicateOf"]["id"], second.id, "which went on then");

    let another = scene.reported(world, "又一个同样的难点").await;
    let input = json!({ "caseId": another.id, "ofCaseId": first.id });
    let refused = world.order("coordinator", "markDuplicate", &input).await;
    let message = text(&refused["userErrors"][0]["message"]);
    assert_eq!(message, format!("that case is a duplicate of {}: name that one", number(&last).await));
    last.refuses([("coordinator", "markDuplicate", json!({ "ofCaseId": first.id }), "LINK_CYCLE", "ofCaseId")]).await;
}

/// The enterprise of the case that went on takes it back: that of the duplicate still has its difficulty.
async fn nothing_goes_on(world: &World, scene: &Scene) {
    let report = with(scene.report("另一家的同一个难点"), json!({ "enterpriseId": scene.other_enterprise }));
    let theirs = Case { world, id: world.creates("other enterprise", "reportCase", report).await };
    let between = scene.reported(world, "中间的难点").await;
    let last = scene.reported(world, "先留下的难点").await;
    theirs.takes("coordinator", "markDuplicate", json!({ "ofCaseId": between.id })).await;
    between.takes("coordinator", "markDuplicate", json!({ "ofCaseId": last.id })).await;
    let again = json!({ "reason": "仍未解决" });

    let told = async |who: &str| {
        let fields = "timeline { nodes { ... on OriginalTimelineEntry { kind number english } } }";
        let shown = theirs.seen_by(who, fields).await["timeline"]["nodes"].clone();
        let entries = shown.as_array().expect("a list").iter().filter(|entry| entry["kind"].is_string());
        entries.cloned().collect::<Vec<_>>()
    };
    assert_eq!(told("coordinator").await, Vec::<Value>::new());
    last.takes("enterprise", "withdrawCase", json!({ "reason": "停产" })).await;
    let english = "The case that went on in its place was withdrawn: this one can be reopened";
    let unseen = json!({ "kind": "LIFECYCLE", "number": null, "english": english });
    assert_eq!(told("other enterprise").await, [unseen]);
    assert_eq!(told("coordinator").await[0]["number"], number(&last).await);
    theirs.refuses([("visitor", "reopenCase", again.clone(), "NOT_PERMITTED", "")]).await;
    theirs.takes("other enterprise", "reopenCase", again.clone()).await;
    assert_eq!(told("coordinator").await, Vec::<Value>::new(), "it goes on by itself");
    assert_eq!(theirs.shows("status duplicateOf { id }").await, json!({ "status": "REPORTED", "duplicateOf": null }));
    theirs.takes("coordinator", "triageCase", triage("TESTING")).await;
    theirs.refuses([("coordinator", "reopenCase", again.clone(), "WRONG_STATUS", "")]).await;
    // The one between was a duplicate of its own accord, and is taken up with the same right.
    between.takes("coordinator", "reopenCase", again).await;
}

/// Another enterprise's case is closed: whoever ends one as its duplicate is told that nobody goes on with it, and the
/// enterprise that still has its difficulty takes its own up again.
async fn duplicate_of_a_closed_case(world: &World, scene: &Scene) {
    let closed = scene.reported(world, "已经解决的难点").await;
    let of = json!({ "ofCaseId": closed.id });
    let report = with(scene.report("尚未解决的同一难点"), json!({ "enterpriseId": scene.other_enterprise }));
    let theirs = Case { world, id: world.creates("other enterprise", "reportCase", report).await };
    let marked = theirs.takes("coordinator", "markDuplicate", of.clone()).await;
    assert_eq!(marked["warnings"], json!([]), "somebody goes on");
    // What was mistyped is undone, whoever marked it and wherever the other case is.
    let undone = theirs.takes("manager", "reopenCase", json!({ "reason": "编号写错了" })).await;
    assert_eq!(undone["warnings"], json!([]));
    closed.takes_all(scene.solved_by_service()).await;
    let marked = theirs.takes("coordinator", "markDuplicate", of).await;
    let message = format!(
        "the case that this is marked as a duplicate of, {}, is CLOSED: nobody goes on with it; reopen what is not solved",
        number(&closed).await
    );
    assert_eq!(marked["warnings"], json!([{ "code": "ORIGINAL_ENDED", "message": message }]));
    theirs.takes("other enterprise", "reopenCase", json!({ "reason": "我厂仍未解决" })).await;
    assert_eq!(theirs.shows("status duplicateOf { id }").await, json!({ "status": "REPORTED", "duplicateOf": null }));
}
