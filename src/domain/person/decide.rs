//! What may be ordered of a person.

use crate::domain::actor::Role;
use crate::domain::authority::BUREAU;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::person::command::{
    AffiliationFacts, AmendPerson, ErasePerson, PersonCommand, RegisterPerson, Standing,
};
use crate::domain::person::event::{PersonAmended, PersonErased, PersonFact, PersonRegistered};
use crate::domain::person::state::{Person, PersonFile};
use crate::domain::person::values::Affiliation;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Division;

impl Person {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<PersonCommand>) -> Result<Vec<Recorded<PersonFact>>, Refusal> {
        let fact: PersonFact = match &order.command {
            PersonCommand::RegisterPerson(command) => {
                order.by.check_role(BUREAU)?;
                let place = Place::of(command.affiliation.as_ref().ok_or_else(missing)?)?;
                order.by.check_covers(&place.division, "affiliation")?;
                order.check_occurred()?;
                self.register(command, place)?.into()
            }
            PersonCommand::AmendPerson(command) => {
                order.by.check_role(BUREAU)?;
                let file = self.known()?;
                order.by.check_covers(&file.division, "")?;
                check_not_erased(file)?;
                let place = command.affiliation.as_ref().map(Place::of).transpose()?;
                if let Some(place) = &place {
                    order.by.check_covers(&place.division, "affiliation")?;
                }
                order.check_occurred()?;
                amend(file, command, place)?.into()
            }
            PersonCommand::ErasePerson(command) => {
                order.by.check_role(&[Role::Manager])?;
                let file = self.known()?;
                order.by.check_covers(&file.division, "")?;
                check_not_erased(file)?;
                order.check_occurred()?;
                erase(command)?.into()
            }
        };
        Ok(vec![order.record(fact)])
    }

    fn register(&self, command: &RegisterPerson, place: Place) -> Result<PersonRegistered, Refusal> {
        if self.file.is_some() {
            return Err(Refusal::new(
                Code::AlreadyRegistered,
                "",
                "a person of that id is registered already: amend the entry",
            ));
        }
        Ok(PersonRegistered {
            name: command.name.clone(),
            telephone: command.telephone.clone(),
            affiliation: place.affiliation,
            division: place.division,
            capacity: command.capacity,
            fields: command.fields.clone(),
        })
    }

    fn known(&self) -> Result<&PersonFile, Refusal> {
        self.file
            .as_ref()
            .ok_or_else(|| Refusal::new(Code::PersonUnknown, "personId", "nobody of that id is registered"))
    }
}

/// Nothing is said any more of somebody who was erased: there is no key that it could be sealed under.
fn check_not_erased(file: &PersonFile) -> Result<(), Refusal> {
    if file.is_erased() {
        return Err(Refusal::new(Code::AlreadyErased, "personId", "this person's data was erased"));
    }
    Ok(())
}

fn erase(command: &ErasePerson) -> Result<PersonErased, Refusal> {
    let reason = command.reason.clone().ok_or_else(|| {
        Refusal::new(Code::ReasonMissing, "reason", "state who asked for the erasure and how it was judged")
    })?;
    Ok(PersonErased { legal_basis: command.legal_basis, reason })
}

fn amend(file: &PersonFile, command: &AmendPerson, place: Option<Place>) -> Result<PersonAmended, Refusal> {
    let place = place.filter(|new| !new.is_of(file));
    let (affiliation, division) = match place {
        Some(place) => (Some(place.affiliation), Some(place.division)),
        None => (None, None),
    };
    let amended = PersonAmended {
        name: command.name.clone().filter(|new| *new != file.name),
        telephone: command.telephone.unless(file.telephone.as_ref()),
        affiliation,
        division,
        capacity: command.capacity.filter(|new| *new != file.capacity),
        fields: command.fields.clone().filter(|new| *new != file.fields),
    };
    if amended == PersonAmended::default() {
        return Err(Refusal::new(Code::NothingToAmend, "", "the register says all of this already"));
    }
    Ok(amended)
}

/// Where somebody belongs, once it is known to exist.
struct Place {
    affiliation: Affiliation,
    division: Division,
}

impl Place {
    fn of(facts: &AffiliationFacts) -> Result<Self, Refusal> {
        match facts {
            AffiliationFacts::Institution { institution, known } => {
                let standing = found(known.as_ref(), Code::InstitutionUnknown, "institution")?;
                Ok(Self {
                    affiliation: Affiliation::Institution { institution: *institution, version: standing.version },
                    division: standing.division.clone(),
                })
            }
            AffiliationFacts::Bureau { division } => {
                Ok(Self { affiliation: Affiliation::Bureau { division: division.clone() }, division: division.clone() })
            }
            AffiliationFacts::Enterprise { enterprise, known } => {
                let standing = found(known.as_ref(), Code::EnterpriseUnknown, "enterprise")?;
                Ok(Self {
                    affiliation: Affiliation::Enterprise { enterprise: *enterprise, version: standing.version },
                    division: standing.division.clone(),
                })
            }
        }
    }

    /// The same body in the same place is no change, whatever else of it has a new version.
    fn is_of(&self, file: &PersonFile) -> bool {
        self.affiliation.is_same_body(&file.affiliation) && self.division == file.division
    }
}

fn found<'a>(known: Option<&'a Standing>, code: Code, what: &str) -> Result<&'a Standing, Refusal> {
    known.ok_or_else(|| {
        Refusal::new(code, format!("affiliation.{what}Id"), format!("no {what} of that id is registered"))
    })
}

fn missing() -> Refusal {
    Refusal::new(
        Code::AffiliationMissing,
        "affiliation",
        "name the institution, the bureau or the enterprise that the person belongs to",
    )
}
