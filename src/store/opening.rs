//! A database is opened: served, restored, or as it is.

use std::cmp::Ordering;
use std::sync::Arc;

use sqlx::migrate::Migrator;

use crate::clock::Clock;
use crate::config::without_login;
use crate::store::backend::SqlStore;
use crate::store::place::{Place, place};
use crate::store::plan::Ledger;
use crate::store::postgres::{self, PostgresBackend};
use crate::store::sqlite::SqliteBackend;
use crate::store::{Store, StoreError};

/// What becomes of a schema that is older than this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// It is migrated.
    Migrated,
    /// It stays, and the database is not opened.
    AsItIs,
}

/// The statement that tells the last migration that was applied.
pub(super) const SCHEMA_VERSION: &str = "select coalesce(max(version), 0) from _sqlx_migrations where success";

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
/// - `url`: `sqlite:PATH` (created with its folder if missing) or `postgres://…`
/// - `clock`: gives `recorded_at` and the random bits of ledger entries
///
/// # Errors
/// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::NewerSchema`],
/// [`StoreError::Migration`] or [`StoreError::Restoring`].
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    served(open_restored(url, clock).await?, url).await
}

/// Opens a database that is there and has this program's schema, and changes nothing of it: for those who look at what
/// stands there, before anything is made good.
///
/// # Errors
/// As [`open`]; [`StoreError::OlderSchema`] in the place of [`StoreError::Migration`].
pub async fn open_as_it_is(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    let store: Arc<dyn Store> = match place(url)? {
        Place::Sqlite { shown, path } => Arc::new(SqlStore {
            backend: SqliteBackend::open(&shown, path, Schema::AsItIs).await?,
            clock,
            ledger: Ledger::Kept,
        }),
        Place::Postgres { shown, options } => Arc::new(SqlStore {
            backend: PostgresBackend::open(&shown, *options, Schema::AsItIs).await?,
            clock,
            ledger: Ledger::Kept,
        }),
    };
    served(store, url).await
}

/// The database, unless it is being restored.
async fn served(store: Arc<dyn Store>, url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match store.is_being_restored().await? {
        true => Err(StoreError::Restoring { url: without_login(url) }),
        false => Ok(store),
    }
}

/// Opens a database as [`open`] does, one that is being restored as well.
///
/// # Errors
/// As [`open`].
pub async fn open_restored(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match place(url)? {
        Place::Sqlite { shown, path } => {
            Arc::new(SqlStore::over(SqliteBackend::open(&shown, path, Schema::Migrated).await?, clock).await?)
        }
        Place::Postgres { shown, options } => {
            Arc::new(SqlStore::over(PostgresBackend::open(&shown, *options, Schema::Migrated).await?, clock).await?)
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
