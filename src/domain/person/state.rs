//! What is known of a person: the fold of its events.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::case::facts::PersonFacts;
use crate::domain::person::values::{Affiliation, Capacity, LegalBasis};
use crate::domain::value::{Division, PersonId, Personal, ServiceCategory};

/// 人员. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Everything known, once the person was registered.
    pub file: Option<PersonFile>,
}

/// Everything known of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonFile {
    /// The name.
    pub name: Personal,
    /// The number.
    pub telephone: Option<Personal>,
    /// Where the person belongs.
    pub affiliation: Affiliation,
    /// Where that body stood when it was looked up.
    pub division: Division,
    /// What the person is there for.
    pub capacity: Capacity,
    /// The KCDB categories the person knows.
    pub fields: BTreeSet<ServiceCategory>,
    /// What obliged to erase the person's data, once it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<LegalBasis>,
}

impl PersonFile {
    /// Whether the person's data was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased.is_some()
    }
}

impl Person {
    /// What a command of another aggregate is told of the person, under its id and at its version.
    #[must_use]
    pub fn facts(&self, person: PersonId, version: u64) -> PersonFacts {
        let file = self.file.as_ref();
        PersonFacts {
            person,
            version: file.map_or(0, |_| version),
            institution: file.and_then(|file| file.affiliation.institution()),
            erased: file.is_some_and(PersonFile::is_erased),
        }
    }
}
