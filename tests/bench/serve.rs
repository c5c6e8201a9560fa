//! `serve`: a server of its own process, asked over HTTP by 32 clients with a connection each: lists, cases with their
//! events, comments. Beside it the statements alone by pgbench, and with `--peers` what else serves GraphQL from the same
//! tables.

use std::sync::Arc;
use std::time::Duration;

use crate::Arguments;
use crate::alone::Alone;
use crate::database::{Database, Kind};
use crate::history::copy_of_history;
use crate::in_process::CLIENTS;
use crate::load_driver::Driven;
use crate::peers::Peer;
use crate::pgbench::pgbench;
use crate::questions::Question;
use crate::report::{Charted, Column, Table};
use crate::samples::{Samples, median};
use crate::served::Served;

const LASTS: Duration = Duration::from_secs(3);

/// Who answers.
enum Runner {
    Etalon(Arc<Served>),
    Alone(Alone),
    Peer(Peer),
}

impl Runner {
    fn name(&self) -> &'static str {
        match self {
            Self::Etalon(_) => "etalon",
            Self::Alone(_) => "the statements alone",
            Self::Peer(peer) => peer.name(),
        }
    }

    async fn run(&self, question: Question, database: &Database, cases: u32) -> Driven {
        match self {
            Self::Etalon(served) => question.drive(served, CLIENTS, LASTS, cases).await,
            // It is a process of its own, and nothing else goes on here meanwhile.
            Self::Alone(alone) => pgbench(database, CLIENTS, LASTS, &alone.scripts(question)),
            Self::Peer(peer) => peer.drive(question, CLIENTS, LASTS, cases).await,
        }
    }
}

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let (database, events) = copy_of_history(kind, arguments.cases, "serve").await;
        let served = Arc::new(Served::on(&database).await);
        for question in Question::ALL {
            question.try_once(&served, arguments.cases).await;
        }
        let mut runners = vec![Runner::Etalon(served)];
        if kind == Kind::Postgres {
            runners.push(Runner::Alone(Alone::on(&database).await));
            if arguments.peers {
                runners.extend(Peer::all(&database).await.into_iter().map(Runner::Peer));
            }
        }
        let mut rows = Vec::new();
        for question in Question::ALL {
            rows.extend(measure(question, &runners, &database, arguments).await);
        }
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("serve-{}", kind.name().to_lowercase()),
            title: format!(
                "serve on {}: requests a second of {CLIENTS} clients over {} cases, {events} events; milliseconds; how many times it Etalon is; medians of {} rounds of {} s",
                kind.name(),
                arguments.cases,
                arguments.few_rounds(),
                LASTS.as_secs()
            ),
            columns: vec![column("/s", 0), column("p50", 2), column("p99", 2), column("×", 2)],
            rows,
            charted: Charted { columns: &["×"], goal: Some(1.0) },
        });
    }
    tables
}

async fn measure(
    question: Question,
    runners: &[Runner],
    database: &Database,
    arguments: &Arguments,
) -> Vec<(String, Vec<f64>)> {
    let mut measured: Vec<(Vec<f64>, Samples)> = runners.iter().map(|_| Default::default()).collect();
    // The first round only warms up.
    for round in 0..=arguments.few_rounds() {
        for (runner, (rates, samples)) in runners.iter().zip(&mut measured) {
            let driven = runner.run(question, database, arguments.cases).await;
            eprintln!("{} {}, {}: {:.0}/s", database.kind.name(), question.name(), runner.name(), driven.per_second);
            if round > 0 {
                rates.push(driven.per_second);
                samples.append(driven.samples);
            }
        }
    }
    let measured: Vec<_> = measured.into_iter().map(|(rates, samples)| (median(rates), samples)).collect();
    let etalon = measured[0].0;
    let rows = runners.iter().zip(&measured).map(|(runner, (rate, samples))| {
        let figures = vec![*rate, samples.median_ms(), samples.quantile_ms(0.99), etalon / rate];
        (format!("{}: {}", question.name(), runner.name()), figures)
    });
    rows.collect()
}
