//! What goes on in the place of duplicates: those of an answer are followed together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::{App, Fault};
use crate::domain::actor::Actor;
use crate::domain::case::facts::GoesOn;
use crate::graphql::loaders::{CaseKey, grouped};

/// Loads what goes on in the place of the duplicates of a case.
pub(super) struct GoingOn {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<CaseKey> for GoingOn {
    type Value = GoesOn;
    type Error = Fault;

    async fn load(&self, keys: &[CaseKey]) -> Result<HashMap<CaseKey, GoesOn>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let originals: Vec<_> = keys.iter().map(|key| key.id).collect();
            found.extend(keys.into_iter().zip(self.app.going_on(&self.actor, &originals, at).await?));
        }
        Ok(found)
    }
}
