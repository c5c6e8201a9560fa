//! `etalon export`: the log goes out.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::{App, NoMoment};
use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
use crate::cli::{self, AsOf, output, progress};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::domain::value::calendar;
use crate::interchange::export::{Export, export};
use crate::ledger::counted::counted;
use crate::whole_file::{Access, WholeFile};

/// Exports to the file that was named, or to standard output.
///
/// # Errors
/// When the moment does not exist yet, the campaign is not there, the log cannot be read or the export not be written.
pub async fn run(arguments: cli::Export, settings: &Settings) -> Result<(), Problem> {
    let app = serve::open_existing(settings, KeyFolder::Unneeded, Arc::new(SystemClock)).await?;
    let asked = Export {
        format: arguments.format,
        up_to: up_to(&app, arguments.as_of).await?,
        campaign: arguments.campaign.map(Into::into),
    };
    let written = match &arguments.output {
        None => write(&app, asked, output::standard()).await.map(|(_, written)| written),
        Some(path) => write_to(&app, asked, path).await,
    };
    app.shutdown().await;
    let Written { events, as_of } = written?;
    let events = counted(events, "event", "events");
    // The log is written, whoever hears of how far.
    let _ = writeln!(io::stderr(), "{events}, up to position {} ({as_of})", asked.up_to);
    Ok(())
}

/// What went out.
struct Written {
    events: u64,
    /// When the log took the last of them.
    as_of: Timestamp,
}

async fn write_to(app: &App, asked: Export, path: &Path) -> Result<Written, Problem> {
    let cannot = || format!("{} cannot be written", path.display());
    let file = WholeFile::begin(path, Access::Usual).map_err(Problem::while_doing(cannot()))?;
    let (file, written) = write(app, asked, file).await?;
    file.appear().map_err(Problem::while_doing(cannot()))?;
    Ok(written)
}

async fn write<W: Write>(app: &App, asked: Export, out: W) -> Result<(W, Written), Problem> {
    let bar = progress::spinner();
    let mut events = 0;
    let exported = export(app, asked, BufWriter::new(out), |done| {
        events = done;
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    let (out, as_of) = exported.map_err(Problem::while_doing("the export failed"))?;
    let out = out.into_inner();
    let out = out.map_err(|error| Problem::while_doing("the export cannot be written")(error.into_error()))?;
    Ok((out, Written { events, as_of }))
}

/// The last position to export.
pub(super) async fn up_to(app: &App, as_of: Option<AsOf>) -> Result<u64, Problem> {
    let unreadable = || Problem::while_doing("the log cannot be read");
    let head = app.head().await.map_err(unreadable())?.ok_or_else(|| Problem::new("the log is empty"))?;
    match as_of {
        None => Ok(head),
        Some(AsOf::Position(position)) if position <= head => app.last_of_command(position).await.map_err(unreadable()),
        Some(AsOf::Position(position)) => {
            Err(Problem::new(format!("position {position} does not exist yet: the last one is {head}")))
        }
        Some(AsOf::Day(day)) => {
            let (end, now) = (calendar::end_of(day), app.now());
            match end > now {
                true => Err(Problem::new(not_over(day, end, now))),
                false => position_at(app, end).await,
            }
        }
        Some(AsOf::Time(time)) => position_at(app, time).await,
    }
}

async fn position_at(app: &App, time: Timestamp) -> Result<u64, Problem> {
    app.recorded_at(time).await.map_err(|error| match error {
        NoMoment::Fault(fault) => Problem::while_doing("the log cannot be read")(fault),
        refused => Problem::new(refused.to_string()),
    })
}

/// Why a day cannot be asked for yet.
fn not_over(day: Date, end: Timestamp, now: Timestamp) -> String {
    match calendar::date_of(now) == day {
        true => format!(
            "{day} is not over: it ends at {end}, midnight in UTC+8, and it is {now}; give a time or a position, or leave \
             --as-of out"
        ),
        false => format!("{day} lies in the future: it is {now}"),
    }
}
