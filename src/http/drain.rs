//! The end of a server: whoever is slow is waited for until so long after it was told to end, and then hung up on, and so is
//! whoever has asked what is not answered by then. A mutation that is being carried out is waited for whatever it takes, and
//! answered to whoever takes the answer at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long, where no setting says so.
pub(super) const USUAL: Duration = Duration::from_secs(20);

/// How long a server waits for its connections, and how many it did not wait for.
#[derive(Clone)]
pub(super) struct Drain {
    time: Duration,
    cut_off: Arc<AtomicU64>,
}

impl Drain {
    /// So long after the server was told to end.
    pub(super) fn within(time: Duration) -> Self {
        Self { time, cut_off: Arc::default() }
    }

    /// Serves a connection to its end, or until the time after `stop` is over and none of its mutations is being carried
    /// out: it is cut off then, and `None` comes of it.
    pub(super) async fn serve<T>(
        &self,
        stop: &CancellationToken,
        mutations: &TaskTracker,
        served: impl Future<Output = T>,
    ) -> Option<T> {
        let is_over = async {
            stop.cancelled().await;
            sleep(self.time).await;
            mutations.close();
            mutations.wait().await;
        };
        tokio::select! {
            // What has just been carried out is answered first.
            biased;
            served = served => Some(served),
            () = is_over => {
                self.cut_off.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// Says how many were cut off, where any were.
    pub(super) fn tell(&self) {
        let connections = self.cut_off.load(Ordering::Relaxed);
        if connections > 0 {
            tracing::warn!(
                connections,
                "cut off at the end of the server: requests that were not there, queries that went on, or answers that were \
                 not taken, within `shutdown_timeout_ms`"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn whoever_is_slow_is_cut_off_once_nothing_is_carried_out_any_more() {
        let (drain, stop, mutations) = (Drain::within(Duration::ZERO), CancellationToken::new(), TaskTracker::new());
        let working = mutations.token();
        let mut served = pin!(drain.serve(&stop, &mutations, pending::<()>()));
        let soon = Duration::from_millis(20);
        assert!(timeout(soon, served.as_mut()).await.is_err(), "nobody has told the server to end");
        stop.cancel();
        assert!(timeout(soon, served.as_mut()).await.is_err(), "something is being carried out");
        drop(working);
        assert_eq!(served.await, None);
        assert_eq!(drain.cut_off.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_has_an_end_of_its_own_is_not_cut_off() {
        let (drain, stop) = (Drain::within(Duration::ZERO), CancellationToken::new());
        stop.cancel();
        assert_eq!(drain.serve(&stop, &TaskTracker::new(), ready("answered")).await, Some("answered"));
        assert_eq!(drain.cut_off.load(Ordering::Relaxed), 0);
    }
}
