//! What a catalogue's events make of it.

use jiff::civil::Date;

use crate::domain::catalogue::event::CatalogueFact;
use crate::domain::catalogue::state::{Catalogue, CatalogueFile, Edition, Item};
use crate::domain::event::Recorded;
use crate::domain::value::{Division, Period};

impl Catalogue {
    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<CatalogueFact>) {
        match &event.fact {
            CatalogueFact::ChargeableItemListed(fact) => {
                self.file_of(&fact.division).items.push(Item {
                    code: fact.code.clone(),
                    name: fact.name.clone(),
                    unit: fact.unit.clone(),
                    tariff: fact.tariff.clone(),
                    basis: fact.basis.clone(),
                    period: fact.period,
                    delisted: None,
                });
            }
            CatalogueFact::ChargeableItemDelisted(fact) => {
                let item = self.file.as_mut().and_then(|file| {
                    file.items.iter_mut().find(|item| item.code == fact.code && item.period.from() == fact.listed_from)
                });
                if let Some(item) = item {
                    item.period = ended(item.period, fact.last_day);
                    item.delisted = Some(fact.reason.clone());
                }
            }
            CatalogueFact::RegulationEditionRegistered(fact) => {
                let editions = &mut self.file_of(&fact.division).editions;
                if let Some(until) = fact.replaced_until {
                    let replaced = editions.iter_mut().find(|edition| {
                        Some(&edition.reference) == fact.replaces.as_ref() && edition.period.contains(until)
                    });
                    if let Some(edition) = replaced {
                        edition.period = ended(edition.period, until);
                    }
                }
                editions.push(Edition {
                    reference: fact.reference.clone(),
                    title: fact.title.clone(),
                    period: fact.period,
                    replaces: fact.replaces.clone(),
                });
            }
        }
    }

    fn file_of(&mut self, division: &Division) -> &mut CatalogueFile {
        self.file.get_or_insert_with(|| CatalogueFile {
            division: division.clone(),
            items: Vec::new(),
            editions: Vec::new(),
        })
    }
}

/// The same period with another end; as it was, where that would leave no day of it.
fn ended(period: Period, last_day: Date) -> Period {
    Period::new(period.from(), Some(last_day)).unwrap_or(period)
}
