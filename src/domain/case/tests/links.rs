use crate::domain::case::event::{CaseMarkedDuplicate, CasesLinked};
use crate::domain::case::facts::CaseFacts;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Outcome, Story};
use crate::domain::case::values::{LinkRelation, Status};
use crate::domain::refusal::Code;
use crate::domain::value::CaseId;

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
    let duplicate_of =
        |case| CaseFacts { status: Some(Status::Researching), duplicate_of: Some(case), ..another_case() };
    marked(CaseFacts { case: this_case(), ..another_case() }).refused(Code::LinkToSelf, "ofCaseId");
    marked(duplicate_of(this_case())).refused(Code::LinkCycle, "ofCaseId");
    marked(duplicate_of(CaseId::named("a third"))).refused(Code::TargetIsDuplicate, "ofCaseId");
    marked(CaseFacts { ancestors: vec![this_case()], ..another_case() }).refused(Code::LinkCycle, "ofCaseId");
    marked(CaseFacts { version: 0, ..another_case() }).refused(Code::NotFound, "ofCaseId");
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
    let duplicate_of =
        |case| CaseFacts { status: Some(Status::Researching), duplicate_of: Some(case), ..another_case() };
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
