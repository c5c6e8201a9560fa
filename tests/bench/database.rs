//! The databases that are measured on: made for the run, or kept in a folder between runs. What is kept is never measured
//! on itself, but copied, so that every run finds the same.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::ValueEnum;
use etalon::clock::Clock;
use etalon::store::{self, Store};
use sqlx::sqlite::SqliteConnection;
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
    /// The database of that name, which is there if this run or an earlier one has made it.
    pub(crate) async fn kept(kind: Kind, name: &str) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = PathBuf::from(given("ETALON_BENCH_DATA"));
                Self { kind, url: format!("sqlite:{}/{name}.db", folder.display()), _folder: None }
            }
            Kind::Postgres => Self::on_server(name, "template0").await,
        }
    }

    /// A database with everything that is in this one, which nobody may have open.
    pub(crate) async fn copied(&self, name: &str) -> Self {
        let kind = self.kind;
        match kind {
            Kind::Sqlite => {
                let copy = Self::fresh(kind, name).await;
                std::fs::copy(self.path(), copy.path()).expect("the file can be copied");
                copy
            }
            Kind::Postgres => {
                Self::drop(name).await;
                // As files, so that the log of writes is not full of it.
                Self::on_server(name, &format!("{} strategy file_copy", self.name())).await
            }
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
                Self::drop(name).await;
                Self::on_server(name, "template0").await
            }
        }
    }

    async fn drop(name: &str) {
        let drop = format!("drop database if exists {name} with (force)");
        let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
        connection.execute(drop.as_str()).await.expect("an earlier one is dropped");
    }

    /// Drops whatever a run that has ended, or was ended, has left on the server: all but what is kept.
    pub(crate) async fn sweep() {
        let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
        let left = "select datname from pg_database \
             where not datistemplate and datname <> 'postgres' and datname not like 'history\\_%'";
        let left: Vec<String> = sqlx::query_scalar(left).fetch_all(&mut connection).await.expect("it reads");
        for name in left {
            Self::drop(&name).await;
        }
    }

    /// The database of that name on the server, which may be there; else it is made from the template.
    async fn on_server(name: &str, template: &str) -> Self {
        let server = server();
        let mut connection = PgConnection::connect(&server).await.expect("the server answers");
        let made = connection.execute(format!("create database {name} template {template}").as_str()).await;
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

    /// How many events its log has.
    pub(crate) async fn length(&self) -> i64 {
        const LENGTH: &str = "select next_position from log_head where id = 1";
        let read = match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.expect("the file opens");
                sqlx::query_scalar(LENGTH).fetch_one(&mut connection).await
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
                sqlx::query_scalar(LENGTH).fetch_one(&mut connection).await
            }
        };
        read.expect("it reads")
    }

    /// Has nothing of it in memory any more, neither the database's nor the operating system's: what is read next comes
    /// from the disk. PostgreSQL is started anew, so nobody may be connected.
    pub(crate) fn forget(&self) {
        let files = match self.kind {
            Kind::Sqlite => self.path().display().to_string(),
            Kind::Postgres => given("ETALON_BENCH_POSTGRES_DATA"),
        };
        if self.kind == Kind::Postgres {
            run("bash", &["-c", &given("ETALON_BENCH_POSTGRES_RESTART")]);
        }
        // What is not written yet cannot be dropped.
        run("sync", &[]);
        run("find", &[&files, "-type", "f", "-exec", "dd", "if={}", "iflag=nocache", "count=0", "status=none", ";"]);
    }

    /// The database to write a history into, which nobody measures: without waiting for the disk.
    pub(crate) async fn hurried(&self) -> Hurried<'_> {
        let memory = Path::new("/dev/shm");
        let draft = match self.kind {
            Kind::Sqlite => {
                let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
                let folder = folder.expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("history.db").display());
                Self { kind: self.kind, url, _folder: Some(folder) }
            }
            Kind::Postgres => {
                wait_for_disk("off").await;
                Self::fresh(self.kind, "draft").await
            }
        };
        Hurried { database: self, draft }
    }

    /// Its name on the server.
    fn name(&self) -> &str {
        let (_, name) = self.url.split_once("///").expect("a URL without a host");
        name.split_once('?').expect("a URL with a socket").0
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

/// A database that a history is written into. It takes its place when it is whole.
pub(crate) struct Hurried<'a> {
    database: &'a Database,
    draft: Database,
}

impl Hurried<'_> {
    pub(crate) async fn store(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        self.draft.open(clock).await
    }

    /// Puts what was written where it belongs. Nobody has it open any more.
    pub(crate) async fn done(self) {
        match self.database.kind {
            Kind::Sqlite => {
                self.draft.settle().await;
                let path = self.database.path();
                let copy = path.with_extension("draft");
                std::fs::copy(self.draft.path(), &copy).expect("the file can be copied");
                std::fs::rename(copy, path).expect("the file can be renamed");
            }
            Kind::Postgres => {
                let name = self.database.name();
                Database::drop(name).await;
                let rename = format!("alter database {} rename to {name}", self.draft.name());
                let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
                connection.execute(rename.as_str()).await.expect("it is renamed");
                wait_for_disk("on").await;
            }
        }
        // What the system still holds back is not written while something is measured.
        run("sync", &[]);
    }
}

/// Runs a program of the system.
fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("the program starts");
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

/// Whether PostgreSQL waits until the disk has what it writes.
async fn wait_for_disk(waits: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("the server answers");
    for statement in [format!("alter system set fsync = {waits}"), "select pg_reload_conf()".to_owned()] {
        connection.execute(statement.as_str()).await.expect("it is set");
    }
}

fn server() -> String {
    given("ETALON_TEST_POSTGRES")
}

/// What `tests/bench/run` tells by a variable.
pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/bench/run"))
}
