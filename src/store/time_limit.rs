//! How long a read may take that somebody waits for.
//!
//! The limit goes with the future that asks, not with the store: what is read for a question is given up by the
//! database itself, and the same statement runs as long as it takes for a rebuild, an export or whoever follows the
//! log. Commits and every other write know no such limit, but how long the database [may say
//! nothing](crate::store::Target).

use std::time::Duration;

tokio::task_local! {
    static LIMIT: Duration;
}

/// Has the database give up every statement that the future reads with and that takes longer: it then fails with
/// [`StoreError::TimedOut`](crate::store::StoreError::TimedOut). A task that the future spawns has to be given the
/// limit anew.
pub async fn limited<F: Future>(limit: Duration, reads: F) -> F::Output {
    LIMIT.scope(limit, reads).await
}

/// The limit of whoever asks, where there is one.
pub(super) fn limit() -> Option<Duration> {
    LIMIT.try_with(|limit| *limit).ok()
}
