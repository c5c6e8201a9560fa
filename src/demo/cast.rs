//! Who acts: every person with an id and what its token would say.

use std::collections::BTreeMap;

use crate::app::App;
use crate::demo::registers::{EnterpriseEntry, PersonEntry, Registers};
use crate::domain::actor::{Actor, Role};
use crate::domain::value::{CampaignId, Division, EnterpriseId, InstitutionId, PersonId};

/// Everybody, by the keys of the data files; an enterprise's key is also that of its contact.
pub(super) struct Cast {
    pub(super) campaign: CampaignId,
    institutions: BTreeMap<String, InstitutionId>,
    enterprises: BTreeMap<String, EnterpriseId>,
    persons: BTreeMap<String, (PersonId, Actor)>,
}

impl Cast {
    /// Gives everybody an id.
    pub(super) fn of(app: &App, registers: &Registers) -> Self {
        let mut cast = Self {
            campaign: app.new_id().into(),
            institutions: registers.institutions.iter().map(|entry| (entry.key.clone(), app.new_id().into())).collect(),
            enterprises: registers
                .enterprises
                .iter()
                .map(|entry| (entry.key.clone(), EnterpriseId::of(&entry.code.0)))
                .collect(),
            persons: BTreeMap::new(),
        };
        for person in &registers.persons {
            let id = app.new_id().into();
            let actor = cast.worker(id, person, registers);
            cast.persons.insert(person.key.clone(), (id, actor));
        }
        for enterprise in &registers.enterprises {
            let id = app.new_id().into();
            let actor = cast.contact(id, enterprise);
            cast.persons.insert(enterprise.key.clone(), (id, actor));
        }
        cast
    }

    pub(super) fn institution(&self, key: &str) -> InstitutionId {
        *self.institutions.get(key).unwrap_or_else(|| panic!("{key} is an institution of registers.toml"))
    }

    pub(super) fn enterprise(&self, key: &str) -> EnterpriseId {
        *self.enterprises.get(key).unwrap_or_else(|| panic!("{key} is an enterprise of registers.toml"))
    }

    pub(super) fn person(&self, key: &str) -> PersonId {
        self.known(key).0
    }

    pub(super) fn actor(&self, key: &str) -> &Actor {
        &self.known(key).1
    }

    fn known(&self, key: &str) -> &(PersonId, Actor) {
        self.persons.get(key).unwrap_or_else(|| panic!("{key} is a person or an enterprise of registers.toml"))
    }

    fn worker(&self, id: PersonId, entry: &PersonEntry, registers: &Registers) -> Actor {
        let institution = entry.institution.as_deref().map(|key| self.institution(key));
        Actor {
            id: id.into(),
            roles: entry.roles.clone(),
            jurisdiction: place(entry, registers),
            institution,
            enterprise: None,
        }
    }

    fn contact(&self, id: PersonId, entry: &EnterpriseEntry) -> Actor {
        Actor {
            id: id.into(),
            roles: [Role::Enterprise].into(),
            jurisdiction: entry.division.0.clone(),
            institution: None,
            enterprise: Some(self.enterprise(&entry.key)),
        }
    }
}

/// Where somebody serves: the bureau's division, or the institution's.
fn place(entry: &PersonEntry, registers: &Registers) -> Division {
    let of_institution = || {
        let mut institutions = registers.institutions.iter();
        institutions
            .find(|institution| Some(&institution.key) == entry.institution.as_ref())
            .map(|found| &found.division)
    };
    let division = entry.bureau.as_ref().or_else(of_institution);
    division.unwrap_or_else(|| panic!("{} has a bureau or an institution", entry.key)).0.clone()
}
