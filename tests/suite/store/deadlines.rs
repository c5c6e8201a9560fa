//! The work lists of deadlines, and the leases under which one process works them off.

use etalon::store::{CaseRow, Store, StoredCase};

use crate::store::samples::{append, case_row, case_stream, commit, notes, rows_of};
use crate::store::support::Database;

async fn stored(store: &dyn Store, rows: Vec<CaseRow>) {
    let batch: Vec<_> = (1..)
        .zip(rows)
        .map(|(number, row)| {
            let row = CaseRow { case_id: case_row(number).case_id, number: number.to_string(), ..row };
            append(case_stream(number), 0, &number.to_string(), notes(&["x"], rows_of(row)))
        })
        .collect();
    for outcome in commit(store, &batch).await {
        outcome.expect("accepted");
    }
}

fn numbers(cases: Vec<StoredCase>) -> Vec<String> {
    cases.into_iter().map(|case| case.row.number).collect()
}

async fn only_running_deadlines_pass(database: Database) {
    let store = database.open().await;
    let due = |date: &str| CaseRow { deadline_on: Some(date.to_owned()), ..case_row(1) };
    let rows = vec![
        due("2026-03-03"),
        due("2026-03-02"),
        due("2026-03-04"),
        CaseRow { is_open: false, ..due("2026-03-01") },
        CaseRow { clock_paused: true, ..due("2026-03-01") },
        CaseRow { parked_until: Some("2026-12-31".to_owned()), ..due("2026-03-01") },
        CaseRow { deadline_missed_on: Some("2026-03-01".to_owned()), ..due("2026-03-01") },
        case_row(1),
    ];
    stored(&*store, rows).await;
    let past = store.cases_past_deadline("2026-03-04", 10).await.expect("read");
    assert_eq!(numbers(past), ["2", "1"]);
    let first = store.cases_past_deadline("2026-03-04", 1).await.expect("read");
    assert_eq!(numbers(first), ["2"]);
}

async fn missed_deadlines_stay_listed_until_answered(database: Database) {
    let store = database.open().await;
    let missed = |date: &str| CaseRow { deadline_missed_on: Some(date.to_owned()), ..case_row(1) };
    let rows = vec![
        missed("2026-03-02"),
        missed("2026-03-01"),
        missed("2026-03-03"),
        CaseRow { is_open: false, ..missed("2026-03-01") },
        case_row(1),
    ];
    stored(&*store, rows).await;
    let listed = store.cases_with_missed_deadline("2026-03-02", 10).await.expect("read");
    assert_eq!(numbers(listed), ["2", "1"]);
}

async fn a_lease_has_one_holder_at_a_time(database: Database) {
    let store = database.open().await;
    let other = database.open().await;
    let name = "deadlines";
    assert!(store.try_lease(name, "a", 100, 200).await.expect("asked"));
    assert!(!other.try_lease(name, "b", 199, 300).await.expect("asked"));
    assert!(store.try_lease(name, "a", 150, 250).await.expect("asked"));
    assert!(!other.try_lease(name, "b", 249, 300).await.expect("asked"));
    assert!(other.try_lease(name, "b", 250, 350).await.expect("asked"));
    store.release_lease(name, "a").await.expect("released");
    assert!(!store.try_lease(name, "a", 260, 360).await.expect("asked"));
    other.release_lease(name, "b").await.expect("released");
    assert!(store.try_lease(name, "a", 260, 360).await.expect("asked"));
    assert!(other.try_lease("another", "b", 260, 360).await.expect("asked"));
}

on_both_databases! {
    only_running_deadlines_pass,
    missed_deadlines_stay_listed_until_answered,
    a_lease_has_one_holder_at_a_time,
}
