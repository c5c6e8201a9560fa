//! What is to be measured, how well it has to be, and what was measured.
//!
//! Quantities keep the unit they were stated in. Where two must be compared their units
//! must be commensurable, except that an uncertainty or an error limit may be relative
//! (percent, parts per million, microvolts per volt) to whatever it belongs to, unless the
//! zero of that scale is arbitrary. That of a requirement belongs to its interval.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::text::{Label, Statement, shows_nothing};
use crate::domain::value::uncertainty::{Coverage, ExpandedUncertainty};
use crate::domain::value::unit::Unit;

use comparison::check_zero;

pub use comparison::Evaluated;
pub use conformity::{DecisionRule, MaximumPermissibleError, acceptance_limit, test_uncertainty_ratio};

mod comparison;
mod conformity;

/// The quantity intended to be measured (VIM 2.3), in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Measurand(Label);

impl Measurand {
    /// The measurand in these words, 1 to 200 characters.
    ///
    /// # Errors
    /// As [`Label::parse`].
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Label::parse(text).map(Self)
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether both are of one quantity. How the words were typed says nothing: white space and what else shows nothing,
    /// the case of letters, full width and half.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self == other || self.folded() == other.folded()
    }

    /// The words in the one form that is compared (Unicode NFKC and full case mapping).
    fn folded(&self) -> String {
        // Upper case first: `ß` is then `ss`, and `ς` is `σ`.
        let cased = self.as_str().nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
        cased.nfkc().filter(|c| !shows_nothing(*c)).collect()
    }
}

impl fmt::Display for Measurand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number and a unit: a point on the unit's scale.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantity {
    value: Decimal,
    unit: Unit,
}

impl Quantity {
    /// The quantity `value unit`.
    pub fn new(value: Decimal, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// The number.
    pub fn value(&self) -> &Decimal {
        &self.value
    }

    /// The unit.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

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

/// A measurement result (VIM 2.9): a measured quantity value (2.10), with its uncertainty where it was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MeasurementResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    measurand: Option<Measurand>,
    value: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uncertainty: Option<ExpandedUncertainty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<Statement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceability: Option<Statement>,
}

impl MeasurementResult {
    /// The result `value ± U`.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE` when U is neither relative nor in a unit of the value's
    /// dimension; `RELATIVE_TO_ZERO` when it is relative to a value of 0, and
    /// `RELATIVE_TO_ARBITRARY_ZERO` to one in °C, say; `BELOW_ABSOLUTE_ZERO`.
    pub fn new(value: Quantity, uncertainty: Option<ExpandedUncertainty>) -> Result<Self, ValueError> {
        check_temperature(value.value(), value.unit())?;
        if let Some(uncertainty) = &uncertainty {
            belongs_to(uncertainty.unit(), value.unit())?;
            Evaluated { value: &value, uncertainty }.check_relation()?;
        }
        Ok(Self { measurand: None, value, uncertainty, method: None, traceability: None })
    }

    /// The result of this measurand, where it is not the one that is required of the case.
    pub fn with_measurand(self, measurand: Option<Measurand>) -> Self {
        Self { measurand, ..self }
    }

    /// The result by this method.
    pub fn with_method(self, method: Option<Statement>) -> Self {
        Self { method, ..self }
    }

    /// The result with this chain of calibrations (VIM 2.41).
    pub fn with_traceability(self, traceability: Option<Statement>) -> Self {
        Self { traceability, ..self }
    }

    /// What was measured, where it was said.
    pub fn measurand(&self) -> Option<&Measurand> {
        self.measurand.as_ref()
    }

    /// The measured value.
    pub fn value(&self) -> &Quantity {
        &self.value
    }

    /// Its uncertainty, if it was evaluated.
    pub fn uncertainty(&self) -> Option<&ExpandedUncertainty> {
        self.uncertainty.as_ref()
    }

    /// The value with its uncertainty, if it was evaluated: what is compared. Logs have results with a U of 0 from when it
    /// was accepted. No measurement is that certain (JCGM 100:2008, 3.3.1): theirs was not evaluated, and closes no gap.
    pub fn evaluated(&self) -> Option<Evaluated<'_>> {
        let stated = self.uncertainty.as_ref().filter(|uncertainty| !uncertainty.value().is_zero());
        stated.map(|uncertainty| Evaluated { value: &self.value, uncertainty })
    }

    /// How it was measured.
    pub fn method(&self) -> Option<&Statement> {
        self.method.as_ref()
    }

    /// What it is traceable to.
    pub fn traceability(&self) -> Option<&Statement> {
        self.traceability.as_ref()
    }
}

/// Refuses a temperature that nothing can have.
fn check_temperature(value: &Decimal, unit: &Unit) -> Result<(), ValueError> {
    match unit.is_below_absolute_zero(value) {
        false => Ok(()),
        true => Err(ValueError::new(
            Code::BelowAbsoluteZero,
            format!(
                "{value} {unit} is below absolute zero, -273.15 Cel: write a temperature above it, or a difference in K"
            ),
        )),
    }
}

/// Whether an uncertainty or limit in `unit` can be one of a value in `of`.
fn belongs_to(unit: &Unit, of: &Unit) -> Result<(), ValueError> {
    match unit.is_relative_to(of) {
        true => check_zero(of),
        false => unit.factor_to(of).map(drop),
    }
}

#[cfg(test)]
mod tests;
