//! A reported case is sorted, and a routine service may answer it at once. One that was sorted wrongly is sorted anew: it
//! stays where it is, with whoever works on it.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{ProvideRoutineService, TriageCase};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{CaseTriaged, RoutineServiceProvided};
use crate::domain::case::state::{File, Triage};
use crate::domain::case::values::{Kind, Status};
use crate::domain::refusal::{Code, Refusal};

pub(super) fn triage_case(given: Given<'_>, command: &TriageCase) -> Decision {
    match (&given.file.triage, &command.correction_reason) {
        (None, None) => {}
        (None, Some(_)) => {
            return refuse(
                Code::NothingToAmend,
                "correctionReason",
                "the case was not sorted yet: there is nothing to correct",
            );
        }
        (Some(_), None) => {
            let status = given.file.status;
            let message = format!("the case was sorted, and is {status}: say why it is sorted anew");
            return refuse(Code::ReasonMissing, "correctionReason", message);
        }
        (Some(before), Some(_)) => check_correction(given.file, before, command)?,
    }
    only(CaseTriaged {
        category: command.category.clone(),
        kind: command.kind,
        severity: command.severity,
        correction_reason: command.correction_reason.clone(),
    })
}

/// An assignment stands whatever the kind of the case is. A service off the shelf does not, where that turns out to be a
/// research problem: it is rejected first, so that the case can be assigned.
fn check_correction(file: &File, before: &Triage, command: &TriageCase) -> Result<(), Refusal> {
    let is_same =
        before.category == command.category && before.kind == command.kind && before.severity == command.severity;
    if is_same {
        return refuse(Code::NothingToAmend, "", "the case is sorted so already");
    }
    if command.kind == Kind::ResearchProblem && is_answered_by_service(file) {
        return refuse(
            Code::KindIsResearch,
            "kind",
            "a routine service has answered the case: that is rejected, or the case reopened, first",
        );
    }
    Ok(())
}

/// Whether a routine service is what the enterprise is asked to confirm, or has confirmed.
fn is_answered_by_service(file: &File) -> bool {
    file.assignment.is_none() && matches!(file.status, Status::AwaitingConfirmation | Status::Resolved)
}

/// A research problem may not be evaded by a service off the shelf.
pub(crate) fn is_no_research(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.triage.as_ref().is_some_and(|triage| triage.kind == Kind::ResearchProblem) {
        return refuse(Code::KindIsResearch, "", "a research problem is assigned to an institution and a lead");
    }
    Ok(())
}

pub(super) fn provide_routine_service(_: Given<'_>, command: &ProvideRoutineService) -> Decision {
    if command.institution.version == 0 {
        return refuse(Code::InstitutionUnknown, "institutionId", "no such institution is registered");
    }
    if command.certificate.is_none() && command.report.is_none() {
        return refuse(
            Code::EvidenceMissing,
            "certificate",
            "give the number of the certificate, or report what was done",
        );
    }
    only(RoutineServiceProvided {
        institution: command.institution.institution,
        institution_version: command.institution.version,
        certificate: command.certificate.clone(),
        report: command.report.clone(),
        regulation: command.regulation.clone(),
    })
}
