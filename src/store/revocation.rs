//! Tokens that are refused before their time is over, as every server of the database reads them.

use async_trait::async_trait;
use sqlx::FromRow;

use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::statement::Statement;

/// A second one of the same moment says nothing more.
const REVOKE: &str = "insert into revocations (key, revoked_at) values ($1, $2) on conflict do nothing";

/// The latest of each key.
const REVOKED: &str = "select key, max(revoked_at) as revoked_at from revocations where revoked_at >= $1 group by key";

/// What is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What tokens are known by.
    pub key: String,
    /// Those that were issued up to then, in microseconds since the Unix epoch.
    pub revoked_at: i64,
}

/// The part of the store that revocations need. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait RevocationStore: Send + Sync {
    /// Writes one down, for good.
    ///
    /// # Errors
    /// When the database fails.
    async fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError>;

    /// The latest of everything that was revoked since then (microseconds since the Unix epoch).
    ///
    /// # Errors
    /// When the database fails.
    async fn revocations(&self, since: i64) -> Result<Vec<Revocation>, StoreError>;
}

#[derive(FromRow)]
struct RevocationRow {
    key: String,
    revoked_at: i64,
}

impl From<RevocationRow> for Revocation {
    fn from(row: RevocationRow) -> Self {
        Self { key: row.key, revoked_at: row.revoked_at }
    }
}

#[async_trait]
impl<B: Backend> RevocationStore for SqlStore<B> {
    async fn revoke(&self, revocation: &Revocation) -> Result<(), StoreError> {
        let statement = Statement::new(REVOKE).text(&revocation.key).integer(revocation.revoked_at);
        let written = self.backend.execute(&statement).await;
        written.map(drop).map_err(StoreError::during("revoke tokens"))
    }

    async fn revocations(&self, since: i64) -> Result<Vec<Revocation>, StoreError> {
        self.many::<RevocationRow, _>("list revocations", Statement::new(REVOKED).integer(since)).await
    }
}
