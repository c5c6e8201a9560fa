//! Who signs the log of these settings, and who vouches for it.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{Anchors, Authority, Seals, Witness};
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
/// When the key or the memory of the signer cannot be used, or a URL or key of the settings is none.
pub fn of(settings: &Settings) -> Result<Seals, Problem> {
    let ledger = &settings.ledger;
    let signer: Arc<dyn Signer> = match &ledger.signer {
        None => Arc::new(notary(ledger)?),
        Some(signer) => {
            let token = CallerToken::open_or_create(&signer.token_file)
                .map_err(Problem::while_doing("the signer's token cannot be used"))?;
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

/// What the checkpoints of the log of that name are checked with, by what is there: nothing is made to tell it.
///
/// # Errors
/// When there is no key, or it cannot be used.
pub fn key(settings: &Settings, origin: &str) -> Result<VerifierKey, Problem> {
    let ledger = &settings.ledger;
    if let Some(signer) = &ledger.signer {
        let unusable = || Problem::while_doing("`signer_key` cannot be used");
        let key: VerifierKey = signer.key.parse().map_err(unusable())?;
        return key.named(origin).map_err(unusable());
    }
    let key = ledger_key::open(&ledger.key_file).map_err(Problem::while_doing("the ledger key cannot be used"))?;
    let Some(key) = key else {
        let file = ledger.key_file.display();
        return Err(Problem::new(format!(
            "there is no key of the log {origin} here: {file} is not there; name the file with `ledger_key_file`, or the \
             signer of the log with `signer_url` and `signer_key`"
        )));
    };
    let signer = NoteSigner::new(origin, Algorithm::Ed25519, key);
    Ok(signer.map_err(Problem::while_doing("the log has no key"))?.verifier().clone())
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
