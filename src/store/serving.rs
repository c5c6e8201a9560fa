//! Whose a database is that several machines may have: its servers' together, or somebody's alone. Of an embedded one
//! nothing is kept here: its processes are all on one machine, where a file beside it tells.

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use tokio_util::task::AbortOnDropHandle;

use crate::store::StoreError;
use crate::store::place::{Place, Target};
use crate::store::postgres::serving;

/// Has a server seen by [`take_alone`] until it is dropped.
#[derive(Debug)]
pub struct AmongServers {
    _keeping: Option<AbortOnDropHandle<()>>,
}

/// Keeps servers from beginning until it is dropped.
#[derive(Debug)]
pub struct Alone {
    _connection: Option<PgConnection>,
}

/// Joins the servers of a database, before anything of it is looked at; `None` while somebody has it alone.
///
/// # Errors
/// [`StoreError::BadUrl`] and [`StoreError::Unreachable`].
pub async fn join_servers(target: Target<'_>) -> Result<Option<AmongServers>, StoreError> {
    let Place::Postgres { shown, options } = target.place()? else { return Ok(Some(AmongServers { _keeping: None })) };
    let shared = serving::share(*options, target.patience()).await.map_err(unreachable(shown))?;
    Ok(shared.map(|keeping| AmongServers { _keeping: Some(keeping) }))
}

/// Takes a database for something that no server may be beside; `None` while one has it.
///
/// # Errors
/// As [`join_servers`].
pub async fn take_alone(target: Target<'_>) -> Result<Option<Alone>, StoreError> {
    let Place::Postgres { shown, options } = target.place()? else { return Ok(Some(Alone { _connection: None })) };
    let taken = serving::take(*options, target.patience()).await.map_err(unreachable(shown))?;
    Ok(taken.map(|connection| Alone { _connection: Some(connection) }))
}

fn unreachable(url: String) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Unreachable { url, source: Arc::new(source) }
}
