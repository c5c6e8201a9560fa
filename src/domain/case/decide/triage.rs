//! A reported case is sorted, and a routine service may answer it at once.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{ProvideRoutineService, TriageCase};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{CaseTriaged, RoutineServiceProvided};
use crate::domain::case::state::File;
use crate::domain::case::values::Kind;
use crate::domain::refusal::{Code, Refusal};

pub(super) fn triage_case(_: Given<'_>, command: &TriageCase) -> Decision {
    only(CaseTriaged { category: command.category.clone(), kind: command.kind, severity: command.severity })
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
