//! Experts join a case, leave it and are removed from it. Nobody is kept in a case, nor has to be: an invitation and a
//! membership end wherever the case is.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{AcceptInvitation, DeclineInvitation, InviteExpert, LeaveCase, RemoveExpert};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{ExpertInvited, ExpertJoined, ExpertLeft, ExpertRemoved, InvitationDeclined};
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::rules::ASSIGNED_TO_TRIAL;
use crate::domain::case::state::{File, Membership};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::PersonId;

pub(super) fn invite_expert(given: Given<'_>, command: &InviteExpert) -> Decision {
    let expert = command.expert.person;
    check_known(&command.expert, "expertId")?;
    if leads(given.file, expert) {
        return refuse(Code::AlreadyMember, "expertId", "this person leads the case");
    }
    match given.file.experts.get(&expert) {
        Some(Membership::Active) => refuse(Code::AlreadyMember, "expertId", "this person is a member already"),
        Some(Membership::Invited) => {
            refuse(Code::AlreadyInvited, "expertId", "this person is invited already, and has not answered")
        }
        Some(Membership::Declined | Membership::Left | Membership::Removed | Membership::Lapsed) | None => {
            only(ExpertInvited { expert, message: command.message.clone() })
        }
    }
}

/// Whoever is to work on a case is registered, and still known by a name.
pub(super) fn check_known(person: &PersonFacts, field: &str) -> Result<(), Refusal> {
    if person.version == 0 {
        return refuse(Code::PersonUnknown, field, "no such person is registered");
    }
    if person.erased {
        return refuse(Code::AlreadyErased, field, "this person's data was erased");
    }
    Ok(())
}

/// Holds for an invitee by what makes it one; keeps an importer from answering for nobody.
pub(crate) fn is_invited(file: &File, actor: &Actor, _: Date) -> Result<(), Refusal> {
    if file.membership(actor) == Some(Membership::Invited) {
        return Ok(());
    }
    refuse(Code::NotInvited, "", "no invitation to this case is pending")
}

pub(super) fn accept_invitation(given: Given<'_>, _: &AcceptInvitation) -> Decision {
    only(ExpertJoined { expert: acting_person(given, Code::NotInvited)? })
}

pub(super) fn decline_invitation(given: Given<'_>, command: &DeclineInvitation) -> Decision {
    only(InvitationDeclined { expert: acting_person(given, Code::NotInvited)?, reason: command.reason.clone() })
}

pub(crate) fn may_leave(file: &File, actor: &Actor, _: Date) -> Result<(), Refusal> {
    if file.is_lead(actor) {
        return refuse_lead(file, "", "leave");
    }
    if file.membership(actor) != Some(Membership::Active) {
        return refuse(Code::NotAMember, "", "only a member can leave");
    }
    Ok(())
}

pub(super) fn leave_case(given: Given<'_>, command: &LeaveCase) -> Decision {
    only(ExpertLeft { expert: acting_person(given, Code::NotAMember)?, reason: command.reason.clone() })
}

/// Whom `remove_expert` may name: whoever is invited or has joined, and does not lead the case.
pub(crate) fn has_expert(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    let has_one = file.experts.iter().any(|(person, membership)| {
        matches!(membership, Membership::Invited | Membership::Active) && !leads(file, *person)
    });
    match has_one {
        true => Ok(()),
        false => refuse(Code::NotAMember, "expertId", "nobody is invited, and nobody but the lead a member"),
    }
}

pub(super) fn remove_expert(given: Given<'_>, command: &RemoveExpert) -> Decision {
    let expert = command.expert;
    if leads(given.file, expert) {
        return refuse_lead(given.file, "expertId", "be removed");
    }
    match given.file.experts.get(&expert) {
        Some(Membership::Invited | Membership::Active) => {
            only(ExpertRemoved { expert, reason: command.reason.clone() })
        }
        Some(Membership::Declined | Membership::Left | Membership::Removed | Membership::Lapsed) | None => {
            refuse(Code::NotAMember, "expertId", "this person is neither invited nor a member")
        }
    }
}

/// A case stays somebody's: who leads it goes once another does.
fn refuse_lead<T>(file: &File, field: &str, what: &str) -> Result<T, Refusal> {
    let until = match ASSIGNED_TO_TRIAL.contains(&file.status) {
        true => "",
        false => ", which is possible only while it is at work (ASSIGNED to ON_TRIAL)",
    };
    refuse(Code::LeadCannotLeave, field, format!("the lead can {what} after the case is reassigned{until}"))
}

fn leads(file: &File, person: PersonId) -> bool {
    file.assignment.as_ref().is_some_and(|assignment| assignment.lead == person)
}

fn acting_person(given: Given<'_>, otherwise: Code) -> Result<PersonId, Refusal> {
    let nobody = || Refusal::new(otherwise, "", "only a registered person can answer");
    given.order.by.id.person().ok_or_else(nobody)
}
