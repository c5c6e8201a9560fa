//! A log that was put back from a backup: what it sends is news to whoever was sent other events from their places.

use serde_json::json;

use crate::ledger::backup::{commit, path, restore, run};
use crate::ledger::serving::key_of;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server};
use crate::webhooks::receiver::{Answer, Receiver};
use crate::webhooks::serving::{CREATE, order, serving};

async fn events_in_the_place_of_lost_ones_have_ids_of_their_own(installation: Installation, elsewhere: &str) {
    const LATER: &str = "恢复之后";
    let backup = path(installation.folder(), "backup");
    let server = Server::start(&mut serving(&installation));
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let input = json!({ "url": receiver.url, "subjects": ["CAMPAIGN"], "fromStart": true });
    let made = order(&installation, &server, CREATE, "createWebhook", input).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    commit(&installation, &server, "省级计量难点征集").await;
    run(installation.command().args(["backup", "--output", &backup])).ends_with(0);
    commit(&installation, &server, "备份之后").await;
    let lost = commit(&installation, &server, "再征集一次").await;
    let sent = receiver.has_taken_one(|message| message.position() == lost).await;
    let key = key_of(&installation).to_string();
    server.kill();

    run(restore(&installation, &backup, elsewhere).args(["--key", &key])).ends_with(0);
    let server = Server::start(serving(&installation).env("ETALON_DATABASE", elsewhere));
    // The recovery is in the place of the first one that is lost.
    assert_eq!(commit(&installation, &server, LATER).await, lost);
    let says_so = |body: &[u8]| String::from_utf8_lossy(body).contains(LATER);
    let instead = receiver.has_taken_one(|message| says_so(&message.body)).await;
    assert!(instead.position() == lost && instead.event["globalid"] == sent.event["globalid"], "{:?}", instead.event);
    assert_ne!(instead.id, sent.id);
    assert_ne!(instead.event["source"], sent.event["source"]);
    assert!(server.stop(), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_the_place_of_lost_ones_have_ids_of_their_own_on_sqlite() {
    let installation = Installation::embedded();
    let elsewhere = format!("sqlite:{}", path(installation.folder(), "restored/etalon.db"));
    events_in_the_place_of_lost_ones_have_ids_of_their_own(installation, &elsewhere).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_the_place_of_lost_ones_have_ids_of_their_own_on_postgresql() {
    let (first, second) = (fresh_database(), fresh_database());
    let installation = Installation::on(first.url());
    events_in_the_place_of_lost_ones_have_ids_of_their_own(installation, second.url()).await;
}
