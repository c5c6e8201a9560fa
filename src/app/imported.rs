//! What imports brought in of a case.

use jiff::Timestamp;

use crate::app::{App, EventPage, Fault};
use crate::domain::actor::ActorId;
use crate::domain::value::{CampaignId, CaseId};
use crate::store::{AggregateType, EventQuery};

/// How many events are in memory at a time.
const EVENTS: u32 = 500;

/// An event of another tracker, as far as it takes to find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportedEvent {
    /// Its number in its case there.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
}

impl App {
    /// The campaign of the log that was imported first; `None` where none was. Every import opens one for its log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn first_import(&self) -> Result<Option<CampaignId>, Fault> {
        let query = EventQuery {
            aggregate_type: Some(AggregateType::Campaign),
            actor: Some(ActorId::importer().to_string()),
            limit: 1,
            ..EventQuery::default()
        };
        let opened = self.store.events(&query).await?.pop().and_then(|event| event.stream());
        Ok(opened.map(|stream| stream.aggregate_id.into()))
    }

    /// The events of a case that came from another tracker, in the order of the log.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn imported(&self, case: CaseId) -> Result<Vec<ImportedEvent>, Fault> {
        let by = Some(ActorId::importer().to_string());
        let mut page = EventPage { actor: by, limit: EVENTS, ..EventPage::default() };
        let mut imported = Vec::new();
        loop {
            let events = self.case_events(case, &page).await?;
            let Some(last) = events.last() else {
                return Ok(imported);
            };
            page.after = Some(last.position);
            for record in &events {
                let event = self.aggregates.cases.decode(record)?;
                let at = event.occurred_at;
                imported.extend(event.source.map(|source| ImportedEvent { number: source.index, at }));
            }
        }
    }
}
