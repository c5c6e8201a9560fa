//! What can be ordered of a catalogue.

use jiff::civil::Date;

use crate::domain::order::commands;
use crate::domain::value::{Division, Label, Money, Period, Reference, RegulationRef, Statement};

commands! {
    /// What can be ordered of a catalogue.
    CatalogueCommand {
        /// Puts an item on the list of what may be charged.
        ListChargeableItem {
            /// Whose catalogue it is.
            division: Division,
            /// What fees name it by.
            code: Label,
            /// What the service is.
            name: Label,
            /// What is charged for: `台件`, `次`, `小时`.
            unit: Label,
            /// The most that may be charged for one unit.
            tariff: Money,
            /// The document that lists it.
            basis: Reference,
            /// When it is in force.
            period: Period,
        }
        /// Ends the listing of an item.
        DelistChargeableItem {
            /// Whose catalogue it is.
            division: Division,
            /// What fees name it by.
            code: Label,
            /// The last day on which it may be charged.
            last_day: Date,
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// Puts an edition of a regulation on record.
        RegisterRegulationEdition {
            /// Whose catalogue it is.
            division: Division,
            /// Its number, with the year of the edition.
            reference: RegulationRef,
            /// Its title.
            title: Label,
            /// When it is in force.
            period: Period,
            /// The edition whose place it takes, which ends the day before.
            replaces: Option<RegulationRef>,
        }
    }
}
