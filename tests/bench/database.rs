//! The databases that are measured on: made for the run, or kept in a folder between runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use etalon::clock::Clock;
use etalon::store::{self, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A database of a name.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    /// Of a SQLite database that is gone with this value.
    _folder: Option<TempDir>,
}

impl Database {
    /// The database of that name, which is there from an earlier run if a folder keeps it.
    pub(crate) async fn kept(kind: Kind, name: &str) -> Self {
        match kind {
            Kind::Sqlite => match std::env::var_os("ETALON_BENCH_DATA").map(PathBuf::from) {
                Some(folder) => Self { kind, url: format!("sqlite:{}/{name}.db", folder.display()), _folder: None },
                None => Self::fresh(kind, name).await,
            },
            Kind::Postgres => Self::on_server(name).await,
        }
    }

    /// An empty database.
    pub(crate) async fn fresh(kind: Kind, name: &str) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join(format!("{name}.db")).display());
                Self { kind, url, _folder: Some(folder) }
            }
            Kind::Postgres => {
                let drop = format!("drop database if exists {name} with (force)");
                let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
                connection.execute(drop.as_str()).await.expect("an earlier one is dropped");
                Self::on_server(name).await
            }
        }
    }

    /// The database of that name on the server, which may be there.
    async fn on_server(name: &str) -> Self {
        let server = server();
        let mut connection = PgConnection::connect(&server).await.expect("the server answers");
        let made = connection.execute(format!("create database {name} template template0").as_str()).await;
        let is_there = made.as_ref().err().and_then(sqlx::Error::as_database_error);
        assert!(made.is_ok() || is_there.and_then(|error| error.code()).as_deref() == Some("42P04"), "{made:?}");
        let url = server.replacen("/postgres?", &format!("/{name}?"), 1);
        Self { kind: Kind::Postgres, url, _folder: None }
    }

    /// Whether a history has been written into it.
    pub(crate) async fn has_log(&self) -> bool {
        match self.kind {
            // It is moved there when it is whole.
            Kind::Sqlite => self.path().exists(),
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
                let is_there = sqlx::query_scalar("select to_regclass('log_head') is not null");
                is_there.fetch_one(&mut connection).await.expect("it reads")
            }
        }
    }

    /// The database to write a history into, which nobody measures: without waiting for the disk.
    pub(crate) async fn hurried(&self) -> Hurried<'_> {
        let memory = Path::new("/dev/shm");
        match self.kind {
            Kind::Sqlite if memory.is_dir() => {
                let folder = TempDir::new_in(memory).expect("a folder in memory");
                Hurried { database: self, folder: Some(folder) }
            }
            Kind::Sqlite => Hurried { database: self, folder: None },
            Kind::Postgres => {
                wait_for_disk("off").await;
                Hurried { database: self, folder: None }
            }
        }
    }

    fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix("sqlite:").expect("the URL of a file"))
    }

    pub(crate) async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        store::open(&self.url, clock).await.expect("the database opens")
    }

    /// Does at once what a server does in the course of the days: dead rows are swept, statistics taken, the log of
    /// writes is brought home.
    pub(crate) async fn settle(&self) {
        match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("the file opens");
                connection.execute("pragma wal_checkpoint(truncate)").await.expect("a checkpoint");
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
                for statement in ["vacuum analyze", "checkpoint"] {
                    connection.execute(statement).await.expect("it is swept");
                }
            }
        }
    }
}

/// A database that a history is written into.
pub(crate) struct Hurried<'a> {
    database: &'a Database,
    /// In memory.
    folder: Option<TempDir>,
}

impl Hurried<'_> {
    pub(crate) async fn store(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        let url = match &self.folder {
            Some(folder) => format!("sqlite:{}", folder.path().join("history.db").display()),
            None => self.database.url.clone(),
        };
        store::open(&url, clock).await.expect("the database opens")
    }

    /// Puts what was written where it belongs.
    pub(crate) async fn done(self) {
        if let Some(folder) = &self.folder {
            let written = folder.path().join("history.db");
            let options = SqliteConnectOptions::new().filename(&written);
            let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
            connection.execute("pragma wal_checkpoint(truncate)").await.expect("a checkpoint");
            std::fs::copy(written, self.database.path()).expect("the file can be copied");
        }
        if self.database.kind == Kind::Postgres {
            wait_for_disk("on").await;
        }
    }
}

/// Whether PostgreSQL waits until the disk has what it writes.
async fn wait_for_disk(waits: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
    for statement in [format!("alter system set fsync = {waits}"), "select pg_reload_conf()".to_owned()] {
        connection.execute(statement.as_str()).await.expect("it is set");
    }
}

fn server() -> String {
    std::env::var("ETALON_TEST_POSTGRES").expect("ETALON_TEST_POSTGRES is not set: run tests/bench/run")
}
