//! `etalon report`: the report of a jurisdiction's year.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{App, Moment, YearQuestion};
use crate::cli::export::up_to;
use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
use crate::cli::{self, AsOf, output};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::ledger::counted::counted;
use crate::report::{self, File, ReportError};
use crate::whole_file::{self, Access, WholeFile};

/// Writes the report to the file that was named, or to standard output.
///
/// # Errors
/// When the moment does not exist yet, the log cannot be read or the report not be written.
pub async fn run(arguments: cli::Report, settings: &Settings) -> Result<(), Problem> {
    let app = serve::open_existing(settings, KeyFolder::IfThere, Arc::new(SystemClock)).await?;
    let files = files(&app, &arguments, settings).await;
    app.shutdown().await;
    let files = files?;
    match &arguments.output {
        None => {
            let written = files.iter().try_for_each(|file| output::standard().write_all(file.text.as_bytes()));
            written.map_err(Problem::while_doing("standard output cannot be written"))
        }
        Some(path) => write_to(path, &files),
    }
}

/// The report, and what stands beside it.
async fn files(app: &App, arguments: &cli::Report, settings: &Settings) -> Result<Vec<File>, Problem> {
    let at = match arguments.as_of {
        None => Moment::Present,
        Some(as_of) => Moment::Position(up_to(app, Some(as_of)).await?),
    };
    let time = arguments.as_of.and_then(AsOf::time);
    let (jurisdiction, year) = (arguments.jurisdiction.clone(), arguments.year);
    let question = YearQuestion { jurisdiction, year, at, time, standing_at: None };
    let data = report::gather(app, question).await.map_err(failed)?;
    let unreadable = report::unreadable_leads(&data) as u64;
    if unreadable > 0 && !arguments.without_names {
        return Err(without_names(unreadable, settings));
    }
    let document = report::compose(&data, arguments.language).map_err(failed)?;
    // Beside a device or a pipe no file belongs.
    let output = arguments.output.as_deref().filter(|path| !whole_file::is_written_through(path));
    let name = output.and_then(Path::file_stem).map(|stem| stem.to_string_lossy());
    report::write(&document, arguments.format, name.as_deref()).map_err(failed)
}

fn failed(error: ReportError) -> Problem {
    Problem::while_doing("the report cannot be made")(error)
}

/// A report with holes is handed in by nobody who does not know of them.
fn without_names(cases: u64, settings: &Settings) -> Problem {
    let are = counted(cases, "case has a lead", "cases have leads");
    let why = match settings.data_keys_dir.exists() {
        true => "cannot be opened with the data keys in",
        false => "cannot be opened, for there are no data keys at",
    };
    let place = serve::data_keys_place(settings);
    let what = format!(
        "{are} whose name {why} {place}; name the folder of the server's with --data-keys-dir, or leave names out with \
         --without-names"
    );
    Problem::coded("NO_DATA_KEYS", what)
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

/// Writes all of the files, of which none appears unless each can be written.
fn write_to(path: &Path, files: &[File]) -> Result<(), Problem> {
    let cannot = |path: &Path| Problem::while_doing(format!("{} cannot be written", path.display()));
    let mut written = Vec::with_capacity(files.len());
    for file in files {
        let path = beside(path, file);
        let mut whole = WholeFile::begin(&path, Access::Usual).map_err(cannot(&path))?;
        whole.write_all(file.text.as_bytes()).map_err(cannot(&path))?;
        written.push((path, whole));
    }
    // What the report points at is there before it is.
    written.into_iter().rev().try_for_each(|(path, whole)| whole.appear().map_err(cannot(&path)))
}
