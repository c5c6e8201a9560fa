//! What an enterprise's events make of it.

use std::collections::BTreeMap;

use crate::domain::change::Change;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::enterprise::state::{Enrolment, Enterprise, EnterpriseFile, FieldVisit};
use crate::domain::event::Recorded;

impl Enterprise {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<EnterpriseFact>) {
        match &event.fact {
            EnterpriseFact::EnterpriseEnrolled(fact) => {
                let before = self.file.take();
                let (mut enrolments, address, contact, contact_taken_out) = match before {
                    Some(file) => (file.enrolments, file.address, file.contact, file.contact_taken_out),
                    None => (BTreeMap::new(), None, None, false),
                };
                enrolments.insert(
                    fact.campaign,
                    Enrolment { at: event.occurred_at, consent: fact.consent.clone(), withdrawn_at: None },
                );
                // A later enrolment that leaves the address or the contact out does not unsay them.
                self.file = Some(EnterpriseFile {
                    identity: fact.identity.clone(),
                    name: fact.name.clone(),
                    division: fact.division.clone(),
                    address: fact.address.clone().or(address),
                    contact: fact.contact.clone().or(contact),
                    contact_taken_out,
                    enrolments,
                });
            }
            EnterpriseFact::EnterpriseAmended(fact) => {
                let Some(file) = &mut self.file else { return };
                if let Some(name) = &fact.name {
                    file.name = name.clone();
                }
                if let Some(division) = &fact.division {
                    file.division = division.clone();
                }
                fact.address.apply_to(&mut file.address);
                file.contact_taken_out |= fact.contact == Change::Clear && file.contact.is_some();
                fact.contact.apply_to(&mut file.contact);
            }
            EnterpriseFact::EnrolmentWithdrawn(fact) => {
                let enrolment = self.file.as_mut().and_then(|file| file.enrolments.get_mut(&fact.campaign));
                if let Some(enrolment) = enrolment {
                    enrolment.withdrawn_at = Some(event.occurred_at);
                }
            }
            EnterpriseFact::FieldVisitRecorded(fact) => {
                if self.file.is_some() {
                    self.visits.push(FieldVisit {
                        id: fact.id,
                        campaign: fact.campaign,
                        visitors: fact.visitors.iter().map(|visitor| visitor.actor.clone()).collect(),
                        visited_on: fact.visited_on,
                        place: fact.place.clone(),
                        seen: fact.seen.clone(),
                        needs: fact.needs.clone(),
                        recorded_by: event.by.clone(),
                    });
                }
            }
            EnterpriseFact::ContactErased(_) => {
                if let Some(file) = &mut self.file {
                    file.contact = None;
                    file.contact_taken_out = false;
                }
            }
        }
    }
}
