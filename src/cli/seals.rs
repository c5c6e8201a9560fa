//! Who signs the log of these settings, and who vouches for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::app::{Anchors, App, Authority, Seals, Witness};
use crate::cli::problem::Problem;
use crate::config::{LedgerSettings, Settings};
use crate::identity::ledger_key::{self, CallerToken};
use crate::ledger::note::{Algorithm, NoteSigner, VerifierKey};
use crate::signer::{Notary, RemoteSigner, Role, Signer};

/// How long a commit waits for others before it is sealed with them.
const PAUSE: Duration = Duration::from_millis(100);

/// Everybody whom the settings name.
///
/// # Errors
/// When the key or the memory of the signer, or the token that it is shown, cannot be used, or a URL or key of the settings
/// is none.
pub fn of(settings: &Settings) -> Result<Seals, Problem> {
    let ledger = &settings.ledger;
    let signer: Arc<dyn Signer> = match &ledger.signer {
        None => Arc::new(notary(ledger)?),
        Some(signer) => {
            let token = signer_token(&signer.token_file)?;
            let key = signer.key.parse().map_err(Problem::while_doing("`signer_key` cannot be used"))?;
            let remote = RemoteSigner::signer(&signer.url, key, &token);
            Arc::new(remote.map_err(Problem::while_doing("`signer_url` cannot be used"))?)
        }
    };
    let witnesses = ledger.witnesses.iter().map(|witness| {
        let failed = || format!("the witness {} cannot be used", witness.url);
        let key = witness.key.parse().map_err(Problem::while_doing(failed()))?;
        RemoteSigner::witness(&witness.url, key).map(Witness).map_err(Problem::while_doing(failed()))
    });
    let authority = ledger.time_stamp_url.as_deref().map(|url| {
        Authority::new(url, ledger.time_stamp_every).map_err(Problem::while_doing("`time_stamp_url` cannot be used"))
    });
    let anchors = Anchors { witnesses: witnesses.collect::<Result<_, _>>()?, authority: authority.transpose()? };
    Ok(Seals { signer, anchors: Arc::new(anchors), pause: PAUSE })
}

/// The token that the signer has made: it takes no other.
fn signer_token(file: &Path) -> Result<CallerToken, Problem> {
    let token = CallerToken::open(file).map_err(Problem::while_doing("the signer's token cannot be used"))?;
    token.ok_or_else(|| {
        let file = absolute(file);
        Problem::new(format!(
            "there is no signer token at {} (signer_token_file): copy signer-token from the folder of `etalon signer` there",
            file.display()
        ))
    })
}

/// As it is told: a relative path leads elsewhere in another folder, which is what may be wrong.
fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// What the checkpoints of the log of that name are checked with, by what is there: nothing is made to tell it.
///
/// # Errors
/// When there is no key, or it cannot be used.
pub fn key(settings: &Settings, origin: &str) -> Result<VerifierKey, Problem> {
    key_if_there(settings, origin)?.ok_or_else(|| {
        let file = settings.ledger.key_file.display();
        Problem::new(format!(
            "there is no key of the log {origin} here: {file} is not there; name the file with `ledger_key_file`, or the \
             signer of the log with `signer_url` and `signer_key`"
        ))
    })
}

fn key_if_there(settings: &Settings, origin: &str) -> Result<Option<VerifierKey>, Problem> {
    let ledger = &settings.ledger;
    if let Some(signer) = &ledger.signer {
        let unusable = || Problem::while_doing("`signer_key` cannot be used");
        let key: VerifierKey = signer.key.parse().map_err(unusable())?;
        return key.named(origin).map(Some).map_err(unusable());
    }
    let key = ledger_key::open(&ledger.key_file).map_err(Problem::while_doing("the ledger key cannot be used"))?;
    let signer = key.map(|key| NoteSigner::new(origin, Algorithm::Ed25519, key)).transpose();
    Ok(signer.map_err(Problem::while_doing("the log has no key"))?.map(|signer| signer.verifier().clone()))
}

/// Whether the key of these settings has signed the log's latest checkpoint. A log that has none under its name takes any
/// key, and one that is made for it; nothing is made here.
///
/// # Errors
/// When another key has signed it (`LEDGER_KEY_OTHER`), or the key or the database cannot be used.
pub async fn must_fit(app: &App, settings: &Settings) -> Result<(), Problem> {
    let latest = app.checkpoint_of_this_name().await;
    let Some(latest) = latest.map_err(Problem::while_doing("the log's latest checkpoint cannot be read"))? else {
        return Ok(());
    };
    let key = key_if_there(settings, latest.origin())?;
    match &key {
        Some(key) if key.has_signed(&latest.note).is_ok() => Ok(()),
        _ => Err(other_ledger_key(&settings.ledger, latest.origin(), key.is_some())),
    }
}

fn other_ledger_key(ledger: &LedgerSettings, origin: &str, is_there: bool) -> Problem {
    let place = match &ledger.signer {
        Some(signer) => format!("of {} (signer_key)", signer.url),
        None => {
            let file = absolute(&ledger.key_file);
            format!("at {} (ledger_key_file, which is ledger-key.pem in data_dir unless it is set)", file.display())
        }
    };
    let what = match is_there {
        true => format!("did not sign the latest checkpoint of the log {origin}"),
        false => format!("is not there, and the log {origin} was sealed with it"),
    };
    Problem::coded(
        "LEDGER_KEY_OTHER",
        format!(
            "the ledger key {place} {what}: name the key that its other servers have, or their signer (signer_url, \
             signer_key), or put the key there with its memory (ledger_memory_file) from where they were kept; where it is lost \
             for good, put a backup of this database into a new one by `etalon restore`: the log goes on there with a new key, \
             under another name (LEDGER_KEY_OTHER)"
        ),
    )
}

/// The signer of this process, with nobody else: for a log that is thrown away.
///
/// # Errors
/// When its key or memory cannot be used.
pub fn of_demonstration(settings: &Settings) -> Result<Seals, Problem> {
    let notary = Notary::open(
        &settings.data_dir.join("ledger-key.pem"),
        &settings.data_dir.join("ledger-memory.json"),
        Role::Log,
    );
    let signer = Arc::new(notary.map_err(Problem::while_doing("the ledger key cannot be used"))?);
    Ok(Seals { signer, anchors: Arc::default(), pause: PAUSE })
}

fn notary(ledger: &LedgerSettings) -> Result<Notary, Problem> {
    Notary::open(&ledger.key_file, &ledger.memory_file, Role::Log)
        .map_err(Problem::while_doing("the ledger key cannot be used"))
}
