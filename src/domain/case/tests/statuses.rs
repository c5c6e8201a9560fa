//! From where which command, and to where: the lifecycle of the domain, written down a second time.

use crate::domain::actor::Actor;
use crate::domain::case::command::{AcceptAssignment, CaseCommand, DeclineAssignment};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::{Kind, Status, Verdict};
use crate::domain::refusal::Code;

const BEFORE_RESOLVED: &str = "REPORTED TRIAGED ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION";
const OPEN: &str = "REPORTED TRIAGED ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION RESOLVED";
const OPEN_OR_CLOSED: &str =
    "REPORTED TRIAGED ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION RESOLVED CLOSED";
const ANY_BUT_DUPLICATE: &str =
    "REPORTED TRIAGED ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION RESOLVED CLOSED WITHDRAWN";
const ANY: &str = "REPORTED TRIAGED ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION RESOLVED \
    CLOSED WITHDRAWN DUPLICATE";
const COLLABORATION: &str = "ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION";

const FROM: [(&str, &str); 43] = [
    ("ReportCase", ANY),
    ("SpecifyRequirement", BEFORE_RESOLVED),
    ("RenameCase", OPEN),
    ("TriageCase", "REPORTED"),
    ("ProvideRoutineService", "TRIAGED"),
    ("AssignResearch", "TRIAGED"),
    ("ReassignResearch", "ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL"),
    ("AcceptAssignment", "ASSIGNED"),
    ("DeclineAssignment", "ASSIGNED"),
    ("InviteExpert", COLLABORATION),
    ("AcceptInvitation", COLLABORATION),
    ("DeclineInvitation", COLLABORATION),
    ("LeaveCase", COLLABORATION),
    ("RecordFinding", "RESEARCHING SOLUTION_PROPOSED ON_TRIAL"),
    ("RecordMeasurement", "RESEARCHING SOLUTION_PROPOSED ON_TRIAL"),
    ("ProposeSolution", "RESEARCHING"),
    ("ReviewSolution", "SOLUTION_PROPOSED"),
    ("StartTrial", "SOLUTION_PROPOSED"),
    ("RecordTrialResult", "ON_TRIAL"),
    ("ConfirmSolution", "AWAITING_CONFIRMATION"),
    ("RejectSolution", "AWAITING_CONFIRMATION"),
    ("CloseCase", "RESOLVED"),
    ("ReopenCase", "RESOLVED CLOSED"),
    ("EscalateCase", BEFORE_RESOLVED),
    ("ParkCase", BEFORE_RESOLVED),
    ("UnparkCase", BEFORE_RESOLVED),
    ("SetDeadline", BEFORE_RESOLVED),
    ("ExtendDeadline", BEFORE_RESOLVED),
    ("MissDeadline", BEFORE_RESOLVED),
    ("PauseClock", BEFORE_RESOLVED),
    ("ResumeClock", BEFORE_RESOLVED),
    ("WithdrawCase", BEFORE_RESOLVED),
    ("MarkDuplicate", OPEN),
    ("LinkCases", OPEN),
    ("RecordFee", OPEN_OR_CLOSED),
    ("IntroduceTechnique", OPEN_OR_CLOSED),
    ("RecordTraining", OPEN_OR_CLOSED),
    ("AddComment", ANY_BUT_DUPLICATE),
    ("AddAttachment", ANY_BUT_DUPLICATE),
    ("PublishTypicalCase", "CLOSED"),
    ("RetractTypicalCase", ANY),
    ("EraseImportedPersons", ANY),
    ("RecordLegacyActivity", ANY),
];

/// Somebody whose tie to the case holds in every status.
fn whoever_may(command: &CaseCommand) -> Actor {
    match command.name() {
        "ConfirmSolution" | "RejectSolution" | "WithdrawCase" => enterprise(),
        "MissDeadline" => clock(),
        "EraseImportedPersons" => manager(),
        _ => importer(),
    }
}

#[test]
fn a_command_is_carried_out_from_its_statuses_alone() {
    let commands = one_of_each();
    assert!(commands.iter().map(CaseCommand::name).eq(FROM.map(|(name, _)| name)));
    for status in Status::ALL {
        let story = Story::of(*status);
        for (command, (name, from)) in commands.iter().zip(FROM) {
            let decision = story.case().decide(&story.order(whoever_may(command), command.clone()));
            let is_wrong = decision.as_ref().is_err_and(|refusal| refusal.code == Code::WrongStatus);
            assert_eq!(is_wrong, !from.split(' ').any(|word| word == status.name()), "{name} from {status}");
        }
    }
}

#[test]
fn a_refusal_says_where_the_case_is_and_where_it_would_have_to_be() {
    let story = Story::of(Status::Reported);
    let refusal = story.case().decide(&story.order(manager(), reopen())).expect_err("not resolved");
    assert_eq!(refusal.message, "the case is REPORTED; ReopenCase needs it to be RESOLVED or CLOSED");
}

#[test]
fn a_command_leads_where_the_lifecycle_says() {
    use Status::{
        Assigned, AwaitingConfirmation, Closed, Duplicate, OnTrial, Reported, Researching, Resolved, SolutionProposed,
        Triaged, Withdrawn,
    };
    let moves: Vec<(Story, Actor, CaseCommand, Status)> = vec![
        (Story::before(), enterprise(), report().into(), Reported),
        (Story::of(Reported), coordinator(), triage(Kind::Testing).into(), Triaged),
        (Story::of(Triaged), coordinator(), assign().into(), Assigned),
        (Story::of(Assigned), lead(), AcceptAssignment {}.into(), Researching),
        (Story::of(Assigned), lead(), DeclineAssignment { reason: because() }.into(), Triaged),
        (Story::of(Researching), lead(), propose().into(), SolutionProposed),
        (Story::of(SolutionProposed), reviewer(), review(Verdict::Approved).into(), SolutionProposed),
        (Story::of(SolutionProposed), reviewer(), review(Verdict::ChangesRequested).into(), Researching),
        (Story::of(SolutionProposed), lead(), try_out().into(), OnTrial),
        (Story::of(OnTrial), lead(), trial_passed().into(), AwaitingConfirmation),
        (Story::of(OnTrial), lead(), trial_failed().into(), Researching),
        (Story::of(AwaitingConfirmation), enterprise(), confirm().into(), Resolved),
        (Story::of(AwaitingConfirmation), enterprise(), reject().into(), Researching),
        (Story::of_routine_service(), enterprise(), confirm().into(), Resolved),
        (Story::of_routine_service(), enterprise(), reject().into(), Triaged),
        (Story::of(Resolved), coordinator(), close().into(), Closed),
        (Story::of(Resolved), coordinator(), reopen().into(), Researching),
        (Story::of(Closed), coordinator(), reopen().into(), Researching),
        (Story::of(OnTrial), manager(), reassign("another lead", university()).into(), Assigned),
        (Story::of(OnTrial), enterprise(), withdraw().into(), Withdrawn),
        (Story::of(Resolved), coordinator(), duplicate(another_case()).into(), Duplicate),
    ];
    for (story, actor, command, to) in moves {
        let name = command.name();
        assert_eq!(story.then(actor, command).file().status, to, "{name}");
    }
}
