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
use crate::domain::value::text::{Label, Statement, shows_nothing};
use crate::domain::value::uncertainty::ExpandedUncertainty;
use crate::domain::value::unit::Unit;

use comparison::check_zero;

pub use comparison::Evaluated;
pub use conformity::{DecisionRule, MaximumPermissibleError, acceptance_limit, test_uncertainty_ratio};
pub use requirement::{Interval, MeasurementRequirement, RequiredUncertainty, Target};

mod comparison;
mod conformity;
mod requirement;

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
