//! From where which command, and to where: the lifecycle of the domain, written down a second time.

use crate::domain::actor::Actor;
use crate::domain::case::Misdated;
use crate::domain::case::command::{AcceptAssignment, CaseCommand, DeclineAssignment};
use crate::domain::case::state::Case;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
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

/// Of each command as it is given for the first time: where what it said is corrected, other tests have.
const FROM: [(&str, &str); 47] = [
    ("ReportCase", ANY),
    ("SpecifyRequirement", BEFORE_RESOLVED),
    ("RenameCase", OPEN),
    ("TriageCase", OPEN),
    ("ProvideRoutineService", "TRIAGED"),
    ("AssignResearch", "TRIAGED"),
    ("ReassignResearch", "ASSIGNED RESEARCHING SOLUTION_PROPOSED ON_TRIAL"),
    ("AcceptAssignment", "ASSIGNED"),
    ("DeclineAssignment", "ASSIGNED"),
    ("InviteExpert", COLLABORATION),
    ("AcceptInvitation", COLLABORATION),
    ("DeclineInvitation", ANY),
    ("LeaveCase", ANY),
    ("RemoveExpert", ANY),
    ("RecordFinding", "RESEARCHING SOLUTION_PROPOSED ON_TRIAL"),
    ("RecordMeasurement", "RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION"),
    ("RetractMeasurement", "RESEARCHING SOLUTION_PROPOSED ON_TRIAL AWAITING_CONFIRMATION WITHDRAWN DUPLICATE"),
    ("ProposeSolution", "RESEARCHING"),
    ("ReviewSolution", "SOLUTION_PROPOSED"),
    ("StartTrial", "SOLUTION_PROPOSED"),
    ("RecordTrialResult", "ON_TRIAL"),
    ("ConfirmSolution", "AWAITING_CONFIRMATION"),
    ("RejectSolution", "AWAITING_CONFIRMATION"),
    ("CloseCase", "RESOLVED"),
    ("ReopenCase", "RESOLVED CLOSED DUPLICATE"),
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
    ("UnlinkCases", ANY),
    ("RecordFee", OPEN_OR_CLOSED),
    ("RetractFee", ANY),
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
    assert_eq!(refusal.message, "the case is REPORTED; ReopenCase needs it to be RESOLVED or CLOSED or DUPLICATE");
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

/// What is told of a command that is said to have been given at that time.
fn misdated(story: &Story, by: Actor, command: impl Into<CaseCommand>, at: &str) -> Option<Misdated> {
    let order = story.order(by, command).occurred(moment(at));
    let after = story.clone().then_order(order).file();
    story.file().misdated(&after, moment(at))
}

#[test]
fn what_is_dated_before_what_it_follows_is_told() {
    let (sunday, tuesday, thursday) = ("2026-03-15T02:00:00Z", "2026-03-17T02:00:00Z", "2026-03-19T02:00:00Z");
    let friday = "2026-03-20T02:00:00Z";
    let last_step = |status, at| Some(Misdated::BeforeLastStep { status, at: moment(at) });
    let assigned = Story::of(Status::Assigned).at(friday);
    let accepted_at = |at| misdated(&assigned, lead(), AcceptAssignment {}, at);
    assert_eq!(accepted_at(sunday), last_step(Status::Assigned, MONDAY));
    assert_eq!((accepted_at(MONDAY), accepted_at(friday)), (None, None));

    // It stays assigned, to somebody else.
    let reassigned = assigned.at(thursday).then(manager(), reassign("another lead", university())).at(friday);
    let accepted_at = |at| misdated(&reassigned, another_lead(), AcceptAssignment {}, at);
    assert_eq!((accepted_at(tuesday), accepted_at(thursday)), (last_step(Status::Assigned, thursday), None));

    // What is no step may have come before the last one, and not before the report.
    let researching = reassigned.then(another_lead(), AcceptAssignment {});
    let found_at = |at| misdated(&researching, another_lead(), find(), at);
    assert_eq!(found_at(tuesday), None);
    assert_eq!(found_at(sunday), Some(Misdated::BeforeReport { at: moment(MONDAY) }));
    let withdrawn_at = |at| misdated(&researching, enterprise(), withdraw(), at);
    assert_eq!(withdrawn_at(sunday), last_step(Status::Researching, friday));
}

#[test]
fn a_retraction_that_is_dated_before_what_it_takes_back_is_told() {
    let (sunday, monday, tuesday, thursday) =
        ("2026-03-15T02:00:00Z", MONDAY, "2026-03-17T02:00:00Z", "2026-03-19T02:00:00Z");
    let before_retracted = Some(Misdated::BeforeRetracted { at: moment(thursday) });
    let story = Story::of(Status::Researching)
        .at(tuesday)
        .then(lead(), measure_as(1, "2", "um"))
        .then(coordinator(), fee_as(1, "120"))
        .at(thursday)
        .then(lead(), measure_as(2, "1", "um"))
        .then(coordinator(), fee_as(2, "120"))
        .at("2026-03-20T02:00:00Z");
    for (at, of_the_second) in
        [(sunday, before_retracted), (monday, before_retracted), (tuesday, before_retracted), (thursday, None)]
    {
        assert_eq!(misdated(&story, lead(), retract_measurement(2), at), of_the_second, "{at}");
        assert_eq!(misdated(&story, coordinator(), retract_fee(2), at), of_the_second, "{at}");
    }
    // What another one was retracted by says nothing of this one.
    let story = story.then(lead(), retract_measurement(2)).then(coordinator(), retract_fee(2));
    assert_eq!(misdated(&story, lead(), retract_measurement(1), tuesday), None);
    assert_eq!(misdated(&story, coordinator(), retract_fee(1), tuesday), None);
    assert_eq!(misdated(&story, lead(), find(), sunday), Some(Misdated::BeforeReport { at: moment(monday) }));

    // What was measured before the report is taken back after that, and before the report.
    let early = story.order(lead(), measure_as(3, "1", "um")).occurred(moment("2026-03-13T02:00:00Z"));
    let story = story.then_order(early);
    let retracted_at = misdated(&story, lead(), retract_measurement(3), sunday);
    assert_eq!(retracted_at, Some(Misdated::BeforeReport { at: moment(monday) }));
}

#[test]
fn a_publication_that_is_retracted_before_it_was_made_is_told() {
    let [tuesday, thursday, friday] = ["2026-03-17T02:00:00Z", "2026-03-19T02:00:00Z", "2026-03-20T02:00:00Z"];
    let published = Story::of(Status::Closed).at(thursday).then(manager(), publish()).at(friday);
    let before_published = Some(Misdated::BeforeRetracted { at: moment(thursday) });
    assert_eq!(misdated(&published, manager(), retract(), tuesday), before_published);
    assert_eq!(misdated(&published, manager(), retract(), thursday), None);
    // Whoever takes the case up again retracts it as well.
    assert_eq!(misdated(&published, enterprise(), reopen(), tuesday), before_published);
}

#[test]
fn a_case_that_is_sorted_anew_before_it_was_sorted_is_told() {
    let [tuesday, thursday, friday] = ["2026-03-17T02:00:00Z", "2026-03-19T02:00:00Z", "2026-03-20T02:00:00Z"];
    let sorted = Story::of(Status::Reported).at(thursday).then(coordinator(), triage(Kind::Testing)).at(friday);
    let anew = sorted.clone().then(coordinator(), triage_anew(Kind::Calibration));
    // Whatever it was corrected to since.
    for (story, kind) in [(sorted, Kind::Calibration), (anew.clone(), Kind::Verification)] {
        let sorted_anew = |at| misdated(&story, coordinator(), triage_anew(kind), at);
        assert_eq!(sorted_anew(tuesday), Some(Misdated::BeforeRetracted { at: moment(thursday) }));
        assert_eq!(sorted_anew(thursday), None);
    }
    let [reported, _, corrected] = anew.events() else { panic!("{anew:?}") };
    let mut case = Case::default();
    [reported, corrected].into_iter().for_each(|event| case.evolve(event));
    let file = case.file.expect("it was reported");
    assert_eq!((file.status, file.triage), (Status::Reported, None), "there was nothing to correct");
}

/// A log that is filled in afterwards has its steps in whatever order they were remembered.
#[test]
fn the_last_step_is_the_last_one_of_the_log() {
    let assigned = Story::of(Status::Assigned).at("2026-03-20T02:00:00Z");
    let backdated = assigned.order(lead(), AcceptAssignment {}).occurred(moment("2026-03-10T02:00:00Z"));
    let researching = assigned.then_order(backdated);
    assert_eq!(researching.file().last_step.at, moment("2026-03-10T02:00:00Z"));
    let proposed = |at| misdated(&researching.clone().then(lead(), find()), lead(), propose(), at);
    let report = Some(Misdated::BeforeReport { at: moment(MONDAY) });
    assert_eq!(proposed("2026-03-11T02:00:00Z"), report, "behind the last step, and yet before there was a case");
    assert_eq!(proposed("2026-03-17T02:00:00Z"), None);
}
