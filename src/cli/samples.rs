//! Frozen samples: one file for every version of every event that was ever published. Today's code has to read each,
//! and to write today's versions byte for byte.
//!
//! `FOLDER/<aggregate>/<event type>.<version>.json`. A file is written once, when its event is published, and never
//! changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cqrs_es::Aggregate;

use crate::codec::{self, Stored};
use crate::domain::aggregate::Root;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::event::Fact;
use crate::domain::institution::Institution;
use crate::domain::log::Log;
use crate::domain::person::Person;
use crate::domain::view::View;

/// What is wrong with a sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A published event has no sample.
    #[error("{0} is missing: freeze a sample of the event")]
    Missing(PathBuf),
    /// A file that is no sample.
    #[error("{0} is no sample of an event that was ever published")]
    Stray(PathBuf),
    /// The folder or a file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Today's code does not read the sample.
    #[error("{path} is not read any more")]
    Undecodable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<codec::DecodeError>,
    },
    /// Today's code writes the same event in other bytes.
    #[error("{path} would be written differently today: {today}")]
    Changed {
        /// Which.
        path: PathBuf,
        /// The bytes of today.
        today: String,
    },
}

/// Checks every sample, and that there is one for every event of today. Answers how many there are.
///
/// # Errors
/// The first that is missing, unreadable or written differently today.
pub fn check(folder: &Path) -> Result<usize, SampleError> {
    let checked = [
        check_aggregate::<Case>(folder)?,
        check_aggregate::<Enterprise>(folder)?,
        check_aggregate::<Campaign>(folder)?,
        check_aggregate::<Institution>(folder)?,
        check_aggregate::<Person>(folder)?,
        check_aggregate::<Catalogue>(folder)?,
        check_aggregate::<AnnualSummary>(folder)?,
        check_aggregate::<View>(folder)?,
        check_aggregate::<Log>(folder)?,
    ];
    let is_known = |path: &Path| checked.iter().any(|(aggregate, _)| path.ends_with(aggregate));
    match files(folder)?.into_iter().find(|path| !is_known(path)) {
        Some(stray) => Err(SampleError::Stray(stray)),
        None => Ok(checked.iter().map(|(_, count)| count).sum()),
    }
}

/// The aggregate, which its folder is named by, and how many samples it has.
fn check_aggregate<A: Root>(folder: &Path) -> Result<(&'static str, usize), SampleError> {
    let aggregate = <A as Aggregate>::TYPE;
    let folder = folder.join(aggregate);
    for (name, version) in A::Fact::SHAPES {
        let path = folder.join(format!("{name}.{version}.json"));
        if !path.is_file() {
            return Err(SampleError::Missing(path));
        }
    }
    let mut count = 0;
    for path in files(&folder)? {
        check_sample::<A>(path)?;
        count += 1;
    }
    Ok((aggregate, count))
}

fn check_sample<A: Root>(path: PathBuf) -> Result<(), SampleError> {
    let stem = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json"));
    let Some((name, version)) = stem.and_then(|stem| stem.split_once('.')) else {
        return Err(SampleError::Stray(path));
    };
    let Some((_, today)) = A::Fact::SHAPES.iter().find(|(known, _)| *known == name) else {
        return Err(SampleError::Stray(path));
    };
    // What is neither of today's version nor brought up to it was never published.
    let upcasters = codec::upcasters();
    if version != *today && !upcasters.iter().any(|upcaster| upcaster.can_upcast(name, version)) {
        return Err(SampleError::Stray(path));
    }
    let text = fs::read_to_string(&path).map_err(|source| SampleError::Unreadable { path: path.clone(), source })?;
    // One line, as an editor ends it.
    let payload = text.strip_suffix('\n').unwrap_or(&text);
    let stored = Stored {
        aggregate_type: <A as Aggregate>::TYPE,
        aggregate_id: "sample",
        sequence: 1,
        event_type: name,
        event_version: version,
        payload,
    };
    let event = match codec::decode_stored::<A::Fact>(stored, &upcasters) {
        Ok(event) => event,
        Err(source) => return Err(SampleError::Undecodable { path, source: Box::new(source) }),
    };
    if event.fact.name() != name {
        return Err(SampleError::Stray(path));
    }
    let again = codec::encode(&event).payload;
    if version == *today && again != payload {
        return Err(SampleError::Changed { path, today: again });
    }
    Ok(())
}

/// What is in a folder, by name: of several that are wrong the same one is told everywhere.
fn files(folder: &Path) -> Result<Vec<PathBuf>, SampleError> {
    let unreadable = |source| SampleError::Unreadable { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(unreadable)?;
    paths.sort_unstable();
    Ok(paths)
}
