//! A database is brought up to date while others use it.

use etalon::store::{RowChanges, open};
use sqlx::{Connection, Executor, PgConnection};

use crate::store::rebuild::figure;
use crate::store::samples::{append, case_stream, commit_one, notes};
use crate::store::support::{Database, TestClock};

/// `pg_dump` reads every table to its end, which a migration has to wait for, and nobody else.
#[tokio::test]
async fn a_migration_that_waits_for_a_backup_lets_commits_go_on() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    // The migration that gives `figures` another key.
    raw.execute("delete from _sqlx_migrations where version = 24").await;
    let mut backup = PgConnection::connect(&database.url).await.expect("the server answers");
    backup.execute("begin; lock table figures in access share mode").await.expect("it reads");
    let url = database.url.clone();
    let migrating = tokio::spawn(async move { open(&url, TestClock::new()).await.map(drop) });
    let waiting = "select mode from pg_locks where relation = 'figures'::regclass and not granted";
    while raw.texts(waiting).await.is_empty() {
        assert!(!migrating.is_finished(), "it has a table to wait for");
    }
    let rows = RowChanges { figures: vec![figure("1")], ..RowChanges::default() };
    let counted = append(case_stream(1), 0, "counted", notes(&["x"], rows));
    commit_one(&*store, counted).await.expect("it waits for no backup");
    assert!(!migrating.is_finished(), "the backup goes on");
    backup.execute("rollback").await.expect("it ends");
    migrating.await.expect("no panic").expect("migrated");
}
