//! What was erased is taken out of an embedded database that somebody reads.

use std::time::Duration;

use futures::future::join;
use tokio::time::timeout;

use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::{Database, Raw};

/// How long SQLite would wait for a reader is three times that.
const WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_reader_keeps_no_writer_waiting_and_is_not_waited_for() {
    let database = Database::sqlite();
    let store = database.open().await;
    let commits = async |cases: std::ops::Range<u128>| {
        for case in cases {
            commit_one(&*store, note(case_stream(case), 0, &case.to_string())).await.expect("accepted");
        }
    };
    commits(0..1).await;
    let Raw::Sqlite(pool) = database.raw().await else { panic!("an embedded database") };
    // As a backup does, and an audit.
    let mut reading = pool.begin().await.expect("it opens");
    let read = sqlx::query("select count(*) from events").execute(&mut *reading);
    read.await.expect("it reads");
    commits(1..2).await;
    let meanwhile = timeout(WITHIN, join(store.scrub(), commits(2..40))).await;
    let (scrubbed, ()) = meanwhile.expect("nobody waits for the reader");
    assert!(!scrubbed.expect("it is tried"), "somebody still reads what was there");
    reading.rollback().await.expect("it ends");
    assert!(store.scrub().await.expect("it is tried"), "nobody reads any more");
}
