//! What an annual summary's events make of it.

use crate::domain::annual_summary::event::AnnualSummaryFact;
use crate::domain::annual_summary::state::{Amendment, AnnualSummary, AnnualSummaryFile};
use crate::domain::event::Recorded;

impl AnnualSummary {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<AnnualSummaryFact>) {
        match &event.fact {
            AnnualSummaryFact::AnnualSummarySubmitted(fact) => {
                self.file = Some(AnnualSummaryFile {
                    jurisdiction: fact.jurisdiction.clone(),
                    year: fact.year,
                    text: fact.text.clone(),
                    figures: fact.figures.clone(),
                    computed: fact.computed.clone(),
                    good_practice: fact.good_practice.clone(),
                    typical_cases: fact.typical_cases.clone(),
                    submitted_by: event.by.clone(),
                    submitted_at: event.occurred_at,
                    late: fact.late,
                    amendments: Vec::new(),
                });
            }
            AnnualSummaryFact::AnnualSummaryAmended(fact) => {
                let Some(file) = &mut self.file else { return };
                file.text = fact.text.clone();
                file.figures = fact.figures.clone();
                file.computed = fact.computed.clone();
                file.good_practice = fact.good_practice.clone();
                file.typical_cases = fact.typical_cases.clone();
                file.amendments.push(Amendment {
                    by: event.by.clone(),
                    at: event.occurred_at,
                    reason: fact.reason.clone(),
                    late: fact.late,
                });
            }
        }
    }
}
