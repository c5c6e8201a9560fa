//! Service is free; a fee needs an item of the state list in force on the day of the service, and stays within its
//! tariff. One that was recorded wrongly is taken back wherever the case is, so that a year's sum can be mended, and is
//! recorded anew.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{RecordFee, RetractFee};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{FeeRecorded, FeeRetracted};
use crate::domain::case::state::File;
use crate::domain::refusal::{Code, Refusal};

pub(super) fn record_fee(given: Given<'_>, command: &RecordFee) -> Decision {
    let service_date = command.service_date;
    given.order.check_had_come(service_date, "serviceDate", Code::ServiceInFuture)?;
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

pub(crate) fn has_fee(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.fees.is_empty() {
        return refuse(Code::FeeUnknown, "feeId", "no fee is on record");
    }
    if file.fees.iter().all(|fee| fee.retraction.is_some()) {
        return refuse(Code::AlreadyRetracted, "feeId", "every fee on record is retracted");
    }
    Ok(())
}

pub(super) fn retract_fee(given: Given<'_>, command: &RetractFee) -> Decision {
    let Some(fee) = given.file.fees.iter().find(|fee| fee.id == command.fee) else {
        return refuse(Code::FeeUnknown, "feeId", format!("no fee {} is in the case", command.fee));
    };
    if let Some(retraction) = &fee.retraction {
        return refuse(Code::AlreadyRetracted, "feeId", format!("the fee was retracted at {}", retraction.at));
    }
    only(FeeRetracted { fee: command.fee, reason: command.reason.clone() })
}
