//! Machines that lose their power: what a file system had not written out is gone with it.
//!
//! It takes a loop device, which only root may make; elsewhere the scenarios are left out, and say so.

use std::fs;
use std::time::Instant;

use etalon::ledger::checkpoint::Checkpoint;
use etalon::ledger::tree::TreeHead;
use etalon::ledger::witness::AddCheckpoint;

use crate::faults::dice::Dice;
use crate::faults::disk::Disk;
use crate::faults::load::Pace;
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::faults::server::started;
use crate::support::cluster::Cluster;
use crate::support::left_out;
use crate::support::server::{Installation, Server, program};

const WITHOUT_A_DEVICE: &str = "power lost, since this process may not mount a loop device";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_sqlite_loses_its_power() {
    let Some(disk) = Disk::on_a_device(scaled(64, 512)) else {
        return left_out(WITHOUT_A_DEVICE);
    };
    // Its keys are there, too: they have to be durable from the start.
    let installation = Installation::embedded_in(&disk.path());
    let mut server = installation.start();
    let scene = Scene::set("power lost, SQLite", &installation, &[&server.graphql], Pace::of(scaled(24, 300))).await;
    let moments = Dice::of_this_run().moments(scaled(2, 20), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                scene.load.in_the_dark(|| {
                    disk.loses_power();
                    server.kill();
                });
                disk.comes_back();
                let since = Instant::now();
                server = started(&installation);
                scene.load.finds(0, &server.graphql);
                scene.goes_on(since).await;
            }
        })
        .await;
    assert!(server.stop(), "the last server ends in order");
    scene.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_postgresql_loses_its_power() {
    let Some(disk) = Disk::on_a_device(scaled(160, 512)) else {
        return left_out(WITHOUT_A_DEVICE);
    };
    let mut cluster = Cluster::start_in(&disk.path());
    disk.settles();
    let installation = Installation::on(&cluster.url());
    let server = installation.start();
    let scene =
        Scene::set("power lost, PostgreSQL", &installation, &[&server.graphql], Pace::of(scaled(24, 300))).await;
    let moments = Dice::of_this_run().moments(scaled(1, 20), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                scene.load.in_the_dark(|| {
                    disk.loses_power();
                    cluster.kill();
                });
                disk.comes_back();
                let since = Instant::now();
                tokio::task::block_in_place(|| cluster.start_again());
                scene.goes_on(since).await;
            }
        })
        .await;
    scene.becomes_ready(&server.graphql).await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}

/// Asks a signer that has signed nothing for the first tree of a log; the status of its answer.
async fn signs(signer: &Server, token: &str, root: [u8; 32]) -> u16 {
    let checkpoint = Checkpoint { origin: "log.example".to_owned(), head: TreeHead { size: 1, root } }.to_string();
    let request = AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint }.to_text();
    let client = reqwest::Client::new();
    let request = client.post(format!("{}/sign-checkpoint", signer.graphql)).bearer_auth(token).body(request);
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signer_that_loses_its_power_remembers_what_it_has_signed() {
    let Some(disk) = Disk::on_a_device(64) else {
        return left_out(WITHOUT_A_DEVICE);
    };
    let folder = disk.path().join("signer");
    let start = || {
        let mut signing = program();
        signing.arg("signer").arg("--folder").arg(&folder).args(["--listen", "127.0.0.1:0"]);
        Server::start_until(&mut signing, "signing at ")
    };
    let signer = start();
    let token = fs::read_to_string(folder.join("signer-token")).expect("made");
    assert_eq!(signs(&signer, token.trim(), [1; 32]).await, 200);
    disk.loses_power();
    signer.kill();
    disk.comes_back();
    let signer = start();
    assert_eq!(signs(&signer, token.trim(), [2; 32]).await, 409);
}
