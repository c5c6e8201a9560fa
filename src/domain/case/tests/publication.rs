use crate::domain::case::command::PublishTypicalCase;
use crate::domain::case::event::{CaseReopened, TypicalCasePublished, TypicalCaseRetracted};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;

fn published() -> Story {
    Story::of(Status::Closed).then(manager(), publish())
}

#[test]
fn a_closed_case_is_told_with_consent() {
    let consent = publish().consent.expect("a consent");
    let fact = TypicalCasePublished { summary: publish().summary, consent };
    Story::of(Status::Closed).when(manager(), publish()).happens(fact);
    let without = PublishTypicalCase { consent: None, ..publish() };
    Story::of(Status::Closed).when(manager(), without).refused(Code::ConsentMissing, "consent");
    published().when(manager(), publish()).refused(Code::AlreadyPublished, "");
}

#[test]
fn a_publication_stands_until_it_is_retracted() {
    published().when(manager(), retract()).happens(TypicalCaseRetracted { reason: retract().reason });
    let retracted = published().then(manager(), retract());
    assert_eq!(retracted.file().publication, None);
    retracted.when(manager(), retract()).refused(Code::NotPublished, "");
}

#[test]
fn whoever_takes_a_published_case_up_again_retracts_it() {
    let reason = reopen().reason.expect("a reason");
    let facts = vec![CaseReopened { reason: reason.clone() }.into(), TypicalCaseRetracted { reason }.into()];
    published().when(enterprise(), reopen()).all_happen(facts);
    let reopened = published().then(enterprise(), reopen());
    assert_eq!(reopened.file().publication, None);
    reopened.when(manager(), retract()).refused(Code::NotPublished, "");
}

/// Older logs have such cases.
#[test]
fn a_publication_that_stands_beside_an_open_case_can_be_retracted() {
    let reopened = published().then_alone(enterprise(), reopen());
    assert!(reopened.file().publication.is_some() && reopened.file().is_open());
    reopened.when(manager(), retract()).happens(TypicalCaseRetracted { reason: retract().reason });
}
