//! What several tests need.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

pub mod authority;
pub mod cluster;
pub mod dice;
pub mod postgres;
pub mod proxy;
pub mod server;

/// A file or a folder of the repository that the tests are run of. They may have been built of another copy of it, since
/// copies share a build folder.
pub fn of_the_repository(path: impl AsRef<Path>) -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests")).join(path)
}

/// Says what a test leaves out here, and why. `tests/run` counts it, by the lines of the file that it names.
pub fn left_out(what: &str) {
    println!("left out: {what}");
    if let Some(file) = env::var_os("ETALON_TEST_LEFT_OUT") {
        let file = OpenOptions::new().create(true).append(true).open(file);
        file.and_then(|mut file| file.write_all(format!("{what}\n").as_bytes())).expect("it is noted");
    }
}
