//! What a case is to others. What was said of it wrongly is taken back wherever the case is: the whole would wait for a
//! part that is none.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{LinkCases, MarkDuplicate, UnlinkCases};
use crate::domain::case::decide::closing::check_parts_ended;
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{CaseMarkedDuplicate, CasesLinked, CasesUnlinked};
use crate::domain::case::facts::{CaseFacts, GoesOn};
use crate::domain::case::state::{File, Link};
use crate::domain::case::values::{LinkRelation, Status};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::CaseId;

pub(super) fn mark_duplicate(_: Given<'_>, command: &MarkDuplicate) -> Decision {
    check_target(command.this, &command.of, "ofCaseId")?;
    if command.of.status == Some(Status::Withdrawn) {
        return refuse(Code::WrongStatus, "ofCaseId", "that case was withdrawn: nothing would go on in it");
    }
    check_no_ancestor(command.this, &command.of, "ofCaseId")?;
    check_parts_ended(&command.open_sub_cases)?;
    only(CaseMarkedDuplicate { of: command.of.case, of_version: command.of.version })
}

pub(super) fn link_cases(given: Given<'_>, command: &LinkCases) -> Decision {
    let other = command.other.case;
    check_target(command.this, &command.other, "otherCaseId")?;
    match command.relation {
        LinkRelation::SubCaseOf => {
            check_no_ancestor(command.this, &command.other, "otherCaseId")?;
            check_not_closed(&command.other, "otherCaseId")?;
        }
        LinkRelation::RelatedTo => {}
    }
    let link = Link { other, relation: command.relation };
    if given.file.links.contains(&link) {
        return refuse(Code::LinkExists, "otherCaseId", "the cases are linked so already");
    }
    only(CasesLinked { other, relation: command.relation })
}

pub(crate) fn is_linked(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    match file.links.is_empty() {
        true => refuse(Code::NotLinked, "otherCaseId", "the case is linked with no other"),
        false => Ok(()),
    }
}

/// Whoever sees the case sees what it is linked with: the other one is not looked up.
pub(super) fn unlink_cases(given: Given<'_>, command: &UnlinkCases) -> Decision {
    let (other, relation) = (command.other, command.relation);
    if !given.file.links.contains(&Link { other, relation }) {
        return refuse(Code::NotLinked, "otherCaseId", "the cases are not linked so");
    }
    only(CasesUnlinked { other, relation, reason: command.reason.clone() })
}

/// The other case has to be there, another one, and not a duplicate itself.
fn check_target(this: CaseId, other: &CaseFacts, field: &str) -> Result<(), Refusal> {
    if other.case == this {
        return refuse(Code::LinkToSelf, field, "this is the case itself");
    }
    if other.version == 0 {
        return refuse(Code::NotFound, field, "no such case");
    }
    match &other.goes_on_in {
        Some(GoesOn { case, .. }) if *case == this => {
            refuse(Code::LinkCycle, field, "that case is a duplicate of this one")
        }
        Some(GoesOn { number: Some(number), .. }) => {
            refuse(Code::TargetIsDuplicate, field, format!("that case is a duplicate of {number}: name that one"))
        }
        Some(GoesOn { number: None, .. }) => {
            refuse(Code::TargetIsDuplicate, field, "that case is a duplicate of one that is not yours to see")
        }
        None => Ok(()),
    }
}

/// A case is closed with all its parts: it gets no open one afterwards.
fn check_not_closed(whole: &CaseFacts, field: &str) -> Result<(), Refusal> {
    if whole.status == Some(Status::Closed) {
        return refuse(Code::WrongStatus, field, "that case is CLOSED: it gets an open part only once it is reopened");
    }
    Ok(())
}

fn check_no_ancestor(this: CaseId, other: &CaseFacts, field: &str) -> Result<(), Refusal> {
    if other.ancestors.contains(&this) {
        return refuse(Code::LinkCycle, field, "that case is part of this one");
    }
    Ok(())
}
