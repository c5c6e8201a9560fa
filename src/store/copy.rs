//! Copies of a whole database, taken while it is served and put back elsewhere, by each database's own means.

mod postgres;
mod sqlite;

use std::path::Path;

use crate::ledger::tree::TreeHead;
use crate::store::stored::HeadRow;
use crate::store::{Place, StoreError, place};

/// What a copy holds: all of the log as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The name of the log.
    pub origin: String,
    /// How many events it has, and the root of their tree.
    pub head: TreeHead,
}

impl TryFrom<HeadRow> for Copied {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        Ok(Self { head: row.tree()?.head(), origin: row.origin })
    }
}

/// Copies a database into a new file: one that SQLite opens, or an archive of `pg_dump`. Servers go on meanwhile.
///
/// # Errors
/// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::Program`] where `pg_dump` fails, or when the file
/// cannot be written.
pub async fn copy_into(url: &str, file: &Path) -> Result<Copied, StoreError> {
    match place(url)? {
        Place::Sqlite { shown, path } => sqlite::copy_into(&shown, path, file).await,
        Place::Postgres { shown, options } => postgres::copy_into(&shown, *options, file).await,
    }
}

/// Fills a database that has nothing in it with a copy; all of it or nothing.
///
/// # Errors
/// Those of [`copy_into`], with `pg_restore`, and [`StoreError::NotEmpty`].
pub async fn restore_from(file: &Path, url: &str) -> Result<(), StoreError> {
    match place(url)? {
        Place::Sqlite { shown, path } => sqlite::restore_from(file, &shown, path),
        Place::Postgres { shown, options } => postgres::restore_from(file, &shown, *options).await,
    }
}
