//! What may be ordered of a catalogue.

use jiff::civil::Date;

use crate::domain::actor::{Actor, Role};
use crate::domain::catalogue::command::{
    CatalogueCommand, DelistChargeableItem, ListChargeableItem, RegisterRegulationEdition,
};
use crate::domain::catalogue::event::{
    CatalogueFact, ChargeableItemDelisted, ChargeableItemListed, RegulationEditionRegistered,
};
use crate::domain::catalogue::state::{Catalogue, Edition};
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, Level};

impl Catalogue {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<CatalogueCommand>) -> Result<Vec<Recorded<CatalogueFact>>, Refusal> {
        check_may_keep(&order.by, order.command.division())?;
        order.check_occurred()?;
        let fact: CatalogueFact = match &order.command {
            CatalogueCommand::ListChargeableItem(command) => self.list(command)?.into(),
            CatalogueCommand::DelistChargeableItem(command) => self.delist(command)?.into(),
            CatalogueCommand::RegisterRegulationEdition(command) => self.register(command)?.into(),
        };
        Ok(vec![order.record(fact)])
    }

    fn list(&self, command: &ListChargeableItem) -> Result<ChargeableItemListed, Refusal> {
        let overlapped =
            self.items().iter().find(|item| item.code == command.code && item.period.overlaps(&command.period));
        if let Some(item) = overlapped {
            return Err(overlap(format!("{} is listed for {} already: delist it first", item.code, item.period)));
        }
        Ok(ChargeableItemListed {
            division: command.division.clone(),
            code: command.code.clone(),
            name: command.name.clone(),
            unit: command.unit.clone(),
            tariff: command.tariff.clone(),
            basis: command.basis.clone(),
            period: command.period,
        })
    }

    fn delist(&self, command: &DelistChargeableItem) -> Result<ChargeableItemDelisted, Refusal> {
        let Some(item) = self.item_on(&command.code, command.last_day) else {
            return Err(Refusal::new(
                Code::ItemNotListed,
                "code",
                format!("{} is not on the list on {}", command.code, command.last_day),
            ));
        };
        if item.period.until() == Some(command.last_day) {
            return Err(Refusal::new(
                Code::NothingToAmend,
                "lastDay",
                format!("{} is on the list until {} as it is", item.code, command.last_day),
            ));
        }
        let Some(reason) = &command.reason else {
            return Err(Refusal::new(
                Code::ReasonMissing,
                "reason",
                "say why it may not be charged any longer, best by the document that says so",
            ));
        };
        Ok(ChargeableItemDelisted {
            code: command.code.clone(),
            listed_from: item.period.from(),
            last_day: command.last_day,
            reason: reason.clone(),
        })
    }

    fn register(&self, command: &RegisterRegulationEdition) -> Result<RegulationEditionRegistered, Refusal> {
        let overlapped = self.editions().iter().find(|edition| {
            edition.reference.code() == command.reference.code()
                && edition.period.overlaps(&command.period)
                && !makes_way(edition, command)
        });
        if let Some(edition) = overlapped {
            return Err(overlap(format!(
                "{} is in force for {}: say that it is replaced, or begin after it",
                edition.reference, edition.period
            )));
        }
        Ok(RegulationEditionRegistered {
            division: command.division.clone(),
            reference: command.reference.clone(),
            title: command.title.clone(),
            period: command.period,
            replaces: command.replaces.clone(),
            replaced_until: self.last_day_of_replaced(command),
        })
    }

    /// The last day of the edition that ends because the new one begins, if there is such.
    fn last_day_of_replaced(&self, command: &RegisterRegulationEdition) -> Option<Date> {
        if self.editions().iter().any(|edition| makes_way(edition, command)) {
            command.period.from().yesterday().ok()
        } else {
            None
        }
    }
}

impl CatalogueCommand {
    /// Whose catalogue the command is about.
    #[must_use]
    pub fn division(&self) -> &Division {
        match self {
            Self::ListChargeableItem(command) => &command.division,
            Self::DelistChargeableItem(command) => &command.division,
            Self::RegisterRegulationEdition(command) => &command.division,
        }
    }
}

/// Only provinces and the nation list what may be charged, and only their managers keep the lists.
fn check_may_keep(by: &Actor, division: &Division) -> Result<(), Refusal> {
    by.check_role(&[Role::Manager])?;
    if by.jurisdiction.level() < Level::Province {
        return Err(Refusal::new(Code::NotPermitted, "", "this is for the manager of a province or of the nation"));
    }
    if division.level() < Level::Province {
        return Err(Refusal::new(
            Code::NotPermitted,
            "divisionCode",
            format!("only a province or the nation has a catalogue, and {division} is neither"),
        ));
    }
    by.check_covers(division, "divisionCode")
}

/// Whether the edition ends because the new one replaces it: in force before, and on the day when the new one begins.
fn makes_way(edition: &Edition, command: &RegisterRegulationEdition) -> bool {
    let from = command.period.from();
    command.replaces.as_ref() == Some(&edition.reference)
        && edition.period.from() < from
        && edition.period.contains(from)
}

fn overlap(message: String) -> Refusal {
    Refusal::new(Code::PeriodOverlaps, "inForceFrom", message)
}
