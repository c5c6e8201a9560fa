//! What an actor has of the connections that reads share.
//!
//! It goes with the future that asks, as the [limit of time](crate::store::limited) does. Whatever of an actor's is read
//! beyond that waits for the actor's own reads, and among those who wait for a connection there are few of each. A read
//! that has its turn waits for no other one: nothing is read within a read.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many reads of an actor are under way at once: a quarter of the connections that reads of PostgreSQL share, and
/// not much more of the fewer ones of SQLite.
const AT_ONCE: usize = 3;

tokio::task_local! {
    /// None where what is read is not for the asker alone.
    static SHARE: Option<Share>;
}

/// An actor's share of the connections: every copy is the same one.
#[derive(Clone)]
pub struct Share(Arc<Semaphore>);

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Reads within that share. A task that the future spawns has none, and neither has what the server reads by itself.
pub async fn sharing<F: Future>(share: Share, reads: F) -> F::Output {
    SHARE.scope(Some(share), reads).await
}

/// Reads what others wait for as well, whoever it is that asks: they would wait for all else that the asker reads.
pub async fn for_all<F: Future>(reads: F) -> F::Output {
    SHARE.scope(None, reads).await
}

/// Waits until another read of the asker may be under way, which it is as long as this is held; `None` where nobody
/// counts them.
pub(super) async fn turn() -> Option<OwnedSemaphorePermit> {
    let share = SHARE.try_with(Option::clone).ok().flatten()?;
    Some(share.0.acquire_owned().await.expect("a share is never closed"))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::future::join_all;
    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn so_much_of_an_actors_is_read_at_once_and_more_of_others_and_for_all() {
        let share = Share::default();
        let mut held = join_all((0..AT_ONCE).map(|_| sharing(share.clone(), turn()))).await;
        assert!(held.iter().all(Option::is_some));
        let mut next = pin!(sharing(share.clone(), turn()));
        assert!(poll!(next.as_mut()).is_pending());
        assert!(sharing(Share::default(), turn()).await.is_some(), "somebody else's");
        assert!(sharing(share, for_all(turn())).await.is_none());
        assert!(turn().await.is_none(), "nobody asks");
        drop(held.pop());
        assert!(next.await.is_some());
    }
}
