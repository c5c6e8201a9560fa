//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::Front;

/// The process answers: do not restart it.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers: send requests here.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, &'static str) {
    match front.app.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(fault) => {
            tracing::warn!(%fault, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
