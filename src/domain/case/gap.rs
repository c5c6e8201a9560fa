//! The capability gap of a case: the best uncertainty found so far against the one required.
//!
//! `gap = U_best / U_req`: above 1 the bottleneck stands, at or below 1 it is broken. Derived
//! from the measurements and the requirement, never stored by itself, so that it has a history.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::case::state::{File, Measurement};
use crate::domain::value::{CapabilityGap, Decimal};

/// Decimals of a gap wherever it is told: those of the rows that lists are answered from.
const GAP_DECIMALS: u32 = 6;

/// How the gap stood after an event that changed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapPoint {
    /// When that event happened (business time).
    pub at: Timestamp,
    /// The gap to six decimals, rounded up; absent where nothing is required or nothing comparable measured.
    pub gap: Option<Decimal>,
}

impl File {
    /// The measurement with the least gap of those that the requirement is about and can be compared with, and its gap.
    /// The earliest of equals.
    fn best(&self) -> Option<(&Measurement, CapabilityGap)> {
        let requirement = self.requirement.as_ref()?;
        self.measurements
            .iter()
            .filter_map(|measurement| {
                let result = measurement.result.evaluated()?;
                // A measurement of something else stays on file; it says nothing about this requirement.
                if !requirement.is_about(&measurement.result) {
                    return None;
                }
                let gap = CapabilityGap::between(result, requirement).ok()?;
                Some((measurement, gap))
            })
            .min_by(|(_, a), (_, b)| a.cmp(b))
    }

    /// The measurement with the least gap to the requirement.
    #[must_use]
    pub fn best_uncertainty(&self) -> Option<&Measurement> {
        self.best().map(|(measurement, _)| measurement)
    }

    /// The capability gap, where something is required and something comparable measured.
    #[must_use]
    pub fn capability_gap(&self) -> Option<CapabilityGap> {
        self.best().map(|(_, gap)| gap)
    }

    /// The gap as the log has it and as it is told, now and in its history: to six decimals, rounded up, so that it is
    /// above 1 exactly when the gap is, and the same number as in the rows that filters compare. However large it is, it
    /// is told.
    #[must_use]
    pub fn gap_in_six_decimals(&self) -> Option<Decimal> {
        Some(self.capability_gap()?.to_decimals(GAP_DECIMALS))
    }

    /// Takes a point of the history where the gap has moved.
    pub(in crate::domain::case) fn follow_gap(&mut self, at: Timestamp) {
        let gap = self.gap_in_six_decimals();
        let last = self.gap_history.last().and_then(|point| point.gap.as_ref());
        if gap.as_ref() != last {
            self.gap_history.push(GapPoint { at, gap });
        }
    }
}
