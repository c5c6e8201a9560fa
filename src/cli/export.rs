//! `etalon export`: the log goes out.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::app::App;
use crate::cli::problem::Problem;
use crate::cli::{self, AsOf, progress, serve};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::interchange::export::{Export, export};

/// Exports to the file that was named, or to standard output.
///
/// # Errors
/// When the moment does not exist yet, the log cannot be read or the export not be written.
pub async fn run(arguments: cli::Export, settings: &Settings) -> Result<(), Problem> {
    let app = serve::open(settings, Arc::new(SystemClock)).await?;
    let out: Box<dyn Write> = match &arguments.output {
        None => Box::new(io::stdout().lock()),
        Some(path) => {
            let file =
                File::create(path).map_err(Problem::while_doing(format!("{} cannot be written", path.display())))?;
            Box::new(file)
        }
    };
    let asked = Export {
        format: arguments.format,
        up_to: up_to(&app, arguments.as_of).await?,
        campaign: arguments.campaign.map(Into::into),
    };
    let bar = progress::spinner();
    let exported = export(&app, asked, BufWriter::new(out), |done| bar.set_position(done)).await;
    bar.finish_and_clear();
    app.shutdown().await;
    let mut out = exported.map_err(Problem::while_doing("the export failed"))?;
    out.flush().map_err(Problem::while_doing("the export cannot be written"))
}

/// The last position to export.
async fn up_to(app: &App, as_of: Option<AsOf>) -> Result<u64, Problem> {
    let unreadable = || Problem::while_doing("the log cannot be read");
    let head = app.head().await.map_err(unreadable())?.ok_or_else(|| Problem::new("the log is empty"))?;
    match as_of {
        None => Ok(head),
        Some(AsOf::Position(position)) if position <= head => Ok(position),
        Some(AsOf::Position(position)) => {
            Err(Problem::new(format!("position {position} does not exist yet: the last one is {head}")))
        }
        Some(AsOf::Time(time)) if time > app.now() => Err(Problem::new(format!("{time} lies in the future"))),
        Some(AsOf::Time(time)) => app
            .position_at(time)
            .await
            .map_err(unreadable())?
            .ok_or_else(|| Problem::new(format!("the log had not begun at {time}"))),
    }
}
