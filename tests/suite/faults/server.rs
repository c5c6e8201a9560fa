//! Servers that are killed.

use std::time::Instant;

use crate::faults::dice::Dice;
use crate::faults::load::Pace;
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_a_server_on_sqlite_is_killed() {
    is_killed("server killed, SQLite", &Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_a_server_on_postgresql_is_killed() {
    let database = fresh_database();
    is_killed("server killed, PostgreSQL", &Installation::on(database.url())).await;
}

async fn is_killed(name: &str, installation: &Installation) {
    let mut server = installation.start();
    let scene = Scene::set(name, installation, &[&server.graphql], Pace::of(scaled(32, 500))).await;
    let moments = Dice::of_this_run().moments(scaled(3, 50), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                server.kill();
                let since = Instant::now();
                server = started(installation);
                scene.load.finds(0, &server.graphql);
                scene.goes_on(since).await;
            }
        })
        .await;
    assert!(server.stop(), "the last server ends in order");
    scene.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_two_servers_on_one_postgresql_of_which_one_is_killed() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let mut servers = [installation.start(), installation.start()];
    let addresses: Vec<_> = servers.iter().map(|server| server.graphql.as_str()).collect();
    let scene = Scene::set("two servers", &installation, &addresses, Pace::of(scaled(24, 500))).await;
    let mut dice = Dice::of_this_run();
    let moments = dice.moments(scaled(2, 20), scene.load.commands());
    scene
        .play(async {
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                let killed = dice.below(servers.len());
                servers[killed].kill();
                // The other one goes on meanwhile.
                scene.goes_on(Instant::now()).await;
                servers[killed] = started(&installation);
                scene.load.finds(killed, &servers[killed].graphql);
            }
        })
        .await;
    assert!(servers.iter().all(Server::stop), "both end in order");
    scene.audit().await;
}

/// A server of the installation, while the clients of this process go on.
pub fn started(installation: &Installation) -> Server {
    tokio::task::block_in_place(|| installation.start())
}
