//! Service is free; a fee needs an item of the state list in force on the day of the service, and stays within its
//! tariff.

use crate::domain::case::command::RecordFee;
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::FeeRecorded;
use crate::domain::refusal::Code;

pub(super) fn record_fee(given: Given<'_>, command: &RecordFee) -> Decision {
    let service_date = command.service_date;
    if service_date > given.order.today() {
        return refuse(Code::ServiceInFuture, "serviceDate", format!("{service_date} is in the future"));
    }
    let Some(listed) = &command.listed else {
        return refuse(
            Code::ItemNotListed,
            "item",
            format!("{} was not on a list in force on {service_date}", command.item),
        );
    };
    if command.amount > listed.tariff {
        return refuse(
            Code::FeeAboveTariff,
            "amount",
            format!("{} yuan is above the tariff of {} yuan", command.amount, listed.tariff),
        );
    }
    only(FeeRecorded {
        id: command.id,
        item: command.item.clone(),
        catalogue: listed.catalogue,
        catalogue_version: listed.catalogue_version,
        service_date,
        amount: command.amount.clone(),
        tariff: listed.tariff.clone(),
    })
}
