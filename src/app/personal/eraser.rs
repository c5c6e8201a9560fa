//! An erasure: its event takes the keys of what was said before, and once that is durable, they are destroyed.
//!
//! The ciphertexts go in the transaction of the event. A crash between it and the destruction, and an erasure by
//! another server, are made good by looking again: at start, and every few seconds.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::aggregates::with_streams;
use crate::app::commanded::Commanded;
use crate::app::personal::damaged;
use crate::app::request::Fault;
use crate::app::rounds::again_and_again;
use crate::app::streams::Streams;
use crate::codec;
use crate::store::{ErasedKey, EventRecord, StreamId};
use crate::telemetry::causes::with_causes;
use crate::vault::payload;
use crate::vault::reference::KeyId;

/// How often a server looks for what another one erased, and whether its data keys are the database's still.
const LOOKS_EVERY: Duration = Duration::from_secs(10);

/// Destroys the data keys of whoever was erased, and looks whether they are the right ones.
#[derive(Clone, Copy, Debug)]
pub struct Eraser;

impl Eraser {
    /// Looks at once, and again and again until it is stopped. A failed round is logged, and the next one does its
    /// work.
    pub async fn run(self, app: std::sync::Arc<App>, stop: CancellationToken) {
        let look = || async {
            if let Err(fault) = app.look_for_other_data_keys().await {
                tracing::warn!(fault = %with_causes(&fault), "it cannot be seen whether these are the database's data keys");
            }
            match app.marked_erasures().await {
                Err(fault) => {
                    tracing::warn!(fault = %with_causes(&fault), "it cannot be seen whether an erasure is left to do");
                }
                Ok(marked) => {
                    if let Err(fault) = app.complete_marked(marked).await {
                        tracing::error!(fault = %with_causes(&fault), "an erasure is not complete; it is tried again");
                    }
                }
            }
        };
        again_and_again(LOOKS_EVERY, &stop, look).await;
    }
}

/// The keys that may have to be destroyed, and how many events the log has.
struct MarkedErasures {
    marks: Vec<ErasedKey>,
    head: u64,
}

impl App {
    /// The keys under which the first so many events of the aggregate say something of persons.
    ///
    /// Those that the database says were erased before are among them: it may have been told so by somebody who had no
    /// right to.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub(in crate::app) async fn keys_to_erase<A: Commanded>(
        &self,
        streams: &Streams<A>,
        id: Uuid,
        version: u64,
    ) -> Result<Vec<Uuid>, Fault> {
        // A key of the aggregate's own goes even if nothing was sealed under it yet: then nothing ever will be.
        let mut keys: BTreeSet<Uuid> = (!A::KEY_PER_EVENT).then_some(id).into_iter().collect();
        for (event, _) in streams.placed(id, version).await? {
            let references = payload::references(&codec::encode(&event).payload).map_err(damaged)?;
            keys.extend(references.iter().map(|reference| reference.key.0));
        }
        Ok(keys.into_iter().collect())
    }

    /// Carries an erasure of these keys out that is durable now, and whatever earlier ones have left undone.
    ///
    /// # Errors
    /// As [`App::complete_erasures`], which does what was left undone.
    pub(in crate::app) async fn carry_out_erasure(&self, keys: &[Uuid]) -> Result<(), Fault> {
        self.destroy(keys.iter().copied()).await?;
        self.complete_erasures().await.map(drop)
    }

    /// Destroys every data key that an event has erased and that is still there. Answers how many there were. A key
    /// that is only marked as erased, with no event that says so, stays: what an event erases, the log proves, and
    /// whoever else can write into the database destroys nothing for good.
    ///
    /// A mark of which cannot be told whether an event founds it keeps no other erasure waiting. It is looked at again
    /// by every call until it can.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails, or an event cannot be read: what was left undone is done by the
    /// next call.
    pub async fn complete_erasures(&self) -> Result<usize, Fault> {
        self.complete_marked(self.marked_erasures().await?).await
    }

    /// What is marked as erased and was not passed over yet.
    async fn marked_erasures(&self) -> Result<MarkedErasures, Fault> {
        let from = self.erased_before.load(Ordering::Acquire);
        let head = self.store.head().await?.next_position;
        Ok(MarkedErasures { marks: self.store.erased_keys(from).await?, head })
    }

    async fn complete_marked(&self, marked: MarkedErasures) -> Result<usize, Fault> {
        let mut erased = Vec::new();
        let mut first_failure = None;
        let mut before = marked.head;
        for mark in marked.marks {
            match self.is_erased(mark).await {
                Ok(true) => erased.push(mark),
                Ok(false) => tracing::error!(
                    key = %mark.key_id,
                    mark.position,
                    "a data key is marked as erased by an event that does not erase it: it is kept, and `etalon audit \
                     replay` tells more"
                ),
                Err(fault) => {
                    tracing::error!(
                        key = %mark.key_id,
                        mark.position,
                        fault = %with_causes(&fault),
                        "a data key is marked as erased, and its event cannot be read: it is kept for now"
                    );
                    before = before.min(mark.position);
                    first_failure.get_or_insert(fault);
                }
            }
        }
        let destroyed = self.destroy(erased.iter().map(|mark| mark.key_id)).await?;
        // While somebody still reads what was there, it is looked at again in the next round.
        if let Some(last) = erased.last()
            && self.store.scrub().await?
        {
            // A mark may lie ahead of the log, whoever has set it: what the log erases by then is not passed over.
            self.erased_before.fetch_max(before.min(last.position + 1), Ordering::AcqRel);
        }
        first_failure.map_or(Ok(destroyed), Err)
    }

    /// Whether the key is gone already, or an event erases it.
    async fn is_erased(&self, mark: ErasedKey) -> Result<bool, Fault> {
        Ok(self.vault()?.is_destroyed(KeyId(mark.key_id)).await? || self.founds(mark).await?)
    }

    /// Destroys as many of the keys as it can.
    async fn destroy(&self, keys: impl Iterator<Item = Uuid> + Send) -> Result<usize, Fault> {
        let vault = self.vault()?;
        let mut destroyed = 0;
        let mut first_failure = None;
        for key in keys {
            match vault.destroy(KeyId(key)).await {
                Ok(was_there) => destroyed += usize::from(was_there),
                Err(fault) => drop(first_failure.get_or_insert(fault)),
            }
        }
        if destroyed > 0 {
            tracing::info!(destroyed, "data keys of erased persons were destroyed");
        }
        first_failure.map_or(Ok(destroyed), Err)
    }

    /// Marks of erased keys that no event of the log founds.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn unfounded_erasures(&self) -> Result<Vec<ErasedKey>, Fault> {
        let mut unfounded = Vec::new();
        for mark in self.store.erased_keys(0).await? {
            if !self.founds(mark).await? {
                unfounded.push(mark);
            }
        }
        Ok(unfounded)
    }

    /// Whether the event that the mark names erases its key.
    async fn founds(&self, mark: ErasedKey) -> Result<bool, Fault> {
        let Some(erasure) = self.erasure_at(mark.position).await? else { return Ok(false) };
        Ok(self.keys_erased(erasure).await?.contains(&mark.key_id))
    }

    /// The keys that an event erases; none where it erases nothing.
    ///
    /// # Errors
    /// As [`App::keys_to_erase`].
    pub(in crate::app) async fn keys_erased_by(&self, event: &EventRecord) -> Result<Vec<Uuid>, Fault> {
        match self.erasure_of(event) {
            Some(erasure) => self.keys_erased(erasure).await,
            None => Ok(Vec::new()),
        }
    }

    /// The keys that an erasure takes of a stream with so many events before it.
    async fn keys_erased(&self, (stream, version): (StreamId, u64)) -> Result<Vec<Uuid>, Fault> {
        let id = stream.aggregate_id;
        with_streams!(self.aggregates, stream.aggregate_type, streams => self.keys_to_erase(streams, id, version).await)
    }
}
