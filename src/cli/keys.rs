//! `etalon keys`: the keys of personal data, and what is disclosed with them.
//!
//! Disclosing is a command of whoever runs the installation and no question of the API: a disclosure lets anybody who
//! has it check the field for ever, so it is handed over field by field and by hand, where the keys are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
use crate::cli::{DataKeys, Database, holding};
use crate::clock::SystemClock;
use crate::config::{Overrides, Settings};
use crate::ledger::parsed_entry::ParsedEntry;
use crate::small_file::{self, RECORD_BYTES};
use crate::vault::reference::Reference;
use crate::vault::seal::Disclosure;

/// `etalon keys`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every person's data is sealed under a key of its own, and these keys are wrapped by one more. Rotating that one makes
unreadable what backups hold of keys that were destroyed since; do it every few months, and after an erasure that must
reach the backups at once. Servers may run meanwhile.

Examples:
  etalon keys rotate
  etalon keys adopt
  etalon keys disclose --position 41822 --field /fact/PersonRegistered/name > disclosure.json
  etalon keys check disclosure.json --payload payload.json --entry entry.json")]
pub struct Keys {
    /// What to do.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// What can be done with the keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a new key-encryption key, wrap every data key by it and destroy the old one
    Rotate,
    /// Have the database go on with the data keys that are here, where those it was written with are lost for good
    Adopt(Adopt),
    /// Print one personal field of one event with what its reference in the payload is checked by
    Disclose(Disclose),
    /// Check a disclosure against the payload of its event; needs neither database nor keys
    Check(Check),
}

/// `etalon keys adopt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every server of the database has to have the same data keys, and none starts with others (DATA_KEYS_OTHER). Where those
are lost for good, so are the names that are sealed under them: end all servers, and adopt other keys for what is named
from then on. While a server has the database this is refused (DATABASE_IN_USE): any that runs, as long as it is connected to
it where that is PostgreSQL. Imports are not seen, nor are servers of an earlier build on PostgreSQL: end them as well.

With the keys goes what tells a command that is sent again. Whatever was recorded before under an idempotency key is not
carried out again, but whether with the same input cannot be told any more (IDEMPOTENCY_KEY_INCOMPARABLE, with its position),
and of a case that was imported before nothing new comes in by an import.

Example:
  etalon keys adopt --database postgres://etalon_owner@db/etalon")]
pub struct Adopt {
    /// The keys to go on with; they are made where there are none.
    #[command(flatten)]
    pub data_keys: DataKeys,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon keys disclose`.
#[derive(Debug, Args)]
pub struct Disclose {
    /// Where the event stands in the log
    #[arg(long, value_name = "POSITION")]
    pub position: u64,
    /// The field within the payload, as a JSON Pointer (RFC 6901)
    #[arg(long, value_name = "POINTER")]
    pub field: String,
    /// The keys that the field is opened with.
    #[command(flatten)]
    pub data_keys: DataKeys,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon keys check`.
#[derive(Debug, Args)]
pub struct Check {
    /// What `etalon keys disclose` printed
    #[arg(value_name = "FILE")]
    pub disclosure: PathBuf,
    /// The payload of the event, as the log has it, or the event's line of `payloads.jsonl` in an audit's bundle
    #[arg(long, value_name = "FILE")]
    pub payload: PathBuf,
    /// The event's line of `entries.jsonl`: it shows that the payload is that of the event which the disclosure names.
    /// Whether the log has it, `etalon audit verify` tells
    #[arg(long, value_name = "FILE")]
    pub entry: Option<PathBuf>,
}

/// A disclosed field, as it is printed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Printed {
    position: String,
    field: String,
    reference: Reference,
    disclosure: Disclosure,
}

impl Keys {
    /// What the options say over the other layers of the settings.
    pub fn overrides(&self) -> Overrides {
        match &self.command {
            KeysCommand::Adopt(arguments) => arguments.data_keys.overrides(&arguments.database),
            KeysCommand::Disclose(arguments) => arguments.data_keys.overrides(&arguments.database),
            KeysCommand::Rotate | KeysCommand::Check(_) => Overrides::default(),
        }
    }
}

/// Does it, and answers what is to be said.
///
/// # Errors
/// When the keys or the database cannot be used, or a disclosure is not what the event says.
pub async fn run(arguments: Keys, settings: &Settings) -> Result<String, Problem> {
    match arguments.command {
        KeysCommand::Rotate => rotate(settings),
        KeysCommand::Adopt(_) => adopt(settings).await,
        KeysCommand::Disclose(arguments) => disclose(&arguments, settings).await,
        KeysCommand::Check(arguments) => check(&arguments),
    }
}

fn rotate(settings: &Settings) -> Result<String, Problem> {
    let vault = serve::vault_if_there(settings)?.ok_or_else(|| no_keys(settings))?;
    let rotation = vault.rotate();
    let rotation = rotation.map_err(Problem::while_doing("the key-encryption key cannot be changed"))?;
    Ok(format!("key-encryption key {} wraps {} data keys; the old one is destroyed", rotation.kek, rotation.rewrapped))
}

fn no_keys(settings: &Settings) -> Problem {
    Problem::coded("NO_DATA_KEYS", format!("there are no data keys at {}", serve::data_keys_place(settings)))
}

async fn adopt(settings: &Settings) -> Result<String, Problem> {
    serve::must_exist(settings)?;
    let _held = holding::alone(&settings.database)?;
    let _alone = holding::without_servers(settings).await?;
    let app = serve::open_existing(settings, KeyFolder::Unneeded, Arc::new(SystemClock)).await?;
    // Made, where there are none, now that it is known that no server has the database.
    let adopted = match serve::vault(settings) {
        Ok(vault) => app.adopt_data_keys(&vault).await.map_err(Problem::while_doing("the data keys cannot be adopted")),
        Err(problem) => Err(problem),
    };
    app.shutdown().await;
    adopted?;
    Ok(format!("the database goes on with the data keys at {}", serve::data_keys_place(settings)))
}

async fn disclose(arguments: &Disclose, settings: &Settings) -> Result<String, Problem> {
    if serve::vault_if_there(settings)?.is_none() {
        return Err(no_keys(settings));
    }
    let app = serve::open_existing(settings, KeyFolder::IfThere, Arc::new(SystemClock)).await?;
    let disclosed = app.disclose(arguments.position, &arguments.field).await;
    app.shutdown().await;
    let disclosed = disclosed.map_err(Problem::while_doing("the field cannot be disclosed"))?;
    let printed = Printed {
        position: arguments.position.to_string(),
        field: arguments.field.clone(),
        reference: disclosed.reference,
        disclosure: disclosed.disclosure,
    };
    serde_json::to_string(&printed).map_err(Problem::while_doing("the field cannot be printed"))
}

fn check(arguments: &Check) -> Result<String, Problem> {
    let Printed { position, field, reference: brought, disclosure } =
        serde_json::from_str(&read(&arguments.disclosure)?).map_err(|_| Problem::new("this is no disclosure"))?;
    let no_json = |_| Problem::new("the payload is no JSON");
    let given = read(&arguments.payload)?;
    let payload = without_metadata(&given).map_err(no_json)?;
    let entry = arguments.entry.as_deref();
    if let Some(entry) = entry {
        check_event(entry, &position, payload.get())?;
    }
    let payload: Value = serde_json::from_str(payload.get()).map_err(no_json)?;
    let reference = payload.pointer(&field).and_then(|place| serde_json::from_value::<Reference>(place.clone()).ok());
    let reference = reference.ok_or_else(|| Problem::new(format!("the payload has no reference at {field:?}")))?;
    // The reference of the payload counts, which the one that the disclosure brought along has to be.
    if brought != reference {
        return Err(Problem::new(format!("the payload has another reference at {field:?} than the disclosure")));
    }
    disclosure.verify(&reference).map_err(Problem::while_doing(format!("{field} of the payload")))?;
    Ok(match entry {
        Some(_) => format!("{field} of event {position} says what was disclosed"),
        None => format!("{field} of the payload says what was disclosed; of which event it is, --entry shows"),
    })
}

/// Checks that the entry is that of the event at this position, and that it names this payload.
fn check_event(entry: &Path, position: &str, payload: &str) -> Result<(), Problem> {
    let line = read(entry)?;
    let entry = ParsedEntry::parse(line.trim_end().as_bytes())
        .map_err(Problem::while_doing(format!("{} is no entry of a log", entry.display())))?;
    let at = entry.position;
    if at.to_string() != position {
        return Err(Problem::new(format!("the disclosure is of event {position:?}, and the entry of event {at}")));
    }
    if !entry.has_payload(payload.as_bytes()) {
        return Err(Problem::new(format!("the payload is not the one that the entry of event {at} names")));
    }
    Ok(())
}

/// The payload alone, to the byte, where it comes as a line of a bundle; no payload has these two members.
fn without_metadata(given: &str) -> serde_json::Result<&RawValue> {
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(given).unwrap_or_default();
    match (members.len(), members.get("payload"), members.get("metadata")) {
        (2, Some(payload), Some(_)) => Ok(*payload),
        _ => serde_json::from_str(given),
    }
}

fn read(path: &Path) -> Result<String, Problem> {
    small_file::read_text(path, RECORD_BYTES)
        .map_err(Problem::while_doing(format!("{} cannot be read", path.display())))
}
