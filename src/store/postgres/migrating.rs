//! Who brings a schema up to date, and what has to hold before and after.

use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::store::opening::{SCHEMA_VERSION, is_current, is_unmarked, last_of};
use crate::store::postgres::{MIGRATIONS, encoding, planted, roles, sql};
use crate::store::{StoreError, migration_error};

/// Migrates, and gives that role what a server needs.
pub(in crate::store) async fn migrate_for(
    url: &str,
    options: PgConnectOptions,
    server: &str,
) -> Result<(), StoreError> {
    let unreachable = |source| StoreError::Unreachable { url: url.to_owned(), source: Arc::new(source) };
    let options = options.options([("client_min_messages", "warning")]).disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await.map_err(unreachable)?;
    encoding::is_utf8(&mut connection, url).await?;
    has_no_mark(&mut connection, url).await?;
    roles::may_grant(&mut connection, server).await?;
    roles::part(&mut connection, server).await?;
    MIGRATIONS.run_direct(&mut connection).await.map_err(migration_error)?;
    roles::grant(&mut connection, server).await?;
    connection.close().await.map_err(unreachable)
}

/// Migrates as far as the role may; one that may not needs a database that is migrated. Nothing is done with the rights of
/// the owner while something is there that a server's role has made.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    if roles::may_migrate(connection).await.map_err(StoreError::during("look at the schema"))? {
        planted::nothing_by_servers(connection).await?;
        return MIGRATIONS.run_direct(connection).await.map_err(migration_error);
    }
    has_schema(connection).await
}

/// Whether the database is not being restored.
pub(in crate::store) async fn has_no_mark(connection: &mut PgConnection, url: &str) -> Result<(), StoreError> {
    is_unmarked(sqlx::query_scalar(sql::RESTORING).fetch_one(connection).await, url)
}

pub(super) async fn has_schema(connection: &mut PgConnection) -> Result<(), StoreError> {
    let found = sqlx::query_scalar(SCHEMA_VERSION).fetch_one(connection).await;
    is_current(found.map_err(StoreError::during("look at the schema"))?, last_of(&MIGRATIONS))
}
