//! Lists of cases are compared with a model that filters, sorts and pages the same rows in
//! memory: for every column in both directions, and for many drawn conditions.

use etalon::store::{
    CaseColumn, CaseQuery, CaseRow, Condition, Direction, Keep, Moment, Operator, RowChanges, Scope, Store, StoreError,
    StoredCase, Value, key_of,
};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::store::model::{conditions, holds, sorted};
use crate::store::samples::{all_cases, append, case_row, case_stream, commit, id, note, notes};
use crate::store::support::Database;

/// Texts whose order by bytes differs from that of a dictionary, and what `like` gives a meaning.
const TEXTS: [&str; 7] = ["Ab", "aB", "b", "ä", "计量", "50%_\\", ""];

/// Who works on the case of that number.
fn member(number: u128) -> String {
    format!("p-{}", number % 3)
}

/// Rows with many ties and missing values.
fn varied(number: u128) -> CaseRow {
    let pick = |step: u128| TEXTS[(number * step % 7) as usize];
    let maybe = |step: u128| (!(number * step).is_multiple_of(3)).then(|| pick(step).to_owned());
    CaseRow {
        title: pick(1).to_owned(),
        status: pick(2).to_owned(),
        kind: maybe(1),
        category: maybe(4),
        severity: maybe(5),
        level: pick(3).to_owned(),
        division: ["", "44", "4403", "440300", "45", "450000"][(number % 6) as usize].to_owned(),
        enterprise_id: id(1_000 + number % 4),
        institution_id: (number % 5 < 3).then(|| id(3_000 + number % 2)),
        lead_id: (number.is_multiple_of(4)).then(|| id(4_000)),
        is_open: number.is_multiple_of(2),
        reported_at: -((number % 9) as i64),
        deadline_on: (number % 3 == 1).then(|| format!("2026-03-{:02}", number % 5 + 1)),
        clock_paused: number.is_multiple_of(7),
        gap_ppm: (number % 2 == 1).then_some(number as i64 % 3 - 1),
        typical: number.is_multiple_of(5),
        members: format!(" {} ", member(number)),
        ..case_row(number)
    }
}

/// Forty cases, some of them with an older version that no list of the present may show; whatever they have in a column
/// is what the column is for.
async fn filled(store: &dyn Store) -> Vec<StoredCase> {
    let mut batch = Vec::new();
    for number in 0..40 {
        let stream = case_stream(number);
        let rows = |title: &str| RowChanges {
            case: Some(CaseRow { title: title.to_owned(), ..varied(number) }),
            members_added: vec![member(number)],
            ..RowChanges::default()
        };
        let version = u64::from(number.is_multiple_of(4));
        if version == 1 {
            batch.push(append(stream, 0, &format!("{number} old"), notes(&["old"], rows("old"))));
        }
        let title = varied(number).title;
        batch.push(append(stream, version, &number.to_string(), notes(&["x"], rows(&title))));
    }
    for outcome in commit(store, &batch).await {
        outcome.expect("accepted");
    }
    let cases = store.cases(&all_cases()).await.expect("read");
    assert_eq!(cases.len(), 40);
    for (case, number) in cases.iter().zip(0..) {
        assert_eq!(case.row, varied(number));
        for column in CaseColumn::ALL {
            assert!(column.can_hold(&column.value_of(case)), "{column:?}");
        }
    }
    cases
}

async fn every_order_is_that_of_the_model_and_pages_add_up(database: Database) {
    let store = database.open().await;
    let cases = filled(&*store).await;
    for (&column, &second) in CaseColumn::ALL.iter().zip(CaseColumn::ALL.iter().cycle().skip(10)) {
        for (first, then) in
            [(Direction::Ascending, Direction::Descending), (Direction::Descending, Direction::Ascending)]
        {
            let order = vec![(column, first), (second, then)];
            let expected = sorted(cases.clone(), &order);
            let full = CaseQuery { order, ..all_cases() };
            assert_eq!(store.cases(&full).await.expect("read"), expected, "{:?}", full.order);
            let paged = paged(&*store, full.clone()).await;
            assert_eq!(paged, expected, "pages of {:?}", full.order);
            let backward = paged_backward(&*store, full.clone()).await;
            assert_eq!(backward, expected, "pages of {:?} from its end", full.order);
            let (after, before) = (key_of(&full.order, &expected[4]), key_of(&full.order, &expected[30]));
            let between = CaseQuery { after: Some(after), before: Some(before), ..full };
            assert_eq!(store.cases(&between).await.expect("read"), expected[5..30], "{:?}", between.order);
        }
    }
}

async fn every_condition_is_that_of_the_model(database: Database) {
    let store = database.open().await;
    let cases = filled(&*store).await;
    let head = Moment::Position(store.head().await.expect("read").last_position().expect("events"));
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let drawn = conditions().new_tree(&mut runner).expect("a strategy without filters");
        let condition = drawn.current();
        let expected: Vec<_> = cases.iter().filter(|case| holds(&condition, case)).cloned().collect();
        let query = CaseQuery { condition, ..all_cases() };
        assert_eq!(store.cases(&query).await.expect("read"), expected, "{:?}", query.condition);
        let then = CaseQuery { at: head, ..query.clone() };
        assert_eq!(store.cases(&then).await.expect("read"), expected, "as of the head: {:?}", query.condition);
        let counted = store.count_cases(&query).await.expect("read");
        assert_eq!(counted, expected.len() as u64);
    }
}

async fn a_scope_is_the_union_of_what_is_set(database: Database) {
    let store = database.open().await;
    let cases = filled(&*store).await;
    let none = Scope::default;
    let prefix = |code: &str| Scope { division_prefix: Some(code.to_owned()), ..none() };
    type Visible = fn(u128, &CaseRow) -> bool;
    let scopes: [(Scope, Visible); 12] = [
        (none(), |_, _| false),
        (Scope { everything: true, ..none() }, |_, _| true),
        (prefix(""), |_, _| true),
        (prefix("44"), |_, row| row.division.starts_with("44")),
        (Scope { enterprise: Some(id(1_001)), ..none() }, |_, row| row.enterprise_id == id(1_001)),
        (Scope { institution: Some(id(3_001)), ..none() }, |_, row| row.institution_id == Some(id(3_001))),
        (Scope { member: Some("p-2".to_owned()), ..none() }, |number, _| number % 3 == 2),
        (Scope { but_of_enterprise: Some(id(1_001)), ..prefix("") }, |_, row| row.enterprise_id != id(1_001)),
        (Scope { member: Some("p-2".to_owned()), but_of_enterprise: Some(id(1_001)), ..none() }, |number, row| {
            number % 3 == 2 && row.enterprise_id != id(1_001)
        }),
        (Scope { member: Some("p-2".to_owned()), enterprise: Some(id(1_001)), ..prefix("45") }, |number, row| {
            number % 3 == 2 || row.enterprise_id == id(1_001) || row.division.starts_with("45")
        }),
        (Scope { member: Some("p-2".to_owned()), institution: Some(id(3_001)), ..none() }, |number, row| {
            number % 3 == 2 || row.institution_id == Some(id(3_001))
        }),
        (Scope { enterprise: Some(id(1_000)), but_of_enterprise: Some(id(1_001)), ..prefix("4403") }, |_, row| {
            row.enterprise_id == id(1_000) || row.division.starts_with("4403") && row.enterprise_id != id(1_001)
        }),
    ];
    let then = Moment::Position(store.head().await.expect("read").last_position().expect("events"));
    // With what the log hears of next that is a moment of the past.
    commit(&*store, &[note(case_stream(99), 0, "later")]).await;
    for (scope, visible) in scopes {
        let expected: Vec<_> = (0..)
            .zip(&cases)
            .filter(|(number, case)| visible(*number, &case.row))
            .map(|(_, case)| case.clone())
            .collect();
        let query = CaseQuery { scope, ..all_cases() };
        assert_eq!(store.cases(&query).await.expect("read"), expected, "{:?}", query.scope);
        let expected: Vec<_> = expected.iter().map(|case| case.row.case_id).collect();
        for at in [Moment::Present, then] {
            let mut ids = store.case_ids(&CaseQuery { at, ..query.clone() }).await.expect("read");
            ids.sort_unstable();
            assert_eq!(ids, expected, "{:?} {at:?}", query.scope);
        }
    }
}

async fn a_question_that_does_not_fit_is_refused(database: Database) {
    let store = database.open().await;
    commit(&*store, &[note(case_stream(1), 0, "a")]).await;
    let compare = |column, value| Condition::Compare { column, operator: Operator::Equal, value };
    let contains = Condition::Contains { column: CaseColumn::IsOpen, text: "1".to_owned() };
    for query in [
        CaseQuery { condition: compare(CaseColumn::IsOpen, "1".into()), ..all_cases() },
        CaseQuery { condition: compare(CaseColumn::Title, Value::Integer(1)), ..all_cases() },
        CaseQuery { condition: contains, ..all_cases() },
        CaseQuery { after: Some(vec![]), ..all_cases() },
        CaseQuery { after: Some(vec![Value::Integer(1)]), ..all_cases() },
    ] {
        let refused = store.cases(&query).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{query:?}: {refused:?}");
    }
}

/// The whole list, seven rows at a time.
async fn paged(store: &dyn Store, full: CaseQuery) -> Vec<StoredCase> {
    let mut query = CaseQuery { limit: 7, ..full };
    let mut all = Vec::new();
    loop {
        let page = store.cases(&query).await.expect("read");
        let Some(last) = page.last() else { return all };
        query.after = Some(key_of(&query.order, last));
        all.extend(page);
    }
}

/// The whole list, seven rows at a time, from its end.
async fn paged_backward(store: &dyn Store, full: CaseQuery) -> Vec<StoredCase> {
    let mut query = CaseQuery { limit: 7, keep: Keep::Last, ..full };
    let mut all = Vec::new();
    loop {
        let page = store.cases(&query).await.expect("read");
        let Some(first) = page.first() else { return all };
        query.before = Some(key_of(&query.order, first));
        all.splice(..0, page);
    }
}

on_both_databases! {
    every_order_is_that_of_the_model_and_pages_add_up,
    every_condition_is_that_of_the_model,
    a_scope_is_the_union_of_what_is_set,
    a_question_that_does_not_fit_is_refused,
}
