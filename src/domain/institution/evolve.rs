//! What an institution's events make of it.

use crate::domain::event::Recorded;
use crate::domain::institution::event::InstitutionFact;
use crate::domain::institution::state::{Institution, InstitutionFile};

impl Institution {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<InstitutionFact>) {
        match &event.fact {
            InstitutionFact::InstitutionRegistered(fact) => {
                self.file = Some(InstitutionFile {
                    name: fact.name.clone(),
                    division: fact.division.clone(),
                    kind: fact.kind,
                    capabilities: fact.capabilities.clone(),
                    accreditation: fact.accreditation.clone(),
                });
            }
            InstitutionFact::InstitutionAmended(fact) => {
                let Some(file) = &mut self.file else { return };
                if let Some(name) = &fact.name {
                    file.name = name.clone();
                }
                if let Some(division) = &fact.division {
                    file.division = division.clone();
                }
                if let Some(kind) = fact.kind {
                    file.kind = kind;
                }
                if let Some(capabilities) = &fact.capabilities {
                    file.capabilities = capabilities.clone();
                }
                fact.accreditation.apply_to(&mut file.accreditation);
            }
        }
    }
}
