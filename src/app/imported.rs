//! What imports brought in of a case.

use jiff::Timestamp;

use crate::app::{App, EventPage, Fault};
use crate::domain::actor::ActorId;
use crate::domain::value::CaseId;

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
