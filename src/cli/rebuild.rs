//! `etalon rebuild`: all read rows anew from the log.

use std::sync::Arc;

use crate::cli::problem::Problem;
use crate::cli::progress;
use crate::cli::serve::{self, KeyFolder};
use crate::clock::SystemClock;
use crate::config::Settings;

/// Rebuilds, and says how the new rows compare with the old.
///
/// # Errors
/// When the database fails or the log cannot be read; the served rows are then unchanged.
pub async fn run(settings: &Settings) -> Result<String, Problem> {
    let app = serve::open_existing(settings, KeyFolder::Unneeded, Arc::new(SystemClock)).await?;
    let bar = progress::bar();
    let rebuilt = app
        .rebuild(|done, of| {
            bar.set_length(of);
            bar.set_position(done);
        })
        .await
        .map_err(Problem::while_doing("the read rows were not rebuilt"))?;
    bar.finish_and_clear();
    app.shutdown().await;
    let compared = if rebuilt.before == rebuilt.after {
        "the rows are those that were served before"
    } else if rebuilt.before.last_position == rebuilt.after.last_position {
        "the rows DIFFER from those that were served before"
    } else {
        "the log grew meanwhile, so they are not compared with those that were served before"
    };
    Ok(format!(
        "{} events in {} commits gave {} rows up to position {}: {compared}",
        rebuilt.events,
        rebuilt.commits,
        rebuilt.after.count,
        rebuilt.after.last_position.map_or_else(|| "none".to_owned(), |position| position.to_string()),
    ))
}
