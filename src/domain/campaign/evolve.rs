//! What a campaign's events make of it.

use crate::domain::campaign::event::CampaignFact;
use crate::domain::campaign::state::{Campaign, CampaignFile, Closing};
use crate::domain::event::Recorded;

impl Campaign {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<CampaignFact>) {
        match &event.fact {
            CampaignFact::CampaignOpened(fact) => {
                self.file = Some(CampaignFile {
                    name: fact.name.clone(),
                    kind: fact.kind,
                    jurisdiction: fact.jurisdiction.clone(),
                    period: fact.period,
                    reporting_deadline: fact.reporting_deadline,
                    opened_at: event.occurred_at,
                    closing: None,
                });
            }
            CampaignFact::CampaignClosed(fact) => {
                if let Some(file) = &mut self.file {
                    file.closing = Some(Closing {
                        at: event.occurred_at,
                        open_cases: fact.open_cases,
                        successor: fact.successor,
                        reason: fact.reason.clone(),
                    });
                }
            }
        }
    }
}
