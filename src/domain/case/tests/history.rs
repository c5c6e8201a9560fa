//! What differs between two states of a case, and which events made it so.

use jiff::civil::date;

use crate::domain::case::command::UnparkCase;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::{
    CaseField, Changed, Comparison, Difference, FieldDifference, Listed, MadeDifference, Named, Part, Steps,
};
use crate::domain::case::state::Membership;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::{Status, Verdict};
use crate::domain::event::Recorded;
use crate::domain::value::Level;

/// The events of a story; those up to `earlier` belong to both states, the others to the later one.
fn parted(story: &Story, earlier: usize) -> Vec<(Recorded<CaseFact>, Part)> {
    let part = |place| if place < earlier { Part::Both } else { Part::Later };
    story.events().iter().cloned().enumerate().map(|(place, event)| (event, part(place))).collect()
}

fn between(events: &[(Recorded<CaseFact>, Part)]) -> Vec<MadeDifference> {
    let mut comparison = Comparison::default();
    events.iter().for_each(|(event, part)| comparison.take(event, *part));
    comparison.differences()
}

/// Every change of a field, with the place of its event.
fn of_field(events: &[Recorded<CaseFact>], field: CaseField) -> Vec<(usize, FieldDifference)> {
    let mut steps = Steps::default();
    let changes = events
        .iter()
        .enumerate()
        .flat_map(|(place, event)| steps.moved(event, &[field]).into_iter().map(move |change| (place, change)));
    changes.collect()
}

fn found(made: &[MadeDifference], field: CaseField) -> &MadeDifference {
    made.iter().find(|made| made.difference.field == field).unwrap_or_else(|| panic!("{field} does not differ"))
}

fn fields(made: &[MadeDifference]) -> Vec<CaseField> {
    made.iter().map(|made| made.difference.field).collect()
}

#[test]
fn before_the_report_there_is_nothing_and_then_everything_is_new() {
    let story = Story::of(Status::Reported);
    let made = between(&parted(&story, 0));
    let file = story.file();
    assert_eq!(
        fields(&made),
        [
            CaseField::Number,
            CaseField::Title,
            CaseField::Problem,
            CaseField::Enterprise,
            CaseField::Campaign,
            CaseField::Division,
            CaseField::Origin,
            CaseField::ReportedBy,
            CaseField::ReportedAt,
            CaseField::Status,
            CaseField::Level,
            CaseField::Reopened,
        ]
    );
    let title = Changed { before: None, after: Some(file.title.to_string()) };
    assert_eq!(found(&made, CaseField::Title).difference.difference, Difference::Text(title));
    let enterprise = Changed { before: None, after: Some(Named::Enterprise(file.enterprise)) };
    assert_eq!(found(&made, CaseField::Enterprise).difference.difference, Difference::Reference(enterprise));
    assert!(made.iter().all(|made| made.made_by == [0]), "{made:#?}");
}

#[test]
fn between_a_state_and_itself_nothing_differs() {
    let story = Story::of(Status::Closed);
    assert_eq!(between(&parted(&story, story.events().len())), []);
    assert_eq!(between(&[]), []);
    let unseen: Vec<_> = parted(&story, 0).into_iter().map(|(event, _)| (event, Part::Neither)).collect();
    assert_eq!(between(&unseen), []);
}

#[test]
fn an_expert_who_joins_is_another_entry_of_the_list() {
    let invited = Story::of(Status::Assigned);
    let declines = invited.events().len();
    let story = invited.then(coordinator(), invite("invitee"));
    let made = between(&parted(&story, declines));
    assert_eq!(fields(&made), [CaseField::Experts]);
    let Difference::Experts(Listed { added, removed }) = &made[0].difference.difference else { panic!("{made:#?}") };
    assert!(matches!(added.as_slice(), [(_, Membership::Invited)]) && removed.is_empty(), "{made:#?}");

    let joined = between(&parted(&Story::of(Status::Assigned), 4));
    let Difference::Experts(Listed { added, removed }) = &found(&joined, CaseField::Experts).difference.difference
    else {
        panic!("{joined:#?}")
    };
    let (who, _) = removed[0];
    assert_eq!(
        (added.as_slice(), removed.as_slice()),
        (&[(who, Membership::Active)][..], &[(who, Membership::Invited)][..])
    );
}

#[test]
fn what_changed_and_changed_back_does_not_differ_but_has_a_history() {
    let story = Story::of(Status::Researching);
    let earlier = story.events().len();
    let story = story.then(lead(), propose()).then(reviewer(), review(Verdict::ChangesRequested));
    let made = between(&parted(&story, earlier));
    assert_eq!(fields(&made), [CaseField::Solution]);
    assert_eq!(made[0].made_by, [earlier, earlier + 1], "both moved the solution");

    let statuses: Vec<_> = of_field(story.events(), CaseField::Status);
    let last: Vec<_> = statuses.iter().rev().take(2).map(|(place, _)| *place).collect();
    assert_eq!(last, [earlier + 1, earlier]);
    let back = Changed { before: Some(Status::SolutionProposed), after: Some(Status::Researching) };
    let (_, FieldDifference { difference, .. }) = &statuses[statuses.len() - 1];
    assert_eq!(*difference, Difference::Status(back));
}

#[test]
fn every_change_of_a_field_begins_where_the_one_before_ended() {
    let story = Story::of(Status::Closed).then(enterprise(), reopen());
    let statuses = of_field(story.events(), CaseField::Status);
    let mut last = None;
    for (_, change) in &statuses {
        let Difference::Status(Changed { before, after }) = &change.difference else { panic!("{change:?}") };
        assert_eq!(*before, last);
        last = *after;
    }
    assert_eq!(last, Some(story.file().status));
}

/// From Monday the 16th to Wednesday the 25th it stands still: seven working days, and as many after 30 June.
#[test]
fn the_deadline_that_an_unparking_moves_is_told_of_it() {
    let parked = Story::of(Status::Researching)
        .then(coordinator(), escalate(Level::City))
        .then(coordinator(), escalate(Level::Province))
        .then(manager(), escalate(Level::Nation))
        .then(national_manager(), park())
        .at("2026-03-25T02:00:00Z");
    let unparking = parked.events().len();
    let unparked = parked.then(national_manager(), UnparkCase { reason: None });
    let extended = unparked.clone().then(manager(), extend(date(2026, 7, 31)));
    let moved = |before, after| FieldDifference {
        field: CaseField::Deadline,
        difference: Difference::Date(Changed { before: Some(before), after: Some(after) }),
    };
    let told = of_field(extended.events(), CaseField::Deadline);
    let expected =
        [(unparking, moved(deadline(), date(2026, 7, 9))), (unparking + 1, moved(date(2026, 7, 9), date(2026, 7, 31)))];
    assert_eq!(told[1..], expected, "after the one that set it");
    let made = between(&parted(&unparked, unparking));
    assert_eq!(fields(&made), [CaseField::Deadline, CaseField::ParkedUntil]);
    assert!(made.iter().all(|made| made.made_by == [unparking]), "{made:#?}");
}

#[test]
fn what_had_happened_before_the_report_is_made_so_by_the_report() {
    // Assigned, with an expert, on a day before those of the report and of the triage.
    let story = Story::of(Status::Assigned);
    let parts = story.events().iter().cloned().enumerate().map(|(place, event)| {
        let part = if place < 2 { Part::Later } else { Part::Both };
        (event, part)
    });
    let made = between(&parts.collect::<Vec<_>>());
    for field in [CaseField::Institution, CaseField::Lead, CaseField::Deadline, CaseField::Experts, CaseField::Title] {
        assert_eq!(found(&made, field).made_by, [0], "{field}");
    }
    assert_eq!(found(&made, CaseField::Category).made_by, [1]);
    assert_eq!(found(&made, CaseField::Status).made_by, [0, 1]);
}

#[test]
fn where_no_later_event_moved_a_field_those_are_told_that_move_it_otherwise_with_them() {
    // The measurement happened before the requirement, and was recorded after it.
    let story = Story::of(Status::Researching);
    let begin = story.events().len();
    let story = story.then(lead(), comment()).then(enterprise(), require("1", "um")).then(lead(), measure("2", "um"));
    let (required, measured) = (begin + 1, begin + 2);
    let parts = story.events().iter().cloned().enumerate().map(|(place, event)| {
        let part = if place < begin || place == measured { Part::Both } else { Part::Later };
        (event, part)
    });
    let made = between(&parts.collect::<Vec<_>>());
    assert_eq!(fields(&made), [CaseField::Requirement, CaseField::Gap, CaseField::Comments]);
    assert_eq!(found(&made, CaseField::Requirement).made_by, [required]);
    assert_eq!(found(&made, CaseField::Gap).made_by, [measured], "as the history of the field has it");
    assert_eq!(of_field(story.events(), CaseField::Gap).len(), 1);
    assert_eq!(of_field(story.events(), CaseField::Gap)[0].0, measured);
}

#[test]
fn an_event_recorded_before_others_of_an_earlier_day_is_still_told_as_the_maker() {
    // Recorded first, and happened last: the triage below, which the earlier state has, is folded over it.
    let story = Story::of(Status::Assigned);
    let parts = story.events().iter().cloned().enumerate().map(|(place, event)| {
        let part = if place == 1 { Part::Later } else { Part::Both };
        (event, part)
    });
    let made = between(&parts.collect::<Vec<_>>());
    assert_eq!(fields(&made), [CaseField::Category, CaseField::Kind, CaseField::Severity]);
    assert!(made.iter().all(|made| made.made_by == [1]), "{made:#?}");
}
