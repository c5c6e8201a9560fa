use crate::domain::case::command::{AcceptAssignment, ProposeSolution, RecordFinding, RecordMeasurement};
use crate::domain::case::event::{FindingRecorded, MeasurementRecorded, RequirementSpecified, SolutionProposed};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;
use crate::domain::value::{Decimal, Measurand, Reference};

fn researching() -> Story {
    Story::of(Status::Researching)
}

#[test]
fn the_enterprise_says_what_is_required() {
    let fact = RequirementSpecified {
        requirement: require("1", "um").requirement,
        correction_reason: None,
        in_place_of: None,
    };
    Story::of(Status::Reported).when(enterprise(), require("1", "um")).happens(fact);
}

/// The history of its gap is told by all of them.
#[test]
fn what_is_required_is_stated_fifty_times_at_most_with_corrections() {
    let state = |story: Story, value: u8| story.then(enterprise(), require(&value.to_string(), "um"));
    let story = (1..=48).fold(researching(), state).then(enterprise(), correct("49", "um"));
    let last = require("50", "um");
    let fact =
        RequirementSpecified { requirement: last.requirement.clone(), correction_reason: None, in_place_of: None };
    story.clone().when(enterprise(), last.clone()).happens(fact);
    let story = story.then(enterprise(), last);
    story.clone().when(enterprise(), require("51", "um")).refused(Code::TooManyRequirements, "requirement");
    story.when(enterprise(), correct("51", "um")).refused(Code::TooManyRequirements, "requirement");
}

#[test]
fn members_record_what_they_learnt_and_measured() {
    let finding = find();
    let fact = FindingRecorded { id: finding.id, text: finding.text.clone(), citations: finding.citations.clone() };
    researching().when(expert(), finding.clone()).happens(fact);
    researching().when(stranger(), finding).refused(Code::NotAMember, "");

    let measured = measure("2", "um");
    let fact = MeasurementRecorded { id: measured.id, result: measured.result.clone(), required: None };
    researching().when(lead(), measured.clone()).happens(fact);
    researching().when(another_lead(), measured).refused(Code::NotAMember, "");
}

#[test]
fn citations_are_as_many_as_a_text_can_have() {
    let cite = |count: usize| -> Vec<_> {
        (0..count).map(|index| Reference::parse(&format!("JJF {}-2012", 1001 + index)).expect("a reference")).collect()
    };
    let finding = |count| RecordFinding { citations: cite(count), ..find() };
    let found = researching().then(lead(), finding(50));
    assert_eq!(found.file().findings.last().map(|finding| finding.citations.len()), Some(50));
    found.clone().when(lead(), finding(51)).refused(Code::TooManyCitations, "citations");
    let solution = ProposeSolution { citations: cite(51), ..propose() };
    found.when(lead(), solution).refused(Code::TooManyCitations, "citations");
}

#[test]
fn an_uncertainty_can_be_compared_with_the_one_required() {
    let required = researching().then(lead(), require("1", "um"));
    required.clone().when(lead(), measure("1", "g")).refused(Code::UnitIncommensurable, "result.uncertainty.unit");
    assert_eq!(required.then(lead(), measure("0.002", "mm")).file().measurements.len(), 1);
}

#[test]
fn the_gap_follows_the_best_measurement() {
    let story = researching()
        .then(lead(), require("1.5", "um"))
        .then(lead(), measure("0.002", "mm"))
        .then(lead(), measure("5", "um"))
        .then(expert(), measure("1.5", "um"))
        .then(lead(), require("3", "um"));
    let file = story.file();
    let gaps: Vec<_> = file.gap_history().iter().map(|point| point.gap.as_ref().map(ToString::to_string)).collect();
    assert_eq!(gaps, [Some("1.333334"), Some("1.000000"), Some("0.500000")].map(|gap| gap.map(str::to_owned)));
    assert_eq!(file.best_uncertainty().map(|best| &best.by), Some(&expert().id));
    assert!(file.capability_gap().is_some_and(|gap| gap.is_closed()));
}

/// Logs have such results from when they were accepted.
#[test]
fn a_result_that_is_said_to_be_certain_closes_no_gap() {
    let certain = r#"{"value":{"value":"1","unit":"mm"},
        "uncertainty":{"value":"0","unit":"um","coverageFactor":"2","coverageProbability":"0.95"}}"#;
    let certain = RecordMeasurement { result: serde_json::from_str(certain).expect("a result"), ..measure("2", "um") };
    let story = researching().then(lead(), require("1", "um")).then(lead(), certain);
    let file = story.clone().file();
    assert_eq!((file.measurements.len(), file.capability_gap()), (1, None), "it is on file, and says nothing");
    let file = story.then(lead(), measure("2", "um")).file();
    assert_eq!(file.gap_in_six_decimals(), Some(Decimal::from(2)));
}

/// Logs have such results, too.
#[test]
fn a_result_that_is_relative_to_a_temperature_closes_no_gap() {
    let relative = r#"{"value":{"value":"20","unit":"Cel"},
        "uncertainty":{"value":"1","unit":"%","coverageFactor":"2","coverageProbability":"0.95"}}"#;
    let relative =
        RecordMeasurement { result: serde_json::from_str(relative).expect("a result"), ..measure("2", "um") };
    let story = researching().then(lead(), relative.clone()).then(lead(), require("1", "K"));
    let file = story.file();
    assert_eq!((file.measurements.len(), file.capability_gap()), (1, None), "it is on file, and says nothing");
    let at_its_unit = "result.uncertainty.unit";
    story.clone().when(lead(), relative).refused(Code::RelativeToArbitraryZero, at_its_unit);
    let file = story.then(lead(), measure("2", "K")).file();
    assert_eq!(file.gap_in_six_decimals(), Some(Decimal::from(2)));
}

#[test]
fn a_measurement_counts_however_its_measurand_is_typed() {
    let measured = |measurand: &str, value| {
        let RecordMeasurement { id, result } = measure(value, "um");
        RecordMeasurement { id, result: result.with_measurand(Measurand::parse(measurand).ok()) }
    };
    let story = researching()
        .then(lead(), require("1", "um"))
        .then(lead(), measured("Ｐitch  Diameter", "2"))
        .then(lead(), measured("major diameter", "0.5"));
    let file = story.file();
    assert_eq!(file.gap_in_six_decimals(), Some(Decimal::from(2)));
    let named = file.best_uncertainty().and_then(|best| best.result.measurand());
    assert_eq!(named.map(Measurand::as_str), Some("Ｐitch  Diameter"), "it is kept as it was written");
}

#[test]
fn a_later_requirement_leaves_out_what_cannot_be_compared() {
    let measured = researching().then(lead(), measure("2", "um")).then(lead(), require("1", "um"));
    assert_eq!(measured.file().gap_in_six_decimals(), Some(Decimal::from(2)));
    let file = measured.then(coordinator(), require("1", "mg")).file();
    assert_eq!(file.capability_gap(), None);
    assert_eq!(file.best_uncertainty(), None);
    assert_eq!(file.gap_history().last().map(|point| &point.gap), Some(&None));
    assert_eq!(file.measurements.len(), 1);
}

#[test]
fn a_solution_rests_on_findings() {
    let all =
        SolutionProposed { description: propose().description, findings: vec![finding_id(1)], citations: Vec::new() };
    researching().when(lead(), propose()).happens(all.clone());
    let named = ProposeSolution { findings: vec![finding_id(1), finding_id(1)], ..propose() };
    researching().when(lead(), named).happens(all);
    let unknown = ProposeSolution { findings: vec![finding_id(1), finding_id(2)], ..propose() };
    researching().when(lead(), unknown).refused(Code::FindingUnknown, "findingIds");
    let without = Story::of(Status::Assigned).then(lead(), AcceptAssignment {});
    without.when(lead(), propose()).refused(Code::FindingMissing, "findingIds");
}

#[test]
fn only_the_lead_proposes() {
    researching().when(expert(), propose()).refused(Code::NotPermitted, "");
}
