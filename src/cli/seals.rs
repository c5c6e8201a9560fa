//! Who signs the log of these settings, and who vouches for it.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{Anchors, Authority, Seals, Witness};
use crate::cli::problem::Problem;
use crate::config::{LedgerSettings, Settings};
use crate::identity::ledger_key::CallerToken;
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
