//! What can happen to a catalogue. A published fact never changes: a new field is optional, or the fact gets a new
//! version and an upcaster.

use jiff::civil::Date;

use crate::domain::event::{facts, payloads};
use crate::domain::value::{Division, Label, Money, Period, Reference, RegulationRef, Statement};

facts! {
    /// What can happen to a catalogue.
    CatalogueFact {
        "ChargeableItemListed" "1.0" => ChargeableItemListed,
        "ChargeableItemDelisted" "1.0" => ChargeableItemDelisted,
        "RegulationEditionRegistered" "1.0" => RegulationEditionRegistered,
    }
}

payloads! {
    /// 列入收费项目.
    ChargeableItemListed {
        /// Whose catalogue it is.
        division: Division,
        /// What fees name it by.
        code: Label,
        /// What the service is.
        name: Label,
        /// What is charged for.
        unit: Label,
        /// The most that may be charged for one unit.
        tariff: Money,
        /// The document that lists it.
        basis: Reference,
        /// When it is in force.
        period: Period,
    }
    /// 取消收费项目.
    ChargeableItemDelisted {
        /// What fees name it by.
        code: Label,
        /// The first day of the listing that ends: a code may have been listed more than once.
        listed_from: Date,
        /// The last day on which it may be charged.
        last_day: Date,
        /// Why.
        reason: Statement,
    }
    /// 登记规程、规范、标准版本.
    RegulationEditionRegistered {
        /// Whose catalogue it is.
        division: Division,
        /// Its number, with the year of the edition.
        reference: RegulationRef,
        /// Its title.
        title: Label,
        /// When it is in force.
        period: Period,
        /// The edition whose place it takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<RegulationRef>,
        /// That edition's new last day, where it is in the catalogue and would have been in force longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced_until: Option<Date>,
    }
}
