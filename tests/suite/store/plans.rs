//! The usual lists walk indexes, of the present and of the past: no plan reads every version of every case.

mod few;

use std::collections::BTreeSet;

use etalon::store::{
    Access, AggregateType, Among, CaseColumn, CaseQuery, CaseRow, Condition, Direction, EventQuery, Happened, Keep,
    Moment, Operator, Picked, RowChanges, Scope, Store, StoredCase, Value, key_of,
};
use uuid::Uuid;

use crate::store::samples::{all_cases, append, case_row, case_stream, commit, id, notes};
use crate::store::support::{Database, Raw, START, TestClock};

const CASES: u128 = 1_500;
const STATUSES: [&str; 4] = ["REPORTED", "TRIAGED", "ASSIGNED", "RESEARCHING"];

/// How many cases a commit brings on; the clock moves between commits.
const AT_ONCE: usize = 50;

async fn fill(store: &dyn Store, clock: &TestClock) {
    let mut now = START;
    for (version, status) in (0..).zip(STATUSES) {
        for chunk in (1..=CASES).collect::<Vec<_>>().chunks(AT_ONCE) {
            now += 1_000;
            clock.set(now);
            let batch: Vec<_> = chunk
                .iter()
                .map(|number| {
                    let row = row(*number, status);
                    let happened = Happened::InOrder { at: row.reported_at + i64::try_from(version).expect("few") };
                    let rows = RowChanges { case: Some(row), happened, ..RowChanges::default() };
                    append(case_stream(*number), version, &format!("{number} {version}"), notes(&["x"], rows))
                })
                .collect();
            for outcome in commit(store, &batch).await {
                outcome.expect("accepted");
            }
        }
    }
}

fn row(number: u128, status: &str) -> CaseRow {
    CaseRow {
        status: status.to_owned(),
        // More than four hours of reports: of the first the log hears late.
        reported_at: START - 10_000_000 * i64::try_from(CASES - number).expect("few"),
        division: format!("{:06}", 110_000 + number % 400 * 100),
        enterprise_id: id(10_000 + number / 3),
        institution_id: Some(id(20_000 + number % 50)),
        deadline_on: (!number.is_multiple_of(4)).then(|| format!("2027-{:02}-{:02}", number % 12 + 1, number % 28 + 1)),
        ..case_row(number)
    }
}

/// As a filter by open cases asks for them.
fn open() -> Condition {
    let is_open = Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: true.into() };
    let of_any = Condition::In { column: CaseColumn::Status, values: STATUSES.map(Value::from).to_vec() };
    Condition::All(vec![is_open, of_any])
}

fn everything() -> Condition {
    Condition::All(Vec::new())
}

fn equal(column: CaseColumn, value: &str) -> Condition {
    Condition::Compare { column, operator: Operator::Equal, value: value.into() }
}

async fn usual_lists_walk_indexes(database: Database) {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    database.raw().await.execute("analyze").await;
    let half = u64::try_from(CASES).expect("few") * 2;
    let some_of = |status: &str| Condition::In {
        column: CaseColumn::Status,
        values: vec![status.into(), "ASSIGNED".into(), Value::Null],
    };
    let oldest = |column| vec![(column, Direction::Ascending)];
    let latest = |column| vec![(column, Direction::Descending)];
    let list = |condition, order| CaseQuery { condition, order, limit: 21, ..all_cases() };
    let seen = |scope| CaseQuery { scope, ..list(everything(), latest(CaseColumn::ReportedAt)) };
    let lists = [
        list(everything(), latest(CaseColumn::ReportedAt)),
        list(equal(CaseColumn::Status, "TRIAGED"), latest(CaseColumn::ReportedAt)),
        list(everything(), latest(CaseColumn::UpdatedAt)),
        list(everything(), oldest(CaseColumn::ReportedAt)),
        list(equal(CaseColumn::CaseId, &id(7).to_string()), Vec::new()),
        list(equal(CaseColumn::Number, "GD-2026-0007"), Vec::new()),
        list(some_of("TRIAGED"), latest(CaseColumn::ReportedAt)),
        list(some_of("TRIAGED"), latest(CaseColumn::UpdatedAt)),
        list(some_of("TRIAGED"), oldest(CaseColumn::ReportedAt)),
        list(equal(CaseColumn::Status, "TRIAGED"), oldest(CaseColumn::ReportedAt)),
        list(equal(CaseColumn::Status, "TRIAGED"), oldest(CaseColumn::UpdatedAt)),
        list(equal(CaseColumn::Status, "TRIAGED"), oldest(CaseColumn::DeadlineOn)),
        list(open(), oldest(CaseColumn::DeadlineOn)),
        list(open(), latest(CaseColumn::DeadlineOn)),
        list(open(), latest(CaseColumn::ReportedAt)),
        seen(Scope { division_prefix: Some("11".to_owned()), ..Scope::default() }),
        seen(Scope { division_prefix: Some(String::new()), ..Scope::default() }),
        seen(Scope { division_prefix: Some("110500".to_owned()), ..Scope::default() }),
        seen(Scope { enterprise: Some(id(10_007)), ..Scope::default() }),
        seen(Scope { institution: Some(id(20_007)), member: Some("p-1".to_owned()), ..Scope::default() }),
    ];
    for (place, list) in lists.into_iter().enumerate() {
        for at in [Moment::Present, Moment::Position(half), Moment::Occurred(START - 7_000_000_000)] {
            let plan = store.plan_of_cases(&CaseQuery { at, ..list.clone() }).await.expect("a plan");
            for step in &plan {
                // SQLite: `SCAN v` without an index; PostgreSQL: `Seq Scan on case_versions v`. What is still valid of the past
                // it may look for in all of a table of the present that is as small as this one.
                let reads_all = step.contains("Seq Scan on case_versions")
                    || at == Moment::Present && step.contains("Seq Scan on cases")
                    || step.contains("SCAN v") && !step.contains("INDEX")
                    || step.contains("SCAN o") && !step.contains("INDEX")
                    || step.contains("SCAN p") && !step.contains("INDEX");
                assert!(!reads_all, "list {place} {at:?}:\n{}", plan.join("\n"));
            }
        }
    }
}

/// Those of one enterprise are few: they are found at once and sorted, though a list by the last change is another table's.
async fn the_latest_changes_of_an_enterprise_are_found_by_it(database: Database) {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    database.raw().await.execute("analyze").await;
    let (column, value) = (CaseColumn::EnterpriseId, id(10_007).to_string().as_str().into());
    let condition = Condition::Compare { column, operator: Operator::Equal, value };
    let order = vec![(CaseColumn::UpdatedAt, Direction::Descending)];
    let plan = store.plan_of_cases(&CaseQuery { condition, order, limit: 21, ..all_cases() }).await.expect("a plan");
    assert!(plan.iter().any(|step| step.contains("cases_enterprise_id_")), "{}", plan.join("\n"));
}

/// A list of the present in an order that an index has is sorted by nobody, and who sees what is told by an index alone. What
/// PostgreSQL does with so few rows is its own affair.
async fn an_index_gives_the_whole_order(database: Database) {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    database.raw().await.execute("analyze").await;
    let (number, reported, deadline) = (CaseColumn::Number, CaseColumn::ReportedAt, CaseColumn::DeadlineOn);
    for (condition, column, direction) in [
        (everything(), number, Direction::Ascending),
        (everything(), number, Direction::Descending),
        (everything(), reported, Direction::Descending),
        (equal(CaseColumn::Status, "TRIAGED"), reported, Direction::Descending),
        (equal(CaseColumn::Division, "110105"), reported, Direction::Descending),
        (everything(), CaseColumn::UpdatedAt, Direction::Descending),
    ] {
        let list = CaseQuery { condition, order: vec![(column, direction)], limit: 21, ..all_cases() };
        let plan = store.plan_of_cases(&list).await.expect("a plan");
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{column:?} {direction:?}:\n{}",
            plan.join("\n")
        );
    }
    let seen = Scope { enterprise: Some(id(10_007)), ..Scope::default() };
    let order = vec![(deadline, Direction::Ascending)];
    let past = CaseQuery { scope: seen, order, at: Moment::Position(10), limit: 21, ..all_cases() };
    let plan = store.plan_of_cases(&past).await.expect("a plan");
    let is_looked_up = |step: &String| step.contains("SEARCH p USING INDEX");
    assert!(!plan.iter().any(is_looked_up), "{}", plan.join("\n"));
}

/// The oldest changes of all are put together from every status. PostgreSQL would rather read all of a table as small as this
/// one than look each of them up, so here it may not.
async fn the_oldest_changes_are_looked_up_by_status(database: Database) {
    let clock = TestClock::new();
    fill(&*database.open_with(clock.clone()).await, &clock).await;
    let raw = database.raw().await;
    raw.execute("analyze").await;
    if matches!(raw, Raw::Postgres(_)) {
        let scans_are_dear = "do $$ begin execute \
             format('alter database %I set enable_seqscan = off', current_database()); end $$";
        raw.execute(scans_are_dear).await;
    }
    let store = database.open_explained(clock).await;
    let order = vec![(CaseColumn::UpdatedAt, Direction::Ascending)];
    let list = CaseQuery { condition: everything(), order, limit: 21, ..all_cases() };
    let half = u64::try_from(CASES).expect("few") * 2;
    for (at, index) in [
        (Moment::Present, "case_versions_updated_at_case_id_idx"),
        (Moment::Position(half), "case_versions_status_case_from_position"),
        (Moment::Occurred(START - 7_000_000_000), "case_versions_status_case_occurred_from"),
    ] {
        let plan = store.plan_of_cases(&CaseQuery { at, ..list.clone() }).await.expect("a plan");
        assert!(plan.iter().any(|step| step.contains(index)), "{at:?}:\n{}", plan.join("\n"));
    }
}

/// All titles have the word, and the planner knows: a page of them is read along the order, and nothing is sorted as a whole.
async fn a_usual_word_of_titles_is_found_along_the_order(database: Database) {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    database.raw().await.execute("analyze").await;
    let condition = Condition::Contains { column: CaseColumn::Title, text: "测量".to_owned() };
    let order = vec![(CaseColumn::ReportedAt, Direction::Descending)];
    let plan = store.plan_of_cases(&CaseQuery { condition, order, limit: 21, ..all_cases() }).await.expect("a plan");
    let index = "cases_reported_at_case_id_idx";
    assert!(plan.iter().any(|step| step.contains(index)), "{}", plan.join("\n"));
}

/// The log is walked along its positions, and the events of few cases are found by their streams.
async fn a_page_of_the_log_is_found_by_an_index(database: Database) {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    database.raw().await.execute("analyze").await;
    let size = u64::try_from(CASES).expect("few") * 4;
    let page = |picked, access| EventQuery {
        among: vec![Among { aggregate_type: AggregateType::Case, picked }],
        access,
        before: Some(size),
        keep: Keep::Last,
        limit: 51,
        ..EventQuery::default()
    };
    let few = || Picked::These(vec![id(7), id(700)]);
    let scope = Scope { division_prefix: Some("11".to_owned()), ..Scope::default() };
    let seen = Picked::Cases { scope, division_prefix: None };
    let stretch = Some(size - 500);
    for (query, indexes) in [
        (
            EventQuery { after: stretch, ..page(Picked::All, Access::Walk) },
            ["INTEGER PRIMARY KEY", "events_position_key"],
        ),
        (EventQuery { after: stretch, ..page(seen, Access::Walk) }, ["INTEGER PRIMARY KEY", "events_position_key"]),
        (EventQuery { after: stretch, ..page(few(), Access::Walk) }, ["INTEGER PRIMARY KEY", "events_position_key"]),
        (page(few(), Access::Gather), ["sqlite_autoindex_events_1", "events_pkey"]),
    ] {
        let plan = store.plan_of_events(&query).await.expect("a plan");
        let uses = |index: &str| plan.iter().any(|step| step.contains(index));
        assert!(indexes.into_iter().any(uses), "{query:?}:\n{}", plan.join("\n"));
    }
}

fn ids(cases: &[StoredCase]) -> impl Iterator<Item = Uuid> {
    cases.iter().map(|case| case.row.case_id)
}

/// Whatever a list is put together from, it is the list that one walk gives.
async fn a_list_that_is_put_together_is_that_list(database: Database) {
    let clock = TestClock::new();
    let store = database.open_with(clock.clone()).await;
    fill(&*store, &clock).await;
    let half = u64::try_from(CASES).expect("few") * 2;
    let values = || vec!["TRIAGED".into(), "ASSIGNED".into(), "TRIAGED".into()];
    let some = || Condition::In { column: CaseColumn::Status, values: values() };
    // Denied twice it is the same condition, which nothing is put together from.
    let whole = |condition| Condition::Not(Box::new(Condition::Not(Box::new(condition))));
    let orders = [CaseColumn::ReportedAt, CaseColumn::UpdatedAt, CaseColumn::Division, CaseColumn::DeadlineOn];
    for at in [Moment::Present, Moment::Position(half), Moment::Occurred(START - 7_000_000_000)] {
        for (column, asked) in
            orders.into_iter().flat_map(|column| [(column, some()), (column, open()), (column, everything())])
        {
            for direction in [Direction::Ascending, Direction::Descending] {
                let query = |condition| CaseQuery {
                    condition,
                    order: vec![(column, direction)],
                    limit: 300,
                    at,
                    ..all_cases()
                };
                let (mut put_together, mut walked) = (query(asked.clone()), query(whole(asked.clone())));
                let in_no_order = CaseQuery { order: Vec::new(), limit: 2_000, ..walked.clone() };
                let mut missing: BTreeSet<_> = ids(&store.cases(&in_no_order).await.expect("a list")).collect();
                for page in 0.. {
                    let found = store.cases(&put_together).await.expect("a list");
                    assert_eq!(
                        found,
                        store.cases(&walked).await.expect("a list"),
                        "page {page} of {asked:?} {at:?} {column:?} {direction:?}"
                    );
                    assert!(ids(&found).all(|id| missing.remove(&id)), "{asked:?} {at:?} {column:?} {direction:?}");
                    let Some(last) = found.last() else { break };
                    let after = Some(key_of(&put_together.order, last));
                    (put_together.after, walked.after) = (after.clone(), after);
                }
                assert_eq!(missing, BTreeSet::new(), "{asked:?} {at:?} {column:?} {direction:?}");
            }
        }
    }
}

crate::store::on_both_databases! {
    usual_lists_walk_indexes,
    an_index_gives_the_whole_order,
    the_latest_changes_of_an_enterprise_are_found_by_it,
    the_oldest_changes_are_looked_up_by_status,
    a_usual_word_of_titles_is_found_along_the_order,
    a_page_of_the_log_is_found_by_an_index,
    a_list_that_is_put_together_is_that_list,
}
