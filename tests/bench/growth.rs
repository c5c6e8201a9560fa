//! `growth`: a server over a tenth of the history and one over all of it: how long each takes to be ready, what memory it
//! has when nobody asks, and what it answers; and how large the program is.

use std::sync::Arc;
use std::time::Duration;

use crate::Arguments;
use crate::database::Kind;
use crate::history::copy_of_history;
use crate::in_process::CLIENTS;
use crate::questions::Question;
use crate::report::{Charted, Column, Table};
use crate::samples::{Samples, median};
use crate::served::Served;

const STARTS: usize = 5;
const LASTS: Duration = Duration::from_secs(3);
/// What the larger one answers in a second, in times of the smaller one, at the least.
const GOAL: f64 = 0.8;

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let [small, large] = arguments.sizes();
        let (few, events_of_few) = copy_of_history(kind, small, "growth_small").await;
        let (many, events_of_many) = copy_of_history(kind, large, "growth_large").await;
        let mut servers = [(Served::on(&few).await, small), (Served::on(&many).await, large)];
        let mut rows = vec![start(&mut servers), idle(&servers).await];
        let servers = servers.map(|(served, cases)| (Arc::new(served), cases));
        for question in Question::ALL {
            rows.push(answers(kind, question, &servers, arguments).await);
        }
        rows.push(("the program, MB".to_owned(), vec![size_of_program_mb(), f64::NAN, f64::NAN]));
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("growth-{}", kind.name().to_lowercase()),
            title: format!(
                "growth on {}: {events_of_few} events and {events_of_many}; medians of {STARTS} starts, and of {} rounds of {} s",
                kind.name(),
                arguments.few_rounds(),
                LASTS.as_secs()
            ),
            columns: vec![column("a tenth", 1), column("all", 1), column("ratio", 2)],
            rows,
            charted: Charted { columns: &["ratio"], goal: Some(GOAL) },
        });
    }
    tables
}

fn row(name: &str, [small, large]: [f64; 2]) -> (String, Vec<f64>) {
    (name.to_owned(), vec![small, large, large / small])
}

/// From the start of the process until it takes requests.
fn start(servers: &mut [(Served, u32); 2]) -> (String, Vec<f64>) {
    let mut taken: [Samples; 2] = Default::default();
    for _ in 0..STARTS {
        for ((served, _), taken) in servers.iter_mut().zip(&mut taken) {
            taken.add(served.again());
        }
    }
    row("start to ready, ms", taken.map(|taken| taken.median_ms()))
}

async fn idle(servers: &[(Served, u32); 2]) -> (String, Vec<f64>) {
    let mut waits = tokio::time::interval(Duration::from_secs(5));
    waits.tick().await;
    waits.tick().await;
    row("idle memory, MB", [servers[0].0.memory_mb(), servers[1].0.memory_mb()])
}

async fn answers(
    kind: Kind,
    question: Question,
    servers: &[(Arc<Served>, u32); 2],
    arguments: &Arguments,
) -> (String, Vec<f64>) {
    let mut rates: [Vec<f64>; 2] = Default::default();
    // The first round only warms up.
    for round in 0..=arguments.few_rounds() {
        for ((served, cases), rates) in servers.iter().zip(&mut rates) {
            let driven = question.drive(served, CLIENTS, LASTS, *cases).await;
            eprintln!("{} {}, {cases} cases: {:.0}/s", kind.name(), question.name(), driven.per_second);
            if round > 0 {
                rates.push(driven.per_second);
            }
        }
    }
    row(&format!("{}, requests/s", question.name()), rates.map(median))
}

fn size_of_program_mb() -> f64 {
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_etalon")).expect("the program is there");
    program.len() as f64 / 1e6
}
