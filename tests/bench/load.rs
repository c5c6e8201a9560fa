//! `load`: one case of 12, 100 and 1,000 events, from the log and folded; beside it the stock crates on the same log,
//! and a select of the same rows that nothing is made of.

use std::sync::Arc;

use cqrs_es::EventStore;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use etalon::app::{App, Moment};
use etalon::clock::SystemClock;
use etalon::domain::case::Case;
use etalon::store::Store;
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use sqlx::sqlite::SqlitePool;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::Arguments;
use crate::append::Etalon;
use crate::database::Kind;
use crate::life::Life;
use crate::report::{Charted, Column, Table};
use crate::samples::Samples;

const LENGTHS: [u64; 3] = [12, 100, 1_000];
/// How often in a round.
const TIMES: usize = 40;

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
        let etalon = Etalon::on(kind, "load").await;
        let mut cases: Vec<(Uuid, u64)> = Vec::new();
        for (number, length) in LENGTHS.into_iter().enumerate() {
            let number = number as u32 + 100;
            let mut version = etalon.comment(number, None).await;
            while version < length {
                version = etalon.comment(number, None).await;
            }
            cases.push((Life::id_of(number, crate::append::CASES), version));
        }
        etalon.database.settle().await;
        let store = etalon.database.open(Arc::new(SystemClock)).await;
        let stock = Pool::stock(kind, &etalon.database.url).await;
        let mut rows: Vec<(String, Vec<f64>)> =
            ["etalon", "from its cache", "stock crate", "bare select"].map(|name| (name.to_owned(), Vec::new())).into();
        for (id, version) in cases {
            let figures = measure(&store, &stock, (id, version), arguments.rounds.div_ceil(8)).await;
            let etalon = figures[0];
            for ((_, row), figure) in rows.iter_mut().zip(figures) {
                row.extend([figure, etalon / figure]);
            }
        }
        let column = |name, decimals| Column { name, decimals };
        tables.push(Table {
            name: format!("load-{}", kind.name().to_lowercase()),
            title: format!(
                "load on {}: cases of 12, 100 and 1,000 events a second, and how many times it Etalon is",
                kind.name()
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

/// Loads a second: Etalon's, from its cache, the stock crate's, the rows alone.
async fn measure(store: &Arc<dyn Store>, stock: &Pool, case: (Uuid, u64), rounds: usize) -> [f64; 4] {
    let (id, version) = case;
    let text = id.to_string();
    let mut samples: [Samples; 4] = Default::default();
    for _ in 0..rounds {
        // An application that has loaded nothing yet, for each time.
        let apps: Vec<_> = (0..TIMES).map(|_| App::new(store.clone(), Arc::new(SystemClock))).collect();
        let [cold, kept, by_stock, bare] = &mut samples;
        for app in &apps {
            let load = || app.case_file(id.into(), version, Moment::Present);
            cold.time(load()).await.expect("it loads");
            kept.time(load()).await.expect("it is kept");
            by_stock.time(stock.load(&text)).await;
            assert!(bare.time(stock.select(&text)).await > 0, "the stream has events");
        }
    }
    samples.map(|samples| 1_000.0 / samples.median_ms())
}
