//! Expanded uncertainty (VIM 2.35; JCGM 100:2008, 6.2): `U = k·u`.
//!
//! An expanded uncertainty without its coverage factor k and coverage probability p says
//! nothing that can be compared, so neither may be missing (JCGM 100:2008, 7.2.3).

use std::cmp::Ordering;
use std::f64::consts::{FRAC_PI_2, SQRT_2};
use std::fmt;

use bigdecimal::{BigDecimal, ToPrimitive};
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::unit::Unit;

/// How far beyond the largest or the least k of its p a k may be, since both are stated rounded.
const ROOM_FOR_ROUNDING: f64 = 1.01;

/// How far a k may be from that of the normal distribution at its p and still be taken for it: 2 is 2 percent above it at
/// 0.95, and that of 30 degrees of freedom 4 percent (JCGM 100:2008, table G.2).
const ROOM_FOR_NORMAL: f64 = 0.05;

/// How far the k of the normal distribution at two p may be apart and these still be taken for one, in parts of the lesser:
/// at 0.95 and 0.9545, both of which people write for k = 2, they are 2 percent apart.
const ROOM_FOR_PROBABILITY: f64 = 0.025;

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

    /// p.
    pub fn probability(&self) -> &Decimal {
        &self.probability
    }

    /// How this coverage probability is to another: greater, less or the same one. The same are those at which a normal
    /// distribution has nearly the same k: 2 is of *approximately* 95 percent (JCGM 100:2008, G.6.6). 0.975 and 0.985 are
    /// those of k = 2.24 and k = 2.43, and 0.9973 and 0.9999 those of k = 3 and k = 3.89.
    fn compare_to(&self, probability: &Decimal) -> Ordering {
        let (this, other) = (normal_factor(&self.probability), normal_factor(probability));
        match (this - other).abs() <= this.min(other) * ROOM_FOR_PROBABILITY {
            true => Ordering::Equal,
            false => self.probability.cmp(probability),
        }
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
                Code::UncertaintyNegative,
                format!("the expanded uncertainty {value} {unit} is below 0: write its magnitude"),
            ));
        }
        if value.is_zero() {
            return Err(ValueError::new(
                Code::UncertaintyNotPositive,
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

    /// U at another coverage, in the unit of U. Where p is the same it is U as stated, whatever its k: few degrees of freedom
    /// make k larger at the same p, and U with it (JCGM 100:2008, 6.3 and annex G). Otherwise it is the k of that coverage
    /// times `u = U / k`, at least U as stated at a greater p and at most that at a lesser one. Where k is not that of a
    /// normal distribution it is U as stated all the same: no U falls as p grows, whatever its distribution, so that it is at
    /// most that at a lesser p, and may be more at a greater one ([`may_be_more_at`](Self::may_be_more_at)).
    pub fn at(&self, coverage: &Coverage) -> Ratio {
        let stated = Ratio::from(&self.value);
        let brought = || &self.standard() * &Ratio::from(&coverage.factor);
        match coverage.compare_to(&self.coverage_probability) {
            Ordering::Greater if self.is_normal() => stated.max(brought()),
            Ordering::Less if self.is_normal() => stated.min(brought()),
            Ordering::Equal | Ordering::Greater | Ordering::Less => stated,
        }
    }

    /// Whether U may be more at that coverage than [`at`](Self::at) tells, and nobody knows by how much: its p is greater,
    /// and k is not that of a normal distribution.
    pub fn may_be_more_at(&self, coverage: &Coverage) -> bool {
        coverage.compare_to(&self.coverage_probability).is_gt() && !self.is_normal()
    }

    /// Refuses a U that nobody can tell at another coverage: what it is at another p its distribution says, and only the
    /// normal one is known by its k. A k that is another one is that of few degrees of freedom, or of a rectangular
    /// distribution, say.
    ///
    /// # Errors
    /// `COVERAGE_INCOMPARABLE`.
    pub fn check_told_at(&self, coverage: &Coverage) -> Result<(), ValueError> {
        let required = coverage.probability();
        if coverage.compare_to(&self.coverage_probability).is_eq() || self.is_normal() {
            return Ok(());
        }
        let (k, p) = (&self.coverage_factor, &self.coverage_probability);
        Err(ValueError::new(
            Code::CoverageIncomparable,
            format!(
                "a U with k = {k} at p = {p} cannot be told at the required p of {required}, for this k is not the {:.2} of a normal distribution but one of few degrees of freedom, say: state U at p = {required}, with its k there",
                normal_factor(p)
            ),
        ))
    }

    /// Whether k is that of the normal distribution at p, or the 3 that is of *approximately* 99 percent (JCGM 100:2008,
    /// 6.3.3).
    fn is_normal(&self) -> bool {
        let stated = self.coverage_factor.as_big_decimal().to_f64().unwrap_or(f64::INFINITY);
        let is_near = (stated / normal_factor(&self.coverage_probability) - 1.0).abs() <= ROOM_FOR_NORMAL;
        let usual = (Decimal::from(3), Decimal::from(BigDecimal::new(99.into(), 2)));
        is_near || (&self.coverage_factor, &self.coverage_probability) == (&usual.0, &usual.1)
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
            Code::CoverageFactorMissing,
            "an expanded uncertainty needs its coverage factor k: write 2 if U is twice the standard uncertainty",
        )),
        Some(factor) if factor < Decimal::one() => Err(ValueError::new(
            Code::CoverageFactorTooSmall,
            format!("the coverage factor {factor} is below 1: write k, which is 1 or more"),
        )),
        Some(factor) => Ok(factor),
    }
}

fn checked_probability(probability: Option<Decimal>) -> Result<Decimal, ValueError> {
    match probability {
        None => Err(ValueError::new(
            Code::CoverageProbabilityMissing,
            "an expanded uncertainty needs its coverage probability p: write 0.95 for 95 percent",
        )),
        Some(probability) if !probability.is_positive() || probability >= Decimal::one() => Err(ValueError::new(
            Code::CoverageProbabilityOutOfRange,
            format!("the coverage probability {probability} is not between 0 and 1: write 0.95 for 95 percent"),
        )),
        Some(probability) => Ok(probability),
    }
}

/// The k of the normal distribution at p, to 0.0005: 1.96 at 0.95 (Abramowitz and Stegun, Handbook of Mathematical
/// Functions, 26.2.23).
fn normal_factor(probability: &Decimal) -> f64 {
    // By the rest, which is exact: near 1 a binary p would be 1.
    let rest = (&Decimal::one() - probability).as_big_decimal().to_f64().unwrap_or(0.0);
    let t = (-2.0 * (rest / 2.0).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
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
        Code::CoverageImplausible,
        format!(
            "a coverage factor of {factor} does not belong to a coverage probability of {probability}, for which k is at most {largest:.2} (one degree of freedom): write the k and p of one certificate"
        ),
    ))
}

#[cfg(test)]
mod tests;
