//! `pg_dump` and `pg_restore`: PostgreSQL's own programs, which know how to copy a database that is in use. They are
//! told where it is by libpq's environment, so that no list of processes shows a password.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use tokio::process::Command;

use crate::store::StoreError;
use crate::store::copy::{Copied, MARK, MARK_WITH, MARKED_WITH, UNMARK};
use crate::store::opening::has_log;
use crate::store::postgres::sql::LOGS;
use crate::store::postgres::{encoding, has_no_mark, is_kept_waiting};
use crate::store::sql::HEAD;
use crate::store::stored::HeadRow;
use crate::telemetry::causes::with_causes;

const BEGIN: &str = "begin isolation level repeatable read read only";
const SNAPSHOT: &str = "select pg_export_snapshot()";
const TABLES: &str = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                      where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') \
                      and c.relkind in ('r', 'p', 'v', 'm', 'S')";
const HAS_MARK: &str = "select to_regclass('etalon_restoring') is not null";
/// The program's own sessions: one outlives an `etalon restore` that was killed, and goes on filling.
const FILLING: &str = "select count(*) from pg_stat_activity \
                       where datname = current_database() and application_name = 'pg_restore'";

/// Who restores holds this lock, from before the database is looked at until it is verified. An earlier one that has
/// just been killed may not have let it go yet, and that is waited for; a restore that is under way is not.
const LOCK: &str = "select pg_advisory_lock(7307782096472073834)";
const UNLOCK: &str = "select pg_advisory_unlock(7307782096472073834)";
const SHORT_WAIT: &str = "set lock_timeout = '2s'";
/// The connection has nothing to do while the log is verified, or while another program copies what its transaction sees.
/// PostgreSQL has the first limit since 14, the last one since 17.
const STAY: &str = "select set_config(name, '0', false) from pg_settings \
                    where name in ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

/// What libpq would take from the environment of this process over what it is told.
const INHERITED: [&str; 5] = ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGPASSWORD"];

pub(super) async fn copy_into(url: &str, options: &PgConnectOptions, file: &Path) -> Result<Copied, StoreError> {
    let mut connection = connect(url, options).await?;
    let during = || StoreError::during("look at the database that is copied");
    connection.execute(STAY).await.map_err(during())?;
    connection.execute(BEGIN).await.map_err(during())?;
    // What is being restored is not verified yet, and its mark would be in the copy.
    has_no_mark(&mut connection, url).await?;
    let logs: i64 = sqlx::query_scalar(LOGS).fetch_one(&mut connection).await.map_err(during())?;
    has_log(logs, url)?;
    // The program sees what this transaction sees, so that the head is that of the copy.
    let snapshot: String = connection.fetch_one(SNAPSHOT).await.and_then(|row| row.try_get(0)).map_err(during())?;
    let head: HeadRow = sqlx::query_as(HEAD).fetch_one(&mut connection).await.map_err(during())?;
    let snapshot = format!("--snapshot={snapshot}");
    let arguments = ["--format=custom", "--no-owner", "--no-privileges", &snapshot, "--file"];
    let arguments = arguments.iter().map(OsStr::new).chain([file.as_os_str()]);
    run("pg_dump", arguments, options).await?;
    // The copy is whole, however this ends.
    connection.close().await.ok();
    head.try_into()
}

/// Fills the database; the connection, whose lock keeps others out until [`unlock`].
pub(super) async fn restore_from(
    file: &Path,
    digest: &str,
    url: &str,
    options: &PgConnectOptions,
) -> Result<PgConnection, StoreError> {
    let mut connection = connect(url, options).await?;
    encoding::is_utf8(&mut connection, url).await?;
    lock(&mut connection, url).await?;
    let marked = mark(&mut connection, digest, url).await?;
    if marked == Marked::Filled {
        return Ok(connection);
    }
    let database = options.get_database().unwrap_or(options.get_username());
    let arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--dbname", database];
    let restored = run("pg_restore", arguments.iter().map(OsStr::new).chain([file.as_os_str()]), options).await;
    let Err(failed) = restored else { return Ok(connection) };
    if marked == Marked::Now {
        unmark(&mut connection).await.map_err(|error| still_marked(&failed, &error))?;
    }
    Err(failed)
}

/// What has failed first, and what cannot be put right after it now: where the database has broken off, both have.
fn still_marked(failed: &StoreError, error: &sqlx::Error) -> StoreError {
    StoreError::StillMarked { failed: failed.to_string(), reason: with_causes(error) }
}

/// Lets others restore into the database again.
pub(super) async fn unlock(mut connection: PgConnection) -> Result<(), StoreError> {
    let during = || StoreError::during("end the lock of a restoring");
    connection.execute(UNLOCK).await.map_err(during())?;
    connection.close().await.map_err(during())
}

async fn lock(connection: &mut PgConnection, url: &str) -> Result<(), StoreError> {
    let locked = async {
        connection.execute(SHORT_WAIT).await?;
        connection.execute(STAY).await?;
        connection.execute(LOCK).await
    };
    match locked.await {
        Err(error) if is_kept_waiting(&error) => Err(StoreError::RestoredByAnother {
            url: url.to_owned(),
            who: "another `etalon restore` is under way".to_owned(),
        }),
        locked => locked.map(drop).map_err(StoreError::during("lock the database that is filled")),
    }
}

/// How the database was found, and is marked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marked {
    /// By this run: it was empty.
    Now,
    /// By an earlier one, which did not come to fill it, as far as can be seen.
    Before,
    /// By an earlier one, which has filled it.
    Filled,
}

/// Marks an empty database.
async fn mark(connection: &mut PgConnection, digest: &str, url: &str) -> Result<Marked, StoreError> {
    let not_empty = |what: String| StoreError::NotEmpty { url: url.to_owned(), what };
    let filled_by_another = || StoreError::RestoredByAnother {
        url: url.to_owned(),
        who: "`pg_restore` is still connected to it, as one of a restore that was killed is".to_owned(),
    };
    let looked = async {
        // Asked first: one that ends meanwhile has filled the database, or has not, by the time that is looked at.
        let filling: i64 = sqlx::query_scalar(FILLING).fetch_one(&mut *connection).await?;
        let is_marked: bool = sqlx::query_scalar(HAS_MARK).fetch_one(&mut *connection).await?;
        if is_marked {
            let of: Option<String> = sqlx::query_scalar(MARKED_WITH).fetch_optional(&mut *connection).await?;
            if of.as_deref() != Some(digest) {
                return Ok(Err(not_empty("another backup was put into it, and not found good".to_owned())));
            }
            let logs: i64 = sqlx::query_scalar(LOGS).fetch_one(&mut *connection).await?;
            return Ok(match (logs, filling) {
                (0, 0) => Ok(Marked::Before),
                (0, _) => Err(filled_by_another()),
                (_, _) => Ok(Marked::Filled),
            });
        }
        let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(&mut *connection).await?;
        if tables > 0 {
            return Ok(Err(not_empty(format!("it has {tables} tables"))));
        }
        if filling > 0 {
            return Ok(Err(filled_by_another()));
        }
        let mut transaction = connection.begin().await?;
        transaction.execute(MARK).await?;
        sqlx::query(MARK_WITH).bind(digest).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(Marked::Now))
    };
    looked.await.map_err(StoreError::during("look at the database that is filled"))?
}

/// Takes the mark of this run away, if nothing came into the database and nothing can come any more: what is not
/// verified stays marked, whatever has failed.
async fn unmark(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let filling: i64 = sqlx::query_scalar(FILLING).fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(&mut *connection).await?;
    if filling == 0 && tables == 1 {
        connection.execute(UNMARK).await?;
    }
    Ok(())
}

async fn connect(url: &str, options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connected = PgConnection::connect_with(options).await;
    connected.map_err(|source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) })
}

/// Runs a program of PostgreSQL's, with nothing on its standard input to ask for. It ends with whoever waits for it.
async fn run<'a>(
    program: &'static str,
    arguments: impl Iterator<Item = &'a OsStr>,
    options: &PgConnectOptions,
) -> Result<(), StoreError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    INHERITED.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.env("LC_ALL", "C").envs(environment(options));
    // Its session has its name, whatever the environment of this process calls sessions.
    command.env("PGAPPNAME", program);
    let failed = |reason: String| StoreError::Program { program, reason };
    let output = command.output().await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("it is not there: install PostgreSQL's client programs".to_owned()),
        _ => failed(error.to_string()),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().find(|line| line.contains("error: ") || line.contains("FATAL: "));
    let reason = reason.or(said.lines().last()).map(str::to_owned);
    Err(failed(reason.unwrap_or_else(|| format!("it says nothing, and has ended with {}", output.status))))
}

/// An address of IPv6 without the brackets of a URL.
fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).to_owned()
}

/// What libpq is told of the connection.
fn environment(options: &PgConnectOptions) -> Vec<(&'static str, String)> {
    let host = options.get_socket().map_or_else(|| bare(options.get_host()), |path| path.display().to_string());
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
        // That is how the driver shows a path.
        let value = value.strip_prefix("file: ").unwrap_or(&value);
        variables.push((variable, value.to_owned()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpq_is_told_what_the_driver_was() {
        let url = "postgres://u:p%40s%20s@[2001:db8::1]:5433/etalon?sslmode=verify-full\
                   &sslrootcert=/etc/ca%20of%20ours.pem&sslcert=etalon.pem&sslkey=etalon.key";
        let told = environment(&url.parse().expect("options"));
        for expected in [
            ("PGHOST", "2001:db8::1"),
            ("PGPORT", "5433"),
            ("PGUSER", "u"),
            ("PGDATABASE", "etalon"),
            ("PGPASSWORD", "p@s s"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca of ours.pem"),
            ("PGSSLCERT", "etalon.pem"),
            ("PGSSLKEY", "etalon.key"),
        ] {
            assert!(told.contains(&(expected.0, expected.1.to_owned())), "{expected:?} of {told:?}");
        }
    }
}
