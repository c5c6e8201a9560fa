//! For random histories and random moments: a question as of a moment is answered as it was when that moment was the
//! present, to the byte; and as a fold of the log up to there says.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::app::{
    Condition, EventRecord, EvidencePage, GroupKey, Grouped, HistoryEvent, Moment, StatisticsQuestion, YearQuestion,
};
use etalon::domain::value::{Division, calendar};
use jiff::{SignedDuration, Timestamp};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::as_of::fold::{self, fold, told};
use crate::as_of::house::House;
use crate::as_of::questions::Questions;
use crate::as_of::steps::{Step, What, history, history_in_order};
use crate::figures::fold::Folded;
use crate::figures::year::FoldedYears;
use crate::figures::{everybody, happened_at};
use crate::store::support::Database;

/// How many histories are lived through on each database.
const HISTORIES: u32 = 4;
/// And how many in which everything is recorded as it happens.
const IN_ORDER: u32 = 2;
/// How often one that fails is made shorter.
const SHORTENED: u32 = 60;
/// How many moments of each are asked about by what had occurred.
const OCCURRENCES: usize = 12;

#[test]
fn what_is_asked_as_of_a_moment_was_answered_so_on_sqlite() {
    live_through(HISTORIES, &history(), async |steps| check(Database::sqlite(), &steps).await);
}

#[test]
fn what_is_asked_as_of_a_moment_was_answered_so_on_postgres() {
    live_through(HISTORIES, &history(), async |steps| check(Database::postgres(), &steps).await);
}

#[test]
fn while_all_is_recorded_as_it_happens_both_axes_tell_the_same_on_sqlite() {
    live_through(IN_ORDER, &history_in_order(), async |steps| check_in_order(Database::sqlite(), &steps).await);
}

#[test]
fn while_all_is_recorded_as_it_happens_both_axes_tell_the_same_on_postgres() {
    live_through(IN_ORDER, &history_in_order(), async |steps| check_in_order(Database::postgres(), &steps).await);
}

fn live_through(
    histories: u32,
    strategy: &impl Strategy<Value = Vec<Step>>,
    check: impl AsyncFn(Vec<Step>) -> Result<(), String>,
) {
    let config = Config {
        cases: histories,
        max_shrink_iters: SHORTENED,
        rng_seed: RngSeed::Fixed(20_120_326),
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outcome =
        TestRunner::new(config).run(strategy, |steps| runtime.block_on(check(steps)).map_err(TestCaseError::fail));
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
    /// What the coordinator might have ordered.
    orders: BTreeMap<String, String>,
    allowed: Value,
}

/// Who is asked what they may order.
const WHO_ORDERS: &str = "coordinator";

async fn check(database: Database, steps: &[Step]) -> Result<(), String> {
    let house = House::on(database).await;
    let kept = live(&house, steps).await;
    let records = house.app.log(None, None, 100_000).await.expect("the store reads");
    let log = told(records.clone());
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

/// What had happened by a time is then what had been recorded by it: all but where the log stood.
async fn check_in_order(database: Database, steps: &[Step]) -> Result<(), String> {
    let house = House::on(database).await;
    for kept in live(&house, steps).await {
        let point = format!("time: \"{}\"", kept.time);
        let questions = aliased(&kept.asked, |alias| !OF_THE_LOG.iter().any(|name| alias.contains(name)));
        let query =
            format!("query Then {{ asOf(point: {{ {point} }}, axis: OCCURRED) {{ query {{ {questions} }} }} }}");
        let then = house.ask("watcher", &query, json!({})).await["asOf"]["query"].clone();
        for (alias, answer) in then.as_object().expect("an object") {
            let was = without_positions(&kept.answers[alias]);
            same(&format!("{point}, occurred"), &kept.asked[alias], &without_positions(answer), &was)?;
        }
    }
    Ok(())
}

/// What is asked of the log itself, or has the place in it in its id.
const OF_THE_LOG: [&str; 3] = ["inclusionProof", "consistencyProof", "annualFigures"];

fn without_positions(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let rest = fields.iter().filter(|(name, _)| *name != "position");
            Value::Object(rest.map(|(name, field)| (name.clone(), without_positions(field))).collect())
        }
        Value::Array(things) => things.iter().map(without_positions).collect(),
        other => other.clone(),
    }
}

/// Lives through a history: what was asked in it, and once more at its end; an hour after which it is.
async fn live(house: &House, steps: &[Step]) -> Vec<Kept> {
    let questions = Questions::of(house).await;
    let (mut cases, mut kept) = (Vec::new(), Vec::new());
    for step in steps {
        step.take(house, &mut cases).await;
        if matches!(step.what, What::Look) {
            kept.push(look(house, &questions, &cases).await);
        }
    }
    kept.push(look(house, &questions, &cases).await);
    house.clock.advance(SignedDuration::from_hours(1));
    kept
}

async fn look(house: &House, questions: &Questions, cases: &[String]) -> Kept {
    let ask = async |who: &str, asked: &BTreeMap<String, String>| match asked.is_empty() {
        true => json!({}),
        false => house.ask(who, &format!("query Now {{ {} }}", aliased(asked, |_| true)), json!({})).await,
    };
    let (asked, orders) = (questions.about(cases, house), questions.about_orders(cases));
    let (answers, allowed) = (ask("watcher", &asked).await, ask(WHO_ORDERS, &orders).await);
    Kept { position: house.head().await, time: house.app.now(), asked, answers, orders, allowed }
}

/// The questions that are wanted, with their aliases.
fn aliased(asked: &BTreeMap<String, String>, is_wanted: impl Fn(&str) -> bool) -> String {
    let wanted = asked.iter().filter(|(alias, _)| is_wanted(alias));
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
    for (point, is_time) in points {
        // Some depend on the time that it is, which a position does not tell.
        let questions = aliased(&kept.asked, |alias| is_time || !alias.starts_with("relative"));
        let query = format!("query Then {{ asOf(point: {{ {point} }}) {{ position query {{ {questions} }} }} }}");
        let then = house.ask("watcher", &query, json!({})).await["asOf"].clone();
        same(&point, "position", &then["position"], &json!(kept.position.to_string()))?;
        for (alias, answer) in then["query"].as_object().expect("an object") {
            same(&point, &kept.asked[alias], answer, &kept.answers[alias])?;
        }
    }
    if kept.orders.is_empty() {
        return Ok(());
    }
    let point = format!("time: \"{}\"", kept.time);
    let orders = aliased(&kept.orders, |_| true);
    let query = format!("query Then {{ asOf(point: {{ {point} }}) {{ query {{ {orders} }} }} }}");
    let then = house.ask(WHO_ORDERS, &query, json!({})).await;
    same(&point, "what may be ordered", &then["asOf"]["query"], &kept.allowed)
}

async fn as_the_log_says(house: &House, kept: &Kept, log: &[HistoryEvent]) -> Result<(), String> {
    let point = format!("point: {{ position: \"{}\" }}", kept.position);
    let known = log.iter().filter(|told| told.record.position <= kept.position);
    as_folded(house, &point, known).await
}

/// At the moments at which something occurred, and just before them.
async fn by_what_had_occurred(house: &House, log: &[HistoryEvent]) -> Result<(), String> {
    let every = (log.len() / OCCURRENCES).max(1);
    for (place, told) in log.iter().step_by(every).enumerate() {
        let time = told.event.occurred_at - SignedDuration::from_micros((place % 2) as i64);
        let point = format!("point: {{ time: \"{time}\" }}, axis: OCCURRED");
        as_folded(house, &point, log.iter().filter(|told| told.event.occurred_at <= time)).await?;
    }
    Ok(())
}

async fn as_folded<'a>(
    house: &House,
    point: &str,
    known: impl Iterator<Item = &'a HistoryEvent>,
) -> Result<(), String> {
    let query = format!("query Then {{ asOf({point}) {{ query {{ {} }} }} }}", fold::questions());
    let then = house.ask("watcher", &query, json!({})).await["asOf"]["query"].clone();
    same(point, "a fold of the log", &fold::in_order(then), &fold::answers(&fold(known)))
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
        let question = StatisticsQuestion { condition, keys: keys.to_vec(), at, time: Some(time), most_groups: 1_000 };
        let told = house.app.statistics(&everybody(), &question).await.expect("the store reads");
        let expected = Grouped::Groups(folded.groups(keys));
        if told != expected {
            return Err(format!("statistics by {keys:?} as of {at:?}\nare {told:#?}\nnot {expected:#?}"));
        }
    }
    for year in [2025, 2026] {
        let jurisdiction = Division::parse("44").expect("Guangdong");
        let question = YearQuestion { jurisdiction, year, at, time: Some(time), standing_at: None };
        let told = house.app.year(&everybody(), question).await.expect("the log has begun");
        let names: Vec<_> = told.figures.iter().map(|figure| figure.name).collect();
        let page = EvidencePage { after: None, limit: 10_000 };
        let rests_on = house.app.year_events(&everybody(), &told.question, &names, page).await;
        let rests_on = rests_on.expect("the store reads").into_iter();
        let rests_on = rests_on.map(|events| events.iter().map(|event| event.position).collect::<Vec<_>>());
        let rests_on: BTreeMap<_, _> = names.into_iter().zip(rests_on).collect();
        if rests_on != years.events("44", year) {
            return Err(format!(
                "the events of {year} as of {at:?}\nare {rests_on:?}\nnot {:?}",
                years.events("44", year)
            ));
        }
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
