//! Few cases are found by an index and looked up one by one, whatever else is asked of them.

use std::sync::Arc;

use etalon::store::{
    CaseColumn, CaseQuery, CaseRow, Condition, Direction, ExplainedStore, Happened, Moment, Operator, RowChanges,
    Scope, Value,
};

use crate::store::plans::{AT_ONCE, CASES, STATUSES, everything, fill, open, row};
use crate::store::samples::{all_cases, append, case_stream, commit, id, notes};
use crate::store::support::{Database, Raw, START, TestClock};

/// How many members there are, and as many institutions: each has a few of the cases.
const OTHERS: u128 = 300;

/// PostgreSQL knows what there is of everything. SQLite is told by nobody, and takes what is open for rare.
async fn filled(database: &Database) -> Arc<dyn ExplainedStore> {
    let clock = TestClock::new();
    let store = database.open_explained(clock.clone()).await;
    fill(&*store, &clock).await;
    let (version, status) = (STATUSES.len() as u64, STATUSES[STATUSES.len() - 1]);
    for chunk in (1..=CASES).collect::<Vec<_>>().chunks(AT_ONCE) {
        let joined = |number: &u128| {
            let row = CaseRow { institution_id: Some(id(30_000 + number % OTHERS)), ..row(*number, status) };
            let happened = Happened::InOrder { at: row.reported_at + i64::try_from(version).expect("few") };
            let members_added = vec![format!("m-{}", number % OTHERS)];
            let rows = RowChanges { case: Some(row), members_added, happened, ..RowChanges::default() };
            append(case_stream(*number), version, &format!("{number} {version}"), notes(&["x"], rows))
        };
        for outcome in commit(&*store, &chunk.iter().map(joined).collect::<Vec<_>>()).await {
            outcome.expect("accepted");
        }
    }
    let raw = database.raw().await;
    if let Raw::Postgres(_) = &raw {
        raw.execute("analyze").await;
    }
    store
}

/// That the rows of the cases are found by their ids, each for itself.
fn assert_looks_up(plan: &[String], asked: &str) {
    let reads_all = |step: &String| {
        step.contains("SCAN v")
            || step.contains("SEARCH v") && !step.contains("(case_id=?")
            || step.contains("Seq Scan on cases")
            || step.contains("Seq Scan on case_versions")
    };
    let looks_up = |step: &String| {
        step.contains("SEARCH v")
            || step.contains("s_pkey on case")
            || step.contains("Bitmap Index Scan on case_versions_pkey")
    };
    assert!(plan.iter().any(looks_up) && !plan.iter().any(reads_all), "{asked}:\n{}", plan.join("\n"));
}

/// So a search finds out among which cases it looks. In the past rights are those of today.
async fn what_a_reader_sees_is_looked_up(database: Database) {
    let store = filled(&database).await;
    let half = u64::try_from(CASES).expect("few") * 2;
    let member = || Scope { member: Some("m-7".to_owned()), ..Scope::default() };
    let readers = [
        (4, Scope { division_prefix: Some("1105".to_owned()), ..Scope::default() }),
        (3, Scope { enterprise: Some(id(10_007)), ..Scope::default() }),
        (5, member()),
        (10, Scope { institution: Some(id(30_008)), ..member() }),
        (14, Scope { institution: Some(id(30_008)), division_prefix: Some("1106".to_owned()), ..member() }),
    ];
    for (count, scope) in readers {
        for condition in [everything(), open()] {
            let query = CaseQuery { scope: scope.clone(), condition, limit: 501, ..all_cases() };
            for at in [Moment::Present, Moment::Position(half), Moment::Occurred(START - 7_000_000_000)] {
                let query = CaseQuery { at, ..query.clone() };
                let plan = store.plan_of_case_ids(&query).await.expect("a plan");
                assert_looks_up(&plan, &format!("{query:?}"));
            }
            assert_eq!(store.case_ids(&query).await.expect("ids").len(), count, "{query:?}");
        }
    }
}

/// Those that somebody works on, in whatever order.
async fn the_cases_of_a_member_are_found_by_them(database: Database) {
    let store = filled(&database).await;
    let statuses = STATUSES.map(Value::from).to_vec();
    let of_status = |values| Condition::In { column: CaseColumn::Status, values };
    let is_open = Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: true.into() };
    for among in [everything(), is_open, open(), of_status(vec![STATUSES[3].into()]), of_status(statuses)] {
        let members = Condition::Members(vec!["m-7".to_owned(), "m-7".to_owned(), "m-8".to_owned()]);
        let condition = Condition::All(vec![among, members]);
        let query = CaseQuery { condition, limit: 21, ..all_cases() };
        for column in [CaseColumn::ReportedAt, CaseColumn::UpdatedAt, CaseColumn::Division, CaseColumn::DeadlineOn] {
            let query = CaseQuery { order: vec![(column, Direction::Descending)], ..query.clone() };
            let plan = store.plan_of_cases(&query).await.expect("a plan");
            assert!(plan.iter().any(|step| step.contains("case_members_actor_case_id_idx")), "{}", plan.join("\n"));
            assert_looks_up(&plan, &format!("{query:?}"));
            assert_eq!(store.cases(&query).await.expect("a list").len(), 10);
        }
        assert_looks_up(&store.plan_of_case_ids(&query).await.expect("a plan"), &format!("ids of {query:?}"));
        assert_eq!(store.count_cases(&query).await.expect("a count"), 10);
    }
}

crate::store::on_both_databases! {
    what_a_reader_sees_is_looked_up,
    the_cases_of_a_member_are_found_by_them,
}
