//! Machines that lose their power: what a file system had not written out is gone with it.
//!
//! It takes a loop device, which only root may make; elsewhere the scenario says that it was left out.

use std::time::Instant;

use crate::faults::dice::Dice;
use crate::faults::disk::Disk;
use crate::faults::load::Pace;
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::faults::server::started;
use crate::support::cluster::Cluster;
use crate::support::server::Installation;

const LEFT_OUT: &str = "power lost: left out, since this process may not mount a loop device";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_sqlite_loses_its_power() {
    let Some(disk) = Disk::on_a_device(scaled(64, 512)) else {
        println!("{LEFT_OUT}");
        return;
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
        println!("{LEFT_OUT}");
        return;
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
