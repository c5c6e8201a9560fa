//! Read rows are valid from the commit that wrote them to the one that replaced them.

use etalon::store::{CaseLink, CaseQuery, CaseRow, Moment, RowChanges, SUB_CASE_OF};

use crate::store::samples::{
    all_cases, append, case_by_id, case_by_number, case_row, case_stream, commit, commit_one, id, note, notes, rows_of,
};
use crate::store::support::{Database, START};

fn with_status(status: &str) -> CaseRow {
    CaseRow { status: status.to_owned(), ..case_row(1) }
}

async fn a_case_is_read_as_it_was(database: Database) {
    let store = database.open().await;
    let step = |version, key: &str, count: usize| {
        append(case_stream(1), version, key, notes(&vec![key; count], rows_of(with_status(key))))
    };
    // Positions: a 0–1, other 2, b 3, c 4–5, d 6.
    let batches = [
        vec![step(0, "a", 2), note(case_stream(2), 0, "other")],
        vec![step(2, "b", 1), step(3, "c", 2)],
        vec![step(5, "d", 1)],
    ];
    for batch in &batches {
        for outcome in commit(&*store, batch).await {
            outcome.expect("accepted");
        }
    }
    let expected = [
        (0, None),
        (1, Some(("a", 2, 1))),
        (2, Some(("a", 2, 1))),
        (3, Some(("b", 3, 3))),
        (4, Some(("b", 3, 3))),
        (5, Some(("c", 5, 5))),
        (6, Some(("d", 6, 6))),
        (99, Some(("d", 6, 6))),
    ];
    for (at, expected) in expected {
        let by_id = case_by_id(&*store, id(1), Moment::Position(at)).await;
        let seen = by_id.as_ref().map(|case| (&*case.row.status, case.version, case.from_position));
        assert_eq!(seen, expected, "as of {at}");
        let number = &case_row(1).number;
        assert_eq!(case_by_number(&*store, number, Moment::Position(at)).await, by_id);
        let listed = store.cases(&CaseQuery { at: Moment::Position(at), ..all_cases() }).await.expect("read");
        assert_eq!(listed, Vec::from_iter(by_id.clone()));
        let counted = store.count_cases(&CaseQuery { at: Moment::Position(at), ..all_cases() }).await;
        assert_eq!(counted.expect("read"), u64::from(by_id.is_some()));
    }
    let present = case_by_id(&*store, id(1), Moment::Present).await.expect("it is there");
    assert_eq!((present.row, present.updated_at), (with_status("d"), START));
}

async fn every_column_survives(database: Database) {
    let store = database.open().await;
    let full = CaseRow {
        kind: Some("CALIBRATION".to_owned()),
        category: Some("L-2.1".to_owned()),
        severity: Some("HIGH".to_owned()),
        institution_id: Some(id(3_001)),
        lead_id: Some(id(4_001)),
        is_open: false,
        deadline_on: Some("2026-03-04".to_owned()),
        deadline_missed_on: Some("2026-03-05".to_owned()),
        clock_paused: true,
        parked_until: Some("2027-01-01".to_owned()),
        gap_ppm: Some(-1_500_000),
        fee_total: "12345.67".to_owned(),
        typical: true,
        reported_by: "p-7".to_owned(),
        members: " p-8  p-9 ".to_owned(),
        fee_fen: 12_345,
        ..case_row(1)
    };
    for (version, row) in [(0, full.clone()), (1, case_row(1)), (2, full)] {
        let key = version.to_string();
        let content = notes(&[&key], rows_of(row.clone()));
        commit_one(&*store, append(case_stream(1), version, &key, content)).await.expect("accepted");
        let stored = case_by_id(&*store, id(1), Moment::Present).await.expect("it is there");
        assert_eq!(stored.row, row);
    }
}

async fn members_come_and_go(database: Database) {
    let store = database.open().await;
    let change = |version, key: &str, added: &[&str], removed: &[&str]| {
        let members_added = added.iter().map(ToString::to_string).collect();
        let members_removed = removed.iter().map(ToString::to_string).collect();
        let rows = RowChanges { members_added, members_removed, ..RowChanges::default() };
        append(case_stream(1), version, key, notes(&[key], rows))
    };
    commit_one(&*store, change(0, "a", &["p-2", "p-3"], &[])).await.expect("accepted");
    assert_eq!(store.members(id(1)).await.expect("read"), ["p-2", "p-3"]);
    // In one batch, the last change wins; adding twice and removing nobody do no harm.
    let batch = [
        change(1, "b", &["p-1", "p-2", "p-4"], &["p-3"]),
        change(2, "c", &["p-3"], &["p-1", "p-9"]),
        change(3, "d", &["p-5"], &["p-5"]),
    ];
    commit(&*store, &batch).await;
    assert_eq!(store.members(id(1)).await.expect("read"), ["p-2", "p-3", "p-4", "p-5"]);
}

async fn links_are_followed_both_ways(database: Database) {
    let store = database.open().await;
    let link = |relation: &str| CaseLink { other_id: id(1), relation: relation.to_owned() };
    let part = |number, is_open, links_added| {
        let case = Some(CaseRow { is_open, ..case_row(number) });
        let rows = RowChanges { case, links_added, ..RowChanges::default() };
        append(case_stream(number), 0, &number.to_string(), notes(&["part"], rows))
    };
    let batch = [
        part(1, true, vec![]),
        part(2, true, vec![link(SUB_CASE_OF), link("DUPLICATE_OF")]),
        part(3, false, vec![link(SUB_CASE_OF), link(SUB_CASE_OF)]),
        part(4, true, vec![link("DUPLICATE_OF")]),
    ];
    for outcome in commit(&*store, &batch).await {
        outcome.expect("accepted");
    }
    let links = store.links_of(id(2)).await.expect("read");
    assert_eq!(links, [link("DUPLICATE_OF"), link(SUB_CASE_OF)]);
    let parts = store.sub_cases(&[id(1), id(2), id(99)]).await.expect("read");
    assert_eq!(parts, [(id(1), id(2)), (id(1), id(3))]);
    // One that is made again, after it was taken back, is the same row.
    let rows = RowChanges { case: Some(case_row(2)), links_added: vec![link(SUB_CASE_OF)], ..RowChanges::default() };
    commit_one(&*store, append(case_stream(2), 1, "again", notes(&["again"], rows))).await.expect("accepted");
    assert_eq!(store.links_of(id(2)).await.expect("read"), [link("DUPLICATE_OF"), link(SUB_CASE_OF)]);
}

on_both_databases! {
    a_case_is_read_as_it_was,
    every_column_survives,
    members_come_and_go,
    links_are_followed_both_ways,
}
