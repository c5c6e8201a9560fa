//! Which servers have the database, for whoever must be beside none of them: each shares a lock, on a connection of its
//! own that does nothing else. It goes with the connection, and so with a server that is killed.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio_util::task::AbortOnDropHandle;

use crate::store::postgres::is_kept_waiting;
use crate::store::postgres::silence::Silence;
use crate::telemetry::causes::with_causes;

const SHARE: &str = "select pg_catalog.pg_advisory_lock_shared(6071240513974428193)";
const TAKE: &str = "select pg_catalog.pg_advisory_lock(6071240513974428193)";

/// Who has just ended may not have let the lock go yet, and that is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it is looked whether the connection is there.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// How long is waited before it is tried again to make another one.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Shares the lock until what is answered is dropped; `None` while somebody has taken it. A lost connection is made anew.
///
/// # Errors
/// When the server cannot be reached.
pub(in crate::store) async fn share(
    options: PgConnectOptions,
    patience: Duration,
) -> Result<Option<AbortOnDropHandle<()>>, sqlx::Error> {
    let options = with_limits(options);
    let connection = locked(&options, patience, SHARE).await?;
    Ok(connection.map(|connection| AbortOnDropHandle::new(tokio::spawn(keep(connection, options, patience)))))
}

/// Takes the lock alone, for as long as the connection is there; `None` while somebody has it.
///
/// # Errors
/// When the server cannot be reached.
pub(in crate::store) async fn take(
    options: PgConnectOptions,
    patience: Duration,
) -> Result<Option<PgConnection>, sqlx::Error> {
    locked(&with_limits(options), patience, TAKE).await
}

/// Has PostgreSQL end a connection whose other end has gone without a word after a minute: it would have the lock for hours
/// otherwise.
fn with_limits(options: PgConnectOptions) -> PgConnectOptions {
    let options = options.application_name("etalon").options([("lock_timeout", LOCK_TIMEOUT.as_millis())]);
    let keepalives = [("tcp_keepalives_idle", "30"), ("tcp_keepalives_interval", "10"), ("tcp_keepalives_count", "3")];
    // Its wait is no slow statement.
    options.options(keepalives).disable_statement_logging()
}

/// A connection that has the lock; `None` where it was not to be had.
async fn locked(
    options: &PgConnectOptions,
    patience: Duration,
    lock: &'static str,
) -> Result<Option<PgConnection>, sqlx::Error> {
    let locked = async {
        let mut connection = PgConnection::connect_with(options).await?;
        connection.execute(lock).await?;
        Ok::<_, sqlx::Error>(connection)
    };
    match Silence::default().answer(patience + LOCK_TIMEOUT, locked).await.flatten() {
        Err(error) if is_kept_waiting(&error) => Ok(None),
        locked => locked.map(Some),
    }
}

/// Keeps a connection that shares the lock. Each time it is lost another one is made.
async fn keep(mut connection: PgConnection, options: PgConnectOptions, patience: Duration) {
    loop {
        let lost = lost(&mut connection, patience).await;
        tracing::warn!(error = %with_causes(&lost), "`etalon keys adopt` does not see this server for now");
        connection = shared_anew(&options, patience).await;
    }
}

/// Comes back once the connection is lost, with what was said.
async fn lost(connection: &mut PgConnection, patience: Duration) -> sqlx::Error {
    loop {
        tokio::time::sleep(LOOKS_EVERY).await;
        if let Err(error) = Silence::default().answer(patience, connection.ping()).await.flatten() {
            return error;
        }
    }
}

async fn shared_anew(options: &PgConnectOptions, patience: Duration) -> PgConnection {
    loop {
        match locked(options, patience, SHARE).await {
            Ok(Some(connection)) => return connection,
            Ok(None) => tracing::debug!("somebody has the database alone for now"),
            // Whoever needs the database tells that it does not answer.
            Err(error) => tracing::debug!(error = %with_causes(&error), "no connection to be seen by for now"),
        }
        tokio::time::sleep(TRY_AGAIN_AFTER).await;
    }
}
