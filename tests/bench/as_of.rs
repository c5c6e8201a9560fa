//! `as-of`: the first page of usual lists, as of the past and at present, asked through GraphQL over
//! HTTP on one connection of a server of its own process.
//!
//! Moments of the past are drawn evenly from the whole history. The goal is 1.5 times the present.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Arguments;
use crate::history::copy_of_history;
use crate::life::{BEGIN, Dice, END};
use crate::report::{Charted, Column, Table};
use crate::samples::Samples;
use crate::served::Served;

const FIELDS: &str = "cases(first: 20, filter: $filter, orderBy: $order) {
    nodes { number title status updatedAt lead { name } } pageInfo { hasNextPage endCursor }
}";

/// What the past may take, in times of the present.
const GOAL: f64 = 1.5;

/// A list that is measured no longer than this: a slow one has told by then.
const ENOUGH_SECONDS: f64 = 12.0;

struct List {
    name: &'static str,
    filter: Value,
    order: Value,
}

fn lists() -> Vec<List> {
    let list = |name, filter, order: &[(&str, &str)]| {
        let order = order.iter().map(|(field, direction)| json!({ "field": field, "direction": direction })).collect();
        List { name, filter, order }
    };
    let all = || json!({});
    let status = |status: &str| json!({ "status": { "eq": status } });
    let working = || json!({ "status": { "in": ["ASSIGNED", "RESEARCHING", "SOLUTION_PROPOSED", "ON_TRIAL"] } });
    let (reported, updated) = ("REPORTED_AT", "UPDATED_AT");
    vec![
        list("all, latest reported", all(), &[(reported, "DESC")]),
        list("all, oldest reported", all(), &[(reported, "ASC")]),
        list("all, latest updated", all(), &[(updated, "DESC")]),
        list("all, oldest updated", all(), &[(updated, "ASC")]),
        list("researching, latest updated", status("RESEARCHING"), &[(updated, "DESC")]),
        list("researching, oldest updated", status("RESEARCHING"), &[(updated, "ASC")]),
        list("researching, latest reported", status("RESEARCHING"), &[(reported, "DESC")]),
        list("researching, oldest reported", status("RESEARCHING"), &[(reported, "ASC")]),
        list("closed, latest updated", status("CLOSED"), &[(updated, "DESC")]),
        list("closed, latest reported", status("CLOSED"), &[(reported, "DESC")]),
        list("closed, oldest reported", status("CLOSED"), &[(reported, "ASC")]),
        list("four statuses, latest reported", working(), &[(reported, "DESC")]),
        list("four statuses, oldest reported", working(), &[(reported, "ASC")]),
        list("four statuses, latest updated", working(), &[(updated, "DESC")]),
        list("open, by deadline", json!({ "open": true }), &[("DEADLINE", "ASC")]),
        list("open, latest reported", json!({ "open": true }), &[(reported, "DESC")]),
        list("a city, latest reported", json!({ "divisionWithin": "4403" }), &[(reported, "DESC")]),
        list(
            "a city, researching",
            json!({ "divisionWithin": "4403", "status": { "eq": "RESEARCHING" } }),
            &[(reported, "DESC")],
        ),
        list("a word in the title", json!({ "title": { "contains": "真空计" } }), &[(reported, "DESC")]),
        list("a rare word in the title", json!({ "title": { "contains": "等离子体" } }), &[(reported, "DESC")]),
    ]
}

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let (database, events) = copy_of_history(kind, arguments.cases, "as_of").await;
        let served = Served::on(&database).await;
        let mut rows = Vec::new();
        for list in lists() {
            let row = measure(&served, events, &list, arguments.rounds()).await;
            eprintln!("{} {}: {row:.2?}", kind.name(), list.name);
            rows.push((list.name.to_owned(), row));
        }
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("as-of-{}", kind.name().to_lowercase()),
            title: format!(
                "as-of on {}: first 20 of {} cases, {} events; milliseconds, medians of {}",
                kind.name(),
                arguments.cases,
                events,
                arguments.rounds()
            ),
            columns: vec![
                column("present", 2),
                column("recorded", 2),
                column("p95", 2),
                column("ratio", 2),
                column("occurred", 2),
                column("p95 occurred", 2),
                column("ratio occurred", 2),
            ],
            rows,
            charted: Charted { columns: &["ratio", "ratio occurred"], goal: Some(GOAL) },
        });
    }
    tables
}

async fn measure(served: &Served, events: u64, list: &List, rounds: usize) -> Vec<f64> {
    let present = format!("query L($filter: CaseFilter, $order: [CaseOrder!]) {{ {FIELDS} }}");
    let of_past = |point: &str, of: &str| {
        format!(
            "query L($filter: CaseFilter, $order: [CaseOrder!], $at: {of}) {{ asOf({point}) {{ query {{ {FIELDS} }} }} }}"
        )
    };
    let recorded = of_past("point: { position: $at }", "Position!");
    let occurred = of_past("point: { time: $at }, axis: OCCURRED", "DateTime!");
    let asked = |at: Value| json!({ "filter": list.filter, "order": list.order, "at": at });
    let mut dice = Dice(7);
    let (mut at_present, mut by_position, mut by_time) = (Samples::default(), Samples::default(), Samples::default());
    for round in 0..=rounds {
        let position = events / 50 + dice.below((events - events / 50) as usize) as u64;
        let time = BEGIN + ((0.02 + 0.98 * dice.share()) * (END - BEGIN) as f64) as i64;
        let time = Timestamp::from_microsecond(time).expect("a time").to_string();
        let mut once = [Samples::default(), Samples::default(), Samples::default()];
        let [now, then, there] = &mut once;
        now.time(served.ask(&present, json!({ "filter": list.filter, "order": list.order }))).await;
        then.time(served.ask(&recorded, asked(json!(position.to_string())))).await;
        there.time(served.ask(&occurred, asked(json!(time)))).await;
        // The first round only warms up.
        if round > 0 {
            let [now, then, there] = once;
            at_present.append(now);
            by_position.append(then);
            by_time.append(there);
        }
        if (at_present.total() + by_position.total() + by_time.total()).as_secs_f64() > ENOUGH_SECONDS {
            break;
        }
    }
    let now = at_present.median_ms();
    let (then, there) = (by_position.median_ms(), by_time.median_ms());
    vec![now, then, by_position.quantile_ms(0.95), then / now, there, by_time.quantile_ms(0.95), there / now]
}
