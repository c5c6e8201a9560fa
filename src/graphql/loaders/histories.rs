//! What has happened to cases, and how much of it there is: a page of each is one read.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::{App, EventPage, Fault, HistoryEvent, Moment};
use crate::domain::actor::Actor;
use crate::domain::value::CaseId;
use crate::graphql::loaders::grouped;

/// A page of what has happened to a case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ToldKey {
    pub(super) id: CaseId,
    pub(super) page: EventPage,
}

/// Everything that had happened to a case as of a moment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct HistoryKey {
    pub(super) id: CaseId,
    pub(super) at: Moment,
}

pub(super) struct Histories {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<HistoryKey> for Histories {
    type Value = Arc<[HistoryEvent]>;
    type Error = Fault;

    async fn load(&self, keys: &[HistoryKey]) -> Result<HashMap<HistoryKey, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
            let told = self.app.case_histories(&self.actor, &ids, at).await?;
            found.extend(told.into_iter().map(|(id, told)| (HistoryKey { id, at }, told.into())));
        }
        Ok(found)
    }
}

impl Loader<ToldKey> for Histories {
    type Value = Arc<[HistoryEvent]>;
    type Error = Fault;

    async fn load(&self, keys: &[ToldKey]) -> Result<HashMap<ToldKey, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (page, keys) in grouped(keys, |key| key.page.clone()) {
            let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
            let told = self.app.told(&self.actor, &ids, &page).await?;
            found.extend(told.into_iter().map(|(id, told)| (ToldKey { id, page: page.clone() }, told.into())));
        }
        Ok(found)
    }
}

pub(super) struct Counts {
    pub(super) app: Arc<App>,
    pub(super) actor: Actor,
}

impl Loader<ToldKey> for Counts {
    type Value = u64;
    type Error = Fault;

    async fn load(&self, keys: &[ToldKey]) -> Result<HashMap<ToldKey, u64>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (page, keys) in grouped(keys, |key| key.page.clone()) {
            let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
            let counted = self.app.count_case_events(&self.actor, &ids, &page).await?;
            found.extend(counted.into_iter().map(|(id, count)| (ToldKey { id, page: page.clone() }, count)));
        }
        Ok(found)
    }
}
