//! A difficulty comes on record, and gets a better name.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::authority::Subject;
use crate::domain::case::command::{CaseCommand, RenameCase, ReportCase};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{CaseRenamed, CaseReported};
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::rules::Rule;
use crate::domain::case::state::File;
use crate::domain::case::values::Origin;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

pub(crate) fn not_reported_yet(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    refuse(Code::AlreadyExists, "", format!("the case has been reported as {}", file.number))
}

/// Who may report is judged by the enterprise of the enrolment: the case itself is not there yet.
pub(super) fn report_case(file: Option<&File>, order: &Order<CaseCommand>, command: &ReportCase) -> Decision {
    let enrolment = &command.enrolment;
    let rule = Rule::of(&order.command);
    rule.check_role(&order.by)?;
    if enrolment.enterprise_version == 0 {
        return refuse(Code::EnterpriseUnknown, "enterpriseId", "no such enterprise is registered");
    }
    let division = command.division.as_ref().unwrap_or(&enrolment.division);
    let subject = Subject { enterprise: enrolment.enterprise, division, file };
    rule.check_actor(&order.by, subject)?;
    order.check_occurred()?;
    if let Some(file) = file {
        rule.check_case(file, &order.by, order.today())?;
    }

    check_enrolment(enrolment)?;
    let Some(problem) = command.problem.clone() else {
        return refuse(Code::ProblemMissing, "problem", "say what cannot be solved, and why not");
    };
    if matches!(command.origin, Origin::FieldVisit { .. }) && !enrolment.visit_known {
        return refuse(Code::VisitUnknown, "origin.visitId", "no such visit to the enterprise is on record");
    }
    only(CaseReported {
        number: command.number.clone(),
        title: command.title.clone(),
        problem,
        enterprise: enrolment.enterprise,
        enterprise_version: enrolment.enterprise_version,
        campaign: enrolment.campaign,
        division: division.clone(),
        origin: command.origin.clone(),
    })
}

/// Nothing is opened for an enterprise that is not enrolled, or in a campaign that is closed, whoever tells of it.
pub(super) fn check_enrolment(enrolment: &EnrolmentFacts) -> Result<(), Refusal> {
    if !enrolment.enrolled {
        return refuse(
            Code::NotEnrolled,
            "campaignId",
            "the enterprise is not enrolled in this campaign: enrol it first, with its consent",
        );
    }
    if !enrolment.campaign_open {
        return refuse(
            Code::CampaignClosed,
            "campaignId",
            "the campaign is closed: report the case in one that is open and in which the enterprise is enrolled",
        );
    }
    Ok(())
}

pub(super) fn rename_case(given: Given<'_>, command: &RenameCase) -> Decision {
    let from = given.file.title.clone();
    if from == command.title {
        return refuse(Code::SameTitle, "title", "this is the title it has");
    }
    only(CaseRenamed { from, to: command.title.clone(), reason: command.reason.clone() })
}
