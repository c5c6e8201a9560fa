//! Opening a database, and every way in which that can fail.

use etalon::store::{self, StoreError};

use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::{Database, TestClock};

async fn a_log_keeps_its_name_and_its_events(database: Database) {
    let store = database.open().await;
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    let origin = store.origin().await.expect("read");
    drop(store);
    let again = database.open().await;
    again.ping().await.expect("it answers");
    assert_eq!(again.origin().await.expect("read"), origin);
    assert_eq!(again.head().await.expect("read").next_position, 1);
}

async fn several_processes_may_open_a_new_database_at_once(database: Database) {
    let stores = futures::future::join_all((0..4).map(|_| store::open(&database.url, TestClock::new()))).await;
    let mut origins = Vec::new();
    for store in stores {
        origins.push(store.expect("it opens").origin().await.expect("read"));
    }
    origins.dedup();
    assert_eq!(origins.len(), 1);
}

async fn a_newer_schema_is_refused(database: Database) {
    drop(database.open().await);
    let raw = database.raw().await;
    raw.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         select 9999, 'future', success, checksum, 0 from _sqlx_migrations where version = 1",
    )
    .await;
    let refused = store::open(&database.url, TestClock::new()).await.err();
    assert!(matches!(refused, Some(StoreError::NewerSchema { version: 9999 })), "{refused:?}");
}

on_both_databases! {
    a_log_keeps_its_name_and_its_events,
    several_processes_may_open_a_new_database_at_once,
    a_newer_schema_is_refused,
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused() {
    for url in ["", "mysql://h/d", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro", "postgres://h:x/d"] {
        let refused = store::open(url, TestClock::new()).await.err();
        assert!(matches!(refused, Some(StoreError::BadUrl { .. })), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_the_login() {
    // Port 1 is reserved and nothing listens there.
    let refused = store::open("postgres://u:secret@127.0.0.1:1/d", TestClock::new()).await.err();
    let Some(StoreError::Unreachable { url, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(url, "postgres://127.0.0.1:1/d");
}
