use crate::domain::case::command::{ProvideRoutineService, RenameCase, ReportCase, TriageCase};
use crate::domain::case::event::{CaseRenamed, CaseReported, CaseTriaged, RoutineServiceProvided};
use crate::domain::case::facts::{EnrolmentFacts, InstitutionFacts};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::{Kind, Origin, Severity, Status};
use crate::domain::refusal::Code;
use crate::domain::value::{Level, ServiceCategory, VisitId};

fn reported(origin: Origin) -> CaseReported {
    CaseReported {
        number: number(),
        title: report().title,
        problem: report().problem.expect("a problem"),
        enterprise: enterprise_id(),
        enterprise_version: 3,
        campaign: campaign(),
        division: division("440305"),
        origin,
    }
}

fn with(enrolment: EnrolmentFacts) -> ReportCase {
    ReportCase { enrolment, ..report() }
}

#[test]
fn an_enrolled_enterprise_reports() {
    Story::before().when(enterprise(), report()).happens(reported(Origin::OwnReport));
    let file = Story::of(Status::Reported).file();
    assert_eq!((file.status, file.level), (Status::Reported, Level::County));
    assert_eq!(file.reported_by, enterprise().id);
}

#[test]
fn a_visitor_reports_what_was_seen() {
    let origin = Origin::FieldVisit { visit: VisitId::named("a visit") };
    let command = ReportCase { origin: origin.clone(), ..with(EnrolmentFacts { visit_known: true, ..enrolment() }) };
    Story::before().when(visitor(), command).happens(reported(origin));
}

#[test]
fn an_imported_case_stands_where_its_log_says() {
    let command = ReportCase { origin: Origin::Import, division: Some(division("4401")), ..report() };
    let fact = CaseReported { division: division("4401"), ..reported(Origin::Import) };
    Story::before().when(importer(), command).happens(fact);
}

#[test]
fn nobody_is_reported_without_enrolment() {
    let outcome = |enrolment| Story::before().when(coordinator(), with(enrolment));
    outcome(EnrolmentFacts { enrolled: false, ..enrolment() }).refused(Code::NotEnrolled, "campaignId");
    outcome(EnrolmentFacts { campaign_open: false, ..enrolment() }).refused(Code::CampaignClosed, "campaignId");
    outcome(EnrolmentFacts { enterprise_version: 0, ..enrolment() }).refused(Code::EnterpriseUnknown, "enterpriseId");
}

#[test]
fn who_may_never_report_is_not_told_whether_the_enterprise_is_there() {
    for version in [0, 3] {
        let command = with(EnrolmentFacts { enterprise_version: version, ..enrolment() });
        Story::before().when(lead(), command).refused(Code::NotPermitted, "");
    }
}

#[test]
fn a_report_says_what_and_from_where() {
    let command = ReportCase { problem: None, ..report() };
    Story::before().when(enterprise(), command).refused(Code::ProblemMissing, "problem");
    let origin = Origin::FieldVisit { visit: VisitId::named("a visit") };
    let command = ReportCase { origin, ..report() };
    Story::before().when(visitor(), command).refused(Code::VisitUnknown, "origin.visitId");
}

#[test]
fn a_better_title_takes_the_place_of_the_one_it_had() {
    let better = RenameCase { reason: because(), ..rename("pitch diameter of M1.0 thread gauges") };
    let fact = CaseRenamed { from: report().title, to: better.title.clone(), reason: because() };
    Story::of(Status::Reported).when(enterprise(), better.clone()).happens(fact);
    let renamed = Story::of(Status::Researching).then(lead(), better.clone());
    assert_eq!(renamed.file().title, better.title);
    renamed.clone().when(coordinator(), better).refused(Code::SameTitle, "title");
    let back = RenameCase { title: report().title, reason: None };
    assert_eq!(renamed.then(coordinator(), back).file().title, report().title);
}

#[test]
fn a_case_is_reported_once() {
    Story::of(Status::Reported).when(enterprise(), report()).refused(Code::AlreadyExists, "");
}

#[test]
fn nothing_is_ordered_of_a_case_that_is_not_there() {
    Story::before().when(coordinator(), triage(Kind::Testing)).refused(Code::NotFound, "id");
}

#[test]
fn nothing_happens_in_the_future() {
    let story = Story::before();
    let order = story.order(enterprise(), report());
    let later = order.now + jiff::SignedDuration::from_secs(1);
    story.clone().when_order(order.clone().occurred(later)).refused(Code::OccurredInFuture, "occurredAt");
    story.when_order(order.occurred(moment("2026-03-01T00:00:00Z"))).happens(reported(Origin::OwnReport));
    let story = Story::of(Status::Reported);
    let order = story.order(coordinator(), triage(Kind::Testing)).occurred(later);
    story.when_order(order).refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn a_coordinator_sorts_it() {
    Story::of(Status::Reported).when(coordinator(), triage(Kind::Testing)).happens(CaseTriaged {
        category: ServiceCategory::parse("L").expect("a category"),
        kind: Kind::Testing,
        severity: Severity::Major,
        correction_reason: None,
    });
}

#[test]
fn what_was_sorted_wrongly_is_sorted_anew_and_stays_where_it_is() {
    let TriageCase { category, kind, severity, correction_reason } = triage_anew(Kind::Calibration);
    let fact = CaseTriaged { category, kind, severity, correction_reason };
    for status in [
        Status::Triaged,
        Status::Assigned,
        Status::Researching,
        Status::SolutionProposed,
        Status::OnTrial,
        Status::AwaitingConfirmation,
        Status::Resolved,
    ] {
        let story = Story::of(status);
        let before = story.file();
        story.clone().when(coordinator(), triage_anew(Kind::Calibration)).happens(fact.clone());
        let file = story.then(coordinator(), triage_anew(Kind::Calibration)).file();
        assert_eq!((file.status, file.last_step), (status, before.last_step), "it is no step of its life");
        assert_eq!(file.assignment, before.assignment, "whoever works on it goes on");
        assert_eq!(file.triage.map(|triage| triage.kind), Some(Kind::Calibration));
    }
    for status in [Status::Closed, Status::Withdrawn, Status::Duplicate] {
        Story::of(status).when(coordinator(), triage_anew(Kind::Calibration)).refused(Code::WrongStatus, "");
    }
    Story::of(Status::Triaged).when(enterprise(), triage_anew(Kind::Calibration)).refused(Code::NotPermitted, "");
}

#[test]
fn a_correction_says_why_and_corrects_something() {
    let triaged = || Story::of(Status::Triaged);
    triaged().when(coordinator(), triage(Kind::Testing)).refused(Code::ReasonMissing, "correctionReason");
    triaged().when(coordinator(), triage_anew(Kind::ResearchProblem)).refused(Code::NothingToAmend, "");
    let severe = TriageCase { severity: Severity::Critical, ..triage_anew(Kind::ResearchProblem) };
    let file = triaged().then(coordinator(), severe).file();
    assert_eq!(file.triage.map(|triage| triage.severity), Some(Severity::Critical));
    let reported = Story::of(Status::Reported);
    reported.when(coordinator(), triage_anew(Kind::Testing)).refused(Code::NothingToAmend, "correctionReason");
}

#[test]
fn what_was_sorted_anew_is_answered_as_what_it_is() {
    let is_routine = Story::of(Status::Triaged).then(coordinator(), triage_anew(Kind::Calibration));
    assert_eq!(is_routine.then(coordinator(), service()).file().status, Status::AwaitingConfirmation);
    let answered = Story::of_routine_service();
    let is_research = || triage_anew(Kind::ResearchProblem);
    answered.clone().when(coordinator(), is_research()).refused(Code::KindIsResearch, "kind");
    let resolved = answered.clone().then(enterprise(), confirm());
    resolved.when(coordinator(), is_research()).refused(Code::KindIsResearch, "kind");
    // Another kind of service is no contradiction; and what is rejected answers nothing any more.
    let file = answered.clone().then(coordinator(), triage_anew(Kind::Testing)).file();
    assert_eq!(file.triage.map(|triage| triage.kind), Some(Kind::Testing));
    let rejected = answered.then(enterprise(), reject()).then(coordinator(), is_research());
    rejected.clone().when(coordinator(), service()).refused(Code::KindIsResearch, "");
    assert_eq!(rejected.then(coordinator(), assign()).file().status, Status::Assigned);
}

#[test]
fn a_routine_service_awaits_the_enterprise() {
    let triaged = Story::of(Status::Reported).then(coordinator(), triage(Kind::Calibration));
    triaged.when(coordinator(), service()).happens(RoutineServiceProvided {
        institution: institute(),
        institution_version: 2,
        certificate: service().certificate,
        report: None,
        regulation: None,
    });
    assert_eq!(Story::of_routine_service().file().status, Status::AwaitingConfirmation);
}

#[test]
fn a_research_problem_is_not_evaded_by_a_service() {
    Story::of(Status::Triaged).when(coordinator(), service()).refused(Code::KindIsResearch, "");
}

#[test]
fn a_service_is_provided_by_a_registered_institution() {
    let triaged = Story::of(Status::Reported).then(coordinator(), triage(Kind::Calibration));
    let command = ProvideRoutineService { institution: InstitutionFacts::of(institute()), ..service() };
    triaged.when(coordinator(), command).refused(Code::InstitutionUnknown, "institutionId");
}

#[test]
fn a_service_leaves_evidence() {
    let triaged = Story::of(Status::Reported).then(coordinator(), triage(Kind::Calibration));
    let command = ProvideRoutineService { certificate: None, ..service() };
    triaged.clone().when(coordinator(), command.clone()).refused(Code::EvidenceMissing, "certificate");
    let with_report = ProvideRoutineService { report: because(), ..command };
    assert_eq!(triaged.then(coordinator(), with_report).file().status, Status::AwaitingConfirmation);
}
