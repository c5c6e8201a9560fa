//! A closed case is told to others, with the enterprise's consent. The publication stands until it is retracted, which
//! whoever takes the case up again does with it. Older logs have cases that were taken up with their publication: it
//! stands, and can be retracted wherever they are.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{PublishTypicalCase, RetractTypicalCase};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{TypicalCasePublished, TypicalCaseRetracted};
use crate::domain::case::state::File;
use crate::domain::refusal::{Code, Refusal};

pub(crate) fn is_unpublished(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.publication.is_some() {
        return refuse(Code::AlreadyPublished, "", "the case is published: retract it first");
    }
    Ok(())
}

pub(super) fn publish(_: Given<'_>, command: &PublishTypicalCase) -> Decision {
    let Some(consent) = command.consent.clone() else {
        return refuse(Code::ConsentMissing, "consent", "say how and when the enterprise consented");
    };
    only(TypicalCasePublished { summary: command.summary.clone(), consent })
}

pub(crate) fn is_published(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.publication.is_none() {
        return refuse(Code::NotPublished, "", "the case is not published");
    }
    Ok(())
}

pub(super) fn retract(_: Given<'_>, command: &RetractTypicalCase) -> Decision {
    only(TypicalCaseRetracted { reason: command.reason.clone() })
}
