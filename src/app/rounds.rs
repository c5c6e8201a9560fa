//! What a server does again and again while it runs.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Goes the round at once, and again so long after it began, until it is stopped. A round that takes longer delays the
/// next one.
pub(super) async fn again_and_again<F: Future<Output = ()>>(
    every: Duration,
    stop: &CancellationToken,
    mut round: impl FnMut() -> F,
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        round().await;
    }
}
