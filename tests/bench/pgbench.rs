//! pgbench, PostgreSQL's own load driver: what the database does when it is asked for statements alone.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::database::{Database, given};
use crate::load_driver::Driven;
use crate::samples::Samples;

/// Has so many clients run these scripts for so long, each time one of them by chance, with prepared statements.
pub(crate) fn pgbench(database: &Database, clients: usize, lasts: Duration, scripts: &[String]) -> Driven {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = scripts.iter().enumerate().map(|(number, script)| {
        let file = folder.path().join(format!("{number}.sql"));
        std::fs::write(&file, script).expect("the script can be written");
        format!("--file={}", file.display())
    });
    let files: Vec<_> = files.collect();
    let lasts = lasts.as_secs().max(1);
    let run = Command::new(given("ETALON_BENCH_PGBENCH"))
        .current_dir(folder.path())
        .args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=2"])
        .args([format!("--client={clients}"), format!("--time={lasts}")])
        .args(files)
        .arg(&database.url)
        .output()
        .expect("pgbench runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let samples = logged(folder.path());
    Driven { per_second: samples.count() as f64 / lasts as f64, samples }
}

/// The third word of a line of pgbench's log is what a transaction took, in microseconds.
fn logged(folder: &Path) -> Samples {
    let mut samples = Samples::default();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log")) {
            let log = std::fs::read_to_string(path).expect("the log can be read");
            let taken = log.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok());
            taken.for_each(|microseconds| samples.add(Duration::from_micros(microseconds)));
        }
    }
    samples
}
