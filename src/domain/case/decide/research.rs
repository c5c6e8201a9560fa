//! What is required, what is learnt and measured, and how it might be solved.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::command::{
    ProposeSolution, RecordFinding, RecordMeasurement, RetractMeasurement, SpecifyRequirement,
};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{
    FindingRecorded, MeasurementRecorded, MeasurementRetracted, RequirementSpecified, SolutionProposed,
};
use crate::domain::case::state::{File, StatedRequirement};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::ids::each_once;
use crate::domain::value::{CapabilityGap, MeasurementRequirement, MeasurementResult, Reference};

pub(super) fn specify_requirement(given: Given<'_>, command: &SpecifyRequirement) -> Decision {
    let in_place_of = match command.correction_reason {
        Some(_) => Some(corrected(given.file, &command.requirement)?.at),
        None => {
            check_goes_on(given.file)?;
            None
        }
    };
    only(RequirementSpecified {
        requirement: command.requirement.clone(),
        correction_reason: command.correction_reason.clone(),
        in_place_of,
    })
}

/// What the right one takes the place of.
fn corrected<'a>(file: &'a File, right: &MeasurementRequirement) -> Result<&'a StatedRequirement, Refusal> {
    let Some(standing) = file.requirements.last() else {
        let message = "no requirement stands that could have been wrong: leave `correctionReason` out";
        return refuse(Code::NoRequirement, "correctionReason", message);
    };
    if standing.requirement == *right {
        return refuse(Code::NothingToAmend, "", "this is required already");
    }
    Ok(standing)
}

/// Where a case has ended nothing more is required; what was required wrongly is corrected there all the same.
fn check_goes_on(file: &File) -> Result<(), Refusal> {
    if !file.status.is_before_resolved() {
        let message = format!(
            "the case is {}, and requires nothing more: what was required wrongly is corrected, with `correctionReason`",
            file.status
        );
        return refuse(Code::WrongStatus, "", message);
    }
    Ok(())
}

/// The most times that it is stated what a case requires: whoever tells the history of its gap holds every result against
/// each of them. What the log holds from before this limit stays as it is; an import's own log states none.
const MOST_REQUIREMENTS: usize = 50;

/// A correction counts beside the one that it takes the place of; what is stated again as it stands counts once.
pub(crate) fn may_require(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.requirements.is_empty() {
        check_goes_on(file)?;
    }
    let times: usize = file.requirements.iter().map(|stated| 1 + stated.taken_to_be_of.len()).sum();
    if times >= MOST_REQUIREMENTS {
        let message = format!(
            "what the case requires was stated {times} times, corrections among them: {MOST_REQUIREMENTS} at most"
        );
        return refuse(Code::TooManyRequirements, "requirement", message);
    }
    Ok(())
}

/// The most citations of a finding or a solution: with them it is one text that is found by its words.
const MOST_CITATIONS: usize = 50;

fn check_citations(citations: &[Reference]) -> Result<(), Refusal> {
    if citations.len() > MOST_CITATIONS {
        let message = format!(
            "{} citations: write at most {MOST_CITATIONS}, and attach a longer list as a document",
            citations.len()
        );
        return refuse(Code::TooManyCitations, "citations", message);
    }
    Ok(())
}

pub(super) fn record_finding(_: Given<'_>, command: &RecordFinding) -> Decision {
    check_citations(&command.citations)?;
    only(FindingRecorded { id: command.id, text: command.text.clone(), citations: command.citations.clone() })
}

pub(super) fn record_measurement(given: Given<'_>, command: &RecordMeasurement) -> Decision {
    only(measured(given, command, "result")?)
}

/// A measurement as it goes on record; `field` is where it stands in the input.
pub(super) fn measured(
    given: Given<'_>,
    command: &RecordMeasurement,
    field: &str,
) -> Result<MeasurementRecorded, Refusal> {
    let result = &command.result;
    check_comparable(given.file, result, field)?;
    let required = given.file.requirement().filter(|_| result.measurand().is_none());
    let required = required.map(|requirement| requirement.measurand().clone());
    Ok(MeasurementRecorded { id: command.id, result: result.clone(), required })
}

/// A result in a unit of another quantity than the interval's would never move the gap, nor would an uncertainty that
/// cannot be compared with the one required, or it would move it to a wrong one. That of something else may go on record.
fn check_comparable(file: &File, result: &MeasurementResult, field: &str) -> Result<(), Refusal> {
    let (Some(requirement), Some(evaluated)) = (file.requirement(), result.evaluated()) else {
        return Ok(());
    };
    if !requirement.is_meant_by(result) {
        return Ok(());
    }
    requirement.check_scale(result.value()).map_err(|error| Refusal::of_value(format!("{field}.unit"), error))?;
    CapabilityGap::between(evaluated, requirement)
        .map_err(|error| Refusal::of_value(format!("{field}.uncertainty.unit"), error))?;
    evaluated
        .uncertainty()
        .check_told_at(requirement.required_uncertainty().coverage())
        .map_err(|error| Refusal::of_value(format!("{field}.uncertainty.coverageProbability"), error))
}

pub(crate) fn has_measurement(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.measurements.is_empty() {
        return refuse(Code::MeasurementUnknown, "measurementId", "no measurement is on record");
    }
    if file.measurements.iter().all(|measurement| measurement.retraction.is_some()) {
        return refuse(Code::AlreadyRetracted, "measurementId", "every measurement on record is retracted");
    }
    Ok(())
}

pub(super) fn retract_measurement(given: Given<'_>, command: &RetractMeasurement) -> Decision {
    let id = command.measurement;
    let Some(measurement) = given.file.measurements.iter().find(|measurement| measurement.id == id) else {
        return refuse(Code::MeasurementUnknown, "measurementId", format!("no measurement {id} is in the case"));
    };
    if let Some(retraction) = &measurement.retraction {
        let message = format!("the measurement was retracted at {}", retraction.at);
        return refuse(Code::AlreadyRetracted, "measurementId", message);
    }
    only(MeasurementRetracted { measurement: id, reason: command.reason.clone() })
}

pub(crate) fn has_finding(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    if file.findings.is_empty() {
        return refuse(Code::FindingMissing, "findingIds", "a solution rests on at least one finding: record it first");
    }
    Ok(())
}

pub(super) fn propose_solution(given: Given<'_>, command: &ProposeSolution) -> Decision {
    check_citations(&command.citations)?;
    let on_file: Vec<_> = given.file.findings.iter().map(|finding| finding.id).collect();
    if let Some(unknown) = command.findings.iter().find(|id| !on_file.contains(id)) {
        return refuse(Code::FindingUnknown, "findingIds", format!("no finding {unknown} is in the case"));
    }
    let findings = match command.findings.is_empty() {
        true => on_file,
        false => each_once(&command.findings),
    };
    only(SolutionProposed { description: command.description.clone(), findings, citations: command.citations.clone() })
}
