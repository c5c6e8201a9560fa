//! Percentiles, fees and groups of statistics, against known answers.

use etalon::store::{
    CaseQuery, CaseRow, FeeSum, FigureKind, FigureRow, FigureSpan, GapSums, GroupKey, GroupSums, Grouped, Moment,
    RowChanges, StatisticsQuery, Store, TimeToState, fee_item,
};

use crate::store::samples::{all_cases, append, case_row, case_stream, commit_one, notes};
use crate::store::support::Database;

const REPORTED: i64 = 1_700_000_000_000_000;
const DAY: i64 = 86_400_000_000;

fn figure(kind: FigureKind, detail: &str, number: Option<i64>, days: i64) -> FigureRow {
    FigureRow {
        events_after: 0,
        kind,
        detail: detail.to_owned(),
        number,
        amount: None,
        occurred_at: REPORTED + days * DAY,
        counted_on: "2023-11-15".to_owned(),
        happened: FigureSpan { lane: 0, from: REPORTED + days * DAY, to: None },
    }
}

fn fee(amount: &str) -> FigureRow {
    FigureRow { amount: Some(amount.to_owned()), ..figure(FigureKind::Fee, &fee_item("44", "GD-1"), Some(1), 1) }
}

async fn told(store: &dyn Store, row: CaseRow, number: u128, figures: &[FigureRow]) {
    // One event each: an event adds one of a kind.
    for (version, figure) in figures.iter().enumerate() {
        let rows = RowChanges { case: Some(row.clone()), figures: vec![figure.clone()], ..RowChanges::default() };
        let key = format!("{number} {version}");
        commit_one(store, append(case_stream(number), version as u64, &key, notes(&["x"], rows))).await.expect("taken");
    }
}

async fn sums(store: &dyn Store, keys: &[GroupKey], at: Moment, most_groups: u32) -> Grouped {
    let cases = CaseQuery { at, ..all_cases() };
    let query = StatisticsQuery { cases, keys: keys.to_vec(), today: "2026-03-04".to_owned(), most_groups };
    store.statistics(&query).await.expect("read")
}

async fn groups(store: &dyn Store, keys: &[GroupKey], at: Moment) -> Vec<GroupSums> {
    match sums(store, keys, at, 100).await {
        Grouped::Groups(groups) => groups,
        Grouped::TooMany(groups) => panic!("{groups} groups"),
    }
}

/// The examples of the nearest rank in the literature: of 15, 20, 35, 40, 50 the median is 35 and the 90th percentile 50; of
/// 3, 6, 7, 8, 8, 10, 13, 15, 16, 20 they are 8 and 16.
async fn percentiles_are_by_nearest_rank(database: Database) {
    let store = database.open().await;
    let known = [("44", vec![15, 20, 35, 40, 50]), ("32", vec![20, 3, 16, 6, 15, 7, 13, 8, 10, 8])];
    let mut number = 0;
    for (division, days) in known {
        for days in days {
            number += 1;
            let row = CaseRow { division: division.to_owned(), reported_at: REPORTED, ..case_row(number) };
            let again = figure(FigureKind::Entered, "RESOLVED", None, days + 100);
            told(&*store, row, number, &[figure(FigureKind::Entered, "RESOLVED", None, days), again]).await;
        }
    }
    let times = |median: i64, ninetieth: i64, cases| TimeToState {
        status: "RESOLVED".to_owned(),
        cases,
        median: median * DAY,
        ninetieth: ninetieth * DAY,
    };
    let groups = groups(&*store, &[GroupKey::Division(2)], Moment::Present).await;
    let found: Vec<_> = groups.iter().map(|group| (group.key[0].as_str(), group.times.clone())).collect();
    assert_eq!(found, [("32", vec![times(8, 16, 10)]), ("44", vec![times(35, 50, 5)])]);
    assert_eq!(sums(&*store, &[GroupKey::Division(2)], Moment::Present, 1).await, Grouped::TooMany(2));
}

/// What is dated before the report took no time, and what was reopened is solved only where a resolution is in force.
async fn no_time_is_below_nothing(database: Database) {
    let store = database.open().await;
    let entered = |status: &str, days| figure(FigureKind::Entered, status, None, days);
    let reopened = || figure(FigureKind::Reopened, "", None, 4);
    let cases = [
        vec![entered("RESOLVED", -172), reopened()],
        vec![entered("RESOLVED", 3)],
        vec![entered("TRIAGED", -1), reopened()],
    ];
    for (figures, number) in cases.iter().zip(1..) {
        let row = CaseRow { reported_at: REPORTED, ..case_row(number) };
        told(&*store, row, number, figures).await;
    }
    let group = groups(&*store, &[], Moment::Present).await.remove(0);
    let time = |status: &str, cases, ninetieth| TimeToState { status: status.to_owned(), cases, median: 0, ninetieth };
    assert_eq!(group.times, [time("RESOLVED", 2, 3 * DAY), time("TRIAGED", 1, 0)]);
    assert_eq!((group.resolved, group.reopened), (2, 1));
}

async fn gaps_and_fees_are_those_of_the_moment(database: Database) {
    let store = database.open().await;
    let gap = |number, detail: &str, days| figure(FigureKind::Gap, detail, number, days);
    let first_gap = |number, detail: &str, days| figure(FigureKind::FirstGap, detail, number, days);
    let taken_back = |amount: &str| FigureRow { number: Some(-1), ..fee(amount) };
    let steps = [
        gap(None, "", 0),
        gap(Some(2_500_000), "STANDS", 1),
        first_gap(Some(2_500_000), "STANDS", 1),
        fee("0.10"),
        gap(Some(1_000_000), "STANDS", 2),
        gap(Some(999_999), "CLOSED", 3),
        fee("0.10"),
        fee("99999999999999999999.99"),
        figure(FigureKind::Training, "", Some(12), 4),
        gap(None, "", 5),
        first_gap(None, "", 6),
        taken_back("0.10"),
        taken_back("99999999999999999999.99"),
    ];
    told(&*store, case_row(1), 1, &steps).await;
    let gaps = |median_ppm, closed| GapSums { cases: 1, median_ppm, closed };
    let none = GapSums::default();
    let first = gaps(2_500_000, 0);
    let fees = |small, large| {
        let fee = |amount: &str, count| FeeSum {
            item: "GD-1".to_owned(),
            list: "44".to_owned(),
            amount: amount.to_owned(),
            count,
        };
        [(fee("0.10", small), small), (fee("99999999999999999999.99", large), large)]
            .into_iter()
            .filter_map(|(fee, count)| (count > 0).then_some(fee))
            .collect::<Vec<_>>()
    };
    let table = [
        (0, none, none, fees(0, 0), 0),
        (2, first, first, fees(0, 0), 0),
        (3, first, first, fees(1, 0), 0),
        // One millionth above 1 was rounded to 1: it stands all the same.
        (4, first, gaps(1_000_000, 0), fees(1, 0), 0),
        (7, first, gaps(999_999, 1), fees(2, 1), 0),
        (8, first, gaps(999_999, 1), fees(2, 1), 12),
        (9, first, none, fees(2, 1), 12),
        (10, none, none, fees(2, 1), 12),
        (12, none, none, fees(1, 0), 12),
    ];
    for (position, before, after, fees, trainees) in table {
        let group = groups(&*store, &[], Moment::Position(position)).await.remove(0);
        assert_eq!((group.gap_before, group.gap_after), (before, after), "at {position}");
        assert_eq!((group.fees, group.trainees), (fees, trainees), "at {position}");
    }
}

async fn a_deadline_that_runs_and_has_passed_is_late(database: Database) {
    let store = database.open().await;
    let due = |on: &str, number| CaseRow { deadline_on: Some(on.to_owned()), ..case_row(number) };
    let rows = [
        due("2026-03-03", 1),
        due("2026-03-04", 2),
        CaseRow { clock_paused: true, ..due("2026-03-03", 3) },
        CaseRow { parked_until: Some("2026-05-01".to_owned()), ..due("2026-03-03", 4) },
        CaseRow { status: "RESOLVED".to_owned(), ..due("2026-03-03", 5) },
        CaseRow { is_open: false, ..due("2026-03-03", 6) },
        case_row(7),
        // Its review is today; that of the next one was yesterday.
        CaseRow { parked_until: Some("2026-03-04".to_owned()), ..due("2026-03-03", 8) },
        CaseRow { parked_until: Some("2026-03-03".to_owned()), ..due("2026-03-03", 9) },
    ];
    for (row, number) in rows.into_iter().zip(1..) {
        told(&*store, row, number, &[figure(FigureKind::Reported, "", None, 0)]).await;
    }
    let group = groups(&*store, &[GroupKey::Month], Moment::Present).await.remove(0);
    assert_eq!((group.key, group.cases, group.open, group.late), (vec!["2023-11".to_owned()], 9, 8, 2));
}

on_both_databases! {
    percentiles_are_by_nearest_rank,
    no_time_is_below_nothing,
    gaps_and_fees_are_those_of_the_moment,
    a_deadline_that_runs_and_has_passed_is_late,
}
