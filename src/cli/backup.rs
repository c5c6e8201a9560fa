//! `etalon backup` and `etalon restore`: a copy of the database, and a log that goes on from one.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::{App, Resumed};
use crate::cli::audit::{Outcome, keys, replayed, tell};
use crate::cli::problem::Problem;
use crate::cli::{Database, VerdictFormat, seals, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{Note, VerifierKey};
use crate::ledger::tree::{TreeHead, base64};
use crate::store::{self, Copied};

type Cause = Box<dyn Error + Send + Sync>;

const MANIFEST: &str = "backup.json";
const DATABASE: &str = "database";
const FORM: &str = "etalon-backup/1";

/// `etalon backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
The copy is of one moment, and servers go on meanwhile. PostgreSQL is copied by pg_dump, which has to be installed and no
older than the server. Keys are not in it, and belong elsewhere: the data keys, so that what is erased stays erased in
old backups too; the ledger key and what it remembers, so that whoever restores a backup cannot deny what came after it.

Examples:
  etalon backup --output /backups/2026-11-27
  etalon backup --database postgres://etalon@db/etalon --output /backups/2026-11-27")]
pub struct Backup {
    /// The folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
The database must be there and empty (PostgreSQL, which is filled by pg_restore) or not be there at all (SQLite). The log
is replayed and compared with every row, with the checkpoints in it, and with those that are given. Where the signer has
signed just this log and nothing after it, the log goes on as it was. Else something may be lost: it then takes another
name, which a RecoveredFrom event tells, and so another verifier key, which auditors need from you.

Exit code 3 says that the backup is not what it should be: the database is left as restored, to be looked at.

Examples:
  etalon restore /backups/2026-11-27
  etalon restore /backups/2026-11-27 --database postgres://etalon@db/etalon --key '…' --checkpoint witness/last")]
pub struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    pub backup: PathBuf,
    /// The verifier key of the log, and those of witnesses; without one, signatures are not looked at
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// A checkpoint of the log that somebody outside has kept, the latest best: repeat the option
    #[arg(long = "checkpoint", value_name = "FILE", requires = "keys")]
    pub checkpoints: Vec<PathBuf>,
    /// How the verdict is told
    #[arg(long, value_enum, default_value = "text")]
    pub format: VerdictFormat,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// What a backup says of itself.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    form: String,
    /// The version of the program that made it.
    etalon: String,
    /// `sqlite` or `postgres`: only into such a database it goes back.
    database: String,
    taken_at: Timestamp,
    origin: String,
    events: u64,
    /// Of the tree of these events, in Base64.
    root: String,
    /// Of the file beside, in hexadecimal.
    sha256: String,
}

/// Copies the database.
///
/// # Errors
/// When the folder is there already or cannot be written, or the database not be copied.
pub async fn back_up(arguments: &Backup, settings: &Settings) -> Result<String, Problem> {
    let folder = &arguments.output;
    let failed = || Problem::while_doing(format!("{} cannot be written", folder.display()));
    if folder.exists() {
        return Err(failed()(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    serve::must_exist(settings)?;
    let mut draft = folder.as_os_str().to_owned();
    draft.push(".draft");
    let draft = PathBuf::from(draft);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(failed())?;
    }
    fs::create_dir_all(&draft).map_err(failed())?;
    let file = draft.join(DATABASE);
    let taken_at = SystemClock.now();
    let copied = store::copy_into(settings.database.as_str(), &file).await;
    let Copied { origin, head } = copied.map_err(Problem::while_doing("the database was not copied"))?;
    let manifest = Manifest {
        form: FORM.to_owned(),
        etalon: env!("CARGO_PKG_VERSION").to_owned(),
        database: kind(settings).to_owned(),
        taken_at,
        origin,
        events: head.size,
        root: base64(&head.root),
        sha256: digest(&file).map_err(failed())?,
    };
    let written = File::create(draft.join(MANIFEST)).and_then(|mut file| {
        serde_json::to_writer_pretty(&mut file, &manifest)?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.map_err(failed())?;
    fs::rename(&draft, folder).and_then(|()| File::open(folder)?.sync_all()).map_err(failed())?;
    Ok(format!("{} events of {} are in {}", manifest.events, manifest.origin, folder.display()))
}

/// Puts a backup into a database that has nothing, verifies it, and has the log go on.
///
/// # Errors
/// When the backup is none or damaged, the database is not empty, or the signer cannot be asked.
pub async fn restore(arguments: &Restore, settings: &Settings) -> Result<Outcome, Problem> {
    let manifest = manifest(&arguments.backup, settings)?;
    let keys = keys(&arguments.keys)?;
    let seen = arguments.checkpoints.iter().map(|path| {
        let failed = Problem::while_doing(format!("{} is no checkpoint of the log", path.display()));
        seen(path, &keys, &manifest.origin).map_err(failed)
    });
    let seen = seen.collect::<Result<Vec<_>, _>>()?;
    let seals = seals::of(settings)?;
    let file = arguments.backup.join(DATABASE);
    let restored = store::restore_from(&file, settings.database.as_str()).await;
    restored.map_err(Problem::while_doing("the backup was not restored"))?;
    let app = serve::open_sealing(settings, Arc::new(SystemClock), seals).await?;
    let outcome = resume(&app, &manifest, &seen, &keys, arguments.format).await;
    app.shutdown().await;
    outcome
}

async fn resume(
    app: &App,
    manifest: &Manifest,
    seen: &[TreeHead],
    keys: &[VerifierKey],
    format: VerdictFormat,
) -> Result<Outcome, Problem> {
    let mut verdict = replayed(app, keys).await?;
    if (verdict.events, verdict.root.as_deref()) != (manifest.events, Some(manifest.root.as_str())) {
        verdict.fault(None, "BACKUP_WRONG", "the log is not the one that the backup names");
    }
    let events = verdict.events;
    for head in seen.iter().filter(|head| head.size <= events) {
        let within = app.root(head.size).await.map_err(Problem::while_doing("the tree cannot be read"))?;
        if within != head.root {
            let message = format!("a checkpoint has another root of the first {} events", head.size);
            verdict.fault(None, "ROOT_WRONG", message);
        }
    }
    if !verdict.is_good() {
        return tell(&verdict, format);
    }
    let latest = seen.iter().max_by_key(|head| head.size).copied();
    let resumed = app.resume(latest).await.map_err(Problem::while_doing("the log cannot go on"))?;
    match resumed {
        Resumed::AsItWas => {
            verdict.notes.push(format!("the log goes on as {}: nothing after it was signed", manifest.origin))
        }
        Resumed::Renamed(recovery) => {
            let key = app.log_key().await.map_err(Problem::while_doing("the key cannot be told"))?.unwrap_or_default();
            let lost = recovery.last_signed.as_ref().map_or(0, |last| last.size.saturating_sub(recovery.size));
            verdict.notes.push(format!(
                "the log goes on as {} from position {}; {lost} events that were signed are lost",
                recovery.origin, recovery.size
            ));
            verdict.notes.push(format!("auditors verify it with the key {key}"));
        }
    }
    tell(&verdict, format)
}

fn manifest(folder: &Path, settings: &Settings) -> Result<Manifest, Problem> {
    let (manifest, digest) = (|| -> Result<_, Cause> {
        let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join(MANIFEST))?)?;
        Ok((manifest, digest(&folder.join(DATABASE))?))
    })()
    .map_err(Problem::while_doing(format!("{} is no backup", folder.display())))?;
    if manifest.form != FORM {
        let form = &manifest.form;
        return Err(Problem::new(format!("{} is of form {form:?}, and this program reads {FORM}", folder.display())));
    }
    if manifest.database != kind(settings) {
        let (of, into) = (&manifest.database, kind(settings));
        return Err(Problem::new(format!("a backup of {of} cannot be put into {into}: name a database of its kind")));
    }
    if manifest.sha256 != digest {
        return Err(Problem::new(format!("{} is damaged: its file has another digest", folder.display())));
    }
    Ok(manifest)
}

/// What was signed of that log, by a checkpoint that somebody has kept.
fn seen(path: &Path, keys: &[VerifierKey], origin: &str) -> Result<TreeHead, Cause> {
    let text = fs::read_to_string(path)?;
    let note = Note::parse(&text)?;
    note.verify(keys)?;
    let checkpoint: Checkpoint = note.text().parse()?;
    if checkpoint.origin != origin {
        return Err(format!("it is of {:?}, and the backup of {origin:?}", checkpoint.origin).into());
    }
    Ok(checkpoint.head)
}

fn kind(settings: &Settings) -> &'static str {
    if settings.database.as_str().starts_with("sqlite:") { "sqlite" } else { "postgres" }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
