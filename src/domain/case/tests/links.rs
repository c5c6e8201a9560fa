use crate::domain::case::command::{MarkDuplicate, ReopenCase};
use crate::domain::case::event::{CaseMarkedDuplicate, CaseReopened, CasesLinked, CasesUnlinked};
use crate::domain::case::facts::{CaseFacts, GoesOn};
use crate::domain::case::state::Link;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Outcome, Story, moment};
use crate::domain::case::values::{LinkRelation, Status};
use crate::domain::refusal::Code;
use crate::domain::value::CaseId;

/// Another case that is a duplicate; that one goes on in its place.
fn duplicate_of(case: CaseId) -> CaseFacts {
    let goes_on_in = Some(GoesOn { number: Some(number()), ..GoesOn::of(case) });
    CaseFacts { status: Some(Status::Duplicate), goes_on_in, ..another_case() }
}

fn marked(of: CaseFacts) -> Outcome {
    Story::of(Status::Triaged).when(coordinator(), duplicate(of))
}

fn linked(other: CaseFacts, relation: LinkRelation) -> Outcome {
    Story::of(Status::Triaged).when(coordinator(), link(other, relation))
}

#[test]
fn the_other_case_goes_on() {
    marked(another_case()).happens(CaseMarkedDuplicate { of: another_case().case, of_version: 4 });
    let file = Story::of(Status::Duplicate).file();
    assert_eq!(file.duplicate_of, Some(another_case().case));
    assert!(!file.is_open());
}

#[test]
fn a_duplicate_leads_to_a_case_that_goes_on() {
    marked(CaseFacts { case: this_case(), ..another_case() }).refused(Code::LinkToSelf, "ofCaseId");
    marked(duplicate_of(this_case())).refused(Code::LinkCycle, "ofCaseId");
    marked(duplicate_of(CaseId::named("a third"))).refused(Code::TargetIsDuplicate, "ofCaseId");
    marked(CaseFacts { ancestors: vec![this_case()], ..another_case() }).refused(Code::LinkCycle, "ofCaseId");
    marked(CaseFacts { version: 0, ..another_case() }).refused(Code::NotFound, "ofCaseId");
}

#[test]
fn a_duplicate_ends_after_its_parts() {
    for open in [vec![Some(number().with_serial(17))], vec![None]] {
        let command = MarkDuplicate { open_sub_cases: open, ..duplicate(another_case()) };
        Story::of(Status::Triaged).when(coordinator(), command).refused(Code::SubCaseOpen, "");
    }
}

#[test]
fn a_duplicate_is_taken_up_again_wherever_the_other_case_is() {
    let fact = CaseReopened { reason: because().expect("a reason") };
    for whoever in [enterprise(), coordinator(), manager()] {
        Story::of(Status::Duplicate).when(whoever, reopen()).happens(fact.clone());
    }
    Story::of(Status::Duplicate).when(visitor(), reopen()).refused(Code::NotPermitted, "");
    let unexplained = ReopenCase { reason: None };
    Story::of(Status::Duplicate).when(enterprise(), unexplained).refused(Code::ReasonMissing, "reason");
    let ways = [
        (Story::of(Status::Reported), Status::Reported),
        (Story::of(Status::Triaged), Status::Triaged),
        (Story::of(Status::Assigned), Status::Assigned),
        (Story::of(Status::OnTrial), Status::Researching),
    ];
    for (before, after) in ways {
        for other in [Status::Researching, Status::Closed] {
            let other = CaseFacts { status: Some(other), ..another_case() };
            let ended = before.clone().then(coordinator(), duplicate(other));
            let file = ended.then(enterprise(), reopen()).file();
            assert_eq!((file.status, file.duplicate_of, file.deadline), (after, None, None));
        }
    }
}

#[test]
fn no_case_ends_as_a_duplicate_without_somebody_who_may_take_it_up_again() {
    let case = Story::of(Status::Duplicate).case();
    for whoever in [enterprise(), coordinator(), manager()] {
        let answers = case.allowed_commands(&whoever, moment(MONDAY));
        let (_, answer) = answers.into_iter().find(|(name, _)| *name == "ReopenCase").expect("an answer for each");
        assert_eq!(answer, Ok(()), "{whoever:?}");
    }
}

#[test]
fn a_duplicate_that_was_taken_up_again_may_be_one_of_another_case() {
    let mistyped = Story::of(Status::Triaged).then(coordinator(), duplicate(another_case()));
    let meant = CaseFacts { case: CaseId::named("the one that was meant"), ..another_case() };
    let file = mistyped.then(manager(), reopen()).then(coordinator(), duplicate(meant.clone())).file();
    assert_eq!((file.status, file.duplicate_of), (Status::Duplicate, Some(meant.case)));
}

#[test]
fn the_case_that_goes_on_is_named_as_people_name_it() {
    let message = |of: CaseFacts| {
        let story = Story::of(Status::Triaged);
        story.case().decide(&story.order(coordinator(), duplicate(of))).expect_err("a duplicate").message
    };
    let third = CaseId::named("a third");
    let named = format!("that case is a duplicate of {}: name that one", number());
    assert_eq!(message(duplicate_of(third)), named);
    let unseen = CaseFacts { goes_on_in: Some(GoesOn::of(third)), ..duplicate_of(third) };
    assert_eq!(message(unseen), "that case is a duplicate of one that is not yours to see");
}

#[test]
fn an_open_case_becomes_no_part_of_a_closed_one() {
    let other = |status| CaseFacts { status: Some(status), ..another_case() };
    linked(other(Status::Closed), LinkRelation::SubCaseOf).refused(Code::WrongStatus, "otherCaseId");
    // Related cases have nothing to do with each other's end; and a resolved one has still to be closed.
    let fact = |relation| CasesLinked { other: another_case().case, relation };
    linked(other(Status::Closed), LinkRelation::RelatedTo).happens(fact(LinkRelation::RelatedTo));
    linked(other(Status::Resolved), LinkRelation::SubCaseOf).happens(fact(LinkRelation::SubCaseOf));
}

#[test]
fn cases_are_linked_once() {
    for relation in [LinkRelation::RelatedTo, LinkRelation::SubCaseOf] {
        linked(another_case(), relation).happens(CasesLinked { other: another_case().case, relation });
    }
    let related = Story::of(Status::Triaged).then(coordinator(), link(another_case(), LinkRelation::RelatedTo));
    let again = link(another_case(), LinkRelation::RelatedTo);
    related.clone().when(coordinator(), again).refused(Code::LinkExists, "otherCaseId");
    let otherwise = link(another_case(), LinkRelation::SubCaseOf);
    assert_eq!(related.then(coordinator(), otherwise).file().links.len(), 2);
}

#[test]
fn no_case_is_part_of_itself() {
    for relation in [LinkRelation::RelatedTo, LinkRelation::SubCaseOf] {
        let other = CaseFacts { case: this_case(), ..another_case() };
        linked(other, relation).refused(Code::LinkToSelf, "otherCaseId");
        linked(duplicate_of(this_case()), relation).refused(Code::LinkCycle, "otherCaseId");
        linked(duplicate_of(CaseId::named("a third")), relation).refused(Code::TargetIsDuplicate, "otherCaseId");
        linked(CaseFacts { version: 0, ..another_case() }, relation).refused(Code::NotFound, "otherCaseId");
    }
    let part_of_this = CaseFacts { ancestors: vec![CaseId::named("a third"), this_case()], ..another_case() };
    linked(part_of_this.clone(), LinkRelation::SubCaseOf).refused(Code::LinkCycle, "otherCaseId");
    // Related cases have no order that could run in a circle.
    let fact = CasesLinked { other: part_of_this.case, relation: LinkRelation::RelatedTo };
    linked(part_of_this, LinkRelation::RelatedTo).happens(fact);
}

#[test]
fn what_was_linked_wrongly_is_taken_back_wherever_the_case_is() {
    use LinkRelation::{RelatedTo, SubCaseOf};
    let linked = || {
        let case = Story::of(Status::Researching).then(coordinator(), link(another_case(), RelatedTo));
        case.then(coordinator(), link(another_case(), SubCaseOf))
    };
    let anywhere = [
        linked(),
        linked().then(enterprise(), withdraw()),
        linked().then(coordinator(), duplicate(another_case())),
        Story::of(Status::Resolved)
            .then(coordinator(), link(another_case(), RelatedTo))
            .then(coordinator(), link(another_case(), SubCaseOf))
            .then(coordinator(), close()),
    ];
    for story in anywhere {
        let status = story.file().status;
        let fact = CasesUnlinked { other: another_case().case, relation: SubCaseOf, reason: unlink(SubCaseOf).reason };
        story.clone().when(coordinator(), unlink(SubCaseOf)).happens(fact);
        let file = story.then(coordinator(), unlink(SubCaseOf)).file();
        assert_eq!(file.status, status, "it is no step of its life");
        assert!(!file.is_part_of(another_case().case), "{status}");
        assert_eq!(file.links, [Link { other: another_case().case, relation: RelatedTo }], "the other one stands");
    }
}

#[test]
fn a_link_is_taken_back_once_and_may_be_made_again() {
    use LinkRelation::{RelatedTo, SubCaseOf};
    Story::of(Status::Triaged).when(coordinator(), unlink(RelatedTo)).refused(Code::NotLinked, "otherCaseId");
    let linked = Story::of(Status::Triaged).then(coordinator(), link(another_case(), SubCaseOf));
    linked.clone().when(coordinator(), unlink(RelatedTo)).refused(Code::NotLinked, "otherCaseId");
    linked.clone().when(enterprise(), unlink(SubCaseOf)).refused(Code::NotPermitted, "");
    let unlinked = linked.then(coordinator(), unlink(SubCaseOf));
    unlinked.clone().when(coordinator(), unlink(SubCaseOf)).refused(Code::NotLinked, "otherCaseId");
    assert!(unlinked.then(coordinator(), link(another_case(), SubCaseOf)).file().is_part_of(another_case().case));
}
