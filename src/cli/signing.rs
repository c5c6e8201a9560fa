//! `etalon signer` and `etalon witness`: a notary as a process of its own.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::cli::output::say;
use crate::cli::problem::Problem;
use crate::cli::{self, serve};
use crate::clock::SystemClock;
use crate::http;
use crate::identity::ledger_key::CallerToken;
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::signer::{Notary, Role, Signer, service};

/// Signs for the servers of logs until it is told to end.
///
/// # Errors
/// When its folder or address cannot be used.
pub async fn sign(arguments: cli::Signer) -> Result<(), Problem> {
    let notary = notary(&arguments.folder, Role::Log)?;
    if let Some(origin) = &arguments.key_of {
        return say(&key(&notary, origin)?.to_string());
    }
    let token = CallerToken::open_or_create(&arguments.folder.join("signer-token"))
        .map_err(Problem::while_doing("the callers' token cannot be used"))?;
    run(&arguments.listen, service::signer(notary, Arc::new(SystemClock), token), "signing").await
}

/// Cosigns the checkpoints of logs until it is told to end.
///
/// # Errors
/// When a key of a log is none, or its folder or address cannot be used.
pub async fn witness(arguments: cli::Witness) -> Result<(), Problem> {
    let logs = arguments.logs.iter().map(|key| key_of_log(key));
    let role = Role::Witness { name: arguments.name.clone(), logs: logs.collect::<Result<_, _>>()? };
    let notary = notary(&arguments.folder, role)?;
    let key = key(&notary, &arguments.name)?;
    if arguments.key {
        return say(&key.to_string());
    }
    tracing::info!(%key, "cosignatures are checked with this key");
    run(&arguments.listen, service::witness(notary, Arc::new(SystemClock)), "cosigning").await
}

fn key_of_log(text: &str) -> Result<VerifierKey, Problem> {
    let no_key = || format!("`{text}` is no key of a log");
    let key: VerifierKey = text.parse().map_err(Problem::while_doing(no_key()))?;
    match key.algorithm() {
        Algorithm::Ed25519 => Ok(key),
        Algorithm::Cosignature => {
            let whose =
                "it is that of a witness, which checks cosignatures; give the one that `etalon audit key` prints";
            Err(Problem::new(format!("{}: {whose}", no_key())))
        }
    }
}

fn notary(folder: &Path, role: Role) -> Result<Notary, Problem> {
    Notary::open(&folder.join("ledger-key.pem"), &folder.join("ledger-memory.json"), role)
        .map_err(Problem::while_doing("the key cannot be used"))
}

fn key(notary: &Notary, origin: &str) -> Result<VerifierKey, Problem> {
    notary.verifier(origin).map_err(Problem::while_doing(format!("`{origin}` is no name of a key")))
}

async fn run(listen: &str, router: Router, doing: &str) -> Result<(), Problem> {
    let failed = || Problem::while_doing(format!("{listen} cannot be listened at"));
    let listener = TcpListener::bind(listen).await.map_err(failed())?;
    let address = listener.local_addr().map_err(failed())?;
    let ends = serve::told_to_end().map_err(Problem::while_doing("signals cannot be heard"))?;
    tracing::info!("{doing} at http://{address}");
    http::serve_routes(listener, router, ends).await;
    Ok(())
}
