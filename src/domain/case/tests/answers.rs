//! `allowed_commands`: what `decide` would say, without an input.

use crate::domain::actor::Actor;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::state::Case;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;

fn allowed(story: &Story, actor: &Actor) -> Vec<&'static str> {
    let answers = story.case().allowed_commands(actor, moment(MONDAY));
    answers.into_iter().filter(|(_, answer)| answer.is_ok()).map(|(name, _)| name).collect()
}

#[test]
fn every_command_is_answered_for() {
    let answers = Story::of(Status::Reported).case().allowed_commands(&coordinator(), moment(MONDAY));
    assert!(answers.iter().map(|(name, _)| name).eq(CaseCommand::NAMES));
    assert_eq!(Case::default().allowed_commands(&coordinator(), moment(MONDAY)), []);
}

#[test]
fn each_sees_what_is_theirs_to_do() {
    let awaiting = Story::of(Status::AwaitingConfirmation);
    assert_eq!(
        allowed(&awaiting, &enterprise()),
        [
            "SpecifyRequirement",
            "RenameCase",
            "ConfirmSolution",
            "RejectSolution",
            "WithdrawCase",
            "AddComment",
            "AddAttachment"
        ]
    );
    assert_eq!(allowed(&awaiting, &auditor()), [""; 0]);
    assert_eq!(allowed(&awaiting, &neighbour()), [""; 0]);
    assert_eq!(allowed(&Story::of(Status::Assigned), &reviewer()), [""; 0]);
    assert_eq!(allowed(&Story::of(Status::SolutionProposed), &reviewer()), ["ReviewSolution"]);
}

#[test]
fn what_is_not_theirs_has_a_reason() {
    let story = Story::of(Status::Triaged).then(coordinator(), pause());
    let answers = story.case().allowed_commands(&coordinator(), moment(MONDAY));
    let reason = |name| {
        let found = answers.iter().find(|(command, _)| *command == name);
        found.and_then(|(_, answer)| answer.as_ref().err()).map(|refusal| refusal.code)
    };
    assert_eq!(reason("ReportCase"), Some(Code::AlreadyExists));
    assert_eq!(reason("ConfirmSolution"), Some(Code::NotPermitted));
    assert_eq!(reason("TriageCase"), None, "it may be sorted anew");
    assert_eq!(reason("CloseCase"), Some(Code::WrongStatus));
    assert_eq!(reason("ProvideRoutineService"), Some(Code::KindIsResearch));
    assert_eq!(reason("PauseClock"), Some(Code::ClockAlreadyPaused));
    assert_eq!(reason("ResumeClock"), None);
    assert_eq!(reason("ExtendDeadline"), Some(Code::NoDeadline));
}
