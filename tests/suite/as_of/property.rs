//! For random histories and random moments: a question as of a moment is answered as it was when that moment was the
//! present, to the byte; and as a fold of the log up to there says.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::app::{Condition, EventRecord, GroupKey, Grouped, Moment, StatisticsQuestion, YearQuestion};
use etalon::domain::value::{Division, calendar};
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::as_of::fold::{SHOWN, Told, fold, shown, told};
use crate::as_of::house::House;
use crate::as_of::questions::Questions;
use crate::as_of::steps::{Step, What, history};
use crate::figures::fold::Folded;
use crate::figures::year::FoldedYears;
use crate::figures::{everybody, happened_at};
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
    let records = house.app.log(None, None, 100_000).await.expect("the store reads");
    for kept in &kept {
        as_it_was(&house, kept).await?;
        as_the_log_says(&house, kept, &log).await?;
        let known = records.iter().filter(|record| record.position <= kept.position);
        figures(&house, Moment::Position(kept.position), kept.time, known).await?;
    }
    by_what_had_occurred(&house, &log).await?;
    for time in occurrences(&records) {
        let known = records.iter().filter(|record| happened_at(record) <= time.as_microsecond());
        figures(&house, Moment::Occurred(time.as_microsecond()), time, known).await?;
    }
    Ok(())
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

/// Times at which something occurred, or just before it.
fn occurrences(records: &[EventRecord]) -> impl Iterator<Item = Timestamp> {
    let every = (records.len() / OCCURRENCES).max(1);
    records.iter().step_by(every).enumerate().map(|(place, record)| {
        let time = happened_at(record) - (place % 2) as i64;
        Timestamp::from_microsecond(time).expect("a time of the log")
    })
}

/// Statistics and the figures of a year, against a fold of what was known at the moment.
async fn figures<'a>(
    house: &House,
    at: Moment,
    time: Timestamp,
    known: impl Iterator<Item = &'a EventRecord>,
) -> Result<(), String> {
    let (mut folded, mut years) = (Folded::default(), FoldedYears::default());
    for record in known {
        folded.take(record);
        years.take(record);
    }
    let folded = folded.on(calendar::date_of(time));
    for keys in [&[][..], &[GroupKey::Status, GroupKey::Level], &[GroupKey::Institution, GroupKey::Month]] {
        let condition = Condition::All(Vec::new());
        let question = StatisticsQuestion { condition, keys: keys.to_vec(), at, time: Some(time) };
        let told = house.app.statistics(&everybody(), &question).await.expect("the store reads");
        let expected = Grouped::Groups(folded.groups(keys));
        if told != expected {
            return Err(format!("statistics by {keys:?} as of {at:?}\nare {told:#?}\nnot {expected:#?}"));
        }
    }
    for year in [2025, 2026] {
        let jurisdiction = Division::parse("44").expect("Guangdong");
        let question = YearQuestion { jurisdiction, year, at, time: Some(time) };
        let told = house.app.year(&everybody(), question).await.expect("the log has begun");
        let told: BTreeMap<_, _> = told.figures.into_iter().map(|figure| (figure.name, figure.value)).collect();
        let expected = years.figures("44", year);
        if told != expected {
            return Err(format!("the figures of {year} as of {at:?}\nare {told:#?}\nnot {expected:#?}"));
        }
    }
    Ok(())
}

fn same(point: &str, question: &str, then: &Value, was: &Value) -> Result<(), String> {
    if then == was {
        return Ok(());
    }
    Err(format!("as of {point}: {question}\nanswers {then:#}\nbut was  {was:#}"))
}
