//! More slow readers than the server has connections to read with.

use std::time::Instant;

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use crate::faults::load::{Pace, READ};
use crate::faults::scaled;
use crate::faults::scene::Scene;
use crate::store::support::{Database, Raw};
use crate::support::server::{Installation, Server};

/// Twice as many as there are connections, of which PostgreSQL has the more.
const READERS: usize = 32;

/// Nothing else reads who has cosigned a checkpoint, and nothing writes it where there is no witness.
const SLOW_READ: &str = "{ checkpoint { cosignatures { id } } }";

/// A view in the place of the table, that takes so many steps to read: nobody waits for that long. SQLite has no lock that
/// would hold readers up. It reads a table all the same, or SQLite would not notice when it is gone.
const MAKE_SLOW: &str = "alter table cosignatures rename to cosignatures_kept; \
    create view cosignatures as with recursive steps(n) as (\
    select 1 union all select n + 1 from steps where n < 20000000 + (select count(*) from cosignatures_kept)) \
    select taken as size, '' as witness, 0 as cosigned_at, '' as signature from (select count(*) as taken from steps)";
const MAKE_FAST: &str = "drop view cosignatures; alter table cosignatures_kept rename to cosignatures";

/// PostgreSQL has one, which costs nothing.
const LOCK: &str = "begin; lock table cosignatures in access exclusive mode";

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_on_when_readers_take_every_connection_to_sqlite() {
    commands_go_on("connections exhausted, SQLite", Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_on_when_readers_take_every_connection_to_postgresql() {
    commands_go_on("connections exhausted, PostgreSQL", Database::postgres()).await;
}

async fn commands_go_on(name: &str, database: Database) {
    let installation = Installation::on(&database.url);
    let mut command = installation.command();
    // What a slow reader holds a connection for.
    command.env("ETALON_STATEMENT_TIMEOUT_MS", "200").args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(&mut command);
    let scene = Scene::set(name, &installation, &[&server.graphql], Pace::of(scaled(16, 48))).await;
    let nothing = json!({});
    let is_sealed = |answer: &Value| !answer["checkpoint"].is_null();
    while !is_sealed(&scene.load.answered(0, SLOW_READ, &nothing).await) {}
    let raw = database.raw().await;
    let obstacle = Obstacle::put(&raw).await;
    scene
        .play(async {
            let reader = || async {
                while !scene.load.is_over() {
                    assert_eq!(scene.load.sent(0, SLOW_READ, &nothing).await, None, "it is too slow for an answer");
                }
            };
            // Commands have a connection of their own.
            join_all((0..READERS).map(|_| reader())).await;
        })
        .await;
    let since = Instant::now();
    obstacle.remove().await;
    let answer = scene.load.answered(0, SLOW_READ, &nothing).await;
    assert_eq!(answer, json!({ "checkpoint": { "cosignatures": [] } }));
    scene.load.answered(0, READ, &scene.load.a_case()).await;
    scene.goes_on(since).await;
    assert!(scene.load.setbacks().contains_key("TIMED_OUT"), "{:?}", scene.load.setbacks());
    assert!(server.stop(), "the same server ends in order");
    scene.audit().await;
}

/// What keeps readers from that table.
enum Obstacle<'a> {
    View(&'a Raw),
    Lock(Transaction<'static, Postgres>),
}

impl<'a> Obstacle<'a> {
    async fn put(raw: &'a Raw) -> Self {
        match raw {
            Raw::Sqlite(_) => {
                raw.execute(MAKE_SLOW).await;
                Self::View(raw)
            }
            Raw::Postgres(pool) => Self::Lock(pool.begin_with(LOCK).await.expect("it is free now and then")),
        }
    }

    async fn remove(self) {
        match self {
            Self::View(raw) => raw.execute(MAKE_FAST).await,
            Self::Lock(transaction) => transaction.rollback().await.expect("the lock is given back"),
        }
    }
}
