//! `append`: commands of one event with an expected version, over distinct cases, in this process: decided, committed
//! with key, event, ledger entry and read rows. Beside it what only keeps an event, and the stock crates.
//!
//! Rounds of some seconds each, everything in turn; medians of the rounds.

use std::sync::Arc;
use std::time::Duration;

use etalon::app::{App, Key, Request};
use etalon::clock::SystemClock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::Case;
use etalon::domain::case::command::{AddComment, CaseCommand};
use etalon::domain::case::values::CommentId;
use etalon::domain::value::{Division, Statement};
use sqlx::Executor;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

use crate::Arguments;
use crate::database::{Database, Kind};
use crate::history::told;
use crate::life::{Life, PROBLEMS, STEPS};
use crate::limit::{GroupCommit, pgbench, prepare_pgbench};
use crate::load_driver::{Driven, drive};
use crate::report::{Charted, Column, Table};
use crate::samples::median;
use crate::stock::{Notebook, TABLES, TakeNote};

const CLIENTS: [usize; 3] = [1, 8, 32];
/// Cases that are there before anything is measured, as many for each client.
pub(crate) const CASES: u32 = 32 * 160;
const LASTS: Duration = Duration::from_secs(2);

/// About 400 bytes as JSON with everything that goes with it.
fn payload() -> String {
    format!("{{\"note\":\"{} {}\"}}", PROBLEMS[0], PROBLEMS[2])
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

/// The application over a database with some history.
pub(crate) struct Etalon {
    app: App,
    actor: Actor,
    pub(crate) database: Database,
}

impl Etalon {
    pub(crate) async fn on(kind: Kind, name: &str) -> Arc<Self> {
        let database = Database::fresh(kind, name).await;
        drop(told(&database, CASES).await);
        let clock = Arc::new(SystemClock);
        let app = App::new(database.open(clock.clone()).await, clock);
        let actor = Actor {
            id: ActorId::parse("bureau").expect("an actor id"),
            roles: [Role::Coordinator].into(),
            jurisdiction: Division::nation(),
            institution: None,
            enterprise: None,
        };
        Arc::new(Self { app, actor, database })
    }

    /// Comments on a case that no other client comments on.
    pub(crate) async fn comment(&self, number: u32, version: Option<u64>) -> u64 {
        let id = Life::id_of(number % CASES, CASES);
        let text = Statement::parse(&format!("{} {}", PROBLEMS[0], PROBLEMS[2])).expect("a statement");
        let comment = AddComment { id: CommentId(Uuid::new_v4()), text };
        let request = Request {
            actor: self.actor.clone(),
            key: Key::unique(Uuid::new_v4()),
            expected_version: version,
            occurred_at: None,
            source: None,
        };
        let body = CaseCommand::AddComment(comment);
        self.app.execute::<Case>(&request, id, body).await.expect("it is committed").version
    }
}

impl Runner {
    /// Everybody of that database, with their names.
    async fn all(kind: Kind) -> Vec<(&'static str, Self)> {
        let group = Database::fresh(kind, "append_limit").await;
        let group = Self::GroupCommit(GroupCommit::on(&group).await, group);
        let stock = Database::fresh(kind, "append_stock").await;
        let etalon = ("etalon", Self::Etalon(Etalon::on(kind, "append").await));
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
                prepare_pgbench(&single).await;
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
            Self::Etalon(etalon) => {
                let etalon = etalon.clone();
                let versions = Arc::new(dashed(clients));
                drive(clients, LASTS, move |client, times| {
                    let (etalon, versions) = (etalon.clone(), versions.clone());
                    async move {
                        // Every client has cases of its own.
                        let number = (client + 32 * (round * 41 + times / STEPS)) as u32;
                        let mut known = versions[client].lock().await;
                        let expected = (times % STEPS != 0).then_some(*known);
                        *known = etalon.comment(number, expected).await;
                    }
                })
                .await
            }
            Self::Pgbench(database) => {
                // It is a process of its own, and nothing else goes on here meanwhile.
                pgbench(database, clients, LASTS, &payload())
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

/// The version that each client knows of its case.
fn dashed(clients: usize) -> Vec<tokio::sync::Mutex<u64>> {
    (0..clients).map(|_| tokio::sync::Mutex::new(0)).collect()
}

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let runners = Runner::all(kind).await;
        let rounds = arguments.rounds.div_ceil(8);
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
