//! Which results are held against what is required, and at what coverage.

use jiff::civil::{Date, date};

use crate::domain::case::command::{CaseCommand, RecordMeasurement, RecordTrialResult, SpecifyRequirement};
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::Case;
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{Story, moment};
use crate::domain::case::values::Status;
use crate::domain::event::Recorded;
use crate::domain::refusal::Code;
use crate::domain::value::measurement::MaximumPermissibleError;
use crate::domain::value::{
    Decimal, DecisionRule, ExpandedUncertainty, Interval, Measurand, MeasurementRequirement, MeasurementResult,
    Quantity, Target, Unit,
};

/// A number and its unit, as in `20 Cel`.
type Stated<'a> = (&'a str, &'a str);

const USUAL: Stated<'static> = ("2", "0.95");

/// Where the p of a result stands in the input.
const AT_ITS_P: &str = "result.uncertainty.coverageProbability";

fn researching() -> Story {
    Story::of(Status::Researching)
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a number")
}

fn unit(text: &str) -> Unit {
    Unit::parse(text).expect("a unit")
}

/// U with its k and p.
fn expanded((value, in_unit): Stated<'_>, (k, p): Stated<'_>) -> ExpandedUncertainty {
    ExpandedUncertainty::new(decimal(value), unit(in_unit), Some(decimal(k)), Some(decimal(p))).expect("U with k and p")
}

fn required(measurand: &str, interval: Option<(&str, &str, &str)>, target: Target) -> SpecifyRequirement {
    let measurand = Measurand::parse(measurand).expect("a measurand");
    let interval = interval
        .map(|(low, high, in_unit)| Interval::new(decimal(low), decimal(high), unit(in_unit)).expect("an interval"));
    let requirement = MeasurementRequirement::new(measurand, interval, target, None).expect("a requirement");
    SpecifyRequirement { requirement, correction_reason: None }
}

/// What measures the temperature of a bath to this U, at this k and p.
fn of_bath(value: &str, coverage: Stated<'_>) -> SpecifyRequirement {
    required("temperature of the bath", None, Target::Uncertainty(expanded((value, "K"), coverage)))
}

fn result(measurand: Option<&str>, (value, in_unit): Stated<'_>, u: ExpandedUncertainty) -> RecordMeasurement {
    let quantity = Quantity::new(decimal(value), unit(in_unit));
    let measurand = measurand.map(|words| Measurand::parse(words).expect("a measurand"));
    let result = MeasurementResult::new(quantity, Some(u)).expect("a result").with_measurand(measurand);
    RecordMeasurement { result, ..measure("1", "um") }
}

/// 30 °C with this U in K, at this k and p.
fn at_thirty(value: &str, coverage: Stated<'_>) -> RecordMeasurement {
    result(None, ("30", "Cel"), expanded((value, "K"), coverage))
}

/// The history of the gap, as these events tell it.
fn gaps_told(events: &[Recorded<CaseFact>]) -> Vec<Option<String>> {
    let mut case = Case::default();
    events.iter().for_each(|event| case.evolve(event));
    let told = case.file.expect("it was reported").gap_history();
    told.iter().map(|point| point.gap.as_ref().map(ToString::to_string)).collect()
}

fn gap(story: &Story) -> Option<String> {
    story.file().gap_in_six_decimals().map(|gap| gap.to_string())
}

/// Of 2 degrees of freedom, of 1, and of a rectangular distribution: no U falls as p grows (JCGM 100:2008, table G.2).
#[test]
fn what_was_recorded_before_is_told_no_smaller_at_a_greater_probability() {
    for ((u, coverage), (required, required_coverage), told) in [
        (("1.0", ("4.30", "0.95")), ("0.9", ("3", "0.9973")), "1.111112"),
        (("1.5", ("6.31", "0.90")), ("1", USUAL), "1.500000"),
        (("1", ("1.71", "0.99")), ("1", USUAL), "1.000000"),
        (("9", ("19.21", "0.9973")), ("1", USUAL), "9.000000"),
        (("1", ("3", "0.9973")), ("1", ("3.89", "0.9999")), "1.296667"),
    ] {
        let story =
            researching().then(lead(), at_thirty(u, coverage)).then(lead(), of_bath(required, required_coverage));
        assert_eq!(gap(&story).as_deref(), Some(told), "{u} at {coverage:?} of {required} at {required_coverage:?}");
    }
    let limit = MaximumPermissibleError::new(
        decimal("3"),
        unit("K"),
        DecisionRule::new(decimal("3"), decimal("0")).expect("a rule"),
    );
    let limit = Target::Mpe(limit.expect("a limit"));
    let limited = researching()
        .then(lead(), at_thirty("1.5", ("6.31", "0.90")))
        .then(lead(), required("temperature of the bath", None, limit));
    assert_eq!(gap(&limited).as_deref(), Some("1.500000"));
    assert!(limited.file().capability_gap().is_some_and(|gap| !gap.is_closed()));
}

/// With 2 degrees of freedom 0.8 K at 0.95 are 3.57 K at 0.9973.
#[test]
fn what_was_recorded_before_closes_no_gap_at_a_greater_probability() {
    let recorded = |u, coverage| researching().then(lead(), at_thirty(u, coverage));
    let (few, at_three) = (("4.30", "0.95"), ("3", "0.9973"));
    let unknown = recorded("0.8", few).then(coordinator(), of_bath("0.9", at_three));
    assert_eq!((gap(&unknown), unknown.file().gap_closings().count()), (None, 0));
    unknown.when(lead(), at_thirty("0.8", few)).refused(Code::CoverageIncomparable, AT_ITS_P);
    // Stated anew at another p what was closed is unknown, and is told again at the p of the result.
    let closed = recorded("0.8", few).then(coordinator(), of_bath("0.9", USUAL));
    assert_eq!(gap(&closed).as_deref(), Some("0.888889"));
    let unknown = closed.then(coordinator(), of_bath("0.9", at_three));
    assert_eq!((gap(&unknown), unknown.file().best_uncertainty()), (None, None));
    assert_eq!(gap(&unknown.then(coordinator(), of_bath("0.9", USUAL))).as_deref(), Some("0.888889"));
    // An error limit of 3 K at a ratio of 3 requires 1 K at 0.95: with one degree of freedom it is 1.8 K there.
    let rule = DecisionRule::new(decimal("3"), decimal("0")).expect("a rule");
    let limit = MaximumPermissibleError::new(decimal("3"), unit("K"), rule).expect("a limit");
    let limited = required("temperature of the bath", None, Target::Mpe(limit));
    assert_eq!(gap(&recorded("0.9", ("6.31", "0.90")).then(coordinator(), limited)), None);
    // At a lesser p U is no more than as stated, which is certain.
    let certain = recorded("0.9", ("19.21", "0.9973")).then(coordinator(), of_bath("1", USUAL));
    assert_eq!(gap(&certain).as_deref(), Some("0.900000"));
}

#[test]
fn a_result_that_is_not_normal_is_stated_at_the_probability_required() {
    let story = researching().then(lead(), of_bath("0.9", ("3", "0.9973")));
    for coverage in [("4.30", "0.95"), ("1.65", "0.95"), ("2.87", "0.9545")] {
        story.clone().when(lead(), at_thirty("1.0", coverage)).refused(Code::CoverageIncomparable, AT_ITS_P);
    }
    // The same 2 degrees of freedom where they are asked for; and many of them, wherever.
    for (u, coverage, told) in [("4.47", ("19.21", "0.9973"), "4.966667"), ("0.6", ("2", "0.95"), "1.000000")] {
        assert_eq!(gap(&story.clone().then(lead(), at_thirty(u, coverage))).as_deref(), Some(told), "{coverage:?}");
    }
    let RecordMeasurement { id, result } = at_thirty("1.0", ("4.30", "0.95"));
    let trial = RecordTrialResult { measurement: Some(RecordMeasurement { id, result }), ..trial_passed() };
    let on_trial = Story::of(Status::OnTrial).then(lead(), of_bath("0.9", ("3", "0.9973")));
    let of_trial = "measurement.uncertainty.coverageProbability";
    on_trial.when(lead(), trial).refused(Code::CoverageIncomparable, of_trial);
}

/// What names another measurand, or is at a value outside of the interval, is on file and says nothing of what is required.
#[test]
fn a_result_of_something_else_goes_on_record_whatever_its_unit() {
    let uncertainty = |value, in_unit| expanded((value, in_unit), USUAL);
    let flow = Target::Uncertainty(uncertainty("1", "%"));
    let flow = || required("volume flow", Some(("0.1", "10", "mL/h")), flow.clone());
    let voltage = Target::Uncertainty(uncertainty("2", "[ppm]"));
    let voltage = || required("DC voltage", Some(("2.5", "10", "V")), voltage.clone());
    let bore = || required("bore diameter", None, Target::Uncertainty(uncertainty("1", "um")));
    let water = |measurand| result(measurand, ("20", "Cel"), uncertainty("0.1", "K"));
    let zero = || result(None, ("0", "V"), uncertainty("1", "uV"));
    let pressure = |measurand| result(measurand, ("600", "kPa"), uncertainty("2", "kPa"));
    for (required, beside) in [
        (flow(), water(Some("water temperature"))),
        (voltage(), zero()),
        (bore(), pressure(Some("air pressure"))),
        (bore(), result(Some("air pressure"), ("600", "kPa"), expanded(("2", "kPa"), ("4.30", "0.99")))),
    ] {
        let story = researching().then(lead(), required).then(lead(), beside);
        assert_eq!((story.file().measurements.len(), gap(&story)), (1, None));
    }
    let at_its_unit = "result.uncertainty.unit";
    for (required, beside, code) in [
        (bore(), pressure(None), Code::UnitIncommensurable),
        (required("DC voltage", None, Target::Uncertainty(uncertainty("2", "[ppm]"))), zero(), Code::RelativeToZero),
    ] {
        researching().then(lead(), required).when(lead(), beside).refused(code, at_its_unit);
    }
}

/// What is required of a share, or of levels, is compared with any quantity: where the value is, its unit tells.
#[test]
fn a_result_in_a_unit_of_another_quantity_than_the_interval_is_refused() {
    let uncertainty = |value, in_unit| expanded((value, in_unit), USUAL);
    let share = |interval| required("DC voltage", Some(interval), Target::Uncertainty(uncertainty("1", "%")));
    let level = required("sound level", Some(("30", "130", "dB{A}")), Target::Uncertainty(uncertainty("0.2", "dB")));
    for (required, (value, in_unit), u) in [
        (share(("0", "10", "V")), ("5", "mm"), uncertainty("0.01", "%")),
        (share(("0.1", "10", "mL/h")), ("20", "Cel"), uncertainty("0.1", "K")),
        (level.clone(), ("94", "dB"), uncertainty("0.3", "dB")),
        (level, ("94", "dB[SPL]"), uncertainty("0.3", "dB")),
    ] {
        let measurand = required.requirement.measurand().clone();
        let story = researching().then(lead(), required);
        for named in [None, Some(measurand.as_str())] {
            let measured = result(named, (value, in_unit), u.clone());
            story.clone().when(lead(), measured).refused(Code::UnitIncommensurable, "result.unit");
        }
        // Of something else it goes on record, and says nothing of what is required.
        let beside = story.then(lead(), result(Some("something else"), (value, in_unit), u));
        assert_eq!((beside.file().measurements.len(), gap(&beside)), (1, None), "{value} {in_unit}");
    }
}

/// A result that names no measurand is of the one that was required then, and stays of it.
#[test]
fn a_requirement_of_another_measurand_takes_no_unnamed_result_for_its_own() {
    let of_furnace = || {
        let target = Target::Uncertainty(expanded(("0.1", "K"), USUAL));
        required("temperature of the furnace atmosphere", None, target)
    };
    let bath = researching().then(lead(), of_bath("0.1", USUAL)).then(lead(), at_thirty("0.05", USUAL));
    assert_eq!(gap(&bath).as_deref(), Some("0.500000"));
    let furnace = bath.clone().then(coordinator(), of_furnace());
    assert_eq!((gap(&furnace), furnace.file().best_uncertainty()), (None, None));
    assert_eq!(furnace.file().gap_history().last().map(|point| &point.gap), Some(&None));
    // What is measured from then on is of the furnace; and what was of the bath is that again once it is required again.
    let measured = furnace.then(lead(), at_thirty("0.2", USUAL));
    assert_eq!(gap(&measured).as_deref(), Some("2.000000"));
    assert_eq!(gap(&measured.then(coordinator(), of_bath("0.1", USUAL))).as_deref(), Some("0.500000"));
    // The same words typed anew are no other measurand.
    let typed_anew = Target::Uncertainty(expanded(("0.1", "K"), USUAL));
    let typed_anew = bath.then(coordinator(), required("Temperature of the  Bath", None, typed_anew));
    assert_eq!(gap(&typed_anew).as_deref(), Some("0.500000"));
    // Of one from before any requirement it is the first that was stated.
    let before = researching().then(lead(), at_thirty("0.05", USUAL)).then(lead(), of_bath("0.1", USUAL));
    assert_eq!(gap(&before).as_deref(), Some("0.500000"));
    assert_eq!(gap(&before.then(coordinator(), of_furnace())), None);
}

/// What was required then may be dated later than the result: of what had happened by a time it is missing, and the
/// result is of it all the same.
#[test]
fn an_unnamed_result_is_of_what_was_required_when_it_was_recorded_on_either_axis() {
    let of_roundness = || required("roundness", None, Target::Uncertainty(expanded(("1", "um"), USUAL)));
    let of_length = || required("length", None, Target::Uncertainty(expanded(("1", "um"), USUAL)));
    let result = || result(None, ("10", "mm"), expanded(("0.5", "um"), USUAL));
    let of_length_alone = researching()
        .at("2026-03-27T02:00:00Z")
        .then(lead(), of_length())
        .at("2026-03-17T02:00:00Z")
        .then(lead(), result());
    assert_eq!(gaps_told(of_length_alone.events()), [Some("0.500000".to_owned())]);
    let story = of_length_alone.at("2026-03-19T02:00:00Z").then(lead(), of_roundness());
    let nothing = Vec::<Option<String>>::new();
    // The length is required no more from a day on that is before the one from which it was.
    assert_eq!(gaps_told(story.events()), nothing, "it is not of the roundness");
    let by_then: Vec<_> =
        story.events().iter().filter(|event| event.occurred_at < moment("2026-03-22T00:00:00Z")).cloned().collect();
    assert_eq!(gaps_told(&by_then), nothing, "it is not of the roundness");
    // An event of an older version does not say what was required, and the whole log does.
    let mut older = story.events().to_vec();
    for event in &mut older {
        if let CaseFact::MeasurementRecorded(fact) = &mut event.fact {
            assert!(fact.required.take().is_some(), "it says what was required");
        }
    }
    assert_eq!(gaps_told(&older), nothing);
}

/// So it is where the history is told anew.
#[test]
fn a_retraction_leaves_unnamed_results_what_they_were_of() {
    let furnace = Target::Uncertainty(expanded(("0.1", "K"), USUAL));
    let as_number = |number, u: &str| RecordMeasurement { id: measure_as(number, "1", "um").id, ..at_thirty(u, USUAL) };
    let story = researching()
        .then(lead(), of_bath("0.1", USUAL))
        .then(lead(), as_number(1, "0.05"))
        .then(coordinator(), required("temperature of the furnace atmosphere", None, furnace))
        .then(lead(), as_number(2, "0.3"))
        .then(lead(), as_number(3, "0.2"))
        .then(lead(), retract_measurement(3));
    let file = story.file();
    let told: Vec<_> = file.gap_history().iter().map(|point| point.gap.as_ref().map(ToString::to_string)).collect();
    let expected = [Some("0.500000"), None, Some("3.000000")];
    assert_eq!(told, expected.map(|gap| gap.map(str::to_owned)));
}

/// Whichever of the two goes on record first, and however far back the other is dated.
#[test]
fn a_gap_closes_no_sooner_than_what_is_required_and_a_result_are_there() {
    let dated = |story: Story, command: CaseCommand, at: &str| {
        let order = story.order(lead(), command).occurred(moment(at));
        story.then_order(order)
    };
    let required = |story: Story| dated(story, require("2", "um").into(), "2026-10-20T02:00:00Z");
    let measured = |story: Story, number: u128, u: &str, at: &str| dated(story, measure_as(number, u, "um").into(), at);
    let closed = |story: &Story| story.file().gap_closings().collect::<Vec<Date>>();
    let story = researching().at("2026-11-10T02:00:00Z");
    let late = required(measured(story.clone(), 1, "1", "2026-11-05T02:00:00Z"));
    assert_eq!(closed(&late), [date(2026, 11, 5)]);
    assert_eq!(closed(&required(measured(story.clone(), 1, "1", "2026-10-01T02:00:00Z"))), [date(2026, 10, 20)]);
    assert_eq!(closed(&measured(required(story.clone()), 1, "1", "2026-10-01T02:00:00Z")), [date(2026, 10, 20)]);
    assert_eq!(closed(&measured(required(story.clone()), 1, "1", "2026-11-05T02:00:00Z")), [date(2026, 11, 5)]);
    // The first of those that close it counts, though the best came later.
    let of_several = measured(measured(story, 1, "1.5", "2026-10-25T02:00:00Z"), 2, "1", "2026-11-05T02:00:00Z");
    let of_several = required(measured(of_several, 3, "3", "2026-10-01T02:00:00Z"));
    assert_eq!(closed(&of_several), [date(2026, 10, 25)]);
    let retracted = of_several.then(lead(), retract_measurement(1));
    assert_eq!(closed(&retracted), [date(2026, 11, 5)], "told anew");
}
