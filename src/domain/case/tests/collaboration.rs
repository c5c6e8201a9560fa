use crate::domain::case::command::{AcceptInvitation, DeclineInvitation, InviteExpert, LeaveCase};
use crate::domain::case::event::{ExpertInvited, ExpertJoined, ExpertLeft, InvitationDeclined};
use crate::domain::case::facts::PersonFacts;
use crate::domain::case::state::Membership;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
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
