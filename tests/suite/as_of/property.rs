//! For random histories and random moments: a question as of a moment is answered as it was when that moment was the
//! present, to the byte; and as a fold of the log up to there says.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::as_of::fold::{SHOWN, Told, fold, shown, told};
use crate::as_of::house::House;
use crate::as_of::questions::Questions;
use crate::as_of::steps::{Step, What, history};
use crate::store::support::Database;

/// How many histories are lived through on each database.
const HISTORIES: u32 = 6;
/// How often one that fails is made shorter.
const SHORTENED: u32 = 60;
/// How many moments of each are asked about by what had occurred.
const OCCURRENCES: usize = 12;

#[test]
fn what_is_asked_as_of_a_moment_was_answered_so_on_sqlite() {
    live_through(Database::sqlite);
}

#[test]
fn what_is_asked_as_of_a_moment_was_answered_so_on_postgres() {
    live_through(Database::postgres);
}

fn live_through(database: fn() -> Database) {
    let config = Config {
        cases: HISTORIES,
        max_shrink_iters: SHORTENED,
        rng_seed: RngSeed::Fixed(20_120_326),
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outcome = TestRunner::new(config)
        .run(&history(), |steps| runtime.block_on(check(database(), &steps)).map_err(TestCaseError::fail));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// What was answered when a moment was the present.
struct Kept {
    position: u64,
    time: Timestamp,
    /// The questions by their aliases, and the answers.
    asked: BTreeMap<String, String>,
    answers: Value,
}

async fn check(database: Database, steps: &[Step]) -> Result<(), String> {
    let house = House::on(database).await;
    let questions = Questions::of(&house).await;
    let (mut cases, mut kept) = (Vec::new(), Vec::new());
    for step in steps {
        step.take(&house, &mut cases).await;
        if matches!(step.what, What::Look) {
            kept.push(look(&house, &questions, &cases).await);
        }
    }
    kept.push(look(&house, &questions, &cases).await);
    house.clock.advance(SignedDuration::from_hours(1));
    let log = told(house.app.log(None, None, 100_000).await.expect("the store reads"));
    for kept in &kept {
        as_it_was(&house, kept).await?;
        as_the_log_says(&house, kept, &log).await?;
    }
    by_what_had_occurred(&house, &log).await
}

async fn look(house: &House, questions: &Questions, cases: &[String]) -> Kept {
    let asked = questions.about(cases, house);
    let answers = house.ask("watcher", &format!("query Now {{ {} }}", aliased(&asked, true)), json!({})).await;
    Kept { position: house.head().await, time: house.app.now(), asked, answers }
}

/// The questions with their aliases; those that depend on the time that it is only where they are wanted.
fn aliased(asked: &BTreeMap<String, String>, relative: bool) -> String {
    let wanted = asked.iter().filter(|(alias, _)| relative || !alias.starts_with("relative"));
    wanted.map(|(alias, question)| format!("{alias}: {question}\n")).collect()
}

/// By position, by time and by event.
async fn as_it_was(house: &House, kept: &Kept) -> Result<(), String> {
    let event = URL_SAFE_NO_PAD.encode(format!("Event:{}", kept.position));
    let points = [
        (format!("position: \"{}\"", kept.position), false),
        (format!("time: \"{}\"", kept.time), true),
        (format!("event: {event:?}"), false),
    ];
    for (point, relative) in points {
        let questions = aliased(&kept.asked, relative);
        let query = format!("query Then {{ asOf(point: {{ {point} }}) {{ position query {{ {questions} }} }} }}");
        let then = house.ask("watcher", &query, json!({})).await["asOf"].clone();
        same(&point, "position", &then["position"], &json!(kept.position.to_string()))?;
        for (alias, answer) in then["query"].as_object().expect("an object") {
            same(&point, &kept.asked[alias], answer, &kept.answers[alias])?;
        }
    }
    Ok(())
}

async fn as_the_log_says(house: &House, kept: &Kept, log: &[Told]) -> Result<(), String> {
    let point = format!("position: \"{}\"", kept.position);
    let query = format!("query Then {{ asOf(point: {{ {point} }}) {{ query {{ cases: {SHOWN} }} }} }}");
    let then = house.ask("watcher", &query, json!({})).await;
    let expected = fold(log.iter().filter(|told| told.record.position <= kept.position));
    same(&point, "a fold of the log", &then["asOf"]["query"]["cases"], &shown(&expected))
}

/// At the moments at which something occurred, and just before them.
async fn by_what_had_occurred(house: &House, log: &[Told]) -> Result<(), String> {
    let every = (log.len() / OCCURRENCES).max(1);
    for (place, told) in log.iter().step_by(every).enumerate() {
        let time = told.event.occurred_at - SignedDuration::from_micros((place % 2) as i64);
        let point = format!("time: \"{time}\"");
        let query =
            format!("query Then {{ asOf(point: {{ {point} }}, axis: OCCURRED) {{ query {{ cases: {SHOWN} }} }} }}");
        let then = house.ask("watcher", &query, json!({})).await;
        let expected = fold(log.iter().filter(|told| told.event.occurred_at <= time));
        same(&point, "a fold of what had occurred", &then["asOf"]["query"]["cases"], &shown(&expected))?;
    }
    Ok(())
}

fn same(point: &str, question: &str, then: &Value, was: &Value) -> Result<(), String> {
    if then == was {
        return Ok(());
    }
    Err(format!("as of {point}: {question}\nanswers {then:#}\nbut was  {was:#}"))
}
