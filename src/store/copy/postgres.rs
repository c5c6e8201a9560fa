//! `pg_dump` and `pg_restore`: PostgreSQL's own programs, which know how to copy a database that is in use. They are told
//! where it is by libpq's environment, so that no list of processes shows a password.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};

use crate::store::StoreError;
use crate::store::copy::Copied;
use crate::store::sql::HEAD;
use crate::store::stored::HeadRow;

const BEGIN: &str = "begin isolation level repeatable read read only";
const SNAPSHOT: &str = "select pg_export_snapshot()";
const TABLES: &str = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                      where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm', 'S')";

pub(super) async fn copy_into(url: &str, options: &PgConnectOptions, file: &Path) -> Result<Copied, StoreError> {
    let mut connection = connect(url, options).await?;
    let during = || StoreError::during("look at the database that is copied");
    connection.execute(BEGIN).await.map_err(during())?;
    // The program sees what this transaction sees, so that the head is that of the copy.
    let snapshot: String = connection.fetch_one(SNAPSHOT).await.and_then(|row| row.try_get(0)).map_err(during())?;
    let head: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut connection).await.map_err(during())?;
    let snapshot = format!("--snapshot={snapshot}");
    let arguments = ["--format=custom", "--no-owner", "--no-privileges", &snapshot, "--file"];
    let arguments = arguments.iter().map(OsStr::new).chain([file.as_os_str()]);
    run("pg_dump", arguments, options).await?;
    connection.close().await.map_err(during())?;
    head.try_into()
}

pub(super) async fn restore_from(file: &Path, url: &str, options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = connect(url, options).await?;
    let tables: i64 = connection
        .fetch_one(TABLES)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(StoreError::during("look at the database that is filled"))?;
    if tables > 0 {
        return Err(StoreError::NotEmpty { url: url.to_owned(), what: format!("it has {tables} tables") });
    }
    let database = options.get_database().unwrap_or(options.get_username());
    let arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname", database];
    run("pg_restore", arguments.iter().map(OsStr::new).chain([file.as_os_str()]), options).await
}

async fn connect(url: &str, options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connected = PgConnection::connect_with(options).await;
    connected.map_err(|source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) })
}

/// Runs a program of PostgreSQL's, with nothing on its standard input to ask for.
async fn run<'a>(
    program: &'static str,
    arguments: impl Iterator<Item = &'a OsStr>,
    options: &PgConnectOptions,
) -> Result<(), StoreError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).envs(environment(options));
    let ran = tokio::task::spawn_blocking(move || command.output()).await.expect("running a program does not panic");
    let failed = |reason: String| StoreError::Program { program, reason };
    let output = ran.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("it is not there: install PostgreSQL's client programs".to_owned()),
        _ => failed(error.to_string()),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.lines().next().unwrap_or("it says nothing").to_owned()))
}

/// What libpq is told of the connection.
fn environment(options: &PgConnectOptions) -> Vec<(&'static str, String)> {
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let mut variables = vec![
        ("PGHOST", host),
        ("PGPORT", options.get_port().to_string()),
        ("PGUSER", options.get_username().to_owned()),
        ("PGDATABASE", options.get_database().unwrap_or(options.get_username()).to_owned()),
    ];
    // The driver shows the rest in its URL alone.
    let url = options.to_url_lossy();
    if let Some(password) = url.password() {
        variables.push(("PGPASSWORD", percent_decode_str(password).decode_utf8_lossy().into_owned()));
    }
    for (name, value) in url.query_pairs() {
        let variable = match &*name {
            "sslmode" => "PGSSLMODE",
            "sslrootcert" => "PGSSLROOTCERT",
            "sslcert" => "PGSSLCERT",
            "sslkey" => "PGSSLKEY",
            _ => continue,
        };
        variables.push((variable, value.into_owned()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpq_is_told_what_the_driver_was() {
        let options = "postgres://u:p%40s%20s@db.example:5433/etalon?sslmode=verify-full".parse().expect("options");
        let told = environment(&options);
        for expected in [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "u"),
            ("PGDATABASE", "etalon"),
            ("PGPASSWORD", "p@s s"),
            ("PGSSLMODE", "verify-full"),
        ] {
            assert!(told.contains(&(expected.0, expected.1.to_owned())), "{expected:?} of {told:?}");
        }
    }
}
