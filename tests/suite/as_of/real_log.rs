//! The log of a real problem desk, as of moments of its past: the server agrees with a script over the file that knows
//! nothing of the product.

use std::path::Path;
use std::process::Command;

use etalon::interchange::import::{BadEvents, import};
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::interchange::support::{Log, problem_desk};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(the_past_of_a_real_log_is_what_its_file_says);

const SCRIPT: &str = "tests/suite/as_of/xes_as_of.py";

/// When the campaign of the challenge took place; any would do.
const SEED: &str = "2013";

const MOMENTS: usize = 200;

/// What had happened by a moment: how many there were, and the events of one case.
const QUESTION: &str = "query Then($time: DateTime!, $a: String!, $b: String!, $c: String!) {
    asOf(point: { time: $time }, axis: OCCURRED) { query {
        begun: cases(first: 0) { totalCount }
        waiting: cases(first: 0, filter: { open: true }) { totalCount }
        paused: cases(first: 0, filter: { clockPaused: true }) { totalCount }
        a: cases(first: 9, filter: { title: { contains: $a } }) { nodes { ...Events } }
        b: cases(first: 9, filter: { title: { contains: $b } }) { nodes { ...Events } }
        c: cases(first: 9, filter: { title: { contains: $c } }) { nodes { ...Events } }
    } }
}
fragment Events on Case { title events(first: 100) { nodes { id } } }";

async fn the_past_of_a_real_log_is_what_its_file_says(database: Database) {
    let house = House::empty_on(database).await;
    let log = Log::of_the_problem_desk();
    let imported = import(&house.app, log.file(), log.format, &log.mapping, BadEvents::EndTheImport, |_, _| {}).await;
    assert_eq!(imported.expect("the log comes in").events_read, 6_660);
    let moments = told_by_the_script();
    assert_eq!(moments.len(), MOMENTS);
    for told in &moments {
        let sample: Vec<_> = told["events"].as_object().expect("an object").keys().cloned().collect();
        let variables = json!({ "time": told["time"], "a": sample[0], "b": sample[1], "c": sample[2] });
        let answer = house.ask("watcher", QUESTION, variables).await["asOf"]["query"].clone();
        let count = |alias: &str| answer[alias]["totalCount"].clone();
        let events: Value = ["a", "b", "c"]
            .into_iter()
            .zip(&sample)
            .map(|(alias, name)| (name.clone(), json!(events_of(&answer[alias], name))))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let found = json!({
            "time": told["time"], "begun": count("begun"), "waiting": count("waiting"), "paused": count("paused"),
            "events": events,
        });
        assert_eq!(found, *told);
    }
    // A script that said nothing would agree with everything.
    let most = |field: &str| moments.iter().filter_map(|told| told[field].as_u64()).max();
    assert!(most("begun") > Some(1_400) && most("waiting") > Some(100) && most("paused") > Some(50));
}

/// How many events the case of that name had; other names may contain it.
fn events_of(list: &Value, name: &str) -> usize {
    let nodes = list["nodes"].as_array().expect("a list").iter();
    let ending = format!("problem {name}");
    let found = nodes.filter(|node| node["title"].as_str().is_some_and(|title| title.ends_with(&ending)));
    found.map(|node| node["events"]["nodes"].as_array().expect("a list").len()).sum()
}

fn told_by_the_script() -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    let python = std::env::var_os("ETALON_TEST_PYTHON").expect("ETALON_TEST_PYTHON is set: run tests/run");
    let output = Command::new(python)
        .args([script, problem_desk()])
        .args([SEED, &MOMENTS.to_string()])
        .output()
        .expect("the script runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().expect("a line of JSON")).collect()
}
