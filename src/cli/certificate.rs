//! The certificate of a server: read from its files, and anew at SIGHUP.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::problem::Problem;
use crate::config::Settings;
use crate::http::Tls;
use crate::telemetry::causes::with_causes;

/// The certificate of the settings, where they name one. From now on it is taken anew whenever the process is told to.
///
/// # Errors
/// When it cannot be used, or the signal cannot be heard.
pub fn of(settings: &Settings) -> Result<Option<Arc<Tls>>, Problem> {
    let Some(files) = &settings.connections.tls else { return Ok(None) };
    let tls = Tls::open(&files.certificate, &files.key);
    let tls = Arc::new(tls.map_err(Problem::while_doing("TLS cannot be spoken (tls_certificate, tls_key)"))?);
    let mut told = signal(SignalKind::hangup()).map_err(Problem::while_doing("SIGHUP cannot be heard"))?;
    let renewed = Arc::downgrade(&tls);
    tokio::spawn(async move {
        while told.recv().await.is_some() {
            let Some(tls) = renewed.upgrade() else { return };
            match tls.renew() {
                Ok(()) => tracing::warn!("the certificate was taken anew"),
                Err(error) => tracing::error!(error = %with_causes(&error), "the certificate stays as it is"),
            }
        }
    });
    Ok(Some(tls))
}
