//! A database is opened: served, restored, or as it is.

use std::cmp::Ordering;
use std::sync::Arc;

use sqlx::migrate::Migrator;

use crate::clock::Clock;
use crate::store::backend::SqlStore;
use crate::store::place::{Place, Target, place};
use crate::store::postgres::{self, PostgresBackend};
use crate::store::sqlite::SqliteBackend;
use crate::store::{Store, StoreError};

/// What becomes of a schema that is older than this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// It is migrated.
    Migrated,
    /// It is migrated, if there is one: no log is begun.
    Existing,
    /// It is migrated, also in a database that is being restored: who opens it is who restores it.
    Restored,
    /// It stays, and the database is not opened.
    AsItIs,
}

/// The statement that tells the last migration that was applied.
pub(super) const SCHEMA_VERSION: &str = "select coalesce(max(version), 0) from _sqlx_migrations where success";

/// Whether the database has no mark of being restored, of so many that were found. It is asked before anything is
/// changed: a database that is marked and not filled yet has to stay empty.
///
/// # Errors
/// [`StoreError::Restoring`], or when it could not be looked.
pub(super) fn is_unmarked(marks: Result<i64, sqlx::Error>, url: &str) -> Result<(), StoreError> {
    match marks.map_err(StoreError::during("look whether the database is being restored"))? {
        0 => Ok(()),
        _ => Err(StoreError::Restoring { url: url.to_owned() }),
    }
}

/// Whether the database has a log, of so many that were found. It is asked before anything is made in it.
///
/// # Errors
/// [`StoreError::NoLog`].
pub(super) fn has_log(logs: i64, url: &str) -> Result<(), StoreError> {
    match logs {
        0 => Err(StoreError::NoLog { url: url.to_owned() }),
        _ => Ok(()),
    }
}

/// Whether the schema is this program's.
///
/// # Errors
/// [`StoreError::OlderSchema`] and [`StoreError::NewerSchema`].
pub(super) fn is_current(found: i64, needed: i64) -> Result<(), StoreError> {
    match found.cmp(&needed) {
        Ordering::Less => Err(StoreError::OlderSchema { found, needed }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::NewerSchema { version: found }),
    }
}

/// The last migration of this program.
pub(super) fn last_of(migrations: &Migrator) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Opens a database, creating and migrating it as needed.
///
/// # Parameters
/// - `target`: its URL, `sqlite:PATH` (created with its folder if missing) or `postgres://…`, and how long it is listened
///   to
/// - `clock`: gives `recorded_at` and the random bits of ledger entries
///
/// # Errors
/// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::Encoding`], [`StoreError::NewerSchema`],
/// [`StoreError::Migration`] or [`StoreError::Restoring`].
pub async fn open<'a>(target: impl Into<Target<'a>>, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    open_migrated(target.into(), clock, Schema::Migrated).await
}

/// Opens a database that has a log, migrating it as needed: for those who have nothing to do in a new one.
///
/// # Errors
/// As [`open`], and [`StoreError::NoLog`].
pub async fn open_existing<'a>(
    target: impl Into<Target<'a>>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Store>, StoreError> {
    open_migrated(target.into(), clock, Schema::Existing).await
}

/// Opens a database that is there and has this program's schema, and changes nothing of it: for those who look at what
/// stands there, before anything is made good.
///
/// # Errors
/// As [`open_existing`]; [`StoreError::OlderSchema`] in the place of [`StoreError::Migration`].
pub async fn open_as_it_is<'a>(
    target: impl Into<Target<'a>>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Store>, StoreError> {
    let target = target.into();
    Ok(match target.place()? {
        Place::Sqlite { shown, path } => {
            Arc::new(SqlStore::as_it_is(SqliteBackend::open(&shown, path, Schema::AsItIs).await?, clock))
        }
        Place::Postgres { shown, options } => {
            let backend = PostgresBackend::open(&shown, *options, target.patience(), Schema::AsItIs).await?;
            Arc::new(SqlStore::as_it_is(backend, clock))
        }
    })
}

/// Opens a database as [`open`] does, one that is being restored as well.
///
/// # Errors
/// As [`open`].
pub async fn open_restored<'a>(
    target: impl Into<Target<'a>>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Store>, StoreError> {
    open_migrated(target.into(), clock, Schema::Restored).await
}

async fn open_migrated(
    target: Target<'_>,
    clock: Arc<dyn Clock>,
    schema: Schema,
) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match target.place()? {
        Place::Sqlite { shown, path } => {
            Arc::new(SqlStore::over(SqliteBackend::open(&shown, path, schema).await?, clock).await?)
        }
        Place::Postgres { shown, options } => {
            let backend = PostgresBackend::open(&shown, *options, target.patience(), schema).await?;
            Arc::new(SqlStore::over(backend, clock).await?)
        }
    })
}

/// Migrates a PostgreSQL database as the owner of its tables, and gives the role of the servers what it needs: it adds
/// to the log and can neither change nor shorten it.
///
/// # Errors
/// [`StoreError::BadUrl`] for anything but `postgres://…`, and those of [`open`].
pub async fn migrate_for(owner_url: &str, server_role: &str) -> Result<(), StoreError> {
    match place(owner_url)? {
        Place::Postgres { shown, options } => postgres::migrate_for(&shown, *options, server_role).await,
        Place::Sqlite { shown, .. } => Err(StoreError::BadUrl {
            url: shown,
            reason: "only PostgreSQL has roles: expected postgres://OWNER@HOST/NAME".to_owned(),
        }),
    }
}
