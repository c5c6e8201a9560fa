use jiff::civil::date;

use crate::domain::case::command::{AcceptAssignment, AssignResearch, DeclineAssignment, ReassignResearch};
use crate::domain::case::event::{AssignmentAccepted, AssignmentDeclined, ResearchAssigned, ResearchReassigned};
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;

#[test]
fn research_is_assigned_with_a_deadline() {
    Story::of(Status::Triaged).when(manager(), assign()).happens(ResearchAssigned {
        institution: institute(),
        lead: person("lead"),
        lead_version: 2,
        deadline: deadline(),
    });
    let file = Story::of(Status::Assigned).file();
    assert_eq!(file.deadline.map(|deadline| deadline.on), Some(deadline()));
    assert!(file.is_lead(&lead()) && file.is_member(&lead()) && !file.is_lead(&expert()));
    assert_eq!(file.assignment.map(|assignment| assignment.institution), Some(institute()));
}

#[test]
fn somebody_of_the_institution_answers_for_it() {
    let outcome = |lead| Story::of(Status::Triaged).when(coordinator(), AssignResearch { lead, ..assign() });
    outcome(None).refused(Code::LeadMissing, "leadId");
    outcome(Some(facts_of("lead", university()))).refused(Code::LeadNotOfInstitution, "leadId");
    let unknown = PersonFacts { version: 0, ..facts_of("lead", institute()) };
    outcome(Some(unknown)).refused(Code::PersonUnknown, "leadId");
    let erased = || Some(PersonFacts { erased: true, ..facts_of("lead", institute()) });
    outcome(erased()).refused(Code::AlreadyErased, "leadId");
    let reassigned = ReassignResearch { lead: erased(), ..reassign("another lead", institute()) };
    Story::of(Status::Researching).when(manager(), reassigned).refused(Code::AlreadyErased, "leadId");
}

#[test]
fn a_deadline_lies_after_today() {
    let story = Story::of(Status::Triaged);
    let today = AssignResearch { deadline: story.today(), ..assign() };
    story.clone().when(coordinator(), today.clone()).refused(Code::DeadlineNotInFuture, "deadline");
    let tomorrow = AssignResearch { deadline: story.today().tomorrow().expect("a day"), ..today };
    assert_eq!(story.then(coordinator(), tomorrow).file().status, Status::Assigned);
}

#[test]
fn today_is_that_of_shenzhen() {
    // 01:00 on the 17th there, still the 16th in UTC.
    let command = AssignResearch { deadline: date(2026, 3, 17), ..assign() };
    let story = Story::of(Status::Triaged).at("2026-03-16T17:00:00Z");
    story.when(coordinator(), command).refused(Code::DeadlineNotInFuture, "deadline");
}

#[test]
fn reassigned_research_waits_for_the_new_lead() {
    let reassigned = ResearchReassigned {
        institution: university(),
        lead: person("another lead"),
        lead_version: 2,
        deadline: None,
        reason: because().expect("a reason"),
    };
    let command = reassign("another lead", university());
    Story::of(Status::OnTrial).when(manager(), command.clone()).happens(reassigned);
    let file = Story::of(Status::OnTrial).then(manager(), command).file();
    assert_eq!(file.status, Status::Assigned);
    assert_eq!(file.findings.len(), 1);
    assert_eq!(file.deadline.map(|deadline| deadline.on), Some(deadline()));
    assert!(file.is_lead(&another_lead()) && !file.is_member(&lead()));
}

#[test]
fn a_reassignment_changes_something_and_says_why() {
    let outcome = |command| Story::of(Status::Researching).when(coordinator(), command);
    outcome(reassign("lead", institute())).refused(Code::SameAssignment, "leadId");
    let another = || reassign("another lead", institute());
    outcome(ReassignResearch { reason: None, ..another() }).refused(Code::ReasonMissing, "reason");
    outcome(ReassignResearch { lead: None, ..another() }).refused(Code::LeadMissing, "leadId");
    let past = ReassignResearch { deadline: Some(date(2026, 3, 16)), ..another() };
    outcome(past).refused(Code::DeadlineNotInFuture, "deadline");
    let of_another = ReassignResearch { institution: university(), ..another() };
    outcome(of_another).refused(Code::LeadNotOfInstitution, "leadId");
    let unknown = PersonFacts { version: 0, ..facts_of("another lead", institute()) };
    outcome(ReassignResearch { lead: Some(unknown), ..another() }).refused(Code::PersonUnknown, "leadId");
}

#[test]
fn the_lead_accepts() {
    Story::of(Status::Assigned).when(lead(), AcceptAssignment {}).happens(AssignmentAccepted {});
    let file = Story::of(Status::Researching).file();
    assert!(file.assignment.expect("an assignment").accepted_at.is_some());
}

#[test]
fn the_lead_declines_with_a_reason() {
    let decline = DeclineAssignment { reason: because() };
    let declined = AssignmentDeclined { reason: because().expect("a reason") };
    Story::of(Status::Assigned).when(lead(), decline.clone()).happens(declined);
    let file = Story::of(Status::Assigned).then(lead(), decline).file();
    assert_eq!((file.status, file.assignment), (Status::Triaged, None));
    let silent = DeclineAssignment { reason: None };
    Story::of(Status::Assigned).when(lead(), silent).refused(Code::ReasonMissing, "reason");
}

#[test]
fn nobody_else_answers_for_the_lead() {
    let assigned = Story::of(Status::Assigned);
    assigned.clone().when(another_lead(), AcceptAssignment {}).refused(Code::NotPermitted, "");
    assigned.when(another_lead(), DeclineAssignment { reason: because() }).refused(Code::NotPermitted, "");
}
