//! The bench: what Etalon does beside its limits and the stock crates, each in the same run on the same machine.
//!
//! `tests/bench/run` starts the PostgreSQL that it needs. Machines differ and so do moments, so what is measured is
//! interleaved in rounds, the medians are compared, and ratios are what counts.
#![expect(clippy::print_stderr, reason = "a bench tells how far it is")]

mod append;
mod as_of;
mod database;
mod history;
mod life;
mod limit;
mod load;
mod load_driver;
mod replay;
mod report;
mod samples;
mod served;
mod stock;

#[expect(dead_code, reason = "the tests do more with it")]
#[expect(unreachable_pub, reason = "a test binary has no outside to reach")]
#[path = "../suite/support/server.rs"]
mod server;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use report::Table;

/// Measures Etalon beside its limits and the stock crates.
#[derive(Parser)]
#[command(name = "tests/bench/run")]
pub(crate) struct Arguments {
    /// What to measure; everything when left out.
    workloads: Vec<Workload>,
    /// How many cases the history has, of 12 events each.
    #[arg(long, default_value_t = 100_000)]
    cases: u32,
    /// How often each thing is measured, one after the other in turn.
    #[arg(long, default_value_t = 25)]
    rounds: usize,
    /// On which databases; both when left out.
    #[arg(long, value_delimiter = ',')]
    databases: Vec<database::Kind>,
    /// Where figures and charts go.
    #[arg(long, default_value = "target/bench")]
    output: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// Lists as of the past beside the same lists of the present.
    AsOf,
    /// Commands of one event, beside what only keeps an event and the stock crates.
    Append,
    /// One case from the log, beside the stock crates.
    Load,
    /// The whole log in order, and all read rows anew from it.
    Replay,
}

impl Arguments {
    fn kinds(&self) -> Vec<database::Kind> {
        if self.databases.is_empty() { database::Kind::ALL.to_vec() } else { self.databases.clone() }
    }
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let workloads = match arguments.workloads.as_slice() {
        [] => Workload::value_variants(),
        chosen => chosen,
    };
    let mut tables: Vec<Table> = Vec::new();
    for workload in workloads {
        let measured = match workload {
            Workload::AsOf => as_of::measured(&arguments).await,
            Workload::Append => append::measured(&arguments).await,
            Workload::Load => load::measured(&arguments).await,
            Workload::Replay => replay::measured(&arguments).await,
        };
        for table in measured {
            table.print();
            tables.push(table);
        }
    }
    report::write(&arguments.output, &tables);
}
