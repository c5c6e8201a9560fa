//! The `etalon` command: parse the command line, build, run.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use etalon::cli::audit::{self, Outcome};
use etalon::cli::logging::Log;
use etalon::cli::output::say;
use etalon::cli::problem::Problem;
use etalon::cli::{
    Cli, Command, VerdictFormat, backup, dashboard, demo, export, import, keys, logging, migrate, rebuild, report,
    revoke, schema, serve, signing, token,
};
use etalon::config::{Overrides, Settings};

/// A command makes and drops some thousand small things; the system's allocator takes a fifth of a commit for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.command.verdict_format();
    match run(cli) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Faulty) => FAULTY.into(),
        Err(problem) if problem.is_unheard() => UNHEARD.into(),
        Err(problem) => {
            if format == Some(VerdictFormat::Json) {
                // Standard error and the exit code tell it, too.
                let _ = say(&problem.to_json().to_string());
            }
            // Nothing is left to be done about an error that cannot be written.
            let _ = writeln!(std::io::stderr(), "etalon: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The exit code of an audit that has found something wrong.
const FAULTY: u8 = 3;

/// The exit code of a command whose output nobody reads to its end: what a shell tells of a program that SIGPIPE has
/// ended.
const UNHEARD: u8 = 128 + 13;

fn run(cli: Cli) -> Result<Outcome, Problem> {
    let config = cli.config.as_deref();
    let settings = |overrides: Overrides| {
        Settings::load(config, overrides).map_err(Problem::while_doing("the settings cannot be used"))
    };
    let done = match cli.command {
        Command::Audit(arguments) => {
            let settings = settings(arguments.command.overrides())?;
            logging::start(&settings);
            return runtime()?.block_on(audit::run(arguments, &settings));
        }
        Command::Restore(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            return runtime()?.block_on(backup::restore(&arguments, &settings));
        }
        Command::Backup(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(backup::back_up(&arguments, &settings))?)
        }
        Command::Serve(arguments) => {
            let overrides = arguments.overrides();
            let settings = settings(overrides.clone())?;
            let runtime = runtime()?;
            let _inside = runtime.enter();
            let log = Log::of_server(&settings)?;
            let file = cli.config.clone();
            log.follow(move || Settings::load(file.as_deref(), overrides.clone()))?;
            let served = runtime.block_on(serve::run(settings));
            log.end();
            served
        }
        Command::Demo(arguments) => {
            let folder = demo::folder(&arguments)?;
            let settings = settings(arguments.overrides(folder.path()))?;
            logging::start(&settings);
            // What is under way when it ends has ended before the folder is thrown away.
            runtime()?.block_on(demo::run(settings, &folder))
        }
        Command::Token(arguments) => say(&token::run(arguments, &settings(Overrides::default())?)?),
        Command::Revoke(arguments) => {
            let settings = settings(arguments.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(revoke::run(arguments, &settings))?)
        }
        Command::Import(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(import::run(arguments, &settings))?)
        }
        Command::Export(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            runtime()?.block_on(export::run(arguments, &settings))
        }
        Command::Report(arguments) => {
            let settings = settings(arguments.data_keys.overrides(&arguments.database))?;
            logging::start(&settings);
            runtime()?.block_on(report::run(arguments, &settings))
        }
        Command::Rebuild(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(rebuild::run(&settings))?)
        }
        Command::Migrate(arguments) => {
            let settings = settings(arguments.database.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(migrate::run(&arguments, &settings))?)
        }
        Command::Signer(arguments) => {
            logging::start(&notary(config)?);
            runtime()?.block_on(signing::sign(arguments))
        }
        Command::Witness(arguments) => {
            logging::start(&notary(config)?);
            runtime()?.block_on(signing::witness(arguments))
        }
        Command::Keys(arguments) => {
            let settings = settings(arguments.overrides())?;
            logging::start(&settings);
            say(&runtime()?.block_on(keys::run(arguments, &settings))?)
        }
        Command::Dashboard => say(dashboard::JSON.trim_end()),
        Command::Schema(arguments) => say(&schema::run(&arguments)?),
    };
    done.map(|()| Outcome::Good)
}

/// The settings of a signer or a witness.
fn notary(config: Option<&Path>) -> Result<Settings, Problem> {
    Settings::load_for_notary(config).map_err(Problem::while_doing("the settings cannot be used"))
}

/// The stack of a worker thread. A deep question is a deep nest of futures, which an unoptimised build keeps on the
/// stack while it polls them; the usual 2 MiB are not enough for the dry run of a command on a case.
const STACK_BYTES: usize = 16 * 1024 * 1024;

fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(Problem::while_doing("the runtime cannot be started"))
}
