//! The capability gap: how far the best measurement found is from the one required.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::measurement::{MeasurementRequirement, Target};
use crate::domain::value::ratio::Ratio;
use crate::domain::value::uncertainty::ExpandedUncertainty;

/// `U_best / U_req`, exactly, with both at the same coverage factor and in the same unit. A
/// greater gap is worse; above 1 the bottleneck stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapabilityGap(Ratio);

impl CapabilityGap {
    /// The gap between the uncertainty reached and the requirement: `U / U_req` where both state the same
    /// coverage probability, whatever their k, since few degrees of freedom make k larger at the same p (JCGM
    /// 100:2008, 6.3 and annex G). Otherwise, and for an error limit, whose part has k = 2 by convention, both are
    /// brought to the same k: `(U/k) / (U_req/k_req)`.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`; also between a relative uncertainty and an absolute one.
    pub fn between(best: &ExpandedUncertainty, requirement: &MeasurementRequirement) -> Result<Self, ValueError> {
        let required = requirement.required_uncertainty();
        let factor = best.unit().factor_to(required.unit())?;
        let is_at_same_probability = matches!(
            requirement.target(),
            Target::Uncertainty(target) if target.coverage_probability() == best.coverage_probability()
        );
        let (reached, needed) = match is_at_same_probability {
            true => (Ratio::from(best.value()), required.value().clone()),
            false => (best.standard(), required.standard()),
        };
        Ok(Self(&(&reached * &factor) / &needed))
    }

    /// Whether the bottleneck is broken: the gap is 1 or less, by exact comparison.
    pub fn is_closed(&self) -> bool {
        self.0 <= Ratio::one()
    }

    /// The gap as a fraction.
    pub fn ratio(&self) -> &Ratio {
        &self.0
    }

    /// The gap rounded half to even to this many significant digits. For reading only: a
    /// gap just above 1 may round to 1.
    pub fn to_decimal(&self, digits: u32) -> Decimal {
        self.0.to_decimal(digits)
    }

    /// The gap in parts per million, rounded half to even; the largest `i64` where it is
    /// larger than that. For sorting and sums: `is_closed` alone tells a gap just above 1.
    pub fn parts_per_million(&self) -> i64 {
        (&self.0 * &Ratio::from(&Decimal::from(1_000_000))).to_i64_saturating()
    }
}

impl fmt::Display for CapabilityGap {
    /// To 4 significant digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decimal(4).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::value::measurement::{DecisionRule, MaximumPermissibleError, Measurand, Target};
    use crate::domain::value::unit::Unit;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn uncertainty(value: &str, unit: &str, k: &str) -> ExpandedUncertainty {
        let p = match k {
            "1" => "0.6827",
            "2" => "0.9545",
            _ => "0.9973",
        };
        stated(value, unit, k, p)
    }

    fn stated(value: &str, unit: &str, k: &str, p: &str) -> ExpandedUncertainty {
        let unit = Unit::parse(unit).unwrap();
        ExpandedUncertainty::new(decimal(value), unit, Some(decimal(k)), Some(decimal(p))).unwrap()
    }

    fn requirement(target: Target) -> MeasurementRequirement {
        let measurand = Measurand::parse("temperature of a furnace").unwrap();
        MeasurementRequirement::new(measurand, None, target, None).unwrap()
    }

    fn gap(best: &ExpandedUncertainty, value: &str, unit: &str, k: &str) -> CapabilityGap {
        let required = requirement(Target::Uncertainty(uncertainty(value, unit, k)));
        CapabilityGap::between(best, &required).unwrap()
    }

    #[test]
    fn units_are_brought_together_exactly() {
        let stands = gap(&uncertainty("2.5", "um", "2"), "0.001", "mm", "2");
        assert_eq!(stands.to_decimal(3), decimal("2.5"));
        assert!(!stands.is_closed());
        // 9/5 °F is 1 K: exactly 1, which no quotient of rounded decimals gives.
        let closed = gap(&uncertainty("1.8", "[degF]", "2"), "1", "K", "2");
        assert_eq!(closed.ratio(), &Ratio::one());
        assert!(closed.is_closed());
    }

    #[test]
    fn coverage_factors_are_brought_together() {
        let closed = gap(&uncertainty("3", "mK", "3"), "2", "mK", "2");
        assert!(closed.is_closed());
        assert_eq!(closed.parts_per_million(), 1_000_000);
    }

    /// Four degrees of freedom give k = 2.87 at the p of k = 2 with many (JCGM 100:2008, table G.2).
    #[test]
    fn at_one_probability_uncertainties_are_compared_as_stated() {
        let required = requirement(Target::Uncertainty(stated("1.0", "%", "2", "0.9545")));
        let stands = CapabilityGap::between(&stated("1.3", "%", "2.87", "0.9545"), &required).unwrap();
        assert_eq!(stands.parts_per_million(), 1_300_000);
        assert!(!stands.is_closed());
    }

    #[test]
    fn an_error_limit_requires_its_part() {
        let rule = DecisionRule::new(decimal("3"), decimal("0")).unwrap();
        let mpe = MaximumPermissibleError::new(decimal("1"), Unit::parse("K").unwrap(), rule);
        let required = requirement(Target::Mpe(mpe.unwrap()));
        let gap = |value| CapabilityGap::between(&uncertainty(value, "Cel", "2"), &required).unwrap();
        assert!(gap("0.3333333333333333333333333333").is_closed());
        let above = gap("0.3333333333333333333333333334");
        assert!(!above.is_closed());
        // What a reader sees is rounded; what is decided is not.
        assert_eq!(above.to_string(), "1.000");
        assert_eq!(above.parts_per_million(), 1_000_000);
    }

    #[test]
    fn kinds_that_differ_are_refused() {
        let required = requirement(Target::Uncertainty(uncertainty("1", "K", "2")));
        for unit in ["mm", "%"] {
            let refused = CapabilityGap::between(&uncertainty("1", unit, "2"), &required);
            assert_eq!(refused.unwrap_err().code, "UNIT_INCOMMENSURABLE");
        }
    }

    #[test]
    fn parts_per_million_saturate() {
        let huge = gap(&uncertainty("1e30", "K", "2"), "1e-30", "K", "2");
        assert_eq!(huge.parts_per_million(), i64::MAX);
        assert!(gap(&uncertainty("0", "K", "2"), "1", "K", "2").is_closed());
    }

    proptest! {
        #[test]
        fn the_gap_is_closed_when_the_uncertainty_is_small_enough(
            best in 1i64..1000, k_best in 1i64..4, required in 1i64..1000, k_required in 1i64..4,
        ) {
            let best_uncertainty = uncertainty(&best.to_string(), "mm", &k_best.to_string());
            let gap = gap(&best_uncertainty, &required.to_string(), "mm", &k_required.to_string());
            prop_assert_eq!(gap.is_closed(), best * k_required <= required * k_best);
            let json = serde_json::to_string(&gap).unwrap();
            prop_assert_eq!(serde_json::from_str::<CapabilityGap>(&json).unwrap(), gap);
        }
    }
}
