//! `etalon import`: another tracker's log comes in.

use std::fs::File;
use std::sync::Arc;

use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
use crate::cli::{Import, progress};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::interchange::import::{BadEvents, import};
use crate::interchange::mapping::Mapping;
use crate::small_file::{self, TEXT_BYTES};

/// Imports, and answers the report.
///
/// # Errors
/// When the mapping or the log cannot be used, or the database fails; unless events may be left out, nothing is then
/// imported. When the log cannot be read to its end, although what stands before that came in.
pub async fn run(arguments: Import, settings: &Settings) -> Result<String, Problem> {
    let name = arguments.mapping.display().to_string();
    let text = small_file::read_text(&arguments.mapping, TEXT_BYTES);
    let text = text.map_err(Problem::while_doing(format!("{name} cannot be read")))?;
    let mapping = Mapping::parse(&name, &text).map_err(Problem::while_doing("the mapping cannot be used"))?;
    let file = File::open(&arguments.file)
        .map_err(Problem::while_doing(format!("{} cannot be opened", arguments.file.display())))?;
    let bad_events = if arguments.continue_after_errors { BadEvents::AreLeftOut } else { BadEvents::EndTheImport };
    let app = serve::open(settings, KeyFolder::Made, Arc::new(SystemClock)).await?;
    let bar = progress::bar();
    let imported = import(&app, file, arguments.format, &Arc::new(mapping), bad_events, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    app.shutdown().await;
    let report = imported.map_err(Problem::while_doing(arguments.file.display().to_string()))?;
    let is_too_little = report.skipped_count > 0 && bad_events == BadEvents::EndTheImport;
    if is_too_little || report.unread_behind.is_some() {
        return Err(Problem::coded("IMPORT_INCOMPLETE", "not everything came in").with_report(&report));
    }
    Ok(report.to_string().trim_end().to_owned())
}
