//! Expanded uncertainty (VIM 2.35; JCGM 100:2008, 6.2): `U = k·u`.
//!
//! An expanded uncertainty without its coverage factor k and coverage probability p says
//! nothing that can be compared, so neither may be missing (JCGM 100:2008, 7.2.3).

use std::f64::consts::{FRAC_PI_2, SQRT_2};
use std::fmt;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::unit::Unit;

/// How far beyond the largest or the least k of its p a k may be, since both are stated rounded.
const ROOM_FOR_ROUNDING: f64 = 1.01;

/// A coverage factor k with the coverage probability p that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coverage {
    factor: Decimal,
    probability: Decimal,
}

impl Coverage {
    /// k = 2 at 95 percent, what is usual in calibration (JCGM 100:2008, G.6.6).
    pub fn usual() -> Self {
        Self { factor: Decimal::from(2), probability: Decimal::from(BigDecimal::new(95.into(), 2)) }
    }

    /// k.
    pub fn factor(&self) -> &Decimal {
        &self.factor
    }

    /// Whether both are of one coverage probability: to two decimals, half to even. People write 0.95 and 0.9545 for
    /// the same k = 2, which is of *approximately* 95 percent (JCGM 100:2008, G.6.6).
    fn is_as_probable_as(&self, probability: &Decimal) -> bool {
        let rounded = |p: &Decimal| p.as_big_decimal().with_scale_round(2, RoundingMode::HalfEven);
        rounded(&self.probability) == rounded(probability)
    }
}

/// An expanded uncertainty U in a unit, with its k and p. It is above 0, but for what was recorded before it had to be.
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
    /// `UNCERTAINTY_NEGATIVE`, `UNCERTAINTY_NOT_POSITIVE` for 0, `COVERAGE_FACTOR_MISSING`, `COVERAGE_FACTOR_TOO_SMALL` below
    /// 1, `COVERAGE_PROBABILITY_MISSING`, `COVERAGE_PROBABILITY_OUT_OF_RANGE` outside 0 to 1
    /// (both excluded), `COVERAGE_IMPLAUSIBLE` for a k that is too large for p.
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
        if value.is_zero() {
            return Err(ValueError::new(
                "UNCERTAINTY_NOT_POSITIVE",
                "no measurement has an uncertainty of 0, and none can be required: write one above 0, or leave U out where it was not evaluated",
            ));
        }
        let coverage_factor = checked_factor(coverage_factor)?;
        let coverage_probability = checked_probability(coverage_probability)?;
        check_plausible(&coverage_factor, &coverage_probability)?;
        Ok(Self { value, unit, coverage_factor, coverage_probability })
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

    /// k and p.
    pub fn coverage(&self) -> Coverage {
        Coverage { factor: self.coverage_factor.clone(), probability: self.coverage_probability.clone() }
    }

    /// The least k of its p among the usual distributions, where the stated one is below it: such a U is hardly of that p,
    /// and is a standard uncertainty more often than not. From p = 0.9 on the least is that of the arc sine distribution,
    /// `√2·sin(π·p/2)`, 1.41 at 0.95 (JCGM 101:2008, 6.4.6); of a lower p a k of 1 may well be.
    pub fn least_factor_missed(&self) -> Option<f64> {
        const FROM: f64 = 0.9;
        let probability = self.coverage_probability.as_big_decimal().to_f64().filter(|p| *p >= FROM)?;
        let least = SQRT_2 * (FRAC_PI_2 * probability).sin();
        let stated = self.coverage_factor.as_big_decimal().to_f64()?;
        (stated * ROOM_FOR_ROUNDING < least).then_some(least)
    }

    /// U at another coverage, in the unit of U. Where p is the same to two decimals it is U as stated, whatever its k:
    /// few degrees of freedom make k larger at the same p, and U with it (JCGM 100:2008, 6.3 and annex G). Otherwise
    /// nothing is known of the degrees of freedom, and it is the k of that coverage times `u = U / k`.
    pub fn at(&self, coverage: &Coverage) -> Ratio {
        match coverage.is_as_probable_as(&self.coverage_probability) {
            true => Ratio::from(&self.value),
            false => &self.standard() * &Ratio::from(&coverage.factor),
        }
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

/// Refuses a k that no p like this one has. With one degree of freedom k is the largest, `tan(π·p/2)`: 12.71 at 0.95
/// (Student's t, JCGM 100:2008, table G.2). A U whose k and p do not belong together would be compared wrongly.
fn check_plausible(factor: &Decimal, probability: &Decimal) -> Result<(), ValueError> {
    // By the cotangent of the rest, which is exact: near 1 a binary p would be 1.
    let rest = (&Decimal::one() - probability).as_big_decimal().to_f64();
    let largest = rest.map_or(f64::INFINITY, |rest| (FRAC_PI_2 * rest).tan().recip());
    let stated = factor.as_big_decimal().to_f64().unwrap_or(f64::INFINITY);
    if stated <= largest * ROOM_FOR_ROUNDING {
        return Ok(());
    }
    Err(ValueError::new(
        "COVERAGE_IMPLAUSIBLE",
        format!(
            "a coverage factor of {factor} does not belong to a coverage probability of {probability}, for which k is at most {largest:.2} (one degree of freedom): write the k and p of one certificate"
        ),
    ))
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
    }

    #[test]
    fn an_uncertainty_is_stated_whole() {
        for (value, k, p, code) in [
            ("-0.1", Some("2"), Some("0.95"), "UNCERTAINTY_NEGATIVE"),
            ("0.00", Some("2"), Some("0.95"), "UNCERTAINTY_NOT_POSITIVE"),
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
    fn k_belongs_to_p() {
        for (k, p, is_plausible) in [
            ("2", "0.95", true),
            ("2", "0.9545", true),
            ("3", "0.9973", true),
            ("1", "0.6827", true),
            ("1.65", "0.95", true),
            ("2.87", "0.9545", true),
            // Table G.2 for one degree of freedom, as it is printed.
            ("12.71", "0.95", true),
            ("13.97", "0.9545", true),
            ("63.66", "0.99", true),
            ("235.80", "0.9973", true),
            ("1.84", "0.6827", true),
            ("1", "0.5", true),
            // Near 1 nearly every k is possible.
            ("1e20", "0.9999999999999999999999", true),
            ("12.9", "0.95", false),
            ("100", "0.95", false),
            ("3", "0.5", false),
            ("1", "0.4", false),
            ("1e60", "0.9999999999999999999999", false),
        ] {
            let expected = is_plausible.then_some(()).ok_or("COVERAGE_IMPLAUSIBLE");
            assert_eq!(stated("1", Some(k), Some(p)).map(drop), expected, "k = {k}, p = {p}");
        }
        let unit = Unit::parse("um").unwrap();
        let refused = ExpandedUncertainty::new(decimal("1"), unit, Some(decimal("100")), Some(decimal("0.95")));
        assert!(refused.unwrap_err().message.contains("at most 12.71 "));
    }

    #[test]
    fn a_k_below_those_of_the_usual_distributions_is_found() {
        for (k, p, least) in [
            ("1", "0.95", Some("1.41")),
            ("1.39", "0.95", Some("1.41")),
            // Of the arc sine, the rectangular and the normal distribution.
            ("1.41", "0.95", None),
            ("1.65", "0.95", None),
            ("1.96", "0.95", None),
            ("1", "0.99", Some("1.41")),
            ("1", "0.9", Some("1.40")),
            ("1", "0.6827", None),
        ] {
            let missed = stated("5", Some(k), Some(p)).unwrap().least_factor_missed();
            assert_eq!(missed.map(|least| format!("{least:.2}")).as_deref(), least, "k = {k}, p = {p}");
        }
    }

    #[test]
    fn what_was_stored_is_read_whatever_its_k_and_u() {
        for (u, k) in [("1", "100"), ("0", "2")] {
            let json = format!(r#"{{"value":"{u}","unit":"um","coverageFactor":"{k}","coverageProbability":"0.95"}}"#);
            assert!(serde_json::from_str::<ExpandedUncertainty>(&json).is_ok(), "{json}");
        }
    }

    #[test]
    fn it_is_told_at_another_coverage() {
        for (k, p, at_usual) in [
            ("2", "0.95", "6"),
            ("2", "0.9545", "6"),
            ("2.87", "0.95", "6"),
            ("2.87", "0.954", "6"),
            // 0.955 is 0.96, and 0.945 is 0.94: half to even.
            ("2", "0.955", "6"),
            ("3", "0.955", "4"),
            ("3", "0.945", "4"),
            ("3", "0.9451", "6"),
            ("3", "0.9973", "4"),
            ("1", "0.6827", "12"),
        ] {
            let told = stated("6", Some(k), Some(p)).unwrap().at(&Coverage::usual());
            assert_eq!(told, Ratio::from(&decimal(at_usual)), "k = {k}, p = {p}");
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
