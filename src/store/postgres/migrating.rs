//! Who brings a schema up to date, and what has to hold before and after.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::store::StoreError;
use crate::store::opening::{SCHEMA_VERSION, is_current, is_unmarked, last_of};
use crate::store::postgres::{MIGRATIONS, encoding, is_kept_waiting, planted, roles, sql};
use crate::telemetry::causes::with_causes;

/// Whoever waits for a table keeps everybody waiting who comes later, commits among them: so a migration waits for no longer
/// than that, and then lets them go on.
const LOCK_TIMEOUT: &str = "set lock_timeout = '5s'";

/// For how long they may, at first and at most: a backup of the database may read for an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

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
    run(&mut connection).await?;
    roles::grant(&mut connection, server).await?;
    connection.close().await.map_err(unreachable)
}

/// Migrates as far as the role may, for those who serve as well; one that may not needs a database that is migrated. Nothing
/// is done with the rights of the owner while something is there that a server's role has made.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    if roles::may_migrate(connection).await.map_err(StoreError::during("look at the schema"))? {
        planted::nothing_by_servers(connection).await?;
        run(connection).await?;
        return roles::complete(connection).await;
    }
    has_schema(connection).await
}

/// Runs the migrations that are missing. Each is a transaction of its own, so that what was run stays where the next one has
/// to wait. Nobody else migrates meanwhile: the lock that says so is kept until the connection is closed.
async fn run(connection: &mut PgConnection) -> Result<(), StoreError> {
    connection.execute(LOCK_TIMEOUT).await.map_err(StoreError::during("limit the wait for locks"))?;
    let mut pause = FIRST_PAUSE;
    loop {
        match MIGRATIONS.run_direct(&mut *connection).await {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) if is_kept_waiting(&error) => {
                tracing::warn!(
                    error = %with_causes(&error),
                    ?pause,
                    "the database is not migrated yet: somebody goes on reading its tables, as a backup does, or migrates it"
                );
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            ran => return ran.map_err(StoreError::from),
        }
    }
}

/// Whether the database is not being restored.
pub(in crate::store) async fn has_no_mark(connection: &mut PgConnection, url: &str) -> Result<(), StoreError> {
    is_unmarked(sqlx::query_scalar(sql::RESTORING).fetch_one(connection).await, url)
}

pub(super) async fn has_schema(connection: &mut PgConnection) -> Result<(), StoreError> {
    let found = sqlx::query_scalar(SCHEMA_VERSION).fetch_one(connection).await;
    is_current(found.map_err(StoreError::during("look at the schema"))?, last_of(&MIGRATIONS))
}
