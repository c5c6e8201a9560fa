//! A command that is sent again makes no data key: nobody would ever erase it.

use std::path::Path;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::life::on_both_databases;
use crate::life::scene::{Scene, enrolment, person};
use crate::life::world::{World, with};

on_both_databases! {
    what_is_sent_again_makes_no_data_key
}

/// How many data keys there are, and marks of those that were.
fn keys(world: &World) -> usize {
    let files =
        |folder: &Path| std::fs::read_dir(folder).expect("it reads").map(|entry| entry.expect("an entry").path());
    files(&world.installation.folder().join("data-keys/data")).map(|shard| files(&shard).count()).sum()
}

fn is_replayed(answer: &Value) -> bool {
    assert_eq!(answer["userErrors"], json!([]), "{answer:#}");
    answer["receipt"]["replayed"] == true
}

async fn what_is_sent_again_makes_no_data_key(world: &World) {
    let scene = Scene::set(world).await;
    let keyed = |input: Value, key: &str| with(input, json!({ "idempotencyKey": key }));

    let somebody = keyed(person("某人", &scene.institute), "somebody");
    let first = world.takes("coordinator", "registerPerson", somebody.clone()).await;
    let before = keys(world);
    let again = world.order("coordinator", "registerPerson", &somebody).await;
    assert!(is_replayed(&again));
    assert_eq!(again["person"], first["person"]);
    assert_eq!(keys(world), before);

    // Those that come at once are all decided before one of them is on record.
    let other = keyed(person("又一人", &scene.institute), "other");
    let at_once = join_all((0..16).map(|_| world.order("coordinator", "registerPerson", &other))).await;
    assert_eq!(at_once.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert_eq!(keys(world), before + 1);

    // Each time that somebody is named there is another key; what is sent again names nobody anew.
    let contact = json!({ "contact": { "name": "联系人", "telephone": "020-1" } });
    let named = keyed(with(enrolment("91441900MADEM1A34K", &scene.campaign), contact), "named");
    let enrolled = world.takes("coordinator", "enrolEnterprise", named.clone()).await;
    let withdrawal = json!({ "enterpriseId": enrolled["enterprise"]["id"], "campaignId": scene.campaign });
    world.takes("coordinator", "withdrawEnrolment", withdrawal).await;
    assert_eq!(keys(world), before + 2);
    assert!(is_replayed(&world.order("coordinator", "enrolEnterprise", &named).await));
    assert_eq!(keys(world), before + 2);
}
