//! `etalon schema`: the GraphQL schema, and whether the checked-in schema files are those of this program.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::problem::Problem;
use crate::cli::samples;
use crate::graphql;
use crate::whole_file::{self, Access};

const GRAPHQL: &str = "schema.graphql";
const EVENTS: &str = "events";

/// `etalon schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etalon schema                    print the GraphQL schema
  etalon schema --write schema     write schema.graphql and the event schemas into ./schema
  etalon schema --check schema     fail if any of them differs from the program")]
pub struct Schema {
    /// Compare the schema files in this folder with the program; exit with 1 on a difference
    #[arg(long, value_name = "DIR", conflicts_with = "write")]
    pub check: Option<PathBuf>,
    /// Write the schema files into this folder
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
}

/// Prints, writes or checks. Answers what to print.
///
/// # Errors
/// When a file cannot be written, or differs.
pub fn run(arguments: &Schema) -> Result<String, Problem> {
    let sdl = graphql::sdl();
    match (&arguments.check, &arguments.write) {
        (Some(folder), _) => check(folder, &sdl),
        (None, Some(folder)) => write(folder, &sdl),
        (None, None) => Ok(sdl.trim_end().to_owned()),
    }
}

fn write(folder: &Path, sdl: &str) -> Result<String, Problem> {
    let path = folder.join(GRAPHQL);
    fs::create_dir_all(folder).map_err(Problem::while_doing(format!("{} cannot be made", folder.display())))?;
    let written = whole_file::write(&path, sdl.as_bytes(), Access::Usual);
    written.map_err(Problem::while_doing(format!("{} cannot be written", path.display())))?;
    Ok(format!("{} is written; samples of events are frozen by hand, once, when an event is published", path.display()))
}

fn check(folder: &Path, sdl: &str) -> Result<String, Problem> {
    let path = folder.join(GRAPHQL);
    let kept = fs::read_to_string(&path).map_err(Problem::while_doing(format!("{} cannot be read", path.display())))?;
    if kept != sdl {
        return Err(Problem::new(format!(
            "{} is not the schema of this program: run `etalon schema --write {}` and look at the difference",
            path.display(),
            folder.display()
        )));
    }
    let checked = samples::check(&folder.join(EVENTS)).map_err(Problem::while_doing("the frozen samples of events"))?;
    Ok(format!("{} and {checked} frozen samples of events are those of this program", path.display()))
}
