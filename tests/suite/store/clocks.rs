//! A server whose clock is ahead of that of the database records nothing: all that follows would get its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use etalon::app::App;
use etalon::clock::{Clock, SystemClock};
use etalon::graphql::{Limits, Schema, StreamLimits};
use etalon::store::{self, AppendError, Committed, Happened, RowChanges, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::store::samples::{append, case_stream, commit, commit_one, note, notes};
use crate::store::support::Database;
use crate::time_limits::answer_of;

const OPEN: &str = r#"mutation { openCampaign(input: {
    name: "计量服务走进万家中小企业", divisionCode: "44", startsOn: "2026-01-05", reportingDeadline: "2026-10-31"
}) { receipt { position } } }"#;

/// The clock of the machine, which is that of both databases, and how many seconds it is ahead.
#[derive(Default)]
struct RealClock(AtomicI64);

impl RealClock {
    fn is_ahead(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn random(&self) -> [u8; 16] {
        SystemClock.random()
    }

    fn is_real(&self) -> bool {
        true
    }
}

#[track_caller]
fn is_refused(outcome: Result<Committed, AppendError>) {
    let is_told = matches!(outcome, Err(AppendError::Store(StoreError::ClockAhead { seconds: 80..=100 })));
    assert!(is_told, "{outcome:?}");
}

async fn nothing_is_recorded_by_a_clock_that_is_ahead(database: Database) {
    let clock = Arc::new(RealClock::default());
    let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
    clock.is_ahead(100);
    is_refused(commit_one(&*store, note(case_stream(1), 0, "a")).await);
    let told = store.goes_with_its_clock().await;
    assert!(matches!(told, Err(StoreError::ClockAhead { .. })), "{told:?}");
    assert_eq!(store.head().await.expect("read").next_position, 0);
    clock.is_ahead(0);
    store.goes_with_its_clock().await.expect("it is right");
    commit_one(&*store, note(case_stream(1), 0, "a")).await.expect("accepted");
    // From now on PostgreSQL is not asked before anything is written.
    clock.is_ahead(100);
    is_refused(commit_one(&*store, note(case_stream(2), 0, "b")).await);
    let again = commit_one(&*store, note(case_stream(1), 0, "a")).await;
    assert!(again.expect("what is on record is answered").replayed);
    for (number, seconds) in [(2, 30), (3, -3_600), (4, 0)] {
        clock.is_ahead(seconds);
        commit_one(&*store, note(case_stream(number), 0, &format!("{seconds}"))).await.expect("accepted");
    }
    assert_eq!(store.head().await.expect("read").next_position, 4);
}

/// It waited while the clock was set right.
async fn what_a_clock_that_was_ahead_has_decided_is_not_recorded(database: Database) {
    let clock = Arc::new(RealClock::default());
    let store = store::open(&database.url, clock).await.expect("the database opens");
    let decided = |case, key: &str, ahead| {
        let at = (SystemClock.now() + SignedDuration::from_secs(ahead)).as_microsecond();
        let rows = RowChanges { happened: Happened::InOrder { at }, ..RowChanges::default() };
        append(case_stream(case), 0, key, notes(&[key], rows))
    };
    is_refused(commit_one(&*store, decided(1, "a", 100)).await);
    commit_one(&*store, decided(1, "a", 0)).await.expect("accepted");
    // From now on PostgreSQL is not asked before anything is written.
    let mut outcomes = commit(&*store, &[decided(2, "b", 100), decided(3, "c", 30)]).await.into_iter();
    is_refused(outcomes.next().expect("one for each"));
    outcomes.next().expect("one for each").expect("clocks are never quite alike");
    assert_eq!(store.head().await.expect("read").next_position, 2);
}

async fn a_server_that_is_ahead_says_so(database: Database) {
    let clock = Arc::new(RealClock::default());
    let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
    let app = Arc::new(App::new(store, clock.clone()).with_vault(database.vault()));
    app.ready().await.expect("it is right");
    clock.is_ahead(100);
    let told = app.ready().await.expect_err("it is ahead");
    assert!(told.is_of_the_clock() && told.is_retryable(), "{told}");
    let schema = Schema::new(app, Limits::default(), StreamLimits::default());
    let answer = answer_of(&schema, OPEN).await;
    let errors = serde_json::to_value(&answer.errors).expect("errors are JSON");
    assert_eq!(errors[0]["extensions"]["code"], "CLOCK_AHEAD", "{errors}");
    assert_eq!(errors[0]["extensions"]["retryable"], true, "{errors}");
}

on_both_databases! {
    nothing_is_recorded_by_a_clock_that_is_ahead,
    what_a_clock_that_was_ahead_has_decided_is_not_recorded,
    a_server_that_is_ahead_says_so,
}
