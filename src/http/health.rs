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

const NOT_READY: &str = "not ready\n";

/// The process answers: do not restart it.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers, and commands are taken: send requests here.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> (StatusCode, &'static str) {
    let told = match timeout(PATIENCE, front.app.ready()).await {
        Ok(Ok(())) => return (StatusCode::OK, "ready\n"),
        Ok(Err(fault)) => {
            // That was told in the log when it was seen.
            if !matches!(fault, Fault::OtherDataKeys | Fault::CommitsFail) {
                tracing::warn!(fault = %with_causes(&fault), "not ready");
            }
            why_not(&fault)
        }
        Err(_) => {
            tracing::warn!("not ready: the database does not answer");
            NOT_READY
        }
    };
    (StatusCode::SERVICE_UNAVAILABLE, told)
}

/// What stays until somebody does something about it is told.
fn why_not(fault: &Fault) -> &'static str {
    match fault {
        Fault::OtherDataKeys => "not ready: the database has gone on with other data keys (DATA_KEYS_OTHER)\n",
        Fault::CommitsFail => "not ready: commits fail (the log says why)\n",
        fault if fault.is_of_other_rows() => "not ready: the read rows are those of another version of etalon\n",
        fault if fault.is_of_read_only() => "not ready: the database takes no writes, as a standby does\n",
        fault if fault.is_of_the_clock() => {
            "not ready: the clock of this server is ahead of that of the database (CLOCK_AHEAD)\n"
        }
        _ => NOT_READY,
    }
}
