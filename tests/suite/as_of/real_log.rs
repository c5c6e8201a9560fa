//! The log of a real problem desk, as of moments of its past: the server agrees with a script over the file that knows
//! nothing of the product.

use std::collections::BTreeSet;

use etalon::app::time_of;
use etalon::interchange::import::{BadEvents, import};
use serde_json::{Value, json};

use crate::as_of::fold::told;
use crate::as_of::house::House;
use crate::interchange::support::{Log, ToldPast, drawn_between, past_of_the_problem_desk};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(the_past_of_a_real_log_is_what_its_file_says);

const MOMENTS: usize = 200;

/// In microseconds.
const DAY: i64 = 86_400_000_000;

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
    let (times, names) = times_and_names(&house).await;
    let moments: Vec<_> = (0..MOMENTS).map(|place| moment(&times, place)).collect();
    let past = past_of_the_problem_desk(&moments);
    assert_eq!(past.len(), MOMENTS);
    for (place, (moment, told)) in moments.iter().zip(&past).enumerate() {
        let name = |which: usize| &names[drawn_between(0, names.len() as i64, 3 * place + which) as usize];
        let sample = [name(0), name(1), name(2)];
        let time = time_of(*moment).to_string();
        let variables = json!({ "time": time, "a": sample[0], "b": sample[1], "c": sample[2] });
        let answer = house.ask("watcher", QUESTION, variables).await["asOf"]["query"].clone();
        let count = |alias: &str| answer[alias]["totalCount"].as_u64().expect("a count");
        let counts = (count("begun"), count("waiting"), count("paused"));
        assert_eq!(counts, (told.events.len() as u64, told.waiting, told.paused), "{time}");
        for (alias, name) in ["a", "b", "c"].into_iter().zip(sample) {
            let happened = told.events.get(name).copied().unwrap_or(0);
            assert_eq!(events_of(&answer[alias], name), happened, "{time} {name}");
        }
    }
    // A script that said nothing would agree with everything.
    let most = |of: &dyn Fn(&ToldPast) -> u64| past.iter().map(of).max();
    assert!(most(&|told| told.events.len() as u64) > Some(1_400));
    assert!(most(&|told| told.waiting) > Some(100) && most(&|told| told.paused) > Some(50));
}

/// When its events happened, in order, and the names of its cases, in order as well.
async fn times_and_names(house: &House) -> (Vec<i64>, Vec<String>) {
    let log = told(house.app.log(None, None, 100_000).await.expect("the store reads"));
    let mut times: Vec<_> = log.iter().map(|told| told.event.occurred_at.as_microsecond()).collect();
    times.sort_unstable();
    let sources = log.iter().filter_map(|told| told.event.source.as_ref());
    let names: BTreeSet<_> = sources.map(|source| source.case.clone()).collect();
    (times, names.into_iter().collect())
}

/// Somewhere in the log or the day after; every fourth at an event or just before it, where an error by one would show.
fn moment(times: &[i64], place: usize) -> i64 {
    if place.is_multiple_of(4) {
        let event = drawn_between(0, times.len() as i64, place);
        return times[event as usize] - (place / 4 % 2) as i64;
    }
    drawn_between(times[0], times[times.len() - 1] + DAY, place)
}

/// How many events the case of that name had; other names may contain it.
fn events_of(list: &Value, name: &str) -> u64 {
    let nodes = list["nodes"].as_array().expect("a list").iter();
    let ending = format!("problem {name}");
    let found = nodes.filter(|node| node["title"].as_str().is_some_and(|title| title.ends_with(&ending)));
    found.map(|node| node["events"]["nodes"].as_array().expect("a list").len() as u64).sum()
}
