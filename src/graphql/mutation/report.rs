//! Reporting a difficulty, stating what would solve it, and calling it by a better name.

use async_graphql::{ID, OneofObject};
use serde::Serialize;

use crate::domain::case::Case;
use crate::domain::case::command::{RenameCase, ReportCase, SpecifyRequirement};
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::Origin;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::CaseId;
use crate::graphql::door::Door;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::mutation::measurement::MeasurementRequirementInput;
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// How a case begins.
    ReportMutation answers case: CaseNode, CaseConflict {
        /// 报告难点: puts an enrolled enterprise's measurement difficulty on record. One that is dated (`occurredAt`) before the enrolment or the start of the campaign is warned of (`OCCURRED_BEFORE_ENROLMENT`, `OCCURRED_BEFORE_CAMPAIGN`). By its contact, a visitor or a coordinator.
        report_case(ReportCaseInput) -> ReportCasePayload;
        /// 明确测量要求: states what measurement would solve the case. With `correctionReason` it corrects the requirement that stands, which was written down wrongly: it takes the place of that from when that was stated, and the gap, its history and `GAPS_CLOSED` are told by it from then on; `asOf` tells what was taken to be required. Requirements are stated until the enterprise confirms; where the case was withdrawn or is a duplicate, the one that stands is corrected all the same, otherwise once the case is reopened. By the enterprise, a coordinator or the lead.
        specify_requirement(SpecifyRequirementInput) -> SpecifyRequirementPayload;
        /// 更名: corrects the title of an open case; the one it had stays in its history. By the enterprise, a coordinator or the lead.
        rename_case(RenameCaseInput) -> RenameCasePayload;
    }
}

input! {
    /// 报告难点: the difficulty, and whose it is.
    ReportCaseInput creates Case by ReportCase, about "caseId" {
        /// 企业: whose difficulty it is; enrolled in the campaign.
        enterprise_id: ID,
        /// 活动: the campaign it is part of.
        campaign_id: ID,
        /// 标题: in a line, at most 200 characters.
        title: String,
        /// 问题描述: what cannot be solved, and why not. Required by the domain.
        problem: Option<String>,
        /// 来源: how it came to be known.
        origin: OriginInput,
    }
    |input, door| {
        let enterprise = door.id("enterpriseId", &input.enterprise_id);
        let campaign = door.id("campaignId", &input.campaign_id);
        let title = door.text("title", &input.title);
        let problem = door.optional("problem", input.problem.as_deref());
        let origin = door.within("origin", |door| input.origin.read(door));
        Some(Ordered::of_new(door, ReportCase {
            number: CaseNumber::default(),
            title: title?,
            problem: problem?,
            origin: origin?,
            division: None,
            enrolment: EnrolmentFacts::of(enterprise?, campaign?),
        }))
    }
}

/// 来源: how the difficulty came to be known. Exactly one.
#[derive(Clone, Debug, OneofObject, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OriginInput {
    /// 现场走访: a visit that is on record with the enterprise.
    VisitId(ID),
    /// 调查: a survey, by its name.
    Survey(String),
    /// 企业自报: `true` for the enterprise's own report; `false` is refused, since it says nothing of where the case came from.
    OwnReport(bool),
}

impl OriginInput {
    fn read(&self, door: &mut Door) -> Option<Origin> {
        match self {
            Self::VisitId(id) => door.id("visitId", id).map(|visit| Origin::FieldVisit { visit }),
            Self::Survey(name) => door.text("survey", name).map(|survey| Origin::Survey { survey }),
            Self::OwnReport(true) => Some(Origin::OwnReport),
            // It would say what the case's origin is not.
            Self::OwnReport(false) => {
                let message = "an own report is `true`: of any other origin, say which visit or which survey it was";
                door.refused(Refusal::new(Code::Required, "origin.ownReport", message));
                None
            }
        }
    }
}

input! {
    /// 明确测量要求: what measurement would solve the case.
    SpecifyRequirementInput updates Case by SpecifyRequirement, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 测量要求: measurand, interval, and the uncertainty or the error limit required.
        requirement: MeasurementRequirementInput,
        /// 更正原因: why the requirement that stands was wrong, where this takes its place. Refused where none stands (`NO_REQUIREMENT`) and where this is what stands (`NOTHING_TO_AMEND`), and left out where what is required has changed.
        correction_reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let requirement = door.within("requirement", |door| input.requirement.read(door));
        let correction_reason = door.optional("correctionReason", input.correction_reason.as_deref());
        Some(Ordered::new(
            id?,
            SpecifyRequirement { requirement: requirement?, correction_reason: correction_reason? },
        ))
    }
}

input! {
    /// 更名: the title that says better what the difficulty is.
    RenameCaseInput updates Case by RenameCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 标题: in a line, at most 200 characters; another one than it has.
        title: String,
        /// 原因: why, if there is more to say than the title does.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let title = door.text("title", &input.title);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, RenameCase { title: title?, reason: reason? }))
    }
}
