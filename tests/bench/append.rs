//! `append`: commands of one event with an expected version, over distinct cases, in this process: decided, committed
//! with key, event, ledger entry and read rows. Beside it what only keeps an event, and the stock crates.
//!
//! Rounds of some seconds each, everything in turn; medians of the rounds.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Executor;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::Arguments;
use crate::database::{Database, Kind};
use crate::in_process::{Etalon, Ledger, comment};
use crate::life::STEPS;
use crate::limit::{GroupCommit, prepare_single_commits, single_commits};
use crate::load_driver::{Driven, drive};
use crate::report::{Charted, Column, Table};
use crate::samples::median;
use crate::stock::{Notebook, TABLES, TakeNote};

const CLIENTS: [usize; 3] = [1, 8, 32];
const LASTS: Duration = Duration::from_secs(2);

/// About 400 bytes as JSON with everything that goes with it.
fn payload() -> String {
    format!("{{\"note\":\"{}\"}}", comment())
}

/// One of those who are measured.
enum Runner {
    Etalon(Arc<Etalon>),
    Pgbench(Database),
    GroupCommit(Arc<GroupCommit>, #[expect(dead_code, reason = "kept as long as it is written to")] Database),
    StockPostgres(Arc<postgres_es::PostgresCqrs<Notebook>>),
    StockSqlite(
        Arc<sqlite_es::SqliteCqrs<Notebook>>,
        #[expect(dead_code, reason = "kept as long as it is written to")] Database,
    ),
}

impl Runner {
    /// Everybody of that database, with their names.
    async fn all(kind: Kind, cases: u32) -> Vec<(&'static str, Self)> {
        let group = Database::fresh(kind, "append_limit").await;
        let group = Self::GroupCommit(GroupCommit::on(&group).await, group);
        let stock = Database::fresh(kind, "append_stock").await;
        let etalon = ("etalon", Self::Etalon(Etalon::on(kind, "append", cases, Ledger::Kept).await));
        match kind {
            Kind::Sqlite => {
                let options = stock.url.parse::<SqliteConnectOptions>().expect("a URL").create_if_missing(true);
                // As the crate opens it, but durable, and patient with other writers.
                let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
                let options = options.foreign_keys(true).busy_timeout(Duration::from_secs(30));
                let pool = SqlitePoolOptions::new().max_connections(10).connect_with(options).await;
                let pool = pool.expect("the file opens");
                pool.execute(TABLES).await.expect("the tables are made");
                let cqrs = sqlite_es::sqlite_cqrs(pool, Vec::new(), ());
                vec![
                    etalon,
                    ("limit B, group commit", group),
                    ("stock sqlite-es", Self::StockSqlite(Arc::new(cqrs), stock)),
                ]
            }
            Kind::Postgres => {
                let single = Database::fresh(kind, "append_pgbench").await;
                prepare_single_commits(&single).await;
                let pool = postgres_es::default_postgress_pool(&stock.url).await;
                pool.execute(TABLES).await.expect("the tables are made");
                let cqrs = postgres_es::postgres_cqrs(pool, Vec::new(), ());
                vec![
                    etalon,
                    ("limit A, pgbench", Self::Pgbench(single)),
                    ("limit B, group commit", group),
                    ("stock postgres-es", Self::StockPostgres(Arc::new(cqrs))),
                ]
            }
        }
    }

    async fn run(&self, clients: usize, round: usize) -> Driven {
        match self {
            Self::Etalon(etalon) => etalon.drive(clients, LASTS, round).await,
            Self::Pgbench(database) => {
                // It is a process of its own, and nothing else goes on here meanwhile.
                single_commits(database, clients, LASTS, &payload())
            }
            Self::GroupCommit(group, _) => group.drive(clients, LASTS, &payload()).await,
            Self::StockPostgres(cqrs) => {
                let cqrs = cqrs.clone();
                drive(clients, LASTS, move |client, times| {
                    let cqrs = cqrs.clone();
                    async move {
                        let id = format!("{round}-{clients}-{client}-{}", times / STEPS);
                        cqrs.execute(&id, TakeNote(payload())).await.expect("it is committed");
                    }
                })
                .await
            }
            Self::StockSqlite(cqrs, _) => {
                let cqrs = cqrs.clone();
                drive(clients, LASTS, move |client, times| {
                    let cqrs = cqrs.clone();
                    async move {
                        let id = format!("{round}-{clients}-{client}-{}", times / STEPS);
                        cqrs.execute(&id, TakeNote(payload())).await.expect("it is committed");
                    }
                })
                .await
            }
        }
    }
}

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let runners = Runner::all(kind, arguments.cases).await;
        let rounds = arguments.few_rounds();
        let mut measured = vec![vec![(Vec::new(), Vec::new()); CLIENTS.len()]; runners.len()];
        // The first round only warms up.
        for round in 0..=rounds {
            for (place, clients) in CLIENTS.into_iter().enumerate() {
                for ((name, runner), measured) in runners.iter().zip(&mut measured) {
                    let driven = runner.run(clients, round * CLIENTS.len() + place).await;
                    eprintln!("{} {name}, {clients} clients: {:.0}/s", kind.name(), driven.per_second);
                    if round > 0 {
                        measured[place].0.push(driven.per_second);
                        measured[place].1.push(driven.samples.quantile_ms(0.99));
                    }
                }
            }
        }
        let figures: Vec<Vec<(f64, f64)>> = measured
            .into_iter()
            .map(|places| places.into_iter().map(|(rates, slowest)| (median(rates), median(slowest))).collect())
            .collect();
        let rows = runners.iter().zip(&figures).map(|((name, _), mine)| {
            let each = mine
                .iter()
                .zip(&figures[0])
                .flat_map(|((rate, slowest), (etalon, _))| [*rate, *slowest, etalon / rate]);
            ((*name).to_owned(), each.collect())
        });
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("append-{}", kind.name().to_lowercase()),
            title: format!("append on {}: commits a second, p99 in ms, and how many times it Etalon is, at 1, 8, 32 clients; medians of {rounds} rounds of {} s", kind.name(), LASTS.as_secs()),
            columns: vec![
                column("1: /s", 0), column("1: p99", 1), column("1: ×", 2),
                column("8: /s", 0), column("8: p99", 1), column("8: ×", 2),
                column("32: /s", 0), column("32: p99", 1), column("32: ×", 2),
            ],
            rows: rows.collect(),
            charted: Charted { columns: &["1: ×", "8: ×", "32: ×"], goal: Some(1.0) },
        });
    }
    tables
}
