//! The capability gap of a case: the best uncertainty found so far against the one required.
//!
//! `gap = U_best / U_req`: above 1 the bottleneck stands, at or below 1 it is broken. Derived
//! from the measurements and the requirement, never stored by itself, so that it has a history. What was retracted has
//! no part in it, and none in what is told of earlier: as of a moment before the retraction it still has.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::case::state::{File, Measurement, StatedRequirement};
use crate::domain::value::{CapabilityGap, Decimal, Measurand, MeasurementRequirement, calendar};

/// Decimals of a gap wherever it is told: those of the rows that lists are answered from.
const GAP_DECIMALS: u32 = 6;

/// How the gap stood after an event that changed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapPoint {
    /// Since when (business time): when that event happened, or later where what it is held against is dated later.
    pub at: Timestamp,
    /// The gap to six decimals, rounded up; absent where nothing is required or nothing comparable measured.
    pub gap: Option<Decimal>,
}

impl GapPoint {
    /// Whether the bottleneck is broken. Rounded up, the gap is above 1 exactly when it was before.
    fn is_closed(&self) -> bool {
        self.gap.as_ref().is_some_and(|gap| *gap <= Decimal::from(1))
    }
}

impl File {
    /// What measurement would solve it, where that was said.
    #[must_use]
    pub fn requirement(&self) -> Option<&MeasurementRequirement> {
        self.requirements.last().map(|stated| &stated.requirement)
    }

    /// What a measurement is of: the measurand that its result names, or else the one that was required when it was
    /// recorded; of one from before any requirement, that of the first one stated. Its event says what was required then,
    /// which of what had happened by a time may be missing; that of an older version does not, and is told by the log.
    fn measurand_of(&self, place: usize) -> Option<&Measurand> {
        let Measurement { result, required, .. } = &self.measurements[place];
        let of_the_log = || {
            let stated_by_then = self.requirements.partition_point(|stated| stated.measured_before <= place);
            self.requirements.get(stated_by_then.saturating_sub(1)).map(|stated| stated.requirement.measurand())
        };
        result.measurand().or(required.as_ref()).or_else(of_the_log)
    }

    /// The gap that a measurement makes by itself, where the requirement is about it and can be compared with it. A
    /// measurement of something else stays on file and says nothing about this requirement; nor does one that was
    /// retracted. One whose U may be more at the required p, as one from before the requirement may, closes no gap: it
    /// leaves one open where its U is above what is required as it is, and otherwise says nothing.
    fn gap_of(&self, place: usize, requirement: &MeasurementRequirement) -> Option<CapabilityGap> {
        let Measurement { result, retraction, .. } = &self.measurements[place];
        if retraction.is_some() || !requirement.is_about(self.measurand_of(place), result.value()) {
            return None;
        }
        let evaluated = result.evaluated()?;
        let gap = CapabilityGap::between(evaluated, requirement).ok()?;
        let required = requirement.required_uncertainty();
        match gap.is_closed() && evaluated.uncertainty().may_be_more_at(required.coverage()) {
            true => None,
            false => Some(gap),
        }
    }

    /// The measurement with the least gap, and its gap. The earliest of equals.
    fn best(&self) -> Option<(&Measurement, CapabilityGap)> {
        let requirement = self.requirement()?;
        let made = self.measurements.iter().enumerate();
        let gaps = made.filter_map(|(place, made)| Some((made, self.gap_of(place, requirement)?)));
        gaps.min_by(|(_, a), (_, b)| a.cmp(b))
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

    /// The first gap that was known, to six decimals, and whether it was closed.
    #[must_use]
    pub fn first_gap(&self) -> Option<(&Decimal, bool)> {
        self.gap_history.iter().find_map(|point| Some((point.gap.as_ref()?, point.is_closed())))
    }

    /// The days on which the gap came to 1 or less, from above it or from none, in order.
    pub fn gap_closings(&self) -> impl Iterator<Item = Date> {
        let before = std::iter::once(false).chain(self.gap_history.iter().map(GapPoint::is_closed));
        let closings =
            self.gap_history.iter().zip(before).filter(|(point, was_closed)| point.is_closed() && !was_closed);
        closings.map(|(point, _)| calendar::date_of(point.at))
    }

    /// Since when a requirement is held against the results before it: one that is dated before them met none yet. Where
    /// some of them close the gap, it is closed since the first of these was there.
    fn held_since(&self, stated: &StatedRequirement) -> Timestamp {
        let decides = |place| {
            let gap = self.gap_of(place, &stated.requirement)?;
            Some((!gap.is_closed(), self.measurements[place].at))
        };
        let first = (0..stated.measured_before).filter_map(decides).min();
        first.map_or(stated.at, |(_, at)| at.max(stated.at))
    }

    /// Takes a point of the history where the gap has moved by the latest requirement.
    pub(in crate::domain::case) fn follow_requirement(&mut self) {
        let Some(stated) = self.requirements.last() else { return };
        let (since, gap) = (self.held_since(stated), self.gap_in_six_decimals());
        self.take_point(since, gap);
    }

    /// Takes a point of the history where the gap has moved by the latest result.
    pub(in crate::domain::case) fn follow_result(&mut self) {
        let (Some(stated), Some(made)) = (self.requirements.last(), self.measurements.last()) else { return };
        let (since, gap) = (made.at.max(stated.at), self.gap_in_six_decimals());
        self.take_point(since, gap);
    }

    /// Tells the history of the gap anew, by the results that count: each requirement from when it was stated, against
    /// the results before it and then against each one as it came.
    pub(in crate::domain::case) fn tell_gap_anew(&mut self) {
        let mut told = Vec::new();
        let ends = self.requirements.iter().skip(1).map(|next| next.measured_before).chain([self.measurements.len()]);
        for (stated, end) in self.requirements.iter().zip(ends) {
            let gap_of = |place| self.gap_of(place, &stated.requirement);
            let mut best = (0..stated.measured_before).filter_map(gap_of).min();
            told.push((self.held_since(stated), best.clone()));
            for place in stated.measured_before..end {
                best = best.into_iter().chain(gap_of(place)).min();
                told.push((self.measurements[place].at.max(stated.at), best.clone()));
            }
        }
        self.gap_history.clear();
        for (at, gap) in told {
            self.take_point(at, gap.map(|gap| gap.to_decimals(GAP_DECIMALS)));
        }
    }

    fn take_point(&mut self, at: Timestamp, gap: Option<Decimal>) {
        let last = self.gap_history.last().and_then(|point| point.gap.as_ref());
        if gap.as_ref() != last {
            self.gap_history.push(GapPoint { at, gap });
        }
    }
}
