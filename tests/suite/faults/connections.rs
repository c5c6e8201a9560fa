//! Connections to the database that are cut.

use std::time::Instant;

use sqlx::{Connection, PgConnection};

use crate::faults::dice::Dice;
use crate::faults::load::Pace;
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::support::postgres::fresh_database;
use crate::support::server::Installation;

const CUT: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
    where datname = current_database() and pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_connections_are_cut() {
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let server = installation.start();
    let pace = Pace::of(scaled(24, 500));
    let scene = Scene::set("connections cut", &installation, &[&server.graphql], pace).await;
    let moments = Dice::of_this_run().moments(scaled(10, 500), scene.load.commands());
    let mut cutter = PgConnection::connect(database.url()).await.expect("the server answers");
    scene
        .play(async {
            let mut cut = 0;
            for moment in moments {
                scene.load.has_acknowledged(moment).await;
                let since = Instant::now();
                cut += sqlx::query_scalar::<_, i64>(CUT).fetch_one(&mut cutter).await.expect("it may");
                scene.goes_on(since).await;
            }
            assert!(cut > 0, "there were connections");
        })
        .await;
    scene.becomes_ready(&server.graphql).await;
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}
