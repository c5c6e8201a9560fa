//! Sorting a case, and answering it by a routine service.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{ProvideRoutineService, TriageCase};
use crate::domain::case::facts::InstitutionFacts;
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;
use crate::graphql::words::{CaseKind, Severity};

mutations! {
    /// What happens to a reported case first.
    TriageMutation answers case: CaseNode, CaseConflict {
        /// 分诊: sorts a reported case; or sorts one anew that was sorted wrongly and is not closed, with `correctionReason`, which leaves it where it is. A case that a routine service has answered becomes no research problem before that is rejected. By a coordinator.
        triage_case(TriageCaseInput) -> TriageCasePayload;
        /// 提供常规服务: a verification, calibration, test or the like answered the need; the enterprise has to confirm. By a coordinator.
        provide_routine_service(ProvideRoutineServiceInput) -> ProvideRoutineServicePayload;
    }
}

input! {
    /// 分诊: how the case is sorted.
    TriageCaseInput updates Case by TriageCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 服务类别: a code assigned in the BIPM's KCDB list such as `T/H-3`, or an area alone such as `QM`.
        category: String,
        /// 类型: what kind of help is needed.
        kind: CaseKind,
        /// 严重程度: how much it hurts.
        severity: Severity,
        /// 更正原因: why the case is sorted anew; required where it was sorted before, and refused where it was not.
        correction_reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let category = door.text("category", &input.category);
        let correction_reason = door.optional("correctionReason", input.correction_reason.as_deref());
        Some(Ordered::new(id?, TriageCase {
            category: category?,
            kind: input.kind.into(),
            severity: input.severity.into(),
            correction_reason: correction_reason?,
        }))
    }
}

input! {
    /// 提供常规服务: the service that answered the need.
    ProvideRoutineServiceInput updates Case by ProvideRoutineService, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 计量技术机构: who provided it.
        institution_id: ID,
        /// 证书编号: number of the certificate or report. One of `certificate` and `report` is required by the domain.
        certificate: Option<String>,
        /// 服务说明: what was done.
        report: Option<String>,
        /// 规程、规范: the regulation followed, with the edition in force, such as `JJG 196-2006`.
        regulation: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let institution = door.id("institutionId", &input.institution_id);
        let certificate = door.optional("certificate", input.certificate.as_deref());
        let report = door.optional("report", input.report.as_deref());
        let regulation = door.optional("regulation", input.regulation.as_deref());
        Some(Ordered::new(id?, ProvideRoutineService {
            institution: InstitutionFacts::of(institution?),
            certificate: certificate?,
            report: report?,
            regulation: regulation?,
        }))
    }
}
