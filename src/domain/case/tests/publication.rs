use crate::domain::case::command::PublishTypicalCase;
use crate::domain::case::event::{TypicalCasePublished, TypicalCaseRetracted};
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
    let reopened = published().then(enterprise(), reopen());
    assert!(reopened.file().publication.is_some());
    reopened.clone().when(manager(), retract()).happens(TypicalCaseRetracted { reason: retract().reason });
    assert_eq!(reopened.then(manager(), retract()).file().publication, None);
    Story::of(Status::Closed).when(manager(), retract()).refused(Code::NotPublished, "");
}
