use crate::domain::actor::Actor;
use crate::domain::case::command::{AcceptAssignment, AddComment, RecordFinding};
use crate::domain::case::event::{CommentAdded, FindingRecorded};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Outcome, Story};
use crate::domain::case::values::{Status, Verdict};
use crate::domain::refusal::Code;

/// A comment that takes so many bytes, 256 of them beside its text.
fn comment_of(bytes: usize) -> AddComment {
    AddComment { text: statement(&"x".repeat(bytes - 256)), ..comment() }
}

/// Somebody has made so many comments of 16 KiB.
fn after_comments(story: Story, by: &Actor, many: usize) -> Story {
    let comment = comment_of(16 << 10);
    (0..many).fold(story, |story, _| story.then(by.clone(), comment.clone()))
}

/// Four of those who talk have said all that they may: nobody finds room for more.
fn full() -> Story {
    let story = Story::of(Status::Assigned);
    [expert(), enterprise(), coordinator(), manager()].iter().fold(story, |story, by| after_comments(story, by, 256))
}

#[test]
fn one_actor_has_a_quarter_of_a_case_to_talk_in() {
    let story = after_comments(Story::of(Status::Assigned), &enterprise(), 255);
    let last = comment_of(16 << 10);
    story.clone().when(enterprise(), last.clone()).happens(CommentAdded { id: last.id, text: last.text });
    story.clone().when(enterprise(), comment_of((16 << 10) + 1)).refused(Code::CaseFull, "");
    // Others have room of their own.
    let longer = comment_of((16 << 10) + 1);
    story.when(lead(), longer.clone()).happens(CommentAdded { id: longer.id, text: longer.text });
}

#[test]
fn nothing_more_is_only_said_or_kept_in_a_full_case() {
    let story = full().then(lead(), AcceptAssignment {}).then(lead(), find());
    let refused = |outcome: Outcome| outcome.refused(Code::CaseFull, "");
    refused(story.clone().when(lead(), find()));
    refused(story.clone().when(lead(), comment()));
    refused(story.clone().when(lead(), attachment()));
    refused(story.clone().when(lead(), technique()));
    refused(story.when(lead(), training()));
}

#[test]
fn a_full_case_comes_to_its_end() {
    let story = full().then(lead(), AcceptAssignment {});
    let RecordFinding { id, text, citations } = find();
    story.clone().when(lead(), find()).happens(FindingRecorded { id, text, citations });
    let story = story
        .then(lead(), find())
        .then(lead(), measure("0.8", "um"))
        .then(lead(), propose())
        .then(reviewer(), review(Verdict::Approved))
        .then(lead(), try_out())
        .then(lead(), trial_passed())
        .then(enterprise(), confirm())
        .then(coordinator(), close());
    assert_eq!(story.file().status, Status::Closed);
}

#[test]
fn what_an_import_brings_takes_no_room_and_needs_none() {
    assert!(after_comments(Story::of(Status::Assigned), &importer(), 300).file().said_bytes.is_empty());
    let more = comment();
    full().when(importer(), more.clone()).happens(CommentAdded { id: more.id, text: more.text });
}
