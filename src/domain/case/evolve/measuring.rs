//! What is required and measured, and what of it is taken back.

use std::mem::replace;

use jiff::Timestamp;

use crate::domain::case::event::{CaseFact, MeasurementRecorded, MeasurementRetracted, RequirementSpecified};
use crate::domain::case::evolve::moves::retract;
use crate::domain::case::state::{File, Measurement, StatedRequirement};
use crate::domain::event::Recorded;

impl File {
    pub(super) fn state_requirement(&mut self, fact: &RequirementSpecified, at: Timestamp) {
        // One that is stated again as it stands requires nothing else: it may have been required for longer, which a
        // correction does not say.
        if let Some(standing) = self.requirements.last_mut().filter(|stated| stated.requirement == fact.requirement) {
            if fact.correction_reason.is_none() {
                standing.at = standing.at.min(at);
            }
            return;
        }
        let requirement = fact.requirement.clone();
        match self.requirements.last_mut().filter(|stated| fact.in_place_of == Some(stated.at)) {
            Some(stated) => {
                let wrong = replace(&mut stated.requirement, requirement);
                stated.taken_to_be_of.push(wrong.measurand().clone());
            }
            // Of what had happened by a time, the one that is corrected may be missing, and another one be the last.
            None => {
                let measured_before = self.measurements.len();
                self.requirements.push(StatedRequirement {
                    at,
                    measured_before,
                    requirement,
                    taken_to_be_of: Vec::new(),
                });
            }
        }
    }

    pub(super) fn measured(&mut self, fact: &MeasurementRecorded, event: &Recorded<CaseFact>) {
        let (by, at) = (event.by.clone(), event.occurred_at);
        self.worked_on_it.insert(by.clone());
        let (result, required) = (fact.result.clone(), fact.required.clone());
        self.measurements.push(Measurement { id: fact.id, by, at, result, required, retraction: None });
    }

    pub(super) fn measurement_retracted(&mut self, fact: &MeasurementRetracted, event: &Recorded<CaseFact>) {
        let found = self.measurements.iter_mut().find(|measurement| measurement.id == fact.measurement);
        if let Some(measurement) = found {
            retract(&mut measurement.retraction, &fact.reason, event);
        }
    }
}
