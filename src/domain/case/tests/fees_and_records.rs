use std::collections::BTreeSet;

use jiff::civil::date;

use crate::domain::actor::{Actor, Role};
use crate::domain::case::command::{AddAttachment, AddComment, IntroduceTechnique, RecordFee, RecordTraining};
use crate::domain::case::event::{
    AttachmentAdded, CaseFact, CommentAdded, FeeRecorded, INTERNAL, InternalCommentAdded, TechniqueIntroduced,
    TrainingDelivered,
};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::{Audience, LARGEST_ATTACHMENT_BYTES, Status};
use crate::domain::event::Fact;
use crate::domain::refusal::Code;
use crate::domain::value::{CatalogueId, Decimal, Sha256Digest};

#[test]
fn a_fee_names_its_item_and_stays_within_the_tariff() {
    let charged = |amount| Story::of(Status::Researching).when(coordinator(), fee(amount));
    charged("300").happens(FeeRecorded {
        id: fee("300").id,
        item: fee("300").item,
        catalogue: CatalogueId::of(&division("44")),
        catalogue_version: 7,
        service_date: date(2026, 3, 2),
        amount: yuan("300"),
        tariff: yuan("300"),
    });
    charged("300.01").refused(Code::FeeAboveTariff, "amount");
}

#[test]
fn nothing_is_charged_that_no_list_allows_or_before_it_is_done() {
    let outcome = |command| Story::of(Status::Researching).when(coordinator(), command);
    outcome(RecordFee { listed: None, ..fee("1") }).refused(Code::ItemNotListed, "item");
    let tomorrow = RecordFee { service_date: date(2026, 3, 17), ..fee("1") };
    outcome(tomorrow).refused(Code::ServiceInFuture, "serviceDate");
    let today = RecordFee { service_date: date(2026, 3, 16), ..fee("1") };
    assert_eq!(Story::of(Status::Researching).then(coordinator(), today).file().fees.len(), 1);
}

#[test]
fn a_service_had_been_given_when_it_was_charged() {
    let of_earlier = |service_date| {
        let story = Story::of(Status::Researching);
        let order = story.order(coordinator(), RecordFee { service_date, ..fee("1") });
        story.when_order(order.occurred(moment("2026-03-05T02:00:00Z")))
    };
    of_earlier(date(2026, 3, 6)).refused(Code::ServiceInFuture, "serviceDate");
    of_earlier(date(26, 3, 5)).refused(Code::YearInvalid, "serviceDate");
    of_earlier(date(2026, 3, 5)).happens(FeeRecorded {
        id: fee("1").id,
        item: fee("1").item,
        catalogue: CatalogueId::of(&division("44")),
        catalogue_version: 7,
        service_date: date(2026, 3, 5),
        amount: yuan("1"),
        tariff: yuan("300"),
    });
}

#[test]
fn fees_add_up() {
    let story = Story::of(Status::Closed).then(coordinator(), fee("120.5")).then(coordinator(), fee("0.05"));
    assert_eq!(story.file().fee_total(), yuan("120.55"));
}

#[test]
fn a_technique_has_a_source() {
    let command = technique();
    let source = command.source.clone().expect("a source");
    let fact = TechniqueIntroduced { technique: command.technique.clone(), source };
    Story::of(Status::Closed).when(visitor(), command.clone()).happens(fact);
    let without = IntroduceTechnique { source: None, ..command };
    Story::of(Status::Closed).when(visitor(), without).refused(Code::SourceMissing, "source");
}

#[test]
fn a_training_has_trainees() {
    let command = training();
    let fact = TrainingDelivered { topic: command.topic.clone(), trainees: 12, hours: None };
    Story::of(Status::Researching).when(expert(), command.clone()).happens(fact);
    let nobody = RecordTraining { trainees: 0, ..command };
    Story::of(Status::Researching).when(expert(), nobody).refused(Code::TraineesMissing, "trainees");
}

#[test]
fn a_training_has_a_size_that_one_has() {
    let of = |trainees, hours: &str| RecordTraining { trainees, hours: Decimal::parse(hours).ok(), ..training() };
    let largest = of(100_000, "10000");
    let fact = TrainingDelivered { topic: largest.topic.clone(), trainees: 100_000, hours: largest.hours.clone() };
    Story::of(Status::Researching).when(expert(), largest).happens(fact);
    let refused = |command, code, field| {
        Story::of(Status::Researching).when(expert(), command).refused(code, field);
    };
    refused(of(100_001, "1"), Code::TooManyTrainees, "trainees");
    for hours in ["0", "-1", "10000.1"] {
        refused(of(1, hours), Code::HoursOutOfRange, "hours");
    }
}

#[test]
fn members_the_enterprise_and_its_bureau_talk() {
    let fact = CommentAdded { id: comment().id, text: comment().text };
    for somebody in [lead(), expert(), enterprise(), coordinator(), manager(), visitor()] {
        Story::of(Status::Researching).when(somebody, comment()).happens(fact.clone());
    }
    Story::of(Status::Researching).when(stranger(), comment()).refused(Code::NotAMember, "");
    Story::of(Status::Researching).when(another_enterprise(), comment()).refused(Code::NotPermitted, "");
    Story::of(Status::Researching).when(neighbour(), comment()).refused(Code::OutsideJurisdiction, "");
}

#[test]
fn what_is_internal_is_said_by_those_who_read_it() {
    let internal = || AddComment { audience: Audience::Internal, ..comment() };
    let fact = InternalCommentAdded { id: comment().id, text: comment().text };
    for somebody in [lead(), expert(), coordinator(), manager()] {
        Story::of(Status::Researching).when(somebody, internal()).happens(fact.clone());
    }
    assert_eq!(INTERNAL, [CaseFact::from(fact).name()]);
    let also_its_coordinator = Actor { roles: BTreeSet::from([Role::Enterprise, Role::Coordinator]), ..enterprise() };
    for somebody in [enterprise(), visitor(), also_its_coordinator] {
        let outcome = Story::of(Status::Researching).when(somebody, internal());
        outcome.refused(Code::AudienceExcludesAuthor, "audience");
    }
    // What keeps somebody from saying anything comes first.
    Story::of(Status::Researching).when(stranger(), internal()).refused(Code::NotAMember, "");
    Story::of(Status::Duplicate).when(coordinator(), internal()).refused(Code::WrongStatus, "");
}

#[test]
fn a_comment_is_kept_with_whom_it_is_for() {
    let internal = AddComment { audience: Audience::Internal, ..comment() };
    let story = Story::of(Status::Researching).then(enterprise(), comment()).then(lead(), internal);
    let audiences: Vec<_> = story.file().comments.iter().map(|comment| comment.audience).collect();
    assert_eq!(audiences, [Audience::Everybody, Audience::Internal]);
}

#[test]
fn a_document_is_what_its_digest_says() {
    let command = attachment();
    Story::of(Status::Withdrawn).when(enterprise(), command.clone()).happens(AttachmentAdded {
        id: command.id,
        name: command.name.clone(),
        digest: command.digest.clone(),
        size_bytes: 11,
        media_type: command.media_type.clone(),
    });
    let outcome = |command| Story::of(Status::Researching).when(lead(), command);
    let other_bytes = AddAttachment { digest_of_bytes: Sha256Digest::of_bytes(b"other"), ..command.clone() };
    outcome(other_bytes).refused(Code::DigestMismatch, "digest");
    let large = AddAttachment { size_bytes: LARGEST_ATTACHMENT_BYTES + 1, ..command.clone() };
    outcome(large).refused(Code::AttachmentTooLarge, "contentBase64");
    let largest = AddAttachment { size_bytes: LARGEST_ATTACHMENT_BYTES, ..command };
    assert_eq!(Story::of(Status::Researching).then(lead(), largest).file().attachments.len(), 1);
}
