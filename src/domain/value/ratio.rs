//! Exact fractions. Factors between units and capability gaps are fractions until somebody
//! reads them: rounding happens once, at the very end.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::decimal::Decimal;

/// A fraction in lowest terms with a denominator above 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Ratio {
    numerator: BigInt,
    denominator: BigInt,
}

/// To which of its neighbours a fraction is rounded that lies between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest one, and of two that are equally near to the even one.
    HalfEven,
    /// To the greater one: for what is bad when it is great, such as an uncertainty (JCGM 100:2008, 7.2.6).
    Up,
    /// To the lesser one: for limits, and what is good when it is great.
    Down,
}

/// How a fraction stands in JSON: two whole numbers.
#[derive(Serialize, Deserialize)]
struct Written {
    numerator: Decimal,
    denominator: Decimal,
}

impl Ratio {
    /// Zero.
    pub fn zero() -> Self {
        Self { numerator: BigInt::zero(), denominator: BigInt::one() }
    }

    /// One.
    pub fn one() -> Self {
        Self { numerator: BigInt::one(), denominator: BigInt::one() }
    }

    /// `dividend / divisor`; none for a divisor of 0.
    pub fn of(dividend: &Decimal, divisor: &Decimal) -> Option<Self> {
        let (dividend, divisor) = (Self::from(dividend), Self::from(divisor));
        (!divisor.is_zero()).then(|| &dividend / &divisor)
    }

    /// The numerator, a whole number.
    pub fn numerator(&self) -> Decimal {
        Decimal::from(self.numerator.clone())
    }

    /// The denominator, a whole number above 0.
    pub fn denominator(&self) -> Decimal {
        Decimal::from(self.denominator.clone())
    }

    /// Whether the fraction is 0.
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// Whether the fraction is below 0.
    pub fn is_negative(&self) -> bool {
        self.numerator.is_negative()
    }

    /// The fraction without its sign.
    pub fn abs(&self) -> Self {
        Self { numerator: self.numerator.abs(), denominator: self.denominator.clone() }
    }

    /// The fraction to a whole power, which may be negative.
    ///
    /// # Panics
    /// For a negative power of 0.
    pub fn power(&self, exponent: i32) -> Self {
        let raised = Self {
            numerator: self.numerator.pow(exponent.unsigned_abs()),
            denominator: self.denominator.pow(exponent.unsigned_abs()),
        };
        match exponent < 0 {
            true => &Self::one() / &raised,
            false => raised,
        }
    }

    /// The nearest number of this many significant digits (at least 1), half to even.
    pub fn to_decimal(&self, digits: u32) -> Decimal {
        self.to_significant(digits, Rounding::HalfEven)
    }

    /// A neighbouring number of this many significant digits (at least 1).
    pub fn to_significant(&self, digits: u32, rounding: Rounding) -> Decimal {
        if self.is_zero() {
            return Decimal::zero();
        }
        let digits = i64::from(digits.max(1));
        // The first digit stands in the place of 10^length or in the one below.
        let length = digit_count(&self.numerator) - digit_count(&self.denominator);
        let mut decimals = digits - length;
        let mut rounded = self.rounded_to(decimals, rounding);
        if digit_count(&rounded) > digits {
            // It was the higher place: one decimal less, rounded from the fraction itself.
            decimals -= 1;
            rounded = self.rounded_to(decimals, rounding);
        }
        if digit_count(&rounded) > digits {
            // Nines were carried into a new first digit; the last one is a zero.
            decimals -= 1;
            rounded /= 10;
        }
        Decimal::from(BigDecimal::new(rounded, decimals))
    }

    /// A neighbouring number of this many decimals.
    pub fn to_decimals(&self, decimals: u32, rounding: Rounding) -> Decimal {
        let decimals = i64::from(decimals);
        Decimal::from(BigDecimal::new(self.rounded_to(decimals, rounding), decimals))
    }

    /// A neighbouring whole number, kept within `i64`.
    pub fn to_i64_saturating(&self, rounding: Rounding) -> i64 {
        let rounded = self.rounded_to(0, rounding);
        rounded.to_i64().unwrap_or(match rounded.is_negative() {
            true => i64::MIN,
            false => i64::MAX,
        })
    }

    /// The fraction in parts per million, rounded up, kept within `i64`.
    pub fn parts_per_million(&self) -> i64 {
        (self * &Self::from(&Decimal::from(1_000_000))).to_i64_saturating(Rounding::Up)
    }

    /// A neighbouring whole number of the fraction times `10^decimals`.
    fn rounded_to(&self, decimals: i64, rounding: Rounding) -> BigInt {
        let power =
            BigInt::from(10).pow(u32::try_from(decimals.unsigned_abs()).expect("a number of digits is a small number"));
        let (numerator, denominator) = match decimals < 0 {
            true => (self.numerator.abs(), &self.denominator * power),
            false => (self.numerator.abs() * power, self.denominator.clone()),
        };
        let (whole, rest) = (&numerator / &denominator, &numerator % &denominator);
        let is_farther_from_zero = match rounding {
            Rounding::HalfEven => match (&rest + &rest).cmp(&denominator) {
                Ordering::Less => false,
                Ordering::Greater => true,
                Ordering::Equal => whole.bit(0),
            },
            Rounding::Up => !rest.is_zero() && !self.is_negative(),
            Rounding::Down => !rest.is_zero() && self.is_negative(),
        };
        let magnitude = whole + i32::from(is_farther_from_zero);
        match self.is_negative() {
            true => -magnitude,
            false => magnitude,
        }
    }

    fn reduced(numerator: BigInt, denominator: BigInt) -> Self {
        let common = greatest_common_divisor(&numerator, &denominator);
        let common = match denominator.is_negative() {
            true => -common,
            false => common,
        };
        Self { numerator: numerator / &common, denominator: denominator / common }
    }
}

fn digit_count(number: &BigInt) -> i64 {
    number.abs().to_string().len() as i64
}

/// Euclid's algorithm; above 0 unless both are 0.
fn greatest_common_divisor(a: &BigInt, b: &BigInt) -> BigInt {
    let (mut a, mut b) = (a.abs(), b.abs());
    while !b.is_zero() {
        let rest = &a % &b;
        a = std::mem::replace(&mut b, rest);
    }
    a
}

impl From<&Decimal> for Ratio {
    fn from(decimal: &Decimal) -> Self {
        let (digits, decimals) = decimal.as_big_decimal().as_bigint_and_scale();
        let power = BigInt::from(10).pow(decimals.unsigned_abs() as u32);
        match decimals < 0 {
            true => Self::reduced(digits.as_ref() * power, BigInt::one()),
            false => Self::reduced(digits.into_owned(), power),
        }
    }
}

impl Add for &Ratio {
    type Output = Ratio;

    fn add(self, other: &Ratio) -> Ratio {
        Ratio::reduced(
            &self.numerator * &other.denominator + &other.numerator * &self.denominator,
            &self.denominator * &other.denominator,
        )
    }
}

impl Sub for &Ratio {
    type Output = Ratio;

    fn sub(self, other: &Ratio) -> Ratio {
        Ratio::reduced(
            &self.numerator * &other.denominator - &other.numerator * &self.denominator,
            &self.denominator * &other.denominator,
        )
    }
}

impl Mul for &Ratio {
    type Output = Ratio;

    fn mul(self, other: &Ratio) -> Ratio {
        Ratio::reduced(&self.numerator * &other.numerator, &self.denominator * &other.denominator)
    }
}

impl Div for &Ratio {
    type Output = Ratio;

    /// # Panics
    /// For a divisor of 0, like the division of integers.
    fn div(self, other: &Ratio) -> Ratio {
        assert!(!other.is_zero(), "a fraction is divided by 0");
        Ratio::reduced(&self.numerator * &other.denominator, &self.denominator * &other.numerator)
    }
}

impl Ord for Ratio {
    /// By cross multiplication: exact.
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    /// `5/9`, or `3` for a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator.is_one() {
            true => write!(f, "{}", self.numerator),
            false => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

impl From<Ratio> for Written {
    fn from(ratio: Ratio) -> Self {
        Self { numerator: ratio.numerator(), denominator: ratio.denominator() }
    }
}

impl TryFrom<Written> for Ratio {
    type Error = ValueError;

    fn try_from(written: Written) -> Result<Self, ValueError> {
        Self::of(&written.numerator, &written.denominator)
            .ok_or_else(|| ValueError::new(Code::RatioInvalid, "the denominator of a ratio is 0"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(numerator: i64, denominator: i64) -> Ratio {
        Ratio::of(&Decimal::from(numerator), &Decimal::from(denominator)).unwrap()
    }

    #[test]
    fn fractions_are_in_lowest_terms() {
        assert_eq!(ratio(10, -4).to_string(), "-5/2");
        assert_eq!(ratio(0, -4).to_string(), "0");
        assert_eq!(ratio(2, 3).power(-2), ratio(9, 4));
        assert_eq!(serde_json::to_string(&ratio(10, 4)).unwrap(), r#"{"numerator":"5","denominator":"2"}"#);
        assert!(serde_json::from_str::<Ratio>(r#"{"numerator":"5","denominator":"0"}"#).is_err());
    }

    #[test]
    fn whole_numbers_are_rounded_as_asked_and_saturate() {
        for (numerator, half_even, up, down) in
            [(5, 2, 3, 2), (7, 4, 4, 3), (-5, -2, -2, -3), (4, 2, 2, 2), (-4, -2, -2, -2), (1, 0, 1, 0), (-1, 0, 0, -1)]
        {
            let half = ratio(numerator, 2);
            assert_eq!(half.to_i64_saturating(Rounding::HalfEven), half_even, "{numerator}/2");
            assert_eq!(half.to_i64_saturating(Rounding::Up), up, "{numerator}/2");
            assert_eq!(half.to_i64_saturating(Rounding::Down), down, "{numerator}/2");
        }
        assert_eq!(ratio(10, 1).power(30).to_i64_saturating(Rounding::Up), i64::MAX);
        assert_eq!((&ratio(-1, 1) * &ratio(10, 1).power(31)).to_i64_saturating(Rounding::Up), i64::MIN);
    }

    #[test]
    fn digits_are_rounded_as_asked() {
        for (fraction, up, down) in [
            (ratio(2, 3), "0.667", "0.666"),
            (ratio(1, 3), "0.334", "0.333"),
            (ratio(-1, 3), "-0.333", "-0.334"),
            (ratio(9_991, 1_000), "10.0", "9.99"),
            (ratio(123_401, 1), "124000", "123000"),
            (ratio(5, 4), "1.25", "1.25"),
        ] {
            assert_eq!(fraction.to_significant(3, Rounding::Up).to_string(), up);
            assert_eq!(fraction.to_significant(3, Rounding::Down).to_string(), down);
        }
        assert_eq!(ratio(1, 3).to_decimals(6, Rounding::Up).to_string(), "0.333334");
        assert_eq!(ratio(10, 1).power(20).to_decimals(2, Rounding::Up).to_string(), format!("1{}.00", "0".repeat(20)));
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact(a in any::<i32>(), b in 1..i32::MAX, c in any::<i32>(), d in 1..i32::MAX) {
            let (x, y) = (ratio(a.into(), b.into()), ratio(c.into(), d.into()));
            prop_assert_eq!(&(&x + &y) - &y, x.clone());
            if !y.is_zero() {
                prop_assert_eq!(&(&x * &y) / &y, x.clone());
            }
            let json = serde_json::to_string(&x).unwrap();
            prop_assert_eq!(serde_json::from_str::<Ratio>(&json).unwrap(), x);
        }

        #[test]
        fn a_rounded_fraction_is_within_half_a_digit(a in 1..i32::MAX, b in 1..i32::MAX, digits in 1u32..12) {
            let exact = ratio(a.into(), b.into());
            let rounded = Ratio::from(&exact.to_decimal(digits));
            let error = (&rounded - &exact).abs();
            // Half a unit in the last place is at most 5 parts in 10^digits of the number.
            let bound = &(&exact * &ratio(5, 1)) * &ratio(10, 1).power(-(digits as i32));
            prop_assert!(error <= bound, "{} of {}", rounded, exact);
        }
    }
}
