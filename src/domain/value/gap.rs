//! The capability gap: how far the best measurement found is from the one required.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::measurement::{Evaluated, MeasurementRequirement};
use crate::domain::value::ratio::{Ratio, Rounding};

/// `U_best / U_req`, exactly, with both at one coverage and in the same unit. A greater gap is worse; above 1 the
/// bottleneck stands. Wherever it is rounded it is rounded up, as uncertainties may be (JCGM 100:2008, 7.2.6): the
/// rounded one is above 1 exactly when the gap is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapabilityGap(Ratio);

impl CapabilityGap {
    /// The gap between a result and the requirement. Where both state the same coverage probability it is `U / U_req` as
    /// stated, whatever their k; otherwise both are brought to the k of the requirement, `(U/k) / (U_req/k_req)`, but U to
    /// no less at a greater probability than at its own and to no more at a lesser one, and not at all where its k is not
    /// that of a normal distribution ([`ExpandedUncertainty::at`](crate::domain::value::ExpandedUncertainty::at)). An error
    /// limit requires its part at 95 percent, so that it is held against U95. Where the requirement is relative U is by the
    /// magnitude of the value, and where it is not a relative U is times it.
    ///
    /// # Errors
    /// As [`MeasurementRequirement::reached`].
    pub fn between(result: Evaluated<'_>, requirement: &MeasurementRequirement) -> Result<Self, ValueError> {
        let required = requirement.required_uncertainty();
        let reached = requirement.reached(result, required.coverage())?;
        Ok(Self(&reached / required.value()))
    }

    /// Whether the bottleneck is broken: the gap is 1 or less, by exact comparison.
    pub fn is_closed(&self) -> bool {
        self.0 <= Ratio::one()
    }

    /// The gap as a fraction.
    pub fn ratio(&self) -> &Ratio {
        &self.0
    }

    /// The gap rounded up to this many significant digits.
    pub fn to_decimal(&self, digits: u32) -> Decimal {
        self.0.to_significant(digits, Rounding::Up)
    }

    /// The gap rounded up to this many decimals, however large it is.
    pub fn to_decimals(&self, decimals: u32) -> Decimal {
        self.0.to_decimals(decimals, Rounding::Up)
    }

    /// The gap in parts per million, rounded up; the largest `i64` where it is larger than that, so that gaps beyond
    /// about 9·10^12 are alike. For filters, sorting and sums.
    pub fn parts_per_million(&self) -> i64 {
        self.0.parts_per_million()
    }
}

impl fmt::Display for CapabilityGap {
    /// To 4 significant digits, rounded up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decimal(4).fmt(f)
    }
}

#[cfg(test)]
mod tests;
