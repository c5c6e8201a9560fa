//! The command line: what can be said, and the help that says so. What is done with it stands in `main`.
//!
//! Options that are settings too carry no default here: `config` knows the defaults and which layer overrules which.

pub mod audit;
pub mod backup;
pub mod certificate;
pub mod dashboard;
pub mod demo;
pub mod descriptors;
pub mod export;
pub mod exposure;
pub mod holding;
pub mod identity;
pub mod import;
pub mod keys;
pub mod migrate;
pub mod rebuild;
pub mod report;
pub mod revoke;
pub mod samples;
pub mod schema;
pub mod seals;
pub mod serve;
pub mod signing;
pub mod token;

mod as_of;
pub mod logging;
pub mod output;
pub mod problem;
mod progress;
mod proving;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use uuid::Uuid;

pub use as_of::AsOf;
use as_of::parse_day_or_point;
pub use proving::{
    Audit, AuditCase, AuditCommand, AuditExport, AuditFollow, AuditReplay, AuditVerify, Evidence, Migrate, Signer,
    VerdictFormat, Witness,
};

use crate::config::{DatabaseUrl, Overrides};
use crate::domain::actor::ActorId;
use crate::domain::value::{Division, EnterpriseId, InstitutionId, PersonId};
use crate::graphql::ids::{self, Identified};
use crate::identity::claims::{ClaimsError, LONGEST_LIFE};
use crate::interchange::format::Format;
use crate::report as report_format;

/// Track a measurement bottleneck from the factory floor to its resolution.
#[derive(Debug, Parser)]
#[command(name = "etalon", version, propagate_version = true, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// A TOML file with settings [default: etalon.toml, if there is one; env: ETALON_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Settings come from the defaults, a TOML file, ETALON_* variables and the command line, the later over the earlier:
`database` in the file is ETALON_DATABASE and --database. A relative path starts from the current folder.

Exit codes:
  0  done
  1  failed; standard error says what and why
  2  the command line was not understood
  3  an audit has found something wrong
  141  whoever read standard output has closed it

Examples:
  etalon demo                                      look around, in a database that is thrown away
  etalon serve                                     serve from ./etalon-data
  etalon serve --database postgres://etalon@db/etalon --listen 0.0.0.0:8080";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the GraphQL API until SIGINT or SIGTERM, then finish what was begun
    Serve(Serve),
    /// Fill a fresh embedded database with a campaign and its cases, print how to ask it, and serve it
    Demo(Demo),
    /// Print a bearer token signed with this installation's key
    Token(Token),
    /// Refuse tokens before their time is over
    Revoke(revoke::Revoke),
    /// Bring in cases from another tracker's log
    Import(Import),
    /// Write the log out, as it is or as it was
    Export(Export),
    /// Write the report of a jurisdiction's year, as of 31 October or any other moment
    Report(Report),
    /// Build the read tables anew from the log while reads go on
    Rebuild(Rebuild),
    /// Bring the database's schema up to date, and part the role of the servers from its owner
    Migrate(Migrate),
    /// Take the log out, verify it, and compare it with what is served
    Audit(Audit),
    /// Copy the database while it is served
    Backup(backup::Backup),
    /// Fill an empty database with a backup, verify it, and have the log go on
    Restore(backup::Restore),
    /// Sign the checkpoints of a log, as a process of its own
    Signer(Signer),
    /// Cosign the checkpoints of logs, as an auditor who keeps an eye on them
    Witness(Witness),
    /// Look after the keys of personal data: change the one that wraps them, or disclose a single field to an auditor
    Keys(keys::Keys),
    /// Print a dashboard for Grafana with the figures of a server
    #[command(after_help = "Example:\n  etalon dashboard > etalon.json")]
    Dashboard,
    /// Print the GraphQL schema, or write or check all schema files
    Schema(schema::Schema),
}

/// The database, for every command that opens one.
#[derive(Debug, Default, Args)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://USER@HOST/NAME` [default: sqlite:etalon-data/etalon.db; env: ETALON_DATABASE]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// The keys of personal data, for every command that reads some.
#[derive(Debug, Default, Args)]
pub struct DataKeys {
    /// The folder of the server's data keys [default: data-keys in `data_dir`; env: ETALON_DATA_KEYS_DIR]
    #[arg(long, value_name = "DIR")]
    pub data_keys_dir: Option<PathBuf>,
}

/// `etalon serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etalon serve
  etalon serve --listen 127.0.0.1:9000
  ETALON_DATABASE=postgres://etalon@db/etalon etalon serve

/healthz answers while the process runs, /readyz while it takes commands and its database answers within 3 s.")]
pub struct Serve {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// Where to listen [default: 127.0.0.1:8080; env: ETALON_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// `etalon demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etalon demo
  etalon demo --folder /tmp/etalon-demo --listen 127.0.0.1:9000")]
pub struct Demo {
    /// Where to keep the demonstration; it must be empty, if it is there [default: a temporary folder, removed at the
    /// end]
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080; env: ETALON_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// `etalon token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Roles: enterprise, visitor, coordinator, manager, lead, expert, reviewer, auditor. The role enterprise needs
--enterprise; lead and expert need --institution. Give a token no longer a life than it needs; `etalon revoke` ends it
sooner. Whoever can read the key file can make any token, unless tokens come from an identity provider (`oidc.issuer`).

Examples:
  etalon token --actor bureau-4401 --role manager --jurisdiction 4401
  etalon token --actor 0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e70 --role lead,visitor --jurisdiction 44 \\
      --institution 0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e6f --ttl 7d")]
pub struct Token {
    /// The id of a registered person, or of a service or office: never a name, since it stays in the log
    #[arg(long, value_name = "ID", value_parser = parse_actor)]
    pub actor: String,
    /// A role, or several: repeat the option or separate them with commas
    #[arg(long = "role", value_name = "ROLE", required = true, value_delimiter = ',')]
    pub roles: Vec<String>,
    /// A division code of 2, 4 or 6 digits (GB/T 2260), or CN for the nation
    #[arg(long, value_name = "CODE")]
    pub jurisdiction: String,
    /// The institution the actor works for
    #[arg(long, value_name = "ID", value_parser = parse_id::<InstitutionId>)]
    pub institution: Option<Uuid>,
    /// The enterprise the actor speaks for
    #[arg(long, value_name = "ID", value_parser = parse_id::<EnterpriseId>)]
    pub enterprise: Option<Uuid>,
    /// How long the token holds: 90m, 12h, 7d; at most 366 days
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = parse_ttl)]
    pub ttl: SignedDuration,
}

/// `etalon import`.
#[derive(Debug, Args)]
#[command(after_help = "\
A file that begins as gzip does is unpacked. The same file again adds nothing, and a longer one what is new. Without
--continue the first bad entry ends the import before anything is written; with it, good entries go in and the report lists
the others. Where the rest of a file cannot be read, nothing behind that place comes in, and the import fails all the same.

Examples:
  etalon import incidents.xes.gz --format xes --mapping schema/mappings/bpic2013.toml
  etalon import visits.csv --format csv --mapping visits.toml --continue")]
pub struct Import {
    /// The other tracker's log
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the file is
    #[arg(long, value_enum)]
    pub format: Format,
    /// Which of its words mean what in Etalon
    #[arg(long, value_name = "MAP.toml")]
    pub mapping: PathBuf,
    /// Leave bad entries out instead of ending at the first
    #[arg(long = "continue")]
    pub continue_after_errors: bool,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etalon export --format jsonl --output log.jsonl
  etalon export --format xes --as-of 2026-10-31T16:00:00Z > october.xes
  etalon export --format csv --as-of 41822 --campaign 0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e6f")]
pub struct Export {
    /// What to write
    #[arg(long, value_enum)]
    pub format: Format,
    /// The log as it was at a time (RFC 3339) or just after a position [default: as it is]
    #[arg(long, value_name = "TIME|POSITION")]
    pub as_of: Option<AsOf>,
    /// Only the cases of this campaign
    #[arg(long, value_name = "UUID")]
    pub campaign: Option<Uuid>,
    /// The file to write, replaced once it is complete; a device or a pipe is written as it goes [default: standard
    /// output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon report`.
#[derive(Debug, Args)]
#[command(after_help = "\
The year goes from 1 November of the year before to 31 October, when its summary is due. The figures are those of the
log as of the end of that day; as of now while it is to come, and where the log began after it. A day is meant to its end
in UTC+8. Markdown has its charts in files beside the one that is written, and none on standard output, as on a pipe. A
report only reads, so that a server may run meanwhile; read rows that an older version has made are made anew first.
The names of who leads a work are sealed: without the data keys of the server there is no report, unless it is to leave
them out.

Examples:
  etalon report --jurisdiction 44 --year 2026 --format html --output guangdong-2026.html
  etalon report --jurisdiction 4403 --year 2026 --format md --as-of 2026-06-30 --output shenzhen.md
  etalon report --jurisdiction CN --year 2026 --format csv --as-of 41822 --language en > nation.csv")]
pub struct Report {
    /// A division code of 2, 4 or 6 digits (GB/T 2260), or CN for the nation
    #[arg(long, value_name = "CODE", value_parser = parse_division)]
    pub jurisdiction: Division,
    /// The year: that of the 31 October on which its summary is due
    #[arg(long, value_parser = clap::value_parser!(i16).range(1949..=9000))]
    pub year: i16,
    /// What to write
    #[arg(long, value_enum)]
    pub format: report_format::Format,
    /// The log as it was at the end of a day, at a time (RFC 3339) or just after a position [default: 31 October]
    #[arg(long, value_name = "DATE|TIME|POSITION", value_parser = parse_day_or_point)]
    pub as_of: Option<AsOf>,
    /// The file to write, replaced once it is complete; a device or a pipe is written as it goes [default: standard
    /// output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// In which language
    #[arg(long, value_enum, default_value = "both")]
    pub language: report_format::Language,
    /// Leave names of persons out that cannot be opened
    #[arg(long)]
    pub without_names: bool,
    /// The keys that names are opened with.
    #[command(flatten)]
    pub data_keys: DataKeys,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon rebuild`.
#[derive(Debug, Args)]
#[command(after_help = "\
The new tables take the place of the old in one transaction; then their rows are compared with those served before.

Example:
  etalon rebuild --database postgres://etalon@db/etalon")]
pub struct Rebuild {
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

fn parse_division(text: &str) -> Result<Division, String> {
    Division::parse(text).map_err(|error| error.message)
}

/// An id as the API gives it, or as a bare UUID.
fn parse_id<I: Identified>(text: &str) -> Result<Uuid, String> {
    ids::read::<I>(&text.into()).map(Identified::uuid).map_err(|error| error.message)
}

/// The id of a registered person, as the API gives it or bare, or any other actor's.
fn parse_actor(text: &str) -> Result<String, String> {
    match parse_id::<PersonId>(text) {
        Ok(person) => Ok(person.to_string()),
        Err(_) => ActorId::parse(text).map(|actor| actor.to_string()).map_err(|refusal| refusal.message),
    }
}

/// How long a token is good.
fn parse_ttl(text: &str) -> Result<SignedDuration, String> {
    parse_span(text, || ClaimsError::Life.to_string())
}

/// How long anything else takes.
fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    parse_span(text, || "it is from one second to 366 days".to_owned())
}

/// Days and weeks are 24 hours and 7 days; months and years have no length of their own and are refused.
fn parse_span(text: &str, out_of_range: impl FnOnce() -> String) -> Result<SignedDuration, String> {
    let hint = || "write a duration such as 90m, 12h or 7d".to_owned();
    let span: Span = text.parse().map_err(|_| hint())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| hint())?;
    let is_in_range = (SignedDuration::from_secs(1)..=LONGEST_LIFE).contains(&duration);
    is_in_range.then_some(duration).ok_or_else(out_of_range)
}

impl Database {
    /// What the option says over the other layers of the settings.
    pub fn overrides(&self) -> Overrides {
        Overrides { database: self.database.clone(), ..Overrides::default() }
    }
}

impl DataKeys {
    /// What the options say over the other layers of the settings, with that of the database.
    pub fn overrides(&self, database: &Database) -> Overrides {
        Overrides { data_keys_dir: self.data_keys_dir.clone(), ..database.overrides() }
    }
}

impl Serve {
    /// What the options say over the other layers of the settings.
    pub fn overrides(&self) -> Overrides {
        Overrides { listen: self.listen.clone(), ..self.database.overrides() }
    }
}

impl Demo {
    /// What the options say over the other layers of the settings, for a demonstration in `folder`.
    ///
    /// The installation's own database and key are overruled whatever names them: a demonstration neither writes into
    /// a real log nor prints tokens that a real server would accept.
    pub fn overrides(&self, folder: &Path) -> Overrides {
        Overrides {
            database: Some(DatabaseUrl::embedded_in(folder).as_str().to_owned()),
            listen: self.listen.clone(),
            data_dir: Some(folder.to_owned()),
            key_file: Some(folder.join("token-key.pem")),
            data_keys_dir: Some(folder.join("data-keys")),
        }
    }
}

#[cfg(test)]
mod tests;
