//! A log without its ledger, so that the bench can tell what the ledger costs. Nothing of the program opens one, and no
//! setting can: a rule of the house sees to it.

use std::sync::Arc;

use crate::clock::Clock;
use crate::store::backend::{Backend, SqlStore};
use crate::store::opening::Schema;
use crate::store::place::{Place, Target, place};
use crate::store::plan::Ledger;
use crate::store::postgres::PostgresBackend;
use crate::store::sqlite::SqliteBackend;
use crate::store::{Store, StoreError};

/// Opens a database as [`open`](crate::store::open) does, but writes no entry, hash or tree: nobody can prove anything
/// of what is committed through it. For a bench alone.
///
/// # Errors
/// As [`open`](crate::store::open).
pub async fn open_without_ledger(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match place(url)? {
        Place::Sqlite { shown, path } => {
            without_ledger(SqlStore::over(SqliteBackend::open(&shown, path, Schema::Migrated).await?, clock).await?)
        }
        Place::Postgres { shown, options } => without_ledger(
            SqlStore::over(PostgresBackend::open(&shown, *options, Target::PATIENCE, Schema::Migrated).await?, clock)
                .await?,
        ),
    })
}

fn without_ledger<B: Backend>(mut store: SqlStore<B>) -> Arc<dyn Store> {
    store.ledger = Ledger::LeftOut;
    Arc::new(store)
}
