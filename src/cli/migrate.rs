//! `etalon migrate`: the schema of a database, made by the role that owns it.

use std::sync::Arc;

use crate::cli::problem::Problem;
use crate::cli::{self, serve};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::store;

/// Migrates, and grants the role of the servers its rights where one is named.
///
/// # Errors
/// When the database cannot be reached or migrated, or the role be granted its rights.
pub async fn run(arguments: &cli::Migrate, settings: &Settings) -> Result<String, Problem> {
    let failed = || Problem::while_doing("the database was not migrated");
    if let Some(role) = &arguments.server_role {
        store::migrate_for(settings.database.as_str(), role).await.map_err(failed())?;
    }
    let app = serve::open(settings, Arc::new(SystemClock)).await?;
    app.shutdown().await;
    Ok(match &arguments.server_role {
        Some(role) => format!("{} is up to date; the role {role} may serve it", settings.database),
        None => format!("{} is up to date", settings.database),
    })
}
