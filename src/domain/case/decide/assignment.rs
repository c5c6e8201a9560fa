//! An institution and a lead take a case on.

use crate::domain::case::command::{AcceptAssignment, AssignResearch, DeclineAssignment, ReassignResearch};
use crate::domain::case::decide::collaboration::check_known;
use crate::domain::case::decide::{Decision, Given, last_day, only, reason, refuse};
use crate::domain::case::event::{AssignmentAccepted, AssignmentDeclined, ResearchAssigned, ResearchReassigned};
use crate::domain::case::facts::PersonFacts;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::InstitutionId;

pub(super) fn assign_research(given: Given<'_>, command: &AssignResearch) -> Decision {
    let lead = lead_of(command.institution, command.lead.as_ref())?;
    only(ResearchAssigned {
        institution: command.institution,
        lead: lead.person,
        lead_version: lead.version,
        deadline: last_day(command.deadline, given.order)?,
    })
}

pub(super) fn reassign_research(given: Given<'_>, command: &ReassignResearch) -> Decision {
    let lead = lead_of(command.institution, command.lead.as_ref())?;
    let has_it_already = given
        .file
        .assignment
        .as_ref()
        .is_some_and(|assignment| assignment.institution == command.institution && assignment.lead == lead.person);
    if has_it_already {
        return refuse(Code::SameAssignment, "leadId", "this institution and this lead have the case already");
    }
    let deadline = command.deadline.map(|deadline| last_day(deadline, given.order)).transpose()?;
    let can_be_met = given.file.deadline.is_some_and(|deadline| !deadline.was_missed);
    if deadline.is_none() && !can_be_met {
        return refuse(Code::DeadlineMissing, "deadline", "say until when: there is no deadline that could be met");
    }
    only(ResearchReassigned {
        institution: command.institution,
        lead: lead.person,
        lead_version: lead.version,
        deadline,
        reason: reason(&command.reason)?,
    })
}

pub(super) fn accept_assignment(_: Given<'_>, _: &AcceptAssignment) -> Decision {
    only(AssignmentAccepted {})
}

pub(super) fn decline_assignment(_: Given<'_>, command: &DeclineAssignment) -> Decision {
    only(AssignmentDeclined { reason: reason(&command.reason)? })
}

/// The lead, who has to be a registered person of the institution.
fn lead_of(institution: InstitutionId, lead: Option<&PersonFacts>) -> Result<&PersonFacts, Refusal> {
    let Some(lead) = lead else {
        return refuse(Code::LeadMissing, "leadId", "name the person who answers for it");
    };
    check_known(lead, "leadId")?;
    if lead.institution != Some(institution) {
        return refuse(Code::LeadNotOfInstitution, "leadId", "the lead does not work for this institution");
    }
    Ok(lead)
}
