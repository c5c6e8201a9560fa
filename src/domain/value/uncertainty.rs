//! Expanded uncertainty (VIM 2.35; JCGM 100:2008, 6.2): `U = k·u`.
//!
//! An expanded uncertainty without its coverage factor k and coverage probability p says
//! nothing that can be compared, so neither may be missing (JCGM 100:2008, 7.2.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::unit::Unit;

/// An expanded uncertainty U of 0 or more in a unit, with its k and p.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedUncertainty {
    value: Decimal,
    unit: Unit,
    coverage_factor: Decimal,
    coverage_probability: Decimal,
}

impl ExpandedUncertainty {
    /// The uncertainty `U = value unit` with this coverage factor k (VIM 2.38) and coverage
    /// probability p (VIM 2.37).
    ///
    /// # Errors
    /// `UNCERTAINTY_NEGATIVE`, `COVERAGE_FACTOR_MISSING`, `COVERAGE_FACTOR_TOO_SMALL` below
    /// 1, `COVERAGE_PROBABILITY_MISSING`, `COVERAGE_PROBABILITY_OUT_OF_RANGE` outside 0 to 1
    /// (both excluded).
    pub fn new(
        value: Decimal,
        unit: Unit,
        coverage_factor: Option<Decimal>,
        coverage_probability: Option<Decimal>,
    ) -> Result<Self, ValueError> {
        if value.is_negative() {
            return Err(ValueError::new(
                "UNCERTAINTY_NEGATIVE",
                format!("the expanded uncertainty {value} {unit} is below 0: write its magnitude"),
            ));
        }
        Ok(Self {
            value,
            unit,
            coverage_factor: checked_factor(coverage_factor)?,
            coverage_probability: checked_probability(coverage_probability)?,
        })
    }

    /// U, in [`unit`](Self::unit).
    pub fn value(&self) -> &Decimal {
        &self.value
    }

    /// The unit of U.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// k, 1 or more.
    pub fn coverage_factor(&self) -> &Decimal {
        &self.coverage_factor
    }

    /// p, between 0 and 1.
    pub fn coverage_probability(&self) -> &Decimal {
        &self.coverage_probability
    }

    /// The standard uncertainty `u = U / k` in the unit of U, exactly.
    pub fn standard(&self) -> Ratio {
        Ratio::of(&self.value, &self.coverage_factor).expect("a coverage factor is not 0")
    }
}

impl fmt::Display for ExpandedUncertainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U = {} {} (k = {}, p = {})", self.value, self.unit, self.coverage_factor, self.coverage_probability)
    }
}

fn checked_factor(factor: Option<Decimal>) -> Result<Decimal, ValueError> {
    match factor {
        None => Err(ValueError::new(
            "COVERAGE_FACTOR_MISSING",
            "an expanded uncertainty needs its coverage factor k: write 2 if U is twice the standard uncertainty",
        )),
        Some(factor) if factor < Decimal::one() => Err(ValueError::new(
            "COVERAGE_FACTOR_TOO_SMALL",
            format!("the coverage factor {factor} is below 1: write k, which is 1 or more"),
        )),
        Some(factor) => Ok(factor),
    }
}

fn checked_probability(probability: Option<Decimal>) -> Result<Decimal, ValueError> {
    match probability {
        None => Err(ValueError::new(
            "COVERAGE_PROBABILITY_MISSING",
            "an expanded uncertainty needs its coverage probability p: write 0.95 for 95 percent",
        )),
        Some(probability) if !probability.is_positive() || probability >= Decimal::one() => Err(ValueError::new(
            "COVERAGE_PROBABILITY_OUT_OF_RANGE",
            format!("the coverage probability {probability} is not between 0 and 1: write 0.95 for 95 percent"),
        )),
        Some(probability) => Ok(probability),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn stated(value: &str, k: Option<&str>, p: Option<&str>) -> Result<ExpandedUncertainty, &'static str> {
        let unit = Unit::parse("um").unwrap();
        ExpandedUncertainty::new(decimal(value), unit, k.map(decimal), p.map(decimal)).map_err(|error| error.code)
    }

    #[test]
    fn the_standard_uncertainty_is_exact() {
        let uncertainty = stated("0.50", Some("3"), Some("0.9973")).unwrap();
        assert_eq!(uncertainty.standard().to_string(), "1/6");
        assert_eq!(uncertainty.to_string(), "U = 0.50 um (k = 3, p = 0.9973)");
        assert!(stated("0", Some("1"), Some("0.6827")).unwrap().standard().is_zero());
    }

    #[test]
    fn an_uncertainty_is_stated_whole() {
        for (value, k, p, code) in [
            ("-0.1", Some("2"), Some("0.95"), "UNCERTAINTY_NEGATIVE"),
            ("1", None, Some("0.95"), "COVERAGE_FACTOR_MISSING"),
            ("1", Some("2"), None, "COVERAGE_PROBABILITY_MISSING"),
            ("1", Some("0.99"), Some("0.95"), "COVERAGE_FACTOR_TOO_SMALL"),
            ("1", Some("2"), Some("0"), "COVERAGE_PROBABILITY_OUT_OF_RANGE"),
            ("1", Some("2"), Some("1"), "COVERAGE_PROBABILITY_OUT_OF_RANGE"),
            ("1", Some("2"), Some("95"), "COVERAGE_PROBABILITY_OUT_OF_RANGE"),
        ] {
            assert_eq!(stated(value, k, p), Err(code));
        }
    }

    #[test]
    fn it_is_an_object_in_json() {
        let uncertainty = stated("0.50", Some("2"), Some("0.95")).unwrap();
        let json = serde_json::to_string(&uncertainty).unwrap();
        assert_eq!(json, r#"{"value":"0.50","unit":"um","coverageFactor":"2","coverageProbability":"0.95"}"#);
        assert_eq!(serde_json::from_str::<ExpandedUncertainty>(&json).unwrap(), uncertainty);
    }
}
