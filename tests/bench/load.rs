//! `load`: cases of 12, 100 and 1,000 events, from the log and folded; beside it the stock crates on the same log, and a
//! select of the same rows that nothing is made of. Their events stand in the log among those of all other cases. Warm,
//! with the database's pages in memory, and cold, with none of them.

use std::sync::Arc;

use cqrs_es::EventStore;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use etalon::app::{App, Moment};
use etalon::clock::SystemClock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::Case;
use etalon::store::{AggregateType, Store, StreamId};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use sqlx::sqlite::SqlitePool;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::Arguments;
use crate::database::{Database, Kind};
use crate::history::copy_of_history;
use crate::in_process::{CLIENTS, Etalon, Ledger};
use crate::life::{Dice, Life};
use crate::report::{Charted, Column, Table};
use crate::samples::Samples;

/// What the cases have of events.
const LENGTHS: [u64; 3] = [12, 100, 1_000];
/// How many cases of each length there are. As many clients write the long ones at once, so that they lie apart.
const CASES: usize = CLIENTS;

type Found = (Uuid, u64);

/// Who sees all of every case.
fn reader() -> Actor {
    Actor::of_the_server(ActorId::clock(), Role::Clock)
}

enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// As the stock crates open it.
    async fn stock(kind: Kind, url: &str) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite(sqlite_es::default_sqlite_pool(url).await),
            Kind::Postgres => Self::Postgres(postgres_es::default_postgress_pool(url).await),
        }
    }

    /// The rows of a stream.
    async fn select(&self, id: &str) -> usize {
        const SELECT: &str = "select sequence, event_type, event_version, cast(payload as text) as payload, \
             cast(metadata as text) as metadata from events \
             where aggregate_type = 'Case' and aggregate_id = $1 order by sequence";
        macro_rules! bytes {
            ($pool:expr) => {{
                let rows = sqlx::query(SELECT).bind(id).fetch_all($pool).await.expect("it reads");
                rows.iter()
                    .map(|row| row.get::<String, _>("payload").len() + row.get::<String, _>("metadata").len())
                    .sum()
            }};
        }
        match self {
            Self::Sqlite(pool) => bytes!(pool),
            Self::Postgres(pool) => bytes!(pool),
        }
    }

    /// The aggregate, as the stock crates load it.
    async fn load(&self, id: &str) {
        async fn by<R: PersistedEventRepository>(repository: R, id: &str) {
            let store = PersistedEventStore::<R, Case>::new_event_store(repository);
            store.load_aggregate(id).await.expect("it loads");
        }
        match self {
            Self::Sqlite(pool) => by(SqliteEventRepository::new(pool.clone()), id).await,
            Self::Postgres(pool) => by(PostgresEventRepository::new(pool.clone()), id).await,
        }
    }
}

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in arguments.kinds() {
        let (database, _) = copy_of_history(kind, arguments.cases, "load").await;
        let (database, cases) = prepared(database, arguments.cases).await;
        let cold = cold(&database, &cases).await;
        let store = database.open(Arc::new(SystemClock)).await;
        let stock = Pool::stock(kind, &database.url).await;
        let mut rows: Vec<(String, Vec<f64>)> = NAMES.map(|name| (name.to_owned(), Vec::new())).into();
        for (cases, cold) in cases.iter().zip(cold) {
            let warm = warm(&store, &stock, cases, arguments.few_rounds()).await;
            // Cold is compared with cold.
            let figures = warm.map(|figure| [figure, warm[0] / figure]).into_iter();
            let figures = figures.chain(cold.map(|figure| [figure, cold[0] / figure]));
            rows.iter_mut().zip(figures).for_each(|((_, row), figures)| row.extend(figures));
        }
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("load-{}", kind.name().to_lowercase()),
            title: format!(
                "load on {}: cases of 12, 100 and 1,000 events a second among {} cases, and how many times it Etalon is, warm or cold; by medians",
                kind.name(),
                arguments.cases
            ),
            columns: vec![
                column("12: /s", 0),
                column("12: ×", 2),
                column("100: /s", 0),
                column("100: ×", 2),
                column("1000: /s", 0),
                column("1000: ×", 2),
            ],
            rows,
            charted: Charted { columns: &["12: ×", "100: ×", "1000: ×"], goal: Some(1.0) },
        });
    }
    tables
}

const NAMES: [&str; 7] = [
    "etalon",
    "etalon, from its cache",
    "stock crate",
    "bare select",
    "cold: etalon",
    "cold: stock crate",
    "cold: bare select",
];

/// Cases of each length: of the shortest there are enough, to the others comments are added, a client to each.
async fn prepared(database: Database, among: u32) -> (Database, [Vec<Found>; 3]) {
    let whole = whole_lives(&database, among).await;
    let etalon = Arc::new(Etalon::over(database, among, Ledger::Kept).await);
    let mut cases: [Vec<Found>; 3] = Default::default();
    for ((length, numbers), found) in LENGTHS.into_iter().zip(whole.chunks_exact(CASES)).zip(&mut cases) {
        let clients: Vec<_> = numbers
            .iter()
            .map(|number| {
                let (etalon, number) = (etalon.clone(), *number);
                tokio::spawn(async move {
                    for version in LENGTHS[0]..length {
                        etalon.comment(number, Some(version)).await;
                    }
                    (etalon.case(number), length)
                })
            })
            .collect();
        for client in clients {
            found.push(client.await.expect("no client panics"));
        }
    }
    let etalon = Arc::into_inner(etalon).expect("every client has ended");
    let database = etalon.end().await;
    database.settle().await;
    (database, cases)
}

/// The numbers of as many cases as are needed, from anywhere in the history, whose life is over.
async fn whole_lives(database: &Database, among: u32) -> Vec<u32> {
    let store = database.open(Arc::new(SystemClock)).await;
    let mut dice = Dice(11);
    let mut whole = Vec::new();
    while whole.len() < LENGTHS.len() * CASES {
        let number = dice.below((among / CLIENTS as u32) as usize * CLIENTS) as u32;
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: Life::id_of(number, among) };
        let events = store.load(stream, 0).await.expect("it reads");
        if events.len() as u64 == LENGTHS[0] && !whole.contains(&number) {
            whole.push(number);
        }
    }
    whole
}

/// Loads a second of each length, by Etalon, the stock crate and the rows alone, of which each begins with nothing in
/// memory and loads every case once.
async fn cold(database: &Database, cases: &[Vec<Found>; 3]) -> [[f64; 3]; 3] {
    let mut samples: [[Samples; 3]; 3] = Default::default();
    database.forget();
    {
        let store = database.open(Arc::new(SystemClock)).await;
        let (app, reader) = (App::new(store, Arc::new(SystemClock)), reader());
        for (cases, samples) in cases.iter().zip(&mut samples) {
            for (id, version) in cases {
                let load = app.case_file(&reader, (*id).into(), *version, Moment::Present);
                samples[0].time(load).await.expect("it loads");
            }
        }
        app.shutdown().await;
    }
    database.forget();
    {
        let stock = Pool::stock(database.kind, &database.url).await;
        for (cases, samples) in cases.iter().zip(&mut samples) {
            for (id, _) in cases {
                samples[1].time(stock.load(&id.to_string())).await;
            }
        }
    }
    database.forget();
    let bare = Pool::stock(database.kind, &database.url).await;
    for (cases, samples) in cases.iter().zip(&mut samples) {
        for (id, _) in cases {
            samples[2].time(bare.select(&id.to_string())).await;
        }
    }
    samples.map(|samples| samples.map(|samples| 1_000.0 / samples.median_ms()))
}

/// Loads a second: Etalon's, from its cache, the stock crate's, the rows alone.
async fn warm(store: &Arc<dyn Store>, stock: &Pool, cases: &[Found], rounds: usize) -> [f64; 4] {
    let mut samples: [Samples; 4] = Default::default();
    // The first round only warms up.
    for round in 0..=rounds {
        let mut once: [Samples; 4] = Default::default();
        let [loaded, kept, by_stock, bare] = &mut once;
        // An application that has loaded nothing yet.
        let (app, reader) = (App::new(store.clone(), Arc::new(SystemClock)), reader());
        for (id, version) in cases {
            let load = || app.case_file(&reader, (*id).into(), *version, Moment::Present);
            let text = id.to_string();
            loaded.time(load()).await.expect("it loads");
            kept.time(load()).await.expect("it is kept");
            by_stock.time(stock.load(&text)).await;
            assert!(bare.time(stock.select(&text)).await > 0, "the stream has events");
        }
        if round > 0 {
            samples.iter_mut().zip(once).for_each(|(all, once)| all.append(once));
        }
    }
    samples.map(|samples| 1_000.0 / samples.median_ms())
}
