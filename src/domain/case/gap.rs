//! The capability gap of a case: the best uncertainty found so far against the one required.
//!
//! `gap = U_best / U_req`: above 1 the bottleneck stands, at or below 1 it is broken. Derived
//! from the measurements and the requirement, never stored by itself, so that it has a history. What was retracted has
//! no part in it, and none in what is told of earlier: as of a moment before the retraction it still has. So it is with a
//! requirement that was corrected.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::case::state::{File, Measurement, StatedRequirement};
use crate::domain::value::{CapabilityGap, Decimal, Measurand, MeasurementRequirement, calendar};

/// Decimals of a gap wherever it is told: those of the rows that lists are answered from.
pub(crate) const GAP_DECIMALS: u32 = 6;

/// How the gap stood from when a requirement or a result changed it.
#[derive(Clone, Debug, PartialEq)]
pub struct GapPoint {
    /// Since when (business time): when what moved it was measured or stated. No point is before the one that it follows.
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

/// Where something stands among the results, in the order of time: when it happened, and how many results were on record
/// with it, which puts what happened at one time in the order of the log.
type Place = (Timestamp, usize);

impl StatedRequirement {
    /// Behind the results of before, and those of its own time that were on record.
    fn place(&self) -> Place {
        (self.at, self.measured_before)
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
    /// which of what had happened by a time may be missing; that of an older version does not, and is told by the log. So
    /// is what was required then and was corrected since.
    fn measurand_of(&self, place: usize) -> Option<&Measurand> {
        let Measurement { result, required, .. } = &self.measurements[place];
        let stated_by_then = self.requirements.partition_point(|stated| stated.measured_before <= place);
        let stated = self.requirements.get(stated_by_then.saturating_sub(1));
        let is_wrong = |measurand: &Measurand| stated.is_some_and(|stated| stated.taken_to_be_of.contains(measurand));
        let required = required.as_ref().filter(|measurand| !is_wrong(measurand));
        result.measurand().or(required).or_else(|| Some(stated?.requirement.measurand()))
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

    /// The measurement with the least gap, and its gap. Of equals the one that was measured first, whenever that went on
    /// record.
    fn best(&self) -> Option<(&Measurement, CapabilityGap)> {
        let requirement = self.requirement()?;
        let made = self.measurements.iter().enumerate();
        let gaps = made.filter_map(|(place, made)| Some((made, self.gap_of(place, requirement)?)));
        gaps.min_by(|(one, gap), (other, its_gap)| (gap, one.at).cmp(&(its_gap, other.at)))
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

    /// The first gap that was known to the requirement that stands, since it was first stated without another between:
    /// what the present one is told beside. One to another requirement is of another scale.
    #[must_use]
    pub fn first_gap(&self) -> Option<CapabilityGap> {
        let (last, earlier) = self.requirements.split_last()?;
        let asks_the_same = |stated: &&StatedRequirement| stated.requirement.asks_the_same_as(&last.requirement);
        let stated_again = earlier.iter().rev().take_while(asks_the_same);
        let first = stated_again.chain([last]).min_by_key(|stated| stated.place())?;
        self.gaps_since(first).find_map(|(_, gap)| gap)
    }

    /// The days on which the gap came to 1 or less, from above it or from none, in order.
    pub fn gap_closings(&self) -> impl Iterator<Item = Date> {
        let mut was_closed = false;
        let closings = self.gap_history().into_iter().filter(move |point| {
            let closes = point.is_closed() && !was_closed;
            was_closed = point.is_closed();
            closes
        });
        closings.map(|point| calendar::date_of(point.at))
    }

    /// The gap from each time at which it changed, by the results that count and in the order of time, not in that of the
    /// log: each requirement stands from when it was stated until that of another one which the log has later. What is dated
    /// before something else may change all of it: it is told where it is asked for, and not kept as events come in.
    #[must_use]
    pub fn gap_history(&self) -> Vec<GapPoint> {
        let mut history: Vec<GapPoint> = Vec::new();
        for (number, stated) in self.requirements.iter().enumerate() {
            let end = self.requirements[number + 1..].iter().map(StatedRequirement::place).min();
            // Another one was stated for before it: no result is held against this one.
            if end.is_some_and(|end| stated.place() > end) {
                continue;
            }
            let stands = |place: Place| end.is_none_or(|end| place <= end);
            for ((at, _), gap) in self.gaps_since(stated).take_while(|(place, _)| stands(*place)) {
                let gap = gap.map(|gap| gap.to_decimals(GAP_DECIMALS));
                if gap.as_ref() != history.last().and_then(|point| point.gap.as_ref()) {
                    history.push(GapPoint { at, gap });
                }
            }
        }
        history
    }

    /// How the gap stood against a requirement from when it was stated: by what had been measured until then, and by each
    /// result after it as it was measured, whenever that went on record.
    fn gaps_since(&self, stated: &StatedRequirement) -> impl Iterator<Item = (Place, Option<CapabilityGap>)> {
        let mut known: Vec<Place> = self.measurements.iter().map(|made| made.at).zip(1..).collect();
        known.sort_unstable();
        let later = known.split_off(known.partition_point(|place| *place <= stated.place()));
        let gap_of = move |(_, on_record): Place| self.gap_of(on_record - 1, &stated.requirement);
        let first = known.into_iter().filter_map(gap_of).min();
        let mut best = first.clone();
        let then = later.into_iter().map(move |place| {
            best = best.take().into_iter().chain(gap_of(place)).min();
            (place, best.clone())
        });
        std::iter::once((stated.place(), first)).chain(then)
    }
}
