//! Copies of a whole database, taken while it is served and put back elsewhere, by each database's own means.

mod postgres;
mod sqlite;

pub(super) use sqlite::draft_of;

use std::path::Path;

use sqlx::postgres::PgConnection;

use crate::ledger::tree::TreeHead;
use crate::store::StoreError;
use crate::store::place::{Place, place};
use crate::store::stored::HeadRow;

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
/// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::NoLog`], [`StoreError::Restoring`],
/// [`StoreError::Program`] where `pg_dump` fails, or when the file cannot be written.
pub async fn copy_into(url: &str, file: &Path) -> Result<Copied, StoreError> {
    match place(url)? {
        Place::Sqlite { shown, path } => sqlite::copy_into(&shown, path, file).await,
        Place::Postgres { shown, options } => postgres::copy_into(&shown, &options, file).await,
    }
}

/// Fills a database that has nothing in it with a copy; all of it or nothing. It is marked, so that nobody serves it,
/// until [`end_restore`](crate::store::LedgerStore::end_restore). Where it is filled with the copy of this digest
/// already, that is all.
///
/// # Errors
/// Those of [`copy_into`], with `pg_restore`, [`StoreError::NotEmpty`] and [`StoreError::RestoredByAnother`].
pub async fn restore_from(file: &Path, digest: &str, url: &str) -> Result<Restoring, StoreError> {
    Ok(Restoring(match place(url)? {
        Place::Sqlite { shown, path } => {
            sqlite::restore_from(file, digest, &shown, path).await?;
            None
        }
        Place::Postgres { shown, options } => Some(postgres::restore_from(file, digest, &shown, &options).await?),
    }))
}

/// Keeps other restores out of a PostgreSQL database until it goes out of scope, with the process at the latest.
#[derive(Debug)]
#[must_use = "others may restore into the database when it is dropped"]
pub struct Restoring(Option<PgConnection>);

impl Restoring {
    /// Lets others in, for what this run has come to stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(self) -> Result<(), StoreError> {
        match self.0 {
            Some(connection) => postgres::unlock(connection).await,
            None => Ok(()),
        }
    }
}

/// Marks a database as one that is being restored, from the copy of a digest.
const MARK: &str = "create table etalon_restoring (backup text not null)";
const MARK_WITH: &str = "insert into etalon_restoring (backup) values ($1)";
const MARKED_WITH: &str = "select backup from etalon_restoring";
pub(super) const UNMARK: &str = "drop table etalon_restoring";
