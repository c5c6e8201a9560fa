//! Who may what, as tables: every field of the query, every mutation, every subscription, and every field of the types
//! that hold personal data or what an enterprise would not tell a competitor, for every role, inside and outside of
//! where it holds. The schema is asked what there is: a field without a row fails.
//!
//! A row has a letter for each of [`PEOPLE`], in their order:
//!
//! ```text
//! inside the jurisdiction, the enterprise, the case   E V C M L X R A
//!     enterprise, visitor, coordinator, manager, lead, expert who joined, reviewer, auditor
//! the same, of another province or another enterprise e v c m l x r a
//! an expert who is invited and has not answered       I
//! a colleague of the lead, without a hand in the case K
//! the manager of the nation                           N
//! ```
//!
//! What the letters mean stands with each table. A `.` is the same everywhere: the answer is the one, to the letter, of
//! an id that nothing has. Strangers without a token are asked everything too, and are answered nothing.

mod commands;
mod fields;
mod previews;
mod reads;
mod references;
mod routes;
mod stage;
mod streams;

use serde_json::Value;

use references::no_id_leads_to_what_one_may_not_see;
use stage::Stage;

/// Who asks, in the order of a row's letters.
pub const PEOPLE: [&str; 19] = [
    "enterprise",
    "visitor",
    "coordinator",
    "manager",
    "lead",
    "expert",
    "reviewer",
    "auditor",
    "other enterprise",
    "visitor elsewhere",
    "coordinator elsewhere",
    "manager elsewhere",
    "lead elsewhere",
    "expert elsewhere",
    "reviewer elsewhere",
    "auditor elsewhere",
    "invited expert",
    "second lead",
    "national manager",
];

/// Nothing has this id.
pub const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

macro_rules! on_both_databases {
    ($($test:ident)+) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&super::Stage::embedded().await).await;
            })+
        }
        mod on_postgresql {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&super::Stage::on_postgresql().await).await;
            })+
        }
    };
}

on_both_databases! {
    everybody_may_what_the_tables_say
    no_id_leads_to_what_one_may_not_see
}

/// What is only read comes first: the commands on webhooks are carried out.
async fn everybody_may_what_the_tables_say(stage: &Stage) {
    reads::hold(stage).await;
    fields::hold(stage).await;
    previews::hold(stage).await;
    streams::hold(stage).await;
    routes::hold(stage).await;
    commands::hold(stage).await;
}

/// Holds what was found against the table, both as text, so that one look at the failure tells every cell.
///
/// `found` has the letters of each person, a letter a row.
///
/// # Panics
/// When a cell is another, or a row has not a letter for everybody.
fn compare(rows: &[(&str, &str)], found: &[Vec<char>]) {
    let expected = rows.iter().map(|(name, letters)| {
        let letters: Vec<char> = letters.chars().filter(|letter| !letter.is_whitespace()).collect();
        assert_eq!(letters.len(), PEOPLE.len(), "{name} has a letter for each of the people");
        line(name, &letters)
    });
    let found = rows.iter().enumerate().map(|(place, (name, _))| {
        let letters: Vec<char> = found.iter().map(|of_one| of_one[place]).collect();
        line(name, &letters)
    });
    let (expected, found): (Vec<_>, Vec<_>) = (expected.collect(), found.collect());
    let differing = found.iter().zip(&expected).filter(|(found, expected)| found != expected);
    let differing: Vec<_> = differing.map(|(found, expected)| format!("found {found}\ntable {expected}")).collect();
    assert!(differing.is_empty(), "      E V C M L X R A  e v c m l x r a  I K N\n{}", differing.join("\n"));
}

fn line(name: &str, letters: &[char]) -> String {
    let group = |letters: &[char]| letters.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
    format!("{}  {}  {}  {name}", group(&letters[..8]), group(&letters[8..16]), group(&letters[16..]))
}

/// Whether something stands there: neither nothing, nor none of something.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => text != "0",
        Value::Array(values) => values.iter().any(is_something),
        Value::Bool(_) | Value::Object(_) => true,
    }
}

/// Whether the text stands anywhere in the answer.
fn tells(answer: &Value, text: &str) -> bool {
    match answer {
        Value::String(told) => told == text,
        Value::Array(values) => values.iter().any(|value| tells(value, text)),
        Value::Object(fields) => fields.values().any(|value| tells(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
