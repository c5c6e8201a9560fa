//! Who may give which command: the table of the domain, written down a second time and compared with what happens.

use jiff::civil::date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{CaseCommand, MissDeadline, SetDeadline};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::{Kind, LinkRelation, Status};
use crate::domain::refusal::Code;
use crate::domain::value::Level;

/// The actors by the letters of the domain. N is B of the nation, J an invitee, I the importer.
fn by_letter(letter: &str) -> Actor {
    match letter {
        "E" => enterprise(),
        "V" => visitor(),
        "C" => coordinator(),
        "B" => manager(),
        "N" => national_manager(),
        "L" => lead(),
        "X" => expert(),
        "J" => invitee(),
        "R" => reviewer(),
        "A" => auditor(),
        "S" => clock(),
        "I" => importer(),
        _ => unreachable!("no such letter: {letter}"),
    }
}

const EVERYBODY: [&str; 12] = ["E", "V", "C", "B", "N", "L", "X", "J", "R", "A", "S", "I"];

/// Without a tie to the case, whatever their role.
fn untied() -> [Actor; 4] {
    [another_enterprise(), neighbour(), another_lead(), stranger()]
}

const WHO: [(&str, &str); 47] = [
    ("ReportCase", "E V C I"),
    ("SpecifyRequirement", "E C L I"),
    ("RenameCase", "E C L I"),
    ("TriageCase", "C I"),
    ("ProvideRoutineService", "C I"),
    ("AssignResearch", "C B N I"),
    ("ReassignResearch", "C B N I"),
    ("AcceptAssignment", "L I"),
    ("DeclineAssignment", "L I"),
    ("InviteExpert", "L C I"),
    ("AcceptInvitation", "J"),
    ("DeclineInvitation", "J"),
    ("LeaveCase", "X"),
    ("RemoveExpert", "L C B N I"),
    ("RecordFinding", "L X I"),
    ("RecordMeasurement", "L X I"),
    ("RetractMeasurement", "L X I"),
    ("ProposeSolution", "L I"),
    ("ReviewSolution", "R I"),
    ("StartTrial", "L E I"),
    ("RecordTrialResult", "L E I"),
    ("ConfirmSolution", "E"),
    ("RejectSolution", "E"),
    ("CloseCase", "C B N I"),
    ("ReopenCase", "E C B N I"),
    ("EscalateCase", "C B N S I"),
    ("ParkCase", "N I"),
    ("UnparkCase", "N I"),
    ("SetDeadline", "C B N I"),
    ("ExtendDeadline", "C B N I"),
    ("MissDeadline", "S"),
    ("PauseClock", "C L I"),
    ("ResumeClock", "C L I"),
    ("WithdrawCase", "E"),
    ("MarkDuplicate", "C I"),
    ("LinkCases", "C I"),
    ("UnlinkCases", "C I"),
    ("RecordFee", "C I"),
    ("RetractFee", "C I"),
    ("IntroduceTechnique", "L X V I"),
    ("RecordTraining", "L X V I"),
    ("AddComment", "L X E C B N V I"),
    ("AddAttachment", "L X E C B N V I"),
    ("PublishTypicalCase", "B N I"),
    ("RetractTypicalCase", "B N I"),
    ("EraseImportedPersons", "B N"),
    ("RecordLegacyActivity", "I"),
];

/// A story in which the command is carried out, if the right actor gives it.
fn where_it_works(command: &CaseCommand) -> Story {
    let of = Story::of;
    let at_work = || of(Status::Researching).then(lead(), invite("invitee"));
    let national = || {
        at_work()
            .then(coordinator(), escalate(Level::City))
            .then(coordinator(), escalate(Level::Province))
            .then(manager(), escalate(Level::Nation))
    };
    match command {
        CaseCommand::ReportCase(_) => Story::before(),
        CaseCommand::TriageCase(_) => of(Status::Reported),
        CaseCommand::ProvideRoutineService(_) => of(Status::Reported).then(coordinator(), triage(Kind::Testing)),
        CaseCommand::AssignResearch(_) | CaseCommand::SetDeadline(_) => of(Status::Triaged),
        CaseCommand::AcceptAssignment(_) | CaseCommand::DeclineAssignment(_) => of(Status::Assigned),
        CaseCommand::ReviewSolution(_) | CaseCommand::StartTrial(_) => of(Status::SolutionProposed),
        CaseCommand::RecordTrialResult(_) => of(Status::OnTrial),
        CaseCommand::ConfirmSolution(_) | CaseCommand::RejectSolution(_) => of(Status::AwaitingConfirmation),
        CaseCommand::CloseCase(_) | CaseCommand::ReopenCase(_) => of(Status::Resolved),
        CaseCommand::ParkCase(_) => national(),
        CaseCommand::UnparkCase(_) => national().then(national_manager(), park()),
        CaseCommand::MissDeadline(_) => at_work().at("2026-07-01T02:00:00Z"),
        CaseCommand::ResumeClock(_) => at_work().then(lead(), pause()),
        CaseCommand::RetractMeasurement(_) => at_work().then(lead(), measure("2", "um")),
        CaseCommand::UnlinkCases(_) => at_work().then(coordinator(), link(another_case(), LinkRelation::RelatedTo)),
        CaseCommand::RetractFee(_) => at_work().then(coordinator(), fee("300")),
        CaseCommand::PublishTypicalCase(_) => of(Status::Closed),
        CaseCommand::RetractTypicalCase(_) => of(Status::Closed).then(manager(), publish()),
        CaseCommand::EraseImportedPersons(_) => Story::of_imported_persons(),
        CaseCommand::SpecifyRequirement(_)
        | CaseCommand::RenameCase(_)
        | CaseCommand::ReassignResearch(_)
        | CaseCommand::InviteExpert(_)
        | CaseCommand::AcceptInvitation(_)
        | CaseCommand::DeclineInvitation(_)
        | CaseCommand::LeaveCase(_)
        | CaseCommand::RemoveExpert(_)
        | CaseCommand::RecordFinding(_)
        | CaseCommand::RecordMeasurement(_)
        | CaseCommand::ProposeSolution(_)
        | CaseCommand::EscalateCase(_)
        | CaseCommand::ExtendDeadline(_)
        | CaseCommand::PauseClock(_)
        | CaseCommand::WithdrawCase(_)
        | CaseCommand::MarkDuplicate(_)
        | CaseCommand::LinkCases(_)
        | CaseCommand::RecordFee(_)
        | CaseCommand::IntroduceTechnique(_)
        | CaseCommand::RecordTraining(_)
        | CaseCommand::AddComment(_)
        | CaseCommand::AddAttachment(_)
        | CaseCommand::RecordLegacyActivity(_) => at_work(),
    }
}

#[test]
fn whoever_may_gives_the_command_and_nobody_else() {
    let commands = one_of_each();
    assert!(commands.iter().map(CaseCommand::name).eq(WHO.map(|(name, _)| name)));
    for (command, (name, who)) in commands.into_iter().zip(WHO) {
        let story = where_it_works(&command);
        let may: Vec<_> = who.split(' ').collect();
        for letter in EVERYBODY {
            let decision = story.case().decide(&story.order(by_letter(letter), command.clone()));
            match may.contains(&letter) {
                true => assert!(decision.is_ok(), "{name} by {letter}: {decision:?}"),
                false => assert!(is_about_the_actor(&decision.expect_err(name).code), "{name} by {letter}"),
            }
        }
        for actor in untied() {
            let refusal = story.case().decide(&story.order(actor, command.clone())).expect_err(name);
            assert!(is_about_the_actor(&refusal.code), "{name}: {refusal}");
        }
    }
}

fn is_about_the_actor(code: &Code) -> bool {
    use Code::{LeadCannotLeave, NotAMember, NotInvited, NotPermitted, OutsideJurisdiction, ReviewerNotIndependent};
    [NotPermitted, OutsideJurisdiction, NotAMember, NotInvited, LeadCannotLeave, ReviewerNotIndependent].contains(code)
}

#[test]
fn a_refusal_names_the_roles_that_may() {
    let story = Story::of(Status::Resolved);
    let refusal = story.case().decide(&story.order(auditor(), close())).expect_err("an auditor changes nothing");
    assert_eq!(refusal.message, "CloseCase is for COORDINATOR, MANAGER");
    let miss = story.order(coordinator(), MissDeadline {});
    let refusal = story.case().decide(&miss).expect_err("the clock's own");
    assert_eq!(refusal.message, "MissDeadline is for CLOCK");
}

#[test]
fn a_bureau_acts_where_its_jurisdiction_holds() {
    let outcome = |actor| Story::of(Status::Reported).when(actor, triage(Kind::Testing));
    outcome(neighbour()).refused(Code::OutsideJurisdiction, "");
    let of_a_county = Actor { jurisdiction: division("440305"), ..coordinator() };
    assert_eq!(Story::of(Status::Reported).then(of_a_county, triage(Kind::Testing)).file().status, Status::Triaged);
    let of_its_neighbour = Actor { jurisdiction: division("440304"), ..coordinator() };
    outcome(of_its_neighbour).refused(Code::OutsideJurisdiction, "");
}

#[test]
fn one_tie_is_enough_for_who_holds_several_roles() {
    let mut both = neighbour();
    both.roles.extend(enterprise().roles);
    both.enterprise = enterprise().enterprise;
    let reopened = Story::of(Status::Resolved).then(both, reopen());
    assert_eq!(reopened.file().status, Status::Researching);
}

#[test]
fn the_role_is_looked_at_before_the_status_and_the_input() {
    let past = SetDeadline { deadline: date(2026, 1, 1) };
    Story::of(Status::Closed).when(auditor(), past.clone()).refused(Code::NotPermitted, "");
    Story::of(Status::Closed).when(coordinator(), past.clone()).refused(Code::WrongStatus, "");
    Story::of(Status::Triaged).when(coordinator(), past).refused(Code::DeadlineNotInFuture, "deadline");
}
