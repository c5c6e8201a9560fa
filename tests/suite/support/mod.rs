//! What several tests need.

use std::env;
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
