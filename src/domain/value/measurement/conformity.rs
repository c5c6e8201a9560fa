//! Error limits, and how uncertainty enters the verdict on conformity to them.

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::unit::Unit;

/// How the uncertainty enters the verdict on conformity (ISO/IEC 17025:2017, 3.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRule {
    ratio: Decimal,
    guard_band: Decimal,
}

impl DecisionRule {
    /// The rule that the error limit is at least `ratio` times U, often 3, 4 or 10, and
    /// that the acceptance limit lies inside it by the guard band `w = r·U`
    /// (JCGM 106:2012, 8.3.2), where `guard_band` is r: 0 for simple acceptance, 1 for a
    /// full guard band.
    ///
    /// # Errors
    /// `DECISION_RATIO_TOO_SMALL` below 1, `GUARD_BAND_OUT_OF_RANGE` outside 0 to 1.
    pub fn new(ratio: Decimal, guard_band: Decimal) -> Result<Self, ValueError> {
        if ratio < Decimal::one() {
            return Err(ValueError::new(
                Code::DecisionRatioTooSmall,
                format!("the ratio {ratio} of error limit to uncertainty is below 1: write 3, 4 or 10, say"),
            ));
        }
        if guard_band.is_negative() || guard_band > Decimal::one() {
            return Err(ValueError::new(
                Code::GuardBandOutOfRange,
                format!(
                    "the guard band {guard_band} is not between 0 and 1: write the part of U that is kept off the limit"
                ),
            ));
        }
        Ok(Self { ratio, guard_band })
    }

    /// The least ratio of the error limit to U.
    pub fn ratio(&self) -> &Decimal {
        &self.ratio
    }

    /// r, the part of U that the acceptance limit keeps off the error limit.
    pub fn guard_band(&self) -> &Decimal {
        &self.guard_band
    }
}

/// A maximum permissible error (VIM 4.26), symmetric: the limits are ±value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MaximumPermissibleError {
    value: Decimal,
    unit: Unit,
    rule: DecisionRule,
}

impl MaximumPermissibleError {
    /// The error limits `±value unit` under a decision rule.
    ///
    /// # Errors
    /// `MPE_NOT_POSITIVE`.
    pub fn new(value: Decimal, unit: Unit, rule: DecisionRule) -> Result<Self, ValueError> {
        if !value.is_positive() {
            return Err(ValueError::new(
                Code::MpeNotPositive,
                format!(
                    "the maximum permissible error {value} {unit} is not above 0: write the magnitude of the symmetric limits"
                ),
            ));
        }
        Ok(Self { value, unit, rule })
    }

    /// The magnitude of either limit.
    pub fn value(&self) -> &Decimal {
        &self.value
    }

    /// The unit of the limits.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// The decision rule.
    pub fn rule(&self) -> &DecisionRule {
        &self.rule
    }
}

/// The test uncertainty ratio: the span of the tolerance by that of the uncertainty, `2·MPE / 2·U95` (ANSI/NCSL
/// Z540.3-2006, where U is that of 95 percent coverage). `reached` is what a result reached at the usual coverage
/// ([`MeasurementRequirement::reached`](super::MeasurementRequirement::reached)), above 0. At least the ratio of the
/// decision rule exactly where the capability gap is closed.
pub fn test_uncertainty_ratio(mpe: &MaximumPermissibleError, reached: &Ratio) -> Ratio {
    &Ratio::from(mpe.value()) / reached
}

/// The acceptance limit `A = MPE − w` with the guard band `w = r·U95` (JCGM 106:2012, 8.3.2, where U is that of k = 2),
/// in the unit of the MPE: an error within ±A is accepted. Below 0 no error is. `reached` is as for the ratio.
pub fn acceptance_limit(mpe: &MaximumPermissibleError, reached: &Ratio, rule: &DecisionRule) -> Ratio {
    &Ratio::from(mpe.value()) - &(&Ratio::from(rule.guard_band()) * reached)
}
