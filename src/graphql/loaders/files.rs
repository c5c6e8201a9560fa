//! Everything known of cases, and of enterprises with the visits to them, each at a version: those of a page are one read.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::{App, Fault, Moment, Versioned};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::enterprise::Enterprise;
use crate::domain::value::{CaseId, EnterpriseId};
use crate::graphql::loaders::grouped;

/// A version of a case or of an enterprise, as of a moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileKey<I> {
    id: I,
    version: u64,
    at: Moment,
}

impl<I> FileKey<I> {
    pub(super) fn new(id: I, version: u64, at: Moment) -> Self {
        // A version of the log is the same whenever it is looked at.
        let at = if matches!(at, Moment::Occurred(_)) { at } else { Moment::Present };
        Self { id, version, at }
    }
}

pub(super) struct Files {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<FileKey<CaseId>> for Files {
    type Value = Arc<Versioned<Case>>;
    type Error = Fault;

    async fn load(&self, keys: &[FileKey<CaseId>]) -> Result<HashMap<FileKey<CaseId>, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let cases: Vec<_> = keys.iter().map(|key| (key.id, key.version)).collect();
            found.extend(keys.into_iter().zip(self.app.case_files(&self.actor, &cases, at).await?));
        }
        Ok(found)
    }
}

pub(super) struct Visited {
    pub(super) app: Arc<App>,
}

impl Loader<FileKey<EnterpriseId>> for Visited {
    type Value = Arc<Versioned<Enterprise>>;
    type Error = Fault;

    async fn load(&self, keys: &[FileKey<EnterpriseId>]) -> Result<HashMap<FileKey<EnterpriseId>, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let enterprises: Vec<_> = keys.iter().map(|key| (key.id, key.version)).collect();
            found.extend(keys.into_iter().zip(self.app.visited_enterprises(&enterprises, at).await?));
        }
        Ok(found)
    }
}
