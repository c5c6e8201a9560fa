//! The bench: what Etalon does beside its limits and the stock crates, each in the same run on the same machine.
//!
//! `tests/bench/run` starts the PostgreSQL that it needs. Machines differ and so do moments, so what is measured is
//! interleaved in rounds, the medians are compared, and ratios are what counts.
#![expect(clippy::print_stderr, reason = "a bench tells how far it is")]

mod append;
mod as_of;
mod growth;
mod ledger;
mod load;
mod replay;
mod serve;

mod audits;
mod in_process;
mod questions;
mod served;

mod alone;
mod limit;
mod peers;
mod pgbench;
mod stock;

mod child;
mod database;
mod history;
mod life;
mod load_driver;
mod report;
mod samples;
mod wire;

#[expect(dead_code, reason = "the tests do more with it")]
#[expect(unreachable_pub, reason = "a test binary has no outside to reach")]
#[path = "../suite/support/server.rs"]
mod server;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};

use database::{Database, Kind};
use report::Table;

/// Measures Etalon beside its limits and the stock crates.
#[derive(Parser)]
#[command(name = "tests/bench/run")]
pub(crate) struct Arguments {
    /// What to measure; everything when left out.
    workloads: Vec<Workload>,
    /// How many cases the history has, of 12 events each; a tenth of it is measured as well where growth is looked at.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    cases: u32,
    /// How often each list is asked for, one after the other in turn; rounds of some seconds are an eighth of that.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    rounds: u16,
    /// On which databases; both when left out.
    #[arg(long, value_delimiter = ',')]
    databases: Vec<Kind>,
    /// With `serve`: PostGraphile and graphql-yoga on the same tables; they come from npm.
    #[arg(long)]
    peers: bool,
    /// Where figures and charts go.
    #[arg(long, default_value = "target/bench")]
    output: PathBuf,
    /// What `replay` starts as a process of its own: decodes the log of that database.
    #[arg(long, hide = true)]
    decode: Option<String>,
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
    /// Commits beside the same without the ledger; what auditors do with a log.
    Ledger,
    /// GraphQL over HTTP, beside the same statements alone.
    Serve,
    /// A tenth of the history beside all of it.
    Growth,
}

impl Arguments {
    fn workloads(&self) -> &[Workload] {
        if self.workloads.is_empty() { Workload::value_variants() } else { &self.workloads }
    }

    fn kinds(&self) -> Vec<Kind> {
        if self.databases.is_empty() { Kind::ALL.to_vec() } else { self.databases.clone() }
    }

    fn rounds(&self) -> usize {
        self.rounds.into()
    }

    /// Of what takes some seconds each time.
    fn few_rounds(&self) -> usize {
        self.rounds().div_ceil(8)
    }

    /// The cases of a tenth of the history, and of all of it.
    fn sizes(&self) -> [u32; 2] {
        [self.cases / 10, self.cases]
    }

    /// What makes no sense although each option does.
    fn contradiction(&self) -> Option<&'static str> {
        if self.peers && !(self.workloads().contains(&Workload::Serve) && self.kinds().contains(&Kind::Postgres)) {
            return Some("--peers are measured by `serve` on PostgreSQL, which is left out");
        }
        let names = |place: usize| self.workloads[..place].contains(&self.workloads[place]);
        let kinds = |place: usize| self.databases[..place].contains(&self.databases[place]);
        if (0..self.workloads.len()).any(names) || (0..self.databases.len()).any(kinds) {
            return Some("a workload or a database is named twice");
        }
        None
    }
}

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    if let Some(url) = &arguments.decode {
        return replay::decode(url).await;
    }
    if let Some(contradiction) = arguments.contradiction() {
        Arguments::command().error(ErrorKind::ArgumentConflict, contradiction).exit();
    }
    Database::sweep().await;
    let mut tables: Vec<Table> = Vec::new();
    for workload in arguments.workloads() {
        let measured = match workload {
            Workload::AsOf => as_of::measured(&arguments).await,
            Workload::Append => append::measured(&arguments).await,
            Workload::Load => load::measured(&arguments).await,
            Workload::Replay => replay::measured(&arguments).await,
            Workload::Ledger => ledger::measured(&arguments).await,
            Workload::Serve => serve::measured(&arguments).await,
            Workload::Growth => growth::measured(&arguments).await,
        };
        Database::sweep().await;
        for table in measured {
            table.print();
            tables.push(table);
        }
    }
    report::write(&arguments.output, &tables);
}
