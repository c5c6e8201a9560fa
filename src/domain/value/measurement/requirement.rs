//! How well something has to be measured, and where on its scale.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::measurement::{
    MaximumPermissibleError, Measurand, MeasurementResult, Quantity, belongs_to, check_temperature,
};
use crate::domain::value::ratio::Ratio;
use crate::domain::value::text::Statement;
use crate::domain::value::uncertainty::{Coverage, ExpandedUncertainty};
use crate::domain::value::unit::Unit;

/// The measuring interval (VIM 4.7) that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    low: Decimal,
    high: Decimal,
    unit: Unit,
}

impl Interval {
    /// The interval from `low` to `high`.
    ///
    /// # Errors
    /// `EMPTY_INTERVAL` unless `low` is below `high`, `BELOW_ABSOLUTE_ZERO`.
    pub fn new(low: Decimal, high: Decimal, unit: Unit) -> Result<Self, ValueError> {
        check_temperature(&low, &unit)?;
        if low >= high {
            return Err(ValueError::new(
                Code::EmptyInterval,
                format!("the interval from {low} to {high} {unit} is empty: write its lower end first"),
            ));
        }
        Ok(Self { low, high, unit })
    }

    /// Whether a value is at a point of the interval: within it, or beyond an end by no more than a hundredth of its
    /// width. An item that is set to the end shows a value that differs from it by the item's error. How well the value
    /// was measured says nothing about where it is, so that no result is left out for being the better one.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`.
    fn holds(&self, value: &Quantity) -> Result<bool, ValueError> {
        let point = value.unit().convert_point(value.value(), &self.unit)?;
        let (low, high) = (Ratio::from(&self.low), Ratio::from(&self.high));
        let beyond = &(&high - &low) / &Ratio::from(&Decimal::from(100));
        Ok(point >= &low - &beyond && point <= &high + &beyond)
    }

    /// Whether both have the same ends, in whatever unit.
    fn is_same_as(&self, other: &Self) -> bool {
        let is_at =
            |point, end| self.unit.convert_point(point, &other.unit).is_ok_and(|point| point == Ratio::from(end));
        is_at(&self.low, &other.low) && is_at(&self.high, &other.high)
    }

    /// The lower end.
    pub fn low(&self) -> &Decimal {
        &self.low
    }

    /// The upper end.
    pub fn high(&self) -> &Decimal {
        &self.high
    }

    /// The unit of both ends.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} {}", self.low, self.high, self.unit)
    }
}

/// What has to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// An expanded uncertainty.
    #[serde(rename = "uncertainty")]
    Uncertainty(ExpandedUncertainty),
    /// An error limit that the measurement has to support.
    #[serde(rename = "mpe")]
    Mpe(MaximumPermissibleError),
}

impl Target {
    /// The unit of the target.
    pub fn unit(&self) -> &Unit {
        match self {
            Target::Uncertainty(uncertainty) => uncertainty.unit(),
            Target::Mpe(mpe) => mpe.unit(),
        }
    }
}

/// How well a measurand has to be measured, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MeasurementRequirement {
    measurand: Measurand,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
    target: Target,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Statement>,
}

impl MeasurementRequirement {
    /// The requirement on a measurand.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE` when the target is neither relative nor in a unit of the
    /// interval's dimension; `RELATIVE_TO_ARBITRARY_ZERO` when it is relative and the interval
    /// is of temperatures in °C, say.
    pub fn new(
        measurand: Measurand,
        interval: Option<Interval>,
        target: Target,
        note: Option<Statement>,
    ) -> Result<Self, ValueError> {
        if let Some(interval) = &interval {
            belongs_to(target.unit(), interval.unit())?;
        }
        Ok(Self { measurand, interval, target, note })
    }

    /// Whether a value of that measurand, or of none named, tells how well this can be measured: it is of this measurand,
    /// and at a point of the interval, if one was said. A value beyond an end by no more than a hundredth of the width is
    /// at that end.
    pub fn is_about(&self, measurand: Option<&Measurand>, value: &Quantity) -> bool {
        self.is_of(measurand) && self.interval.as_ref().is_none_or(|interval| interval.holds(value).unwrap_or(false))
    }

    /// Whether a result means to tell that: it names no other measurand, and its value is not outside of the interval. A
    /// value that is on no scale of the interval is in a wrong unit, unless another measurand is named.
    pub fn is_meant_by(&self, result: &MeasurementResult) -> bool {
        let is_inside = |interval: &Interval| interval.holds(result.value()).unwrap_or(true);
        self.is_of(result.measurand()) && self.interval.as_ref().is_none_or(is_inside)
    }

    /// Refuses a value that is on no scale of the interval, where one was said: no result at it would ever be about it.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`.
    pub fn check_scale(&self, value: &Quantity) -> Result<(), ValueError> {
        self.interval.as_ref().map_or(Ok(()), |interval| interval.holds(value).map(drop))
    }

    /// Whether every result has the same gap to both: they are of one measurand and one interval, and require one
    /// uncertainty of the values or relative to them. In which units, whether as an error limit, and what else was said
    /// makes no difference.
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        let (unit, its_unit) = (self.target.unit(), other.target.unit());
        let is_of_one_scale = match (&self.interval, &other.interval) {
            (Some(interval), Some(its)) => {
                interval.is_same_as(its) && unit.is_relative_to(&interval.unit) == its_unit.is_relative_to(&its.unit)
            }
            (None, None) => unit.is_relative_as(its_unit),
            _ => false,
        };
        is_of_one_scale
            && self.is_of(Some(&other.measurand))
            && self.required_uncertainty().is_same_as(&other.required_uncertainty())
    }

    fn is_of(&self, measurand: Option<&Measurand>) -> bool {
        measurand.is_none_or(|measurand| measurand.is_same_as(&self.measurand))
    }

    /// What is to be measured.
    pub fn measurand(&self) -> &Measurand {
        &self.measurand
    }

    /// Where on its scale, if that was said.
    pub fn interval(&self) -> Option<&Interval> {
        self.interval.as_ref()
    }

    /// How well.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What else was said.
    pub fn note(&self) -> Option<&Statement> {
        self.note.as_ref()
    }

    /// U_req: the required uncertainty itself, or the error limit divided by the ratio of
    /// its decision rule, with k = 2 at 95 percent (ANSI/NCSL Z540.3-2006).
    pub fn required_uncertainty(&self) -> RequiredUncertainty {
        match &self.target {
            Target::Uncertainty(uncertainty) => RequiredUncertainty {
                value: Ratio::from(uncertainty.value()),
                unit: uncertainty.unit().clone(),
                coverage: uncertainty.coverage(),
            },
            Target::Mpe(mpe) => RequiredUncertainty {
                value: Ratio::of(mpe.value(), mpe.rule().ratio()).expect("the ratio of a decision rule is not 0"),
                unit: mpe.unit().clone(),
                coverage: Coverage::usual(),
            },
        }
    }
}

/// The largest expanded uncertainty that meets a requirement; a fraction, for an error
/// limit divided by 3 has no end in decimal notation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequiredUncertainty {
    value: Ratio,
    unit: Unit,
    coverage: Coverage,
}

impl RequiredUncertainty {
    /// Whether both are as large at the same coverage, in whatever unit.
    fn is_same_as(&self, other: &Self) -> bool {
        let is_as_large = |factor: Ratio| &self.value * &factor == other.value;
        self.coverage == other.coverage && self.unit.factor_to(&other.unit).is_ok_and(is_as_large)
    }

    /// U_req, above 0.
    pub fn value(&self) -> &Ratio {
        &self.value
    }

    /// The unit of U_req.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// k and p.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }
}
