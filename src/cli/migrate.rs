//! `etalon migrate`: the schema of a database, made by the role that owns it.

use std::sync::Arc;

use crate::cli;
use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
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
    let app = serve::open(settings, KeyFolder::Unneeded, Arc::new(SystemClock)).await?;
    let origin = app.origin().await;
    app.shutdown().await;
    // Whoever sets a signer up asks it for the key of this name.
    let origin = origin.map_err(Problem::while_doing("the log has no name"))?;
    let role = arguments.server_role.as_ref().map(|role| format!("; the role {role} may serve it"));
    Ok(format!("{} is up to date{}; its log is {origin}", settings.database, role.unwrap_or_default()))
}
