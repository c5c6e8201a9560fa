//! What a person's events make of the register entry.

use crate::domain::event::Recorded;
use crate::domain::person::event::PersonFact;
use crate::domain::person::state::{Person, PersonFile};

impl Person {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<PersonFact>) {
        match &event.fact {
            PersonFact::PersonRegistered(fact) => {
                self.file = Some(PersonFile {
                    name: fact.name.clone(),
                    telephone: fact.telephone.clone(),
                    affiliation: fact.affiliation.clone(),
                    division: fact.division.clone(),
                    capacity: fact.capacity,
                    fields: fact.fields.clone(),
                    erased: None,
                });
            }
            PersonFact::PersonAmended(fact) => {
                let Some(file) = &mut self.file else { return };
                if let Some(name) = &fact.name {
                    file.name = name.clone();
                }
                fact.telephone.apply_to(&mut file.telephone);
                if let Some(affiliation) = &fact.affiliation {
                    file.affiliation = affiliation.clone();
                }
                if let Some(division) = &fact.division {
                    file.division = division.clone();
                }
                if let Some(capacity) = fact.capacity {
                    file.capacity = capacity;
                }
                if let Some(fields) = &fact.fields {
                    file.fields = fields.clone();
                }
            }
            PersonFact::PersonErased(fact) => {
                let Some(file) = &mut self.file else { return };
                file.erased = Some(fact.legal_basis);
            }
        }
    }
}
