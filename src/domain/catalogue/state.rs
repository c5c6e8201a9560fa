//! What is known of a catalogue: the fold of its events.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::case::facts::ListedItemFacts;
use crate::domain::value::{CatalogueId, Division, Label, Money, Period, Reference, RegulationRef, Statement};

/// 目录. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Everything known, once something was put in.
    pub file: Option<CatalogueFile>,
}

/// Everything in a catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogueFile {
    /// Whose it is.
    pub division: Division,
    /// What may or might be charged, in the order of listing. Periods of one code share no day.
    pub items: Vec<Item>,
    /// Regulation editions, in the order of registration. Periods of one code share no day.
    pub editions: Vec<Edition>,
}

/// 国家列名收费项目: a fee that a list allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What fees name it by.
    pub code: Label,
    /// What the service is.
    pub name: Label,
    /// What is charged for.
    pub unit: Label,
    /// The most that may be charged for one unit.
    pub tariff: Money,
    /// The document that lists it.
    pub basis: Reference,
    /// When it is in force.
    pub period: Period,
    /// Why it was taken off, if it was.
    pub delisted: Option<Statement>,
}

/// 规程、规范、标准版本: an edition of a regulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// Its number, with the year of the edition.
    pub reference: RegulationRef,
    /// Its title.
    pub title: Label,
    /// When it is in force.
    pub period: Period,
    /// The edition whose place it took.
    pub replaces: Option<RegulationRef>,
}

impl Catalogue {
    /// The item that may be charged under this code on that day.
    #[must_use]
    pub fn item_on(&self, code: &Label, day: Date) -> Option<&Item> {
        self.items().iter().find(|item| item.code == *code && item.period.contains(day))
    }

    /// The edition in force on that day of the regulation of this code, which has no year: `JJG 196`.
    #[must_use]
    pub fn edition_on(&self, code: &str, day: Date) -> Option<&Edition> {
        self.editions().iter().find(|edition| edition.reference.code() == code && edition.period.contains(day))
    }

    /// What a case is told of an item on the day of a service, at this version.
    #[must_use]
    pub fn listed_item(&self, code: &Label, day: Date, version: u64) -> Option<ListedItemFacts> {
        let file = self.file.as_ref()?;
        self.item_on(code, day).map(|item| ListedItemFacts {
            catalogue: CatalogueId::of(&file.division),
            catalogue_version: version,
            tariff: item.tariff.clone(),
        })
    }

    /// All items, in the order of listing.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.file.as_ref().map_or(&[], |file| &file.items)
    }

    /// All editions, in the order of registration.
    #[must_use]
    pub fn editions(&self) -> &[Edition] {
        self.file.as_ref().map_or(&[], |file| &file.editions)
    }
}
