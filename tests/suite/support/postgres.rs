//! A PostgreSQL database for one test alone.

use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

/// A database that no other test sees, dropped with this value, whoever is still connected to it.
#[derive(Debug)]
pub struct FreshDatabase {
    name: String,
    url: String,
}

/// Makes an empty database on the server that `tests/run` started.
///
/// # Panics
///
/// When there is no such server.
pub fn fresh_database() -> FreshDatabase {
    made("template template0")
}

/// As [`fresh_database`], of another encoding than that of the server.
pub fn fresh_database_in(encoding: &str) -> FreshDatabase {
    made(&format!("encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0"))
}

fn made(with: &str) -> FreshDatabase {
    let server = server();
    let name = format!("test_{}", Uuid::new_v4().simple());
    // A template that anybody is connected to would make this fail, as the default one may.
    run(&server, format!("create database {name} {with}"));
    let (before, after) = around_database_name(&server);
    FreshDatabase { url: format!("{before}{name}{after}"), name }
}

impl FreshDatabase {
    /// Its URL, for `--database` and for a pool.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Another one that is as it is now. Whoever is still connected to it is cut off.
    pub fn copy(&self) -> Self {
        let cut_off = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
        run(&server(), format!("{cut_off} = '{}'", self.name));
        made(&format!("template {}", self.name))
    }

    /// Puts it back to that copy, whoever is connected to it: under the same name, as where a standby takes over.
    pub fn put_back(&self, copy: &Self) {
        run(&server(), format!("drop database {} with (force)", self.name));
        run(&server(), format!("create database {} template {}", self.name, copy.name));
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        run(&server(), format!("drop database {} with (force)", self.name));
    }
}

fn server() -> String {
    std::env::var("ETALON_TEST_POSTGRES").expect("ETALON_TEST_POSTGRES is not set: run tests/run")
}

/// The URL without its database name: what stands before it and after it.
fn around_database_name(url: &str) -> (&str, &str) {
    let authority = url.find("://").expect("a URL has a scheme") + "://".len();
    let path = authority + url[authority..].find('/').expect("the URL names a database") + 1;
    let end = url[path..].find('?').map_or(url.len(), |query| path + query);
    (&url[..path], &url[end..])
}

/// Runs one statement on a thread and runtime of its own, so that it works inside a test's runtime and in a drop.
fn run(server: &str, statement: String) {
    let work = async {
        let mut connection = PgConnection::connect(server).await?;
        connection.execute(statement.as_str()).await?;
        connection.close().await
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::scope(|scope| scope.spawn(|| runtime().block_on(work)).join())
        .expect("no panic")
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

#[test]
fn every_test_has_a_database_of_its_own() {
    let [first, second] = [fresh_database(), fresh_database()];
    run(first.url(), "create table here (id bigint)".into());
    run(second.url(), "create table here (id bigint)".into());
    let gone = first.name.clone();
    drop(first);
    run(
        second.url(),
        format!("do $$ begin assert not exists (select from pg_database where datname = '{gone}'); end $$"),
    );
}

#[test]
fn the_name_is_found_in_every_form_of_url() {
    for (url, expected) in [
        ("postgres:///postgres?host=/tmp/pg&user=etalon", ("postgres:///", "?host=/tmp/pg&user=etalon")),
        ("postgres://etalon@127.0.0.1:5432/postgres", ("postgres://etalon@127.0.0.1:5432/", "")),
    ] {
        assert_eq!(around_database_name(url), expected);
    }
}
