//! Positions of the log: the events at those of an answer are one read, and whether they are there is another.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use futures::FutureExt;

use crate::app::{App, EventRecord, Fault, Moment};
use crate::domain::actor::Actor;
use crate::graphql::loaders::{Loaders, grouped};

/// An event, as of a moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PositionKey {
    pub(super) position: u64,
    pub(super) at: Moment,
}

pub(super) struct Events {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<PositionKey> for Events {
    type Value = EventRecord;
    type Error = Fault;

    async fn load(&self, keys: &[PositionKey]) -> Result<HashMap<PositionKey, EventRecord>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let positions: Vec<_> = keys.iter().map(|key| key.position).collect();
            let events = self.app.events_among(&self.actor, &positions, at).await?;
            found.extend(events.into_iter().map(|event| (PositionKey { position: event.position, at }, event)));
        }
        Ok(found)
    }
}

/// By the position: whether the log has it, whoever asks.
impl Loader<u64> for Events {
    type Value = bool;
    type Error = Fault;

    async fn load(&self, positions: &[u64]) -> Result<HashMap<u64, bool>, Fault> {
        let there = self.app.there_among(positions).await?;
        Ok(there.into_iter().map(|position| (position, true)).collect())
    }
}

impl Loaders {
    /// Whether the log has an event at the position.
    pub(crate) async fn has(&self, position: u64) -> Result<bool, Fault> {
        Ok(self.events.load_one(position).boxed().await?.unwrap_or_default())
    }
}
