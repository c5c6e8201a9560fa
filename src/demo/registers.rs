//! Who and what the cases are about, as `registers.toml` has it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;

use crate::demo::said::{Said, sound};
use crate::domain::actor::Role;
use crate::domain::institution::values::InstitutionKind;
use crate::domain::person::values::Capacity;
use crate::domain::value::{
    Decimal, Division, Label, Money, Personal, Reference, RegulationRef, ServiceCategory, Statement,
    UnifiedSocialCreditCode,
};

/// The whole file. A key names an entry within the data files alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registers {
    pub(super) campaign: CampaignEntry,
    #[serde(rename = "province")]
    pub(super) provinces: Vec<ProvinceEntry>,
    #[serde(rename = "institution")]
    pub(super) institutions: Vec<InstitutionEntry>,
    #[serde(rename = "person")]
    pub(super) persons: Vec<PersonEntry>,
    #[serde(rename = "enterprise")]
    pub(super) enterprises: Vec<EnterpriseEntry>,
    #[serde(rename = "item")]
    pub(super) items: Vec<ItemEntry>,
    #[serde(rename = "delisting")]
    pub(super) delistings: Vec<DelistingEntry>,
    #[serde(rename = "edition")]
    pub(super) editions: Vec<EditionEntry>,
    #[serde(rename = "summary")]
    pub(super) summaries: Vec<SummaryEntry>,
    #[serde(rename = "persona")]
    pub(super) personas: Vec<PersonaEntry>,
}

impl Registers {
    /// The file, as it is compiled in.
    pub(super) fn read() -> Self {
        sound("registers.toml", include_str!("registers.toml"))
    }

    /// Who serves in the province that the division lies in.
    pub(super) fn province(&self, division: &Division) -> &ProvinceEntry {
        let serving = self.provinces.iter().find(|province| province.division.0.covers(division));
        serving.expect("every division of registers.toml lies in one of its provinces")
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignEntry {
    pub(super) name: Said<Label>,
    pub(super) opened_by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvinceEntry {
    pub(super) division: Said<Division>,
    pub(super) manager: String,
    pub(super) reviewer: String,
    pub(super) visitor: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstitutionEntry {
    pub(super) key: String,
    pub(super) name: Said<Label>,
    pub(super) division: Said<Division>,
    pub(super) kind: InstitutionKind,
    pub(super) capabilities: Vec<Said<ServiceCategory>>,
    pub(super) accreditation: Option<Said<Label>>,
}

/// Somebody of a bureau or an institution: one of both is named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonEntry {
    pub(super) key: String,
    pub(super) name: Said<Personal>,
    pub(super) capacity: Capacity,
    pub(super) roles: BTreeSet<Role>,
    pub(super) bureau: Option<Said<Division>>,
    pub(super) institution: Option<String>,
    #[serde(default)]
    pub(super) fields: Vec<Said<ServiceCategory>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnterpriseEntry {
    pub(super) key: String,
    pub(super) code: Said<UnifiedSocialCreditCode>,
    pub(super) name: Said<Label>,
    pub(super) division: Said<Division>,
    pub(super) address: Said<Label>,
    /// The name of the person who speaks for it, and acts under the enterprise's key.
    pub(super) contact: Said<Personal>,
    pub(super) coordinator: String,
    pub(super) consent: Said<Statement>,
    pub(super) amended: Option<EntryAmendment>,
}

/// What an enterprise says of itself later.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryAmendment {
    pub(super) name: Said<Label>,
    pub(super) address: Said<Label>,
    /// Of the same person.
    pub(super) telephone: Said<Personal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemEntry {
    pub(super) division: Said<Division>,
    pub(super) code: Said<Label>,
    pub(super) name: Said<Label>,
    pub(super) unit: Said<Label>,
    pub(super) tariff: Said<Money>,
    pub(super) basis: Said<Reference>,
    pub(super) from: Date,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelistingEntry {
    pub(super) division: Said<Division>,
    pub(super) code: Said<Label>,
    pub(super) last_day: Date,
    pub(super) reason: Said<Statement>,
}

/// An edition of a regulation, in the national catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditionEntry {
    pub(super) reference: Said<RegulationRef>,
    pub(super) title: Said<Label>,
    pub(super) from: Date,
    pub(super) replaces: Option<Said<RegulationRef>>,
}

/// The summary of the year before the demonstration's first day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SummaryEntry {
    pub(super) division: Said<Division>,
    pub(super) by: String,
    pub(super) text: Said<Statement>,
    pub(super) figures: Figures,
    pub(super) good_practice: Vec<Said<Statement>>,
    pub(super) amended: Option<AmendmentEntry>,
}

pub(super) type Figures = BTreeMap<Said<Label>, Said<Decimal>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmendmentEntry {
    pub(super) reason: Said<Statement>,
    pub(super) figures: Figures,
}

/// Whose eyes to look through in a role: a person's, or those of an enterprise's contact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonaEntry {
    pub(super) role: Role,
    pub(super) person: Option<String>,
    pub(super) enterprise: Option<String>,
}
