//! Erasing whom to call at an enterprise: everybody who was ever named, and nobody who is named later.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{KeyFile, Log, bytes, collect, exported};
use crate::life::on_both_databases;
use crate::life::scene::{Scene, enrolment};
use crate::life::world::{World, text, uuid_of, with};

/// Nothing else in the world says this.
const FIRST: &str = "尉迟雁过无声";
const SECOND: &str = "令狐踏雪無痕";
const THIRD: &str = "百里去而復來";
const TELEPHONE: &str = "+86 755 6473 8291 066";
const CREDIT_CODE: &str = "91441900MADEM1A34K";

on_both_databases! {
    contacts_are_erased
    amended_contacts_are_erased
}

/// The keys under which the events of an enterprise name somebody.
fn keys_of(log: &Log, enterprise: &str) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for event in log.events.iter().filter(|event| event.aggregate_id == enterprise) {
        let payload = serde_json::from_str(&event.payload).expect("JSON");
        collect(&payload, &mut |reference| {
            keys.insert(text(&reference["k"]));
        });
    }
    keys.into_iter().collect()
}

async fn contacts_are_erased(world: &World) {
    let scene = Scene::set(world).await;
    let named = |name: &str| {
        let contact = json!({ "contact": { "name": name, "telephone": TELEPHONE } });
        with(enrolment(CREDIT_CODE, &scene.campaign), contact)
    };
    let enterprise = world.creates("coordinator", "enrolEnterprise", named(FIRST)).await;
    let withdrawal = json!({ "enterpriseId": enterprise, "campaignId": scene.campaign });
    world.takes("coordinator", "withdrawEnrolment", withdrawal.clone()).await;
    world.takes("coordinator", "enrolEnterprise", named(SECOND)).await;
    let query = "query Look($id: ID!, $then: Position!) {
        enterprise(id: $id) { ...Shown } asOf(point: { position: $then }) { query { enterprise(id: $id) { ...Shown } } }
    } fragment Shown on Enterprise { contact { name telephone erased } }";
    let then = world.position().await;
    let asked = json!({ "id": enterprise, "then": then.to_string() });
    let shown = world.ask("coordinator", query, asked.clone()).await;
    assert_eq!(shown["enterprise"]["contact"]["name"], SECOND);

    let before = Log::of(world).await;
    let keys = keys_of(&before, &uuid_of(&enterprise).to_string());
    assert_eq!(keys.len(), 2, "one each time that somebody is named");
    let folder = world.installation.folder().join("data-keys");
    let files: Vec<_> = keys.iter().map(|key| KeyFile::of(&folder, key)).collect();
    let wrapped: Vec<_> = files.iter().map(KeyFile::wrapped).collect();
    let mut ciphertexts = Vec::new();
    for key in &keys {
        ciphertexts.extend(before.ciphertexts_under(key).await);
    }
    assert_eq!(ciphertexts.len(), 4, "two names and two telephones");
    let erasure = json!({ "enterpriseId": enterprise, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" });
    let keyed = with(erasure.clone(), json!({ "idempotencyKey": "erasure" }));
    world.takes("manager", "eraseContact", keyed.clone()).await;

    files.iter().for_each(KeyFile::is_destroyed);
    let mut needles = [FIRST, SECOND, TELEPHONE].map(str::as_bytes).to_vec();
    needles.extend(wrapped.iter().map(String::as_bytes));
    bytes::are_nowhere(world, &needles).await;
    bytes::are_not_in_the_database(world, &ciphertexts).await;
    for export in ["jsonl", "csv", "xes"].map(|format| exported(world, format)) {
        assert!(needles.iter().all(|needle| !export.windows(needle.len()).any(|window| window == *needle)));
    }
    // What was hashed is as it was: every proof that was given holds.
    let after = Log::of(world).await;
    assert_eq!(after.events[..before.events.len()], before.events[..]);
    assert_eq!(after.events.len(), before.events.len() + 1);
    assert_eq!(after.root_of(before.events.len()), before.root_of(before.events.len()));
    assert_eq!(after.stored_root().await, after.root_of(after.events.len()));
    let shown = world.ask("coordinator", query, asked.clone()).await;
    assert_eq!(shown["enterprise"]["contact"], Value::Null);
    let gone = json!({ "name": null, "telephone": null, "erased": true });
    assert_eq!(shown["asOf"]["query"]["enterprise"]["contact"], gone);

    // Somebody who is named later is on record, whoever sends the erasure of before again, and is erased in turn.
    world.takes("coordinator", "withdrawEnrolment", withdrawal).await;
    world.takes("coordinator", "enrolEnterprise", named(THIRD)).await;
    let known = json!({ "name": THIRD, "telephone": TELEPHONE, "erased": false });
    let shown = world.ask("coordinator", query, asked.clone()).await;
    assert_eq!(shown["enterprise"]["contact"], known);
    let again = world.order("manager", "eraseContact", &keyed).await;
    assert!(again["receipt"]["replayed"] == true && again["userErrors"] == json!([]), "{again:#}");
    let shown = world.ask("coordinator", query, asked.clone()).await;
    assert_eq!(shown["enterprise"]["contact"], known);
    world.takes("manager", "eraseContact", erasure).await;
    bytes::are_nowhere(world, &[THIRD.as_bytes()]).await;
    let shown = world.ask("coordinator", query, asked).await;
    assert_eq!(shown["enterprise"]["contact"], Value::Null);
}

async fn amended_contacts_are_erased(world: &World) {
    let scene = Scene::set(world).await;
    let called = |name: &str| json!({ "contact": { "name": name, "telephone": TELEPHONE } });
    let named = with(enrolment(CREDIT_CODE, &scene.campaign), called(FIRST));
    let enterprise = world.creates("coordinator", "enrolEnterprise", named).await;
    let amended = |more: Value| with(json!({ "enterpriseId": enterprise }), more);
    let shown = async || {
        let query = "query Look($id: ID!) { enterprise(id: $id) { contact { name } } }";
        world.ask("coordinator", query, json!({ "id": enterprise })).await["enterprise"]["contact"].clone()
    };
    world.takes("coordinator", "amendEnterprise", amended(called(SECOND))).await;
    assert_eq!(shown().await["name"], SECOND);
    // Whoever is taken out is no longer called, and not erased by that.
    world.takes("coordinator", "amendEnterprise", amended(json!({ "contact": null }))).await;
    assert_eq!(shown().await, Value::Null);

    let before = Log::of(world).await;
    let keys = keys_of(&before, &uuid_of(&enterprise).to_string());
    assert_eq!(keys.len(), 2, "one each time that somebody is named");
    let folder = world.installation.folder().join("data-keys");
    let files: Vec<_> = keys.iter().map(|key| KeyFile::of(&folder, key)).collect();
    let wrapped: Vec<_> = files.iter().map(KeyFile::wrapped).collect();
    let mut ciphertexts = Vec::new();
    for key in &keys {
        ciphertexts.extend(before.ciphertexts_under(key).await);
    }
    assert_eq!(ciphertexts.len(), 4, "two names and two telephones");
    let erasure = json!({ "enterpriseId": enterprise, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" });
    world.takes("manager", "eraseContact", erasure.clone()).await;

    files.iter().for_each(KeyFile::is_destroyed);
    let mut needles = [FIRST, SECOND, TELEPHONE].map(str::as_bytes).to_vec();
    needles.extend(wrapped.iter().map(String::as_bytes));
    bytes::are_nowhere(world, &needles).await;
    bytes::are_not_in_the_database(world, &ciphertexts).await;
    let after = Log::of(world).await;
    assert_eq!(after.events[..before.events.len()], before.events[..]);
    world.refuses(("manager", "eraseContact", erasure.clone(), "NOT_FOUND", "enterpriseId")).await;

    world.takes("coordinator", "amendEnterprise", amended(called(THIRD))).await;
    assert_eq!(shown().await["name"], THIRD);
    world.takes("manager", "eraseContact", erasure).await;
    bytes::are_nowhere(world, &[THIRD.as_bytes()]).await;
    assert_eq!(shown().await, Value::Null);
}
