//! The certificate of a server: read from its files, and anew at SIGHUP. It is told in the log when it has ended or is about
//! to: whoever looks after the server has to know before clients do.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::interval;

use crate::cli::problem::Problem;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::http::Tls;
use crate::telemetry::causes::with_causes;
use crate::telemetry::metrics::metrics;

/// How often it is looked at when it ends: at the start, and then once a day.
const LOOKS_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before its end it is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The certificate of the settings, where they name one. From now on it is taken anew whenever the process is told to.
///
/// # Errors
/// When it cannot be used, or the signal cannot be heard.
pub fn of(settings: &Settings) -> Result<Option<Arc<Tls>>, Problem> {
    let Some(files) = &settings.connections.tls else { return Ok(None) };
    let tls = Tls::open(&files.certificate, &files.key);
    let tls = Arc::new(tls.map_err(Problem::while_doing("TLS cannot be spoken (tls_certificate, tls_key)"))?);
    let told = signal(SignalKind::hangup()).map_err(Problem::while_doing("SIGHUP cannot be heard"))?;
    tokio::spawn(look_after(Arc::downgrade(&tls), told));
    Ok(Some(tls))
}

/// Goes on for as long as anybody speaks with the certificate.
async fn look_after(tls: Weak<Tls>, mut told: Signal) {
    let mut looks = interval(LOOKS_EVERY);
    loop {
        let is_told = tokio::select! {
            Some(()) = told.recv() => true,
            _ = looks.tick() => false,
        };
        let Some(tls) = tls.upgrade() else { return };
        if is_told {
            match tls.renew() {
                Ok(()) => tracing::warn!("the certificate was taken anew"),
                Err(error) => tracing::error!(error = %with_causes(&error), "the certificate stays as it is"),
            }
        }
        tell_end(&tls, SystemClock.now());
    }
}

/// How long a certificate is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Good,
    EndsSoon,
    HasEnded,
}

impl Standing {
    fn of(expires_at: Timestamp, now: Timestamp) -> Self {
        match expires_at.duration_since(now) {
            left if left < SignedDuration::ZERO => Self::HasEnded,
            left if left < SOON => Self::EndsSoon,
            _ => Self::Good,
        }
    }
}

fn tell_end(tls: &Tls, now: Timestamp) {
    let Some(expires_at) = tls.expires_at() else {
        // The figure is of the one before it.
        metrics().certificate_expires.clear();
        tracing::warn!("it cannot be read when the certificate ends");
        return;
    };
    metrics().certificate_expires.get_or_create(&[]).set(expires_at.as_second() as f64);
    match Standing::of(expires_at, now) {
        Standing::Good => {}
        Standing::EndsSoon => tracing::warn!(
            %expires_at,
            "the certificate ends in less than 14 days: put a renewed one in its place, and send SIGHUP"
        ),
        Standing::HasEnded => tracing::error!(
            %expires_at,
            "the certificate has ended, and clients refuse it: put a renewed one in its place, and send SIGHUP"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_warned_of_for_fourteen_days_and_good_to_its_last_second() {
        let end: Timestamp = "2026-12-31T23:59:59Z".parse().expect("a time");
        let day = SignedDuration::from_hours(24);
        let second = SignedDuration::from_secs(1);
        for (now, standing) in [
            (end - day * 30, Standing::Good),
            (end - day * 14, Standing::Good),
            (end - day * 14 + second, Standing::EndsSoon),
            (end, Standing::EndsSoon),
            (end + second, Standing::HasEnded),
            (end + day * 400, Standing::HasEnded),
        ] {
            assert_eq!(Standing::of(end, now), standing, "{now}");
        }
    }
}
