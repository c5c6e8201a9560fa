//! How long a server is listened to.
//!
//! One that has gone with its power or its network says nothing, not even that it has gone, and TCP waits a quarter of
//! an hour for a word of it, or for ever where it has taken what was sent. No time-out of the server's own helps then.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;

/// What is known of the connections that were made since a server was silent last. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Silence(Arc<AtomicBool>);

impl Silence {
    /// Waits for an answer for so long. After that every connection of then may be as dead, and none is asked whether
    /// it is.
    ///
    /// # Errors
    /// When there was none.
    pub(super) async fn answer<T>(&self, within: Duration, answer: impl Future<Output = T>) -> Result<T, sqlx::Error> {
        // What was noticed is known before the connection comes back with the future.
        let mut answer = pin!(answer);
        let heard = timeout(within, answer.as_mut()).await;
        heard.map_err(|_| {
            self.0.store(true, Ordering::Release);
            io::Error::new(io::ErrorKind::TimedOut, "the database has not answered").into()
        })
    }

    /// Whether there was one.
    pub(super) fn was_noticed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
