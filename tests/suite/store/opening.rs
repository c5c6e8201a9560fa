//! Opening a database, and every way in which that can fail.

use std::fs;
use std::path::Path;

use etalon::store::{self, StoreError};
use sqlx::{Connection, PgConnection};

use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::{Database, TestClock};
use crate::support::postgres::fresh_database_in;

async fn a_log_keeps_its_name_and_its_events(database: Database) {
    let store = database.open().await;
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    let origin = store.origin().await.expect("read");
    drop(store);
    let again = database.open().await;
    again.takes_commands().await.expect("it answers");
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

async fn rows_of_another_program_take_no_commands(database: Database) {
    let store = database.open().await;
    database.raw().await.execute("update log_head set rows_version = 1000").await;
    let refused = store.takes_commands().await.expect_err("its rows would not go with those that are there");
    assert!(matches!(refused, StoreError::OtherRows { stored: 1_000, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_database_that_is_only_read_takes_no_commands() {
    let database = Database::postgres();
    drop(database.open().await);
    // Its connections are as those to a standby are.
    let store = store::open_as_it_is(&database.url, TestClock::new()).await.expect("it is there");
    let refused = store.takes_commands().await.expect_err("it takes nothing");
    assert!(matches!(refused, StoreError::ReadOnly), "{refused:?}");
}

/// Whoever looks after the database may have it other for whoever says nothing.
#[tokio::test]
async fn what_is_committed_is_durable_however_the_database_is_set() {
    let database = Database::postgres();
    drop(database.open().await);
    let raw = database.raw().await;
    for setting in ["synchronous_commit = off", "default_transaction_isolation = serializable"] {
        let change = format!("execute format('alter database %I set {setting}', current_database());");
        raw.execute(&format!("do $$ begin {change} end $$")).await;
    }
    raw.execute(
        "create table kept (durable text not null, isolation text not null); \
         create function keep() returns trigger language plpgsql as $$ begin \
             insert into kept values (current_setting('synchronous_commit'), current_setting('transaction_isolation')); \
             return null; \
         end $$; \
         create trigger keeps after update on log_head for each row execute function keep()",
    )
    .await;
    let store = database.open().await;
    // The first locks the head of the log and reads it; those after it know it, and are one statement.
    for (version, key) in (0..).zip(["a", "b", "c"]) {
        commit_one(&*store, note(case_stream(1), version, key)).await.expect("accepted");
    }
    let kept = raw.texts("select durable || ', ' || isolation from kept").await;
    assert_eq!(kept, ["on, read committed"; 3]);
}

async fn no_log_is_begun_by_those_who_want_one_that_is_there(database: Database) {
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        let file = Path::new(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, "").expect("an empty database");
    }
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        // Nothing of the first has made the second go on.
        let existing = store::open_existing(&database.url, TestClock::new()).await.err();
        let as_it_is = store::open_as_it_is(&database.url, TestClock::new()).await.err();
        let copied = store::copy_into(&database.url, &folder.path().join("copy")).await.err();
        for refused in [existing, as_it_is, copied] {
            assert!(matches!(refused, Some(StoreError::NoLog { .. })), "{refused:?}");
        }
    }
    let begun = database.open().await.origin().await.expect("read");
    let found = store::open_existing(&database.url, TestClock::new()).await.expect("it is there");
    assert_eq!(found.origin().await.expect("read"), begun);
}

async fn a_database_that_is_being_restored_is_not_copied(database: Database) {
    drop(database.open().await);
    database.raw().await.execute("create table etalon_restoring (backup text not null)").await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let refused = store::copy_into(&database.url, &copy).await.err();
    assert!(matches!(refused, Some(StoreError::Restoring { .. })), "{refused:?}");
    assert!(!copy.exists(), "nothing is made of what was not found good");
}

#[tokio::test]
async fn no_log_is_begun_where_a_restore_was_interrupted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("etalon.db");
    fs::write(folder.path().join("etalon.db.draft"), "half of a copy").expect("written");
    let refused = store::open(format!("sqlite:{}", path.display()).as_str(), TestClock::new()).await.err();
    assert!(matches!(refused, Some(StoreError::Restoring { .. })), "{refused:?}");
    assert!(!path.exists());
}

on_both_databases! {
    a_database_that_is_being_restored_is_not_copied,
    no_log_is_begun_by_those_who_want_one_that_is_there,
    a_log_keeps_its_name_and_its_events,
    several_processes_may_open_a_new_database_at_once,
    a_newer_schema_is_refused,
    rows_of_another_program_take_no_commands,
}

#[tokio::test]
async fn only_a_database_in_utf8_is_taken() {
    for encoding in ["EUC_CN", "LATIN1", "SQL_ASCII"] {
        let database = fresh_database_in(encoding);
        let url = database.url();
        let opened = store::open(url, TestClock::new()).await.err();
        let migrated = store::migrate_for(url, "nobody").await.err();
        let restored = store::restore_from(Path::new("nowhere"), "digest", url).await.err();
        for refused in [opened, migrated, restored] {
            let Some(refused @ StoreError::Encoding { .. }) = refused else { panic!("{encoding}: {refused:?}") };
            assert!(!refused.is_retryable());
            let told = refused.to_string();
            assert!(
                told.contains(encoding) && told.contains("encoding 'UTF8' locale 'C' template template0"),
                "{told}"
            );
        }
        let mut connection = PgConnection::connect(url).await.expect("the server answers");
        let tables = "select count(*) from pg_tables where schemaname = 'public'";
        assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut connection).await.expect("it reads"), 0);
    }
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
