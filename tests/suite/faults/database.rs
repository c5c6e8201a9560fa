//! A database that is killed, and one that stops answering.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::faults::dice::Dice;
use crate::faults::load::{CLIENTS, Pace, READ, SILENCE};
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::support::cluster::Cluster;
use crate::support::server::{Installation, Server};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_database_is_killed() {
    let mut cluster = Cluster::start();
    let installation = Installation::on(&cluster.url());
    let server = installation.start();
    let pace = Pace::of(scaled(24, 300));
    let scene = Scene::set("database killed", &installation, &[&server.graphql], pace).await;
    let moments = Dice::of_this_run().moments(scaled(1, 30), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                cluster.kill();
                // Whoever asks is told to try again, one client after the other.
                scene.load.is_set_back_again(CLIENTS, &["UNAVAILABLE"]).await;
                assert_eq!(scene.readiness(&server.graphql).await, StatusCode::SERVICE_UNAVAILABLE);
                let since = Instant::now();
                tokio::task::block_in_place(|| cluster.start_again());
                scene.becomes_ready(&server.graphql).await;
                scene.goes_on(since).await;
            }
        })
        .await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_database_stops_and_goes_on() {
    let cluster = Cluster::start();
    let installation = Installation::on(&cluster.url());
    let mut command = installation.command();
    // A client waits longer than a query may take.
    command.env("ETALON_QUERY_TIMEOUT_MS", "300").args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(&mut command);
    let pace = Pace { patience: Duration::from_secs(1), ..Pace::of(scaled(24, 100)) };
    let scene = Scene::set("database stopped", &installation, &[&server.graphql], pace).await;
    let moments = Dice::of_this_run().moments(1, scene.load.commands());
    let a_case = scene.load.a_case();
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                cluster.stop();
                // As long as each client waits in vain so many times: some 3 and 30 seconds.
                let waits = scene.load.is_set_back_again(CLIENTS * scaled(2, 26), &[SILENCE]);
                // Queries are given up and told so; commands may be on record, so nobody says anything of them.
                let queries = async {
                    let given_up = scene.load.is_set_back_again(3, &["TIMED_OUT"]);
                    let asks = async {
                        loop {
                            assert_eq!(scene.load.sent(0, READ, &a_case).await, None, "nobody knows");
                        }
                    };
                    tokio::select! {
                        () = given_up => {}
                        () = asks => {}
                    }
                };
                let readiness = scene.readiness(&server.graphql);
                let ((), (), ready) = tokio::join!(waits, queries, readiness);
                assert_eq!(ready, StatusCode::SERVICE_UNAVAILABLE);
                let since = Instant::now();
                cluster.go_on();
                scene.becomes_ready(&server.graphql).await;
                scene.goes_on(since).await;
            }
        })
        .await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}
