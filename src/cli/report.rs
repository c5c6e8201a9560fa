//! `etalon report`: the report of a jurisdiction's year.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use crate::app::{App, Moment, YearQuestion};
use crate::cli::export::up_to;
use crate::cli::problem::Problem;
use crate::cli::{self, AsOf, output, serve};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::report::{self, File, ReportError};

/// Writes the report to the file that was named, or to standard output.
///
/// # Errors
/// When the moment does not exist yet, the log cannot be read or the report not be written.
pub async fn run(arguments: cli::Report, settings: &Settings) -> Result<(), Problem> {
    let app = serve::open_existing(settings, Arc::new(SystemClock)).await?;
    let files = match app.renew_rows().await {
        Ok(()) => files(&app, &arguments).await,
        Err(fault) => Err(Problem::while_doing("the read rows cannot be used")(fault)),
    };
    app.shutdown().await;
    let files = files?;
    match &arguments.output {
        None => {
            let written = files.iter().try_for_each(|file| output::standard().write_all(file.text.as_bytes()));
            written.map_err(Problem::while_doing("standard output cannot be written"))
        }
        // What it points at is there before the report is.
        Some(path) => files.iter().rev().try_for_each(|file| replace(&beside(path, file), &file.text)),
    }
}

/// The report, and what stands beside it.
async fn files(app: &App, arguments: &cli::Report) -> Result<Vec<File>, Problem> {
    let at = match arguments.as_of {
        None => Moment::Present,
        Some(as_of) => Moment::Position(up_to(app, Some(as_of)).await?),
    };
    let time = match arguments.as_of {
        Some(AsOf::Time(time)) => Some(time),
        Some(AsOf::Position(_)) | None => None,
    };
    let question = YearQuestion { jurisdiction: arguments.jurisdiction.clone(), year: arguments.year, at, time };
    let data = report::gather(app, question).await.map_err(failed)?;
    let document = report::compose(&data, arguments.language).map_err(failed)?;
    let name = arguments.output.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    report::write(&document, arguments.format, name.as_deref()).map_err(failed)
}

fn failed(error: ReportError) -> Problem {
    Problem::while_doing("the report cannot be made")(error)
}

/// Where a file of the report that is written to the path stands.
fn beside(path: &Path, file: &File) -> PathBuf {
    match &file.suffix {
        None => path.to_owned(),
        Some(suffix) => {
            let mut name = path.file_stem().map(OsString::from).unwrap_or_default();
            name.push(suffix);
            path.with_file_name(name)
        }
    }
}

/// Writes beside the file, and puts it in its place once it is complete.
fn replace(path: &Path, text: &str) -> Result<(), Problem> {
    let cannot = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = NamedTempFile::new_in(folder).map_err(Problem::while_doing(cannot()))?;
    beside.write_all(text.as_bytes()).map_err(Problem::while_doing(cannot()))?;
    beside.as_file().sync_all().map_err(Problem::while_doing(cannot()))?;
    beside.persist(path).map(drop).map_err(Problem::while_doing(cannot()))
}
