//! An erasure: its event takes the keys of what was said before, and once that is durable, they are destroyed.
//!
//! The ciphertexts go in the transaction of the event. A crash between it and the destruction, and an erasure by another
//! server, are made good by looking again: at start, and every few seconds.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::personal::damaged;
use crate::app::request::Fault;
use crate::app::rounds::again_and_again;
use crate::codec;
use crate::vault::payload;
use crate::vault::reference::KeyId;

/// How often a server looks for what another one erased.
const LOOKS_EVERY: Duration = Duration::from_secs(10);

/// Destroys the data keys of whoever was erased.
#[derive(Clone, Copy, Debug)]
pub struct Eraser;

impl Eraser {
    /// Looks at once, and again and again until it is stopped. A failed round is logged, and the next one does its work.
    pub async fn run(self, app: std::sync::Arc<App>, stop: CancellationToken) {
        let look = || async {
            if let Err(fault) = app.complete_erasures().await {
                tracing::error!(%fault, "an erasure is not complete; it is tried again");
            }
        };
        again_and_again(LOOKS_EVERY, &stop, look).await;
    }
}

impl App {
    /// The keys under which the first so many events of the aggregate say something of persons, but for those that were
    /// erased before.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub(in crate::app) async fn keys_to_erase<A: Commanded>(&self, id: Uuid, version: u64) -> Result<Vec<Uuid>, Fault> {
        // A key of the aggregate's own goes even if nothing was sealed under it yet: then nothing ever will be.
        let mut keys: BTreeSet<Uuid> = (!A::KEY_PER_EVENT).then_some(id).into_iter().collect();
        for (event, _) in A::streams(&self.aggregates).placed(id, version).await? {
            let references = payload::references(&codec::encode(&event).payload).map_err(damaged)?;
            keys.extend(references.iter().map(|reference| reference.key.0));
        }
        let mut keys: Vec<_> = keys.into_iter().collect();
        let erased = self.store.erased_among(&keys).await?;
        keys.retain(|key| erased.iter().all(|erased| erased.key_id != *key));
        Ok(keys)
    }

    /// Destroys every data key that an event has erased and that is still there. Answers how many there were.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails: what was left undone is done by the next call.
    pub async fn complete_erasures(&self) -> Result<usize, Fault> {
        let vault = self.vault()?;
        let from = self.erased_before.load(Ordering::Acquire);
        let erased = self.store.erased_keys(from).await?;
        let mut destroyed = 0;
        for key in &erased {
            destroyed += usize::from(vault.destroy(KeyId(key.key_id)).await?);
        }
        let Some(last) = erased.last() else { return Ok(0) };
        if !self.store.scrub().await? {
            // Somebody still reads what was there: looked at again in the next round.
            return Ok(destroyed);
        }
        self.erased_before.fetch_max(last.position + 1, Ordering::AcqRel);
        if destroyed > 0 {
            tracing::info!(destroyed, "data keys of erased persons were destroyed");
        }
        Ok(destroyed)
    }
}
