//! The writer task: many callers, one transaction at a time.

use std::sync::Arc;
use std::time::Duration;

use etalon::store::{Append, AppendError, Body, StoreError, WriteNumbered, Writer, WriterLimits};
use futures::future::{join, join_all};
use tokio::time::timeout;

use crate::store::log::every_event;
use crate::store::samples::{case_stream, note};
use crate::store::support::{Database, Raw};

async fn many_callers_share_transactions(database: Database) {
    let store = database.open().await;
    let writer = Writer::spawn(store.clone(), WriterLimits::default());
    assert_eq!(*writer.committed().borrow(), None);
    let appends = (0..200).map(|case| writer.append(note(case_stream(case), 0, &case.to_string())));
    let mut positions: Vec<_> =
        join_all(appends).await.into_iter().map(|outcome| outcome.expect("accepted").first_position).collect();
    positions.sort_unstable();
    assert_eq!(positions, Vec::from_iter(0..200));
    assert_eq!(*writer.committed().borrow(), Some(199));
    assert_eq!(store.events(&every_event()).await.expect("read").len(), 200);
}

async fn a_full_queue_sheds_load(database: Database) {
    let store = database.open().await;
    let limits = WriterLimits { queue_commands: 2, ..WriterLimits::default() };
    let writer = Writer::spawn(store, limits);
    let raw = database.raw().await;
    let head = raw.hold_head().await;
    // All ten ask before the writer task runs: only two find room.
    let appends = join_all((0..10).map(|case| writer.append(note(case_stream(case), 0, &case.to_string()))));
    let (outcomes, ()) = join(appends, head.release()).await;
    let shed =
        |outcome: &&Result<_, _>| matches!(outcome, Err(AppendError::Store(StoreError::Overloaded { capacity: 2 })));
    assert_eq!(outcomes.iter().filter(shed).count(), 8);
    assert_eq!(outcomes.iter().flatten().count(), 2);
    writer.append(note(case_stream(11), 0, "later")).await.expect("there is room again");
}

async fn shutting_down_loses_nothing_that_was_taken(database: Database) {
    let store = database.open().await;
    let limits = WriterLimits { batch_commands: 7, ..WriterLimits::default() };
    let writer = Writer::spawn(store.clone(), limits);
    let appends = join_all((0..50).map(|case| writer.append(note(case_stream(case), 0, &case.to_string()))));
    let (outcomes, ()) = join(appends, writer.shutdown()).await;
    assert_eq!(outcomes.iter().flatten().count(), 50);
    assert_eq!(store.head().await.expect("read").next_position, 50);
    let refused = writer.append(note(case_stream(51), 0, "late")).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Closed))));
    writer.shutdown().await;
}

/// What breaks it is of this program: here a command whose content cannot be made.
#[tokio::test]
async fn a_task_that_breaks_leaves_it_open_what_was_stored() {
    let database = Database::postgres();
    let store = database.open().await;
    let writer = Writer::spawn(store.clone(), WriterLimits::default());
    writer.append(note(case_stream(1), 0, "before")).await.expect("accepted");
    let write: WriteNumbered = Arc::new(|number| panic!("nothing can be made of number {number}"));
    let body = Body::Numbered { series: "GD-2026".to_owned(), write };
    let breaks = Append { body, ..note(case_stream(2), 0, "breaks") };
    let (broken, beside) = join(writer.append(breaks), writer.append(note(case_stream(3), 0, "beside"))).await;
    for outcome in [broken, beside] {
        let Err(AppendError::Store(error)) = outcome else { panic!("nobody knows what came of it: {outcome:?}") };
        assert!(matches!(error, StoreError::WriterBroken) && error.is_retryable() && error.is_unsettled(), "{error}");
    }
    writer.ended().await;
    let later = writer.append(note(case_stream(4), 0, "later")).await;
    assert!(matches!(later, Err(AppendError::Store(StoreError::Closed))), "nothing was stored: {later:?}");
    assert_eq!(store.head().await.expect("read").next_position, 1);
}

async fn a_batch_has_a_size_limit_but_every_command_goes(database: Database) {
    let store = database.open().await;
    let writer = Writer::spawn(store, WriterLimits { batch_bytes: 1, ..WriterLimits::default() });
    let appends = (0..5).map(|case| writer.append(note(case_stream(case), 0, &case.to_string())));
    assert_eq!(join_all(appends).await.iter().flatten().count(), 5);
}

async fn a_failed_transaction_is_answered_to_all_and_the_writer_goes_on(database: Database) {
    let store = database.open().await;
    let writer = Writer::spawn(store.clone(), WriterLimits::default());
    let raw = database.raw().await;
    raw.execute("alter table commands rename to hidden").await;
    let appends =
        |keys: std::ops::Range<u128>| keys.map(|case| writer.append(note(case_stream(case), 0, &case.to_string())));
    for outcome in join_all(appends(0..5)).await {
        let Err(AppendError::Store(error)) = outcome else { panic!("{outcome:?}") };
        assert!(error.is_retryable() && !error.is_unsettled(), "the database says no: {error}");
    }
    raw.execute("alter table hidden rename to commands").await;
    assert_eq!(join_all(appends(0..5)).await.iter().flatten().count(), 5);
    assert_eq!(store.head().await.expect("read").next_position, 5);
}

async fn who_fails_to_commit_says_so_until_a_write_goes_well_again(database: Database) {
    let store = database.open().await;
    let limits = WriterLimits { trial_after: Duration::from_millis(1), ..WriterLimits::default() };
    let writer = Writer::spawn(store, limits);
    let mut failing = writer.failing();
    writer.append(note(case_stream(0), 0, "0")).await.expect("accepted");
    assert!(!*failing.borrow());
    let raw = database.raw().await;
    raw.execute("alter table leases rename to hidden_leases").await;
    raw.execute("alter table commands rename to hidden").await;
    writer.append(note(case_stream(1), 0, "1")).await.expect_err("the database says no");
    assert!(*failing.borrow_and_update());
    raw.execute("alter table hidden rename to commands").await;
    let again = writer.append(note(case_stream(0), 0, "0")).await.expect("it was accepted");
    assert!(again.replayed);
    let conflict = writer.append(note(case_stream(0), 7, "7")).await.expect_err("the stream is not as long");
    assert!(matches!(conflict, AppendError::Conflict { .. }), "{conflict}");
    assert!(*failing.borrow(), "nobody has written since");
    // No command comes, for who is not ready is sent none.
    raw.execute("alter table hidden_leases rename to leases").await;
    failing.wait_for(|fails| !fails).await.expect("the writer is there");
    // A command that goes well says it as well.
    raw.execute("alter table leases rename to hidden_leases").await;
    raw.execute("alter table commands rename to hidden").await;
    writer.append(note(case_stream(1), 0, "1")).await.expect_err("the database says no");
    assert!(*failing.borrow());
    raw.execute("alter table hidden rename to commands").await;
    writer.append(note(case_stream(1), 0, "1")).await.expect("accepted");
    assert!(!*failing.borrow());
}

/// A lock of PostgreSQL keeps the trial waiting and nothing else.
#[tokio::test]
async fn a_trial_of_a_write_keeps_no_command_and_no_end_waiting() {
    /// How long either may take; the trial would be given up after 30 s.
    const SOON: Duration = Duration::from_secs(20);
    let database = Database::postgres();
    let limits = WriterLimits { trial_after: Duration::from_millis(1), ..WriterLimits::default() };
    let writer = Writer::spawn(database.open().await, limits);
    let raw = database.raw().await;
    let Raw::Postgres(pool) = &raw else { panic!("it is PostgreSQL") };
    let begin_a_trial = async || {
        let held = pool.begin_with("begin; lock table leases in access exclusive mode").await.expect("it is free");
        raw.execute("alter table commands rename to hidden").await;
        writer.append(note(case_stream(1), 0, "1")).await.expect_err("the database says no");
        raw.execute("alter table hidden rename to commands").await;
        raw.is_waited_for().await;
        held
    };
    let held = begin_a_trial().await;
    let committed = timeout(SOON, writer.append(note(case_stream(1), 0, "1"))).await;
    committed.expect("the trial is given up").expect("accepted");
    held.rollback().await.expect("it is free again");
    let held = begin_a_trial().await;
    timeout(SOON, writer.shutdown()).await.expect("the trial is given up");
    held.rollback().await.expect("it is free again");
}

async fn a_database_that_says_nothing_is_not_waited_for_for_ever(database: Database) {
    let store = database.open().await;
    let writer = Writer::spawn(
        store.clone(),
        WriterLimits { commit_time: Duration::from_millis(50), ..WriterLimits::default() },
    );
    let patient = Writer::spawn(store.clone(), WriterLimits::default());
    patient.append(note(case_stream(0), 0, "0")).await.expect("accepted");
    let raw = database.raw().await;
    let head = raw.hold_head().await;
    for case in 1..=3 {
        let outcome = writer.append(note(case_stream(case), 0, &case.to_string())).await;
        let Err(AppendError::Store(error)) = outcome else { panic!("{outcome:?}") };
        assert!(error.is_retryable() && error.is_unsettled(), "it may be carried out all the same: {error}");
    }
    head.release().await;
    // What was given up may be carried out all the same, and is not carried out twice.
    let appends = (0..=4).map(|case| patient.append(note(case_stream(case), 0, &case.to_string())));
    assert_eq!(join_all(appends).await.iter().flatten().count(), 5);
    assert_eq!(store.events(&every_event()).await.expect("read").len(), 5);
}

on_both_databases! {
    many_callers_share_transactions,
    a_full_queue_sheds_load,
    shutting_down_loses_nothing_that_was_taken,
    a_batch_has_a_size_limit_but_every_command_goes,
    a_failed_transaction_is_answered_to_all_and_the_writer_goes_on,
    who_fails_to_commit_says_so_until_a_write_goes_well_again,
    a_database_that_says_nothing_is_not_waited_for_for_ever,
}
