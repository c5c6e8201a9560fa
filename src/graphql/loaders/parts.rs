//! The parts of cases: those of all cases of an answer are read together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::{App, Fault, StoredCase};
use crate::domain::actor::Actor;
use crate::graphql::loaders::{CaseKey, grouped};

/// Loads the parts of a case.
pub(super) struct Parts {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<CaseKey> for Parts {
    type Value = Vec<Arc<StoredCase>>;
    type Error = Fault;

    async fn load(&self, keys: &[CaseKey]) -> Result<HashMap<CaseKey, Vec<Arc<StoredCase>>>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let wholes: Vec<_> = keys.iter().map(|key| key.id).collect();
            found.extend(keys.into_iter().zip(self.app.parts_of(&self.actor, &wholes, at).await?));
        }
        Ok(found)
    }
}
