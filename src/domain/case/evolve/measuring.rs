//! What is required and measured, and what of it is taken back.

use jiff::Timestamp;

use crate::domain::case::event::{CaseFact, MeasurementRecorded, MeasurementRetracted};
use crate::domain::case::evolve::moves::retract;
use crate::domain::case::state::{File, Measurement, StatedRequirement};
use crate::domain::event::Recorded;
use crate::domain::value::MeasurementRequirement;

impl File {
    pub(super) fn state_requirement(&mut self, requirement: &MeasurementRequirement, at: Timestamp) {
        // One that is stated again as it stands requires nothing else.
        if self.requirement() != Some(requirement) {
            let measured_before = self.measurements.len();
            self.requirements.push(StatedRequirement { at, measured_before, requirement: requirement.clone() });
            self.follow_gap(at);
        }
    }

    pub(super) fn measured(&mut self, fact: &MeasurementRecorded, event: &Recorded<CaseFact>) {
        let (by, at) = (event.by.clone(), event.occurred_at);
        self.worked_on_it.insert(by.clone());
        let (result, required) = (fact.result.clone(), fact.required.clone());
        self.measurements.push(Measurement { id: fact.id, by, at, result, required, retraction: None });
        self.follow_gap(at);
    }

    pub(super) fn measurement_retracted(&mut self, fact: &MeasurementRetracted, event: &Recorded<CaseFact>) {
        let found = self.measurements.iter_mut().find(|measurement| measurement.id == fact.measurement);
        if let Some(measurement) = found {
            retract(&mut measurement.retraction, &fact.reason, event);
            self.tell_gap_anew();
        }
    }
}
