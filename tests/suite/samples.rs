//! What was published stays readable: the frozen samples of every version of every event.

use std::fs;
use std::path::PathBuf;

use etalon::cli::samples::{SampleError, check};
use tempfile::TempDir;

use crate::support::of_the_repository;

const SAMPLE: &str = "Case/MeasurementRecorded.1.0.json";

fn published() -> PathBuf {
    of_the_repository("schema/events")
}

/// A copy of the samples to do harm to.
struct Copied(TempDir);

impl Copied {
    fn new() -> Self {
        let copied = Self(tempfile::tempdir().expect("a temporary folder"));
        for aggregate in fs::read_dir(published()).expect("the samples are there") {
            let aggregate = aggregate.expect("it can be read");
            let folder = copied.path(aggregate.file_name().to_str().expect("a plain name"));
            fs::create_dir(&folder).expect("it is new");
            for sample in fs::read_dir(aggregate.path()).expect("samples stand in folders") {
                let sample = sample.expect("it can be read");
                fs::copy(sample.path(), folder.join(sample.file_name())).expect("it can be copied");
            }
        }
        copied
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it can be written");
    }

    /// Replaces a part of [`SAMPLE`].
    fn alter(&self, part: &str, by: &str) {
        let text = fs::read_to_string(self.path(SAMPLE)).expect("it can be read");
        assert!(text.contains(part), "{text}");
        self.write(SAMPLE, &text.replacen(part, by, 1));
    }

    fn problem(&self) -> SampleError {
        check(self.0.path()).expect_err("something is wrong with the samples")
    }
}

#[test]
fn every_published_event_is_read_and_written_as_ever() {
    let folders = fs::read_dir(published()).unwrap();
    let samples: usize = folders.map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count()).sum();
    assert_eq!(check(&published()).unwrap(), samples);
}

#[test]
fn a_missing_sample_is_told() {
    let copied = Copied::new();
    fs::remove_file(copied.path(SAMPLE)).unwrap();
    assert!(matches!(copied.problem(), SampleError::Missing(path) if path == copied.path(SAMPLE)));

    let copied = Copied::new();
    fs::remove_dir_all(copied.path("Person")).unwrap();
    assert!(matches!(copied.problem(), SampleError::Missing(path) if path.starts_with(copied.path("Person"))));
}

#[test]
fn an_altered_sample_is_told() {
    // Other bytes of the same meaning; a member that nobody reads; a value that is said otherwise.
    for (part, by) in
        [(r#"{"by":"#, r#"{ "by":"#), (r#"{"by":"#, r#"{"who":"nobody","by":"#), (r#""um""#, r#""\u0075m""#)]
    {
        let copied = Copied::new();
        copied.alter(part, by);
        let problem = copied.problem();
        assert!(matches!(&problem, SampleError::Changed { path, .. } if *path == copied.path(SAMPLE)), "{problem}");
    }
    for (part, by) in [(r#""value":{"#, r#""was":{"#), ("MeasurementRecorded", "Measured"), ("}\n", "\n")] {
        let copied = Copied::new();
        copied.alter(part, by);
        let problem = copied.problem();
        assert!(matches!(&problem, SampleError::Undecodable { path, .. } if *path == copied.path(SAMPLE)), "{problem}");
    }
}

#[test]
fn a_stray_file_is_told() {
    let sample = fs::read_to_string(published().join(SAMPLE)).unwrap();
    for stray in [
        "Case/MeasurementForgotten.1.0.json",
        "Case/MeasurementRecorded.9.0.json",
        "Case/MeasurementRecorded.1.0.txt",
        "Case/README.md",
        "Case/CommentAdded.1.0.json",
        "Person/MeasurementRecorded.1.0.json",
        "notes.md",
    ] {
        let copied = Copied::new();
        copied.write(stray, &sample);
        let problem = copied.problem();
        assert!(matches!(&problem, SampleError::Stray(path) if *path == copied.path(stray)), "{problem}");
    }
}

/// A folder has its files in an order of its own.
#[test]
fn of_several_stray_files_the_first_by_name_is_told() {
    let copied = Copied::new();
    for stray in ["b", "d", "a", "c"] {
        copied.write(&format!("Case/{stray}.md"), "");
    }
    let problem = copied.problem();
    assert!(matches!(&problem, SampleError::Stray(path) if *path == copied.path("Case/a.md")), "{problem}");
}
