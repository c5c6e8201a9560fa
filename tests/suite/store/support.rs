//! Databases that live as long as a test, and a clock that goes where the test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use etalon::app::Vault;
use etalon::clock::Clock;
use etalon::store::{self, ExplainedStore, Store};
use jiff::Timestamp;
use sqlx::Executor;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::postgres::{FreshDatabase, fresh_database};

/// 2026-03-04T05:06:07Z in microseconds.
pub(crate) const START: i64 = 1_772_600_767_000_000;

/// Time stands still until it is told to move; random bits are a count.
pub(crate) struct TestClock {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(START), drawn: AtomicU64::new(0) })
    }

    pub(crate) fn set(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).expect("a time")
    }

    fn random(&self) -> [u8; 16] {
        u128::from(self.drawn.fetch_add(1, Ordering::SeqCst)).to_be_bytes()
    }

    fn new_id(&self) -> Uuid {
        Uuid::from_bytes(self.random())
    }
}

/// A fresh database, removed when dropped.
pub(crate) struct Database {
    pub(crate) url: String,
    place: Place,
    keys: TempDir,
}

enum Place {
    Sqlite(#[expect(dead_code, reason = "kept until the end of the test")] TempDir),
    Postgres(#[expect(dead_code, reason = "kept until the end of the test")] FreshDatabase),
}

/// A direct connection, for what the store does not offer.
pub(crate) enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("new/etalon.db").display());
        Self { url, place: Place::Sqlite(folder), keys: TempDir::new().expect("a temporary folder") }
    }

    pub(crate) fn postgres() -> Self {
        let fresh = fresh_database();
        let keys = TempDir::new().expect("a temporary folder");
        Self { url: fresh.url().to_owned(), place: Place::Postgres(fresh), keys }
    }

    /// The data keys of whoever opens it as an application.
    pub(crate) fn vault(&self) -> Vault {
        Vault::open_or_create(&self.keys.path().join("data-keys")).expect("a folder of keys")
    }

    /// A store with a clock of its own.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        self.open_with(TestClock::new()).await
    }

    pub(crate) async fn open_with(&self, clock: Arc<TestClock>) -> Arc<dyn Store> {
        store::open(&self.url, clock).await.expect("the database opens")
    }

    /// A store that tells how its questions are answered.
    pub(crate) async fn open_explained(&self, clock: Arc<TestClock>) -> Arc<dyn ExplainedStore> {
        store::open_explained(&self.url, clock).await.expect("the database opens")
    }

    pub(crate) async fn raw(&self) -> Raw {
        match &self.place {
            Place::Sqlite(_) => {
                let pool = SqlitePool::connect(&self.url).await;
                Raw::Sqlite(pool.expect("the file opens"))
            }
            Place::Postgres(_) => {
                let pool = PgPool::connect(&self.url).await;
                Raw::Postgres(pool.expect("the server answers"))
            }
        }
    }
}

impl Raw {
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(pool) => pool.execute(sql).await.map(drop),
            Self::Postgres(pool) => pool.execute(sql).await.map(drop),
        }
        .expect("the statement runs");
    }

    /// What the database says where it refuses a statement.
    pub(crate) async fn refusal(&self, sql: &str) -> Option<String> {
        match self {
            Self::Sqlite(pool) => pool.execute(sql).await.map(drop),
            Self::Postgres(pool) => pool.execute(sql).await.map(drop),
        }
        .err()
        .map(|error| error.to_string())
    }

    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
        }
        .expect("the query runs")
    }

    /// Comes back when somebody waits for a lock that somebody else has, which PostgreSQL tells.
    pub(crate) async fn is_waited_for(&self) {
        let waiting = "select 'it waits' from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        while self.texts(waiting).await.is_empty() {}
    }

    /// Locks the head of the log, as another process in the middle of a commit would.
    pub(crate) async fn hold_head(&self) -> HeldHead {
        match self {
            Self::Sqlite(pool) => HeldHead::Sqlite(pool.begin_with("begin immediate").await.expect("it is free")),
            Self::Postgres(pool) => {
                let lock = "begin; select 1 from log_head where id = 1 for update";
                HeldHead::Postgres(pool.begin_with(lock).await.expect("it is free"))
            }
        }
    }
}

pub(crate) enum HeldHead {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl HeldHead {
    pub(crate) async fn release(self) {
        match self {
            Self::Sqlite(held) => held.rollback().await,
            Self::Postgres(held) => held.rollback().await,
        }
        .expect("the head is given back");
    }
}
