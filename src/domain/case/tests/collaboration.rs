use crate::domain::actor::Actor;
use crate::domain::case::command::{
    AcceptInvitation, CaseCommand, DeclineAssignment, DeclineInvitation, InviteExpert, LeaveCase, RemoveExpert,
};
use crate::domain::case::event::{ExpertInvited, ExpertJoined, ExpertLeft, ExpertRemoved, InvitationDeclined};
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::state::Membership;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;

fn invited() -> Story {
    Story::of(Status::Researching).then(lead(), invite("invitee"))
}

#[test]
fn the_lead_invites() {
    let fact = ExpertInvited { expert: person("invitee"), message: None };
    Story::of(Status::Researching).when(lead(), invite("invitee")).happens(fact);
}

#[test]
fn a_member_is_not_invited_again() {
    let outcome = |name| invited().when(coordinator(), invite(name));
    outcome("invitee").refused(Code::AlreadyInvited, "expertId");
    outcome("expert").refused(Code::AlreadyMember, "expertId");
    outcome("lead").refused(Code::AlreadyMember, "expertId");
}

#[test]
fn only_registered_persons_are_invited() {
    let unknown = PersonFacts { version: 0, ..facts_of("stranger", institute()) };
    let command = InviteExpert { expert: unknown, message: None };
    Story::of(Status::Researching).when(lead(), command).refused(Code::PersonUnknown, "expertId");
    let erased = PersonFacts { erased: true, ..facts_of("stranger", institute()) };
    let command = InviteExpert { expert: erased, message: None };
    Story::of(Status::Researching).when(lead(), command).refused(Code::AlreadyErased, "expertId");
}

#[test]
fn the_invitee_joins() {
    invited().when(invitee(), AcceptInvitation {}).happens(ExpertJoined { expert: person("invitee") });
    let file = invited().then(invitee(), AcceptInvitation {}).file();
    assert!(file.is_member(&invitee()));
    assert_eq!(file.members().count(), 3);
}

#[test]
fn the_invitee_declines_and_may_be_asked_again() {
    let decline = DeclineInvitation { reason: because() };
    let fact = InvitationDeclined { expert: person("invitee"), reason: because() };
    invited().when(invitee(), decline.clone()).happens(fact);
    let again = invited().then(invitee(), decline).then(lead(), invite("invitee"));
    assert_eq!(again.file().membership(&invitee()), Some(Membership::Invited));
}

#[test]
fn nobody_answers_an_invitation_of_others() {
    for somebody in [stranger(), expert(), importer()] {
        invited().when(somebody.clone(), AcceptInvitation {}).refused(Code::NotInvited, "");
        invited().when(somebody, DeclineInvitation { reason: None }).refused(Code::NotInvited, "");
    }
}

#[test]
fn a_member_leaves_and_may_come_back() {
    let leave = LeaveCase { reason: None };
    let fact = ExpertLeft { expert: person("expert"), reason: None };
    Story::of(Status::Researching).when(expert(), leave.clone()).happens(fact);
    let left = Story::of(Status::Researching).then(expert(), leave);
    assert!(!left.file().is_member(&expert()));
    let back = left.then(lead(), invite("expert")).then(expert(), AcceptInvitation {});
    assert!(back.file().is_member(&expert()));
}

#[test]
fn a_member_who_becomes_the_lead_is_one_member() {
    let story = Story::of(Status::Researching).then(manager(), reassign("expert", university()));
    assert_eq!(story.file().members().collect::<Vec<_>>(), [person("expert")]);
}

#[test]
fn the_lead_stays_until_the_case_is_reassigned() {
    let leave = LeaveCase { reason: None };
    Story::of(Status::Researching).when(lead(), leave.clone()).refused(Code::LeadCannotLeave, "");
    Story::of(Status::Researching).when(stranger(), leave.clone()).refused(Code::NotAMember, "");
    Story::of(Status::Researching).when(importer(), leave).refused(Code::NotAMember, "");
}

#[test]
fn whoever_answers_for_the_case_removes_whom_it_invited_and_who_joined() {
    for by in [lead(), coordinator(), manager()] {
        for name in ["invitee", "expert"] {
            let fact = ExpertRemoved { expert: person(name), reason: remove(name).reason };
            invited().when(by.clone(), remove(name)).happens(fact);
        }
    }
    for by in [expert(), invitee(), enterprise(), reviewer()] {
        invited().when(by, remove("invitee")).refused(Code::NotPermitted, "");
    }
    let removed = invited().then(coordinator(), remove("invitee")).then(lead(), remove("expert"));
    assert!(removed.file().experts.values().all(|membership| *membership == Membership::Removed));
    assert_eq!(removed.file().members().collect::<Vec<_>>(), [person("lead")]);
    removed.clone().when(invitee(), AcceptInvitation {}).refused(Code::NotInvited, "");
    removed.clone().when(lead(), remove("expert")).refused(Code::NotAMember, "expertId");
    // Another time the right one may be asked.
    let again = removed.then(lead(), invite("invitee")).then(invitee(), AcceptInvitation {});
    assert!(again.file().is_member(&invitee()));
}

#[test]
fn the_lead_and_who_is_no_expert_of_the_case_are_not_removed() {
    invited().when(coordinator(), remove("lead")).refused(Code::LeadCannotLeave, "expertId");
    invited().when(coordinator(), remove("stranger")).refused(Code::NotAMember, "expertId");
    let declined = invited().then(invitee(), DeclineInvitation { reason: None });
    declined.when(coordinator(), remove("invitee")).refused(Code::NotAMember, "expertId");
    // Nobody but the lead is left, who was an expert before.
    let alone = Story::of(Status::Researching).then(manager(), reassign("expert", university()));
    alone.when(coordinator(), remove("expert")).refused(Code::NotAMember, "expertId");
}

/// Who is sent to a command that is refused, too, is told so.
#[test]
fn a_lead_who_stays_is_told_where_a_case_is_reassigned() {
    let refused = |story: &Story, by, command: CaseCommand| {
        let refusal = story.case().decide(&story.order(by, command)).expect_err("the lead stays");
        assert_eq!(refusal.code, Code::LeadCannotLeave);
        refusal.message
    };
    for (status, is_reassigned) in
        [(Status::OnTrial, true), (Status::AwaitingConfirmation, false), (Status::Closed, false)]
    {
        let story = Story::of(status);
        let leaves = refused(&story, lead(), LeaveCase { reason: None }.into());
        let is_removed = refused(&story, coordinator(), remove("lead").into());
        for message in [leaves, is_removed] {
            assert_eq!(!message.contains("ASSIGNED to ON_TRIAL"), is_reassigned, "{status}: {message}");
        }
    }
}

fn is_allowed(story: &Story, by: &Actor, name: &str) -> bool {
    let answers = story.case().allowed_commands(by, moment(MONDAY));
    answers.iter().any(|(command, answer)| *command == name && answer.is_ok())
}

#[test]
fn a_membership_ends_wherever_the_case_is() {
    let withdrawn = || Story::of(Status::Researching).then(enterprise(), withdraw());
    let marked = || Story::of(Status::Researching).then(coordinator(), duplicate(another_case()));
    let joined = || [Story::of(Status::Resolved), Story::of(Status::Closed), withdrawn(), marked()];
    for story in joined() {
        assert!(is_allowed(&story, &expert(), "LeaveCase") && is_allowed(&story, &coordinator(), "RemoveExpert"));
        let status = story.file().status;
        let left = story.clone().then(expert(), LeaveCase { reason: None }).file();
        let removed = story.then(coordinator(), remove("expert")).file();
        assert!(!left.is_member(&expert()) && !removed.is_member(&expert()), "{status}");
        assert_eq!((left.status, removed.status), (status, status), "it is no step of its life");
    }
}

/// Also where the lead has handed the case back, and nobody works on it.
#[test]
fn an_invitation_ends_wherever_the_case_is() {
    let waits = Story::of(Status::Assigned)
        .then(lead(), invite("invitee"))
        .then(lead(), DeclineAssignment { reason: because() });
    assert!(is_allowed(&waits, &invitee(), "DeclineInvitation"));
    let declined = waits.clone().then(invitee(), DeclineInvitation { reason: None }).file();
    assert_eq!(declined.membership(&invitee()), Some(Membership::Declined));
    let RemoveExpert { expert, reason } = remove("invitee");
    waits.when(coordinator(), remove("invitee")).happens(ExpertRemoved { expert, reason });
}

#[test]
fn an_invitation_that_nobody_answered_lapses_with_the_case() {
    let waits = || Story::of(Status::AwaitingConfirmation).then(lead(), invite("invitee"));
    let ends = [
        (waits().then(enterprise(), confirm()), Status::Resolved),
        (waits().then(enterprise(), withdraw()), Status::Withdrawn),
        (waits().then(coordinator(), duplicate(another_case())), Status::Duplicate),
    ];
    for (story, status) in ends {
        let file = story.file();
        assert_eq!((file.status, file.membership(&invitee())), (status, Some(Membership::Lapsed)));
        assert_eq!(file.membership(&expert()), Some(Membership::Active), "whoever has joined stays");
        story.clone().when(invitee(), AcceptInvitation {}).refused(Code::NotInvited, "");
        story.when(coordinator(), remove("invitee")).refused(Code::NotAMember, "expertId");
    }
    let rejected = waits().then(enterprise(), reject()).file();
    assert_eq!(rejected.membership(&invitee()), Some(Membership::Invited), "the work goes on");
    // What is taken up again has it not back, and asks anew.
    let reopened = waits().then(enterprise(), confirm()).then(enterprise(), reopen());
    assert_eq!(reopened.file().membership(&invitee()), Some(Membership::Lapsed));
    let fact = ExpertInvited { expert: person("invitee"), message: None };
    reopened.when(lead(), invite("invitee")).happens(fact);
}
