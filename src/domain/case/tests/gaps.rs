//! How a gap stood and since when: in the order in which things happened, and not in that in which they were recorded.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::domain::case::command::CaseCommand;
use crate::domain::case::gap::GapPoint;
use crate::domain::case::state::Case;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::Status;
use crate::domain::value::calendar;

fn researching() -> Story {
    Story::of(Status::Researching).at("2026-12-31T02:00:00Z")
}

/// One more thing is recorded, which happened on that day.
fn dated(story: Story, on: &str, command: impl Into<CaseCommand>) -> Story {
    let order = story.order(lead(), command).occurred(moment(&format!("{on}T02:00:00Z")));
    story.then_order(order)
}

fn told(story: &Story) -> Vec<(String, Option<String>)> {
    let day_and_gap =
        |point: &GapPoint| (calendar::date_of(point.at).to_string(), point.gap.as_ref().map(ToString::to_string));
    story.file().gap_history().iter().map(day_and_gap).collect()
}

fn expected<const N: usize>(points: [(&str, Option<&str>); N]) -> Vec<(String, Option<String>)> {
    points.map(|(on, gap)| (on.to_owned(), gap.map(str::to_owned))).into()
}

/// The baseline was measured first, and typed in last.
#[test]
fn a_worse_result_that_is_recorded_late_is_told_where_it_was_the_best() {
    let story = dated(researching(), "2026-11-05", require("1", "um"));
    let story = dated(story, "2026-11-25", measure_as(1, "0.5", "um"));
    let story = dated(story, "2026-11-10", measure_as(2, "2.8", "um"));
    let both = expected([("2026-11-10", Some("2.800000")), ("2026-11-25", Some("0.500000"))]);
    assert_eq!(told(&story), both);
    // One that was never the best is no point of it.
    assert_eq!(told(&dated(story.clone(), "2026-11-12", measure_as(3, "3", "um"))), both);
    assert_eq!(told(&dated(story, "2026-11-30", measure_as(3, "0.6", "um"))), both);
}

#[test]
fn of_equal_results_the_first_that_was_measured_is_the_best() {
    let best = |story: &Story| story.file().best_uncertainty().map(|best| best.id);
    let story = dated(researching(), "2026-09-01", require("1", "um"));
    let story = dated(story, "2026-11-25", measure_as(1, "2", "um"));
    let story = dated(story, "2026-11-10", measure_as(2, "2", "um"));
    assert_eq!(best(&story), Some(measure_as(2, "2", "um").id));
    // Of one time it is the one that went on record first.
    assert_eq!(best(&dated(story, "2026-11-10", measure_as(3, "2", "um"))), Some(measure_as(2, "2", "um").id));
}

#[test]
fn a_better_result_that_is_recorded_late_is_the_best_from_its_day_on() {
    let story = dated(researching(), "2026-09-01", require("2", "nm"));
    let story = dated(story, "2026-11-10", measure_as(1, "1", "nm"));
    let story = dated(story, "2026-10-15", measure_as(2, "0.8", "nm"));
    assert_eq!(told(&story), expected([("2026-10-15", Some("0.400000"))]));
    let closings: Vec<_> = story.file().gap_closings().map(|day| day.to_string()).collect();
    assert_eq!(closings, ["2026-10-15"], "in the year before that of the result that was recorded first");
}

/// Until the second was stated it was held against the first.
#[test]
fn a_result_is_held_against_what_was_required_at_its_time() {
    let story = dated(researching(), "2026-09-01", require("1", "um"));
    let story = dated(story, "2026-11-01", require("2", "um"));
    let story = dated(story, "2026-10-01", measure_as(1, "3", "um"));
    assert_eq!(told(&story), expected([("2026-10-01", Some("3.000000")), ("2026-11-01", Some("1.500000"))]));
}

#[test]
fn what_is_stated_later_for_an_earlier_day_stands_from_that_day_on() {
    let story = dated(researching(), "2026-10-01", measure_as(1, "3", "um"));
    let story = dated(story, "2026-11-01", require("1", "um"));
    let story = dated(story, "2026-10-15", require("2", "um"));
    assert_eq!(told(&story), expected([("2026-10-15", Some("1.500000"))]));
}

#[test]
fn what_is_stated_again_for_an_earlier_day_stands_from_that_day_on() {
    let story = dated(researching(), "2026-10-01", measure_as(1, "3", "um"));
    let story = dated(story, "2026-11-01", require("2", "um"));
    assert_eq!(told(&story), expected([("2026-11-01", Some("1.500000"))]));
    let story = dated(story, "2026-10-15", require("2", "um"));
    assert_eq!(told(&story), expected([("2026-10-15", Some("1.500000"))]));
    // It stands on a later day as well.
    assert_eq!(dated(story.clone(), "2026-12-01", require("2", "um")).file(), story.file());
}

/// So that both are of one scale; what had been measured until then is held against what is required now.
#[test]
fn the_gap_of_before_is_to_the_requirement_that_stands() {
    let first = |story: &Story| story.file().first_gap().map(|gap| (gap.to_decimals(6).to_string(), gap.is_closed()));
    let story = dated(researching(), "2026-10-01", require("1", "mm"));
    let story = dated(story, "2026-10-02", measure_as(1, "5", "um"));
    assert_eq!(first(&story), Some(("0.005000".to_owned(), true)));
    let story = dated(story, "2026-10-03", require("1", "um"));
    let story = dated(story, "2026-10-04", measure_as(2, "2", "um"));
    assert_eq!(first(&story), Some(("5.000000".to_owned(), false)));
    // Where nothing that was measured is of what is required now, it is what is measured first from then on.
    let story = dated(story, "2026-10-05", require("1", "mg"));
    assert_eq!(first(&story), None);
    let story = dated(story, "2026-10-06", measure_as(3, "3", "mg"));
    assert_eq!(first(&dated(story, "2026-10-07", measure_as(4, "2", "mg"))), Some(("3.000000".to_owned(), false)));
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Required(u8),
    Measured(u8),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![1 => (1_u8..4).prop_map(Said::Required), 3 => (1_u8..9).prop_map(Said::Measured)]
}

/// It is recorded, and happened on that day of December.
fn record(story: Story, (day, said): (u8, Said)) -> Story {
    let on = format!("2026-12-{day:02}");
    match said {
        Said::Required(value) => dated(story, &on, require(&value.to_string(), "um")),
        Said::Measured(value) => dated(story, &on, measure_as(day.into(), &value.to_string(), "um")),
    }
}

/// What happened on which day, in the order of the days.
fn in_order() -> impl Strategy<Value = Vec<(u8, Said)>> {
    vec(said(), 1..16).prop_map(|said| (1_u8..).zip(said).collect::<Vec<_>>())
}

/// The same in another order, too, in which what is required is stated in its order all the same: the last that is stated
/// stands.
fn orders() -> impl Strategy<Value = [Vec<(u8, Said)>; 2]> {
    let both = in_order().prop_flat_map(|dated| (Just(dated.clone()), Just(dated).prop_shuffle()));
    both.prop_map(|(dated, shuffled)| {
        let is_required = |(_, said): &(u8, Said)| matches!(said, Said::Required(_));
        let mut required = dated.clone().into_iter().filter(is_required);
        let in_turn = |step: (u8, Said)| if is_required(&step) { required.next().unwrap_or(step) } else { step };
        let shuffled = shuffled.into_iter().map(in_turn).collect();
        [dated, shuffled]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_history_of_a_gap_is_the_same_in_whatever_order_results_are_recorded(orders in orders()) {
        let [in_order, shuffled] = orders.map(|steps| steps.into_iter().fold(researching(), record).file());
        prop_assert_eq!(in_order.gap_history(), shuffled.gap_history());
        prop_assert_eq!(in_order.first_gap(), shuffled.first_gap());
        prop_assert!(shuffled.gap_history().windows(2).all(|two| two[0].at < two[1].at), "it runs forwards");
    }

    #[test]
    fn the_history_of_a_gap_is_how_it_stood_by_what_had_happened(steps in in_order().prop_shuffle()) {
        let story = steps.into_iter().fold(researching(), record);
        let history = story.file().gap_history();
        for day in 1..=16 {
            let by = moment(&format!("2026-12-{day:02}T02:00:00Z"));
            let mut case = Case::default();
            story.events().iter().filter(|event| event.occurred_at <= by).for_each(|event| case.evolve(event));
            let stood = case.file.and_then(|file| file.gap_in_six_decimals());
            let told = history.iter().rfind(|point| point.at <= by).and_then(|point| point.gap.clone());
            prop_assert_eq!(told, stood, "on day {}", day);
        }
    }
}
