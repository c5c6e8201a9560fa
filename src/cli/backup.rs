//! `etalon backup` and `etalon restore`: a copy of the database, and a log that goes on from one.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::{App, NotResumed, Resumed};
use crate::audit::{DraftFolder, Trusted, Verdict};
use crate::cli::audit::{Outcome, keys_of_log, replayed, tell};
use crate::cli::problem::Problem;
use crate::cli::{Database, VerdictFormat, holding, seals, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::ledger::counted::counted;
use crate::ledger::names::Names;
use crate::ledger::note::VerifierKey;
use crate::ledger::signed::SignedCheckpoint;
use crate::ledger::tree::{TreeHead, base64};
use crate::small_file::{self, CHECKPOINT_BYTES, TEXT_BYTES};
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
is replayed and compared with every row, with its latest checkpoint and with those that are given, as `etalon audit follow`
keeps one. Rows that are not what the log makes are made anew. Where the signer and the witnesses have signed just this
log and nothing after it, the log goes on as it was. Else something may be lost: it then takes another name, which a
RecoveredFrom event tells, and so another verifier key, which auditors need from you. So put the signer's key and its newest memory in place before (`ledger_key_file` and
`ledger_memory_file`, or set `signer_url` and `signer_key`): without them the log takes another name for good.

When events were recorded is held against no clock and no word of a witness: that one of their clocks was once wrong does
not make the copy a bad one, and `etalon audit replay` tells it of the copy as of the log.

No server opens the database before that, and no audit. What was interrupted goes on when it is ordered again. Exit code 3
says that the backup is not what it should be by the keys and checkpoints that were given, and the verdict what is wrong.
Where it is one of these, order it again with the right ones; else throw the database away.

Examples:
  etalon restore /backups/2026-11-27
  etalon restore /backups/2026-11-27 --database postgres://etalon@db/etalon --key '…' --checkpoint seen")]
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
    unless_ended(copy(arguments, settings), "told to end before the backup was whole: nothing is kept of it").await
}

async fn copy(arguments: &Backup, settings: &Settings) -> Result<String, Problem> {
    let folder = &arguments.output;
    let failed = || Problem::while_doing(format!("{} cannot be written", folder.display()));
    serve::must_exist(settings)?;
    let draft = DraftFolder::begin(folder).map_err(failed())?;
    let file = draft.path().join(DATABASE);
    // Made first: what copies the database writes into a file that is there and leaves its mode.
    private(&file).map_err(failed())?;
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
    let written = private(&draft.path().join(MANIFEST)).and_then(|mut file| {
        serde_json::to_writer_pretty(&mut file, &manifest)?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.map_err(failed())?;
    draft.appear().map_err(failed())?;
    let events = counted(manifest.events, "event", "events");
    Ok(format!("{} holds {events} of {}", folder.display(), manifest.origin))
}

/// Puts a backup into a database that has nothing, verifies it, and has the log go on. Nobody can serve the database
/// before; what was interrupted goes on when it is ordered again.
///
/// # Errors
/// When the backup is none or damaged, the database is not empty, or the signer or a witness cannot be asked.
pub async fn restore(arguments: &Restore, settings: &Settings) -> Result<Outcome, Problem> {
    let ended = "told to end before the restoring had ended: it goes on when it is ordered again";
    unless_ended(put_back(arguments, settings), ended).await
}

/// What comes of the work. SIGTERM and SIGINT end it as anything else that fails does: with the programs that it runs.
async fn unless_ended<T>(work: impl Future<Output = Result<T, Problem>>, ended: &str) -> Result<T, Problem> {
    let ends = serve::signals().map_err(Problem::while_doing("signals cannot be heard"))?;
    tokio::select! {
        done = work => done,
        () = ends => Err(Problem::new(ended)),
    }
}

async fn put_back(arguments: &Restore, settings: &Settings) -> Result<Outcome, Problem> {
    let manifest = manifest(&arguments.backup, settings)?;
    let keys = keys_of_log(&arguments.keys)?;
    let seen = arguments.checkpoints.iter().map(|path| {
        let failed = Problem::while_doing(format!("{} is no checkpoint of the log", path.display()));
        Seen::read(path, &keys, &manifest.origin).map_err(failed)
    });
    let seen = seen.collect::<Result<Vec<_>, _>>()?;
    let seals = seals::of(settings)?;
    let _held = holding::alone(&settings.database)?;
    let file = arguments.backup.join(DATABASE);
    let restored = store::restore_from(&file, &manifest.sha256, settings.database.as_str()).await;
    let restoring = restored.map_err(Problem::while_doing("the backup was not restored"))?;
    let app = serve::open_restored(settings, Arc::new(SystemClock), seals).await?;
    let verdict = verified_and_resumed(&app, &manifest, &seen, &keys).await;
    app.shutdown().await;
    let ended = restoring.end().await.map_err(Problem::while_doing("the restoring was not ended"));
    // What has failed first is told: a database that has broken off fails at this, too.
    let verdict = verdict?;
    ended?;
    tell(&verdict, arguments.format)
}

async fn verified_and_resumed(
    app: &App,
    manifest: &Manifest,
    seen: &[Seen],
    keys: &[VerifierKey],
) -> Result<Verdict, Problem> {
    let origin = app.origin().await.map_err(Problem::while_doing("the log cannot be read"))?;
    let is_renamed = origin != manifest.origin;
    let mut keys = keys.to_vec();
    if is_renamed && !keys.is_empty() {
        // It was named by a restore that was interrupted, and may have been sealed under that name.
        keys.extend(log_key(app).await?);
    }
    // Those of later events tell what is lost.
    let kept = seen.iter().filter(|seen| seen.head.size <= manifest.events).map(|seen| seen.note.clone()).collect();
    // A clock that was once wrong keeps nobody from the log, which may be there no more but for this copy: a replay tells
    // that, wherever the log is.
    let trusted = Trusted { keys, kept, tolerance: None, ..Trusted::default() };
    let mut verdict = replayed(app, &trusted).await?;
    if verdict.is_of_rows_alone() {
        // They were not right where the copy was taken, and are nothing that can be lost.
        app.rebuild(|_, _| ()).await.map_err(Problem::while_doing("the read rows cannot be made anew"))?;
        let first = &verdict.faults()[0].message;
        let differ = counted(verdict.fault_count, "difference", "differences");
        let told =
            format!("the read rows of the copy were not those of its log ({differ}; {first}): they were made anew");
        verdict = replayed(app, &trusted).await?;
        verdict.note(told);
    }
    let root = app.root(manifest.events).await.map_err(Problem::while_doing("the tree cannot be read"))?;
    if verdict.events != manifest.events + u64::from(is_renamed) || base64(&root) != manifest.root {
        verdict.fault(None, "BACKUP_WRONG", "the log is not the one that the backup names");
        return Ok(verdict);
    }
    if trusted.keys.is_empty() {
        verdict.note("nobody outside confirms this log: give its key, and a checkpoint that was kept");
    }
    verdict.note("when events were recorded is held against no clock here: `etalon audit replay` does that");
    if !verdict.is_good() {
        return Ok(verdict);
    }
    if is_renamed {
        verdict.note(format!("the log goes on as {origin}, as it was told before"));
    } else {
        let latest = seen.iter().map(|seen| seen.head).max_by_key(|head| head.size);
        match app.resume(latest).await {
            Ok(Resumed::AsItWas) => {
                verdict.note(format!("the log goes on as {origin}: nothing after it was signed"));
            }
            Ok(Resumed::Renamed { recovery, is_remembered }) => {
                let goes_on = format!("the log goes on as {} from position {}", recovery.origin, recovery.size);
                let lost = recovery.last_signed.as_ref().map_or(0, |last| last.size.saturating_sub(recovery.size));
                let are = counted(lost, "event that was signed is", "events that were signed are");
                verdict.note(match is_remembered {
                    true => format!("{goes_on}; {are} lost"),
                    // A witness and a checkpoint that was kept know of what they have seen alone.
                    false if lost > 0 => format!("{goes_on}; at least {are} lost"),
                    false => format!(
                        "{goes_on}; whether events that were signed are lost nobody tells here, for the signer does not \
                         remember the name of before"
                    ),
                });
            }
            Err(NotResumed::Forked { size }) => {
                let forked = NotResumed::Forked { size };
                verdict.fault(None, "FORKED", forked.to_string());
                return Ok(verdict);
            }
            Err(error) => return Err(Problem::while_doing("the log cannot go on")(error)),
        }
    }
    app.seal_now().await.map_err(Problem::while_doing("the log cannot be sealed"))?;
    if let Some(key) = log_key(app).await? {
        verdict.note(format!("auditors verify it with the key {key}"));
    }
    app.end_restore().await.map_err(Problem::while_doing("the restoring was not ended"))?;
    Ok(verdict)
}

fn manifest(folder: &Path, settings: &Settings) -> Result<Manifest, Problem> {
    let (manifest, digest) = (|| -> Result<_, Cause> {
        let manifest: Manifest = serde_json::from_slice(&small_file::read(&folder.join(MANIFEST), TEXT_BYTES)?)?;
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

/// A checkpoint that somebody has kept.
struct Seen {
    note: Vec<u8>,
    head: TreeHead,
}

impl Seen {
    fn read(path: &Path, keys: &[VerifierKey], origin: &str) -> Result<Self, Cause> {
        let note = small_file::read(path, CHECKPOINT_BYTES)?;
        let signed = SignedCheckpoint::verify(&note, &Names::new(&[], origin), keys)?;
        Ok(Self { note, head: signed.checkpoint.head })
    }
}

/// What the log that this process signs is verified with.
async fn log_key(app: &App) -> Result<Option<VerifierKey>, Problem> {
    app.log_key().await.map_err(Problem::while_doing("the key cannot be told"))
}

/// A new file, which nobody but its owner reads.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn kind(settings: &Settings) -> &'static str {
    if settings.database.file().is_some() { "sqlite" } else { "postgres" }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(hex::encode(digest.finalize()))
}
