//! Among few cases a search reads their texts, among many it asks the index: it finds the same, in the same order.

use std::collections::BTreeSet;

use etalon::app::{App, Found, Search};
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::search::question::Question;
use etalon::store::{CaseColumn, Condition, Moment, TextRow};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::statements::told::stating;
use crate::store::samples::text;
use crate::store::support::{Database, START, TestClock};
use crate::store::texts::record;

/// How many cases there are.
const CASES: u128 = 24;
/// How many questions are asked.
const QUESTIONS: usize = 40;

/// Who oversees that division.
fn reader(division: &str) -> Actor {
    Actor {
        id: ActorId::parse("reader").expect("an id"),
        roles: BTreeSet::from([Role::Auditor]),
        jurisdiction: Division::parse(division).expect("a division"),
        institution: None,
        enterprise: None,
    }
}

/// What holds for every case, and is a filter all the same.
fn whatever_they_are() -> Condition {
    Condition::Not(Box::new(Condition::IsNull { column: CaseColumn::Title }))
}

async fn few_cases_are_searched_as_many_are(database: Database) {
    let store = database.open().await;
    let mut runner = TestRunner::deterministic();
    let mut drawn = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).expect("a pattern");
        strategy.new_tree(&mut runner).expect("a value").current()
    };
    // Few characters, so that texts share them.
    let said = "([计量能技热]{1,4}[，。 a-c]{0,2}){1,6}";
    for case in 1..=CASES {
        let texts = vec![text(0, "TITLE", &drawn(said)), text(1, "PROBLEM", &drawn(said))];
        record(&*store, case, 0, texts).await;
    }
    let then = store.head().await.expect("read").last_position().expect("events");
    for case in (1..=CASES).step_by(2) {
        let renamed = TextRow { replaces: true, ..text(0, "TITLE", &drawn(said)) };
        let texts = vec![renamed, text(1, "COMMENT", &drawn(said)), text(2, "INTERNAL_COMMENT", &drawn(said))];
        record(&*store, case, 1, texts).await;
    }
    let now = store.head().await.expect("read").last_position().expect("events");
    let app = App::new(store, TestClock::new());
    // Both see the same cases; the one sees much, and the other a city.
    let (province, city) = (reader("44"), reader("4403"));
    let everything = || Condition::All(Vec::new());
    let found = async |who: &Actor, question: &Question, condition, at| -> Found {
        let search = Search { question: question.clone(), condition, at };
        app.search(who, &search).await.expect("it searches")
    };
    let mut hits = 0;
    for _ in 0..QUESTIONS {
        let words = drawn("[计量能技ab]{1,3}( [计量能技ab，]{1,2}){0,2}( -[热技c]){0,1}");
        let Ok(question) = Question::parse(&words) else { continue };
        for at in [Moment::Present, Moment::Position(now), Moment::Position(then), Moment::Occurred(START)] {
            let by_index = found(&province, &question, everything(), at).await;
            assert!(by_index.is_complete);
            assert_eq!(found(&city, &question, everything(), at).await, by_index, "{words} {at:?}");
            assert_eq!(found(&province, &question, whatever_they_are(), at).await, by_index, "{words} {at:?}");
            hits += by_index.hits.len();
        }
    }
    assert!(hits > QUESTIONS, "something was found: {hits}");
    app.shutdown().await;
}

/// Who sees much asks the index, and as of the head of the log the rows of the present: of every version that there ever was
/// nothing is read. The driver of PostgreSQL says so on the thread of the test.
#[tokio::test]
async fn a_search_among_many_cases_leaves_their_past_alone() {
    let database = Database::postgres();
    let store = database.open().await;
    for case in 1..=CASES {
        record(&*store, case, 0, vec![text(0, "TITLE", "量具 能"), text(1, "PROBLEM", "量具")]).await;
    }
    let now = store.head().await.expect("read").last_position().expect("events");
    let app = App::new(store, TestClock::new());
    let province = reader("44");
    let asked = async |question: &str, at| {
        let question = Question::parse(question).expect("a question");
        let search = Search { question, condition: Condition::All(Vec::new()), at };
        let (found, statements) = stating(app.search(&province, &search)).await;
        let names = |table: &str| statements.iter().filter(|said| said.contains(table)).count();
        (found.expect("it searches").hits.len(), names("search_texts") > 0, names("case_versions"))
    };
    // One of the cases lies in another province.
    let seen = CASES as usize - 1;
    for (question, count) in [("量具", seen), ("量具 能", seen), ("量具 -能", 0)] {
        assert_eq!(asked(question, Moment::Position(now)).await, (count, true, 0), "{question}");
    }
    let (_, _, of_the_past) = asked("量具", Moment::Position(now - 1)).await;
    assert!(of_the_past > 0, "statements are told by their tables");
    app.shutdown().await;
}

on_both_databases!(few_cases_are_searched_as_many_are);
