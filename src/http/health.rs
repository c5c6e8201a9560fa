//! Whether the process lives, and whether it can serve.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout;

use crate::app::Fault;
use crate::http::Front;
use crate::telemetry::causes::with_causes;

/// How long the database may take: one that has stopped answers nothing at all, and whoever asks here has to know.
const PATIENCE: Duration = Duration::from_secs(3);

/// The process answers: do not restart it.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers, and commands are taken: send requests here.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, &'static str) {
    match timeout(PATIENCE, front.app.ready()).await {
        Ok(Ok(())) => return (StatusCode::OK, "ready\n"),
        // Told in the log when it was seen.
        Ok(Err(Fault::OtherDataKeys)) => {
            let told = "not ready: the database has gone on with other data keys (DATA_KEYS_OTHER)\n";
            return (StatusCode::SERVICE_UNAVAILABLE, told);
        }
        Ok(Err(fault)) => tracing::warn!(fault = %with_causes(&fault), "not ready"),
        Err(_) => tracing::warn!("not ready: the database does not answer"),
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
}
