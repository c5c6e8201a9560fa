//! Events by their positions: those of an answer are one read.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::{App, EventRecord, Fault, Moment};
use crate::domain::actor::Actor;
use crate::graphql::loaders::grouped;

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
