//! Decimal numbers as people state them: exact, and with the digits they were given.
//!
//! 1.20 equals 1.2 but stays 1.20 in writing, for the digits given state the resolution
//! (JCGM 100:2008, 7.2.6). Nothing here is ever a binary floating-point number.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, One, Signed, Zero};
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::{ValueError, quoted};

/// The most significant digits accepted at the door; zeros that end a whole number are not
/// counted, zeros after the decimal point are.
const MOST_DIGITS: u64 = 40;

/// The largest power of ten, up or down, accepted at the door.
const MOST_EXPONENT: i64 = 60;

/// The most characters read, so that no input costs more than a glance.
const MOST_CHARACTERS: usize = 160;

/// Limits of what is read back from the log, wide enough for any exact result of
/// arithmetic on accepted numbers.
const MOST_LOGGED_CHARACTERS: usize = 20_000;

/// A decimal number. Equality, order and hash are those of the number: 1.20 is 1.2.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(BigDecimal);

impl Decimal {
    /// Zero.
    pub fn zero() -> Self {
        Self(BigDecimal::zero())
    }

    /// One.
    pub fn one() -> Self {
        Self(BigDecimal::one())
    }

    /// The number in plain (`-12.50`) or scientific notation (`1.2e-6`).
    ///
    /// # Errors
    /// `DECIMAL_INVALID`; `DECIMAL_OUT_OF_RANGE` beyond 40 significant digits or a power of
    /// ten outside ±60.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let decimal = read(text, MOST_CHARACTERS).ok_or_else(|| invalid(text))?;
        let out_of_range = |what: String| ValueError::new(Code::DecimalOutOfRange, what);
        let (digits, decimals) = decimal.0.as_bigint_and_scale();
        let trailing_zeros = match decimals {
            0 => digits.to_string().bytes().rev().take_while(|&b| b == b'0').count(),
            _ => 0,
        };
        let significant = decimal.0.digits() - trailing_zeros as u64;
        if significant > MOST_DIGITS {
            return Err(out_of_range(format!(
                "{} has {significant} significant digits: write at most {MOST_DIGITS}",
                quoted(text)
            )));
        }
        // The place of the first digit; for zero, of the last one written.
        let exponent = match decimal.is_zero() {
            true => -decimals,
            false => decimal.0.order_of_magnitude(),
        };
        if exponent.abs() > MOST_EXPONENT {
            return Err(out_of_range(format!(
                "{} is beyond the powers of ten from -{MOST_EXPONENT} to {MOST_EXPONENT}",
                quoted(text)
            )));
        }
        Ok(decimal)
    }

    /// The number, as the library represents it.
    pub fn as_big_decimal(&self) -> &BigDecimal {
        &self.0
    }

    /// How many digits are written after the decimal point.
    pub fn decimals(&self) -> u32 {
        u32::try_from(self.0.fractional_digit_count())
            .expect("a decimal is written without an exponent, and shorter than 4 billion digits")
    }

    /// Whether the number is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether the number is below 0.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// Whether the number is above 0.
    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    /// The number without its sign.
    pub fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    /// `dividend / divisor` rounded half to even to this many significant digits (at least
    /// 1); none for a divisor of 0.
    pub fn quotient(dividend: &Decimal, divisor: &Decimal, digits: u32) -> Option<Decimal> {
        Ratio::of(dividend, divisor).map(|ratio| ratio.to_decimal(digits))
    }

    /// The number without a positive exponent: `1e3` is written 1000.
    fn canonical(number: BigDecimal) -> Self {
        match number.fractional_digit_count() < 0 {
            true => Self(number.with_scale(0)),
            false => Self(number),
        }
    }
}

impl From<BigDecimal> for Decimal {
    fn from(number: BigDecimal) -> Self {
        Self::canonical(number)
    }
}

impl From<BigInt> for Decimal {
    fn from(number: BigInt) -> Self {
        Self(BigDecimal::from(number))
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(BigDecimal::from(number))
    }
}

impl Add for &Decimal {
    type Output = Decimal;

    fn add(self, other: &Decimal) -> Decimal {
        Decimal(&self.0 + &other.0)
    }
}

impl Sub for &Decimal {
    type Output = Decimal;

    fn sub(self, other: &Decimal) -> Decimal {
        Decimal(&self.0 - &other.0)
    }
}

impl Mul for &Decimal {
    type Output = Decimal;

    fn mul(self, other: &Decimal) -> Decimal {
        Decimal(&self.0 * &other.0)
    }
}

impl Neg for &Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal(-&self.0)
    }
}

impl fmt::Display for Decimal {
    /// Plain notation, with the digits given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> String {
        decimal.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = ValueError;

    /// Reads a number that was written by `Display`, without the limits of the door.
    fn try_from(text: String) -> Result<Self, ValueError> {
        read(&text, MOST_LOGGED_CHARACTERS).ok_or_else(|| invalid(&text))
    }
}

fn invalid(text: &str) -> ValueError {
    ValueError::new(
        Code::DecimalInvalid,
        format!("{} is not a decimal number: write it like 12.50 or 1.2e-6", quoted(text)),
    )
}

/// The number in `[+-]digits[.digits][e[+-]digits]`, with digits on at least one side of
/// the point. Stricter than the library, which also takes underscores.
fn read(text: &str, most_characters: usize) -> Option<Decimal> {
    if text.len() > most_characters {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, whole_number(exponent)?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{integer}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), 10)?;
    let signed = match mantissa.starts_with('-') {
        true => -magnitude,
        false => magnitude,
    };
    let decimals = i64::try_from(fraction.len()).ok()? - exponent;
    Some(Decimal::canonical(BigDecimal::new(signed, decimals)))
}

/// An exponent of at most 4 digits: enough to tell that it is out of range.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = matches!(digits.len(), 1..=4) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_keep_the_digits_given() {
        for (given, written) in [
            ("1.20", "1.20"),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("-0.00", "0.00"),
            ("007", "7"),
            ("1e3", "1000"),
            ("1.2E-6", "0.0000012"),
            ("12e-1", "1.2"),
            ("1e60", &format!("1{}", "0".repeat(60))),
            ("0e50", "0"),
        ] {
            assert_eq!(decimal(given).to_string(), written);
        }
        assert_eq!(decimal("1.20"), decimal("1.2"));
        assert_eq!(decimal("1.20").decimals(), 2);
        assert_eq!(serde_json::to_string(&decimal("1.20")).unwrap(), "\"1.20\"");
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in [
            "",
            ".",
            "-",
            "e5",
            "1e",
            "1_000",
            "1,5",
            "0x10",
            "NaN",
            "inf",
            "1e5.0",
            "１",
            "--1",
            "1 2",
            "+-1",
            "1e99999999999999999999",
        ] {
            assert_eq!(Decimal::parse(text).unwrap_err().code, Code::DecimalInvalid, "{text}");
        }
    }

    #[test]
    fn the_range_is_limited_at_the_door_only() {
        let most = "9".repeat(40);
        assert_eq!(decimal(&most).to_string(), most);
        for text in ["9".repeat(41), "1e61".into(), "1e-61".into(), "0e-61".into()] {
            assert_eq!(Decimal::parse(&text).unwrap_err().code, Code::DecimalOutOfRange, "{text}");
        }
        let square = &decimal(&most) * &decimal(&most);
        let json = serde_json::to_string(&square).unwrap();
        assert_eq!(serde_json::from_str::<Decimal>(&json).unwrap(), square);
    }

    #[test]
    fn quotients_round_half_to_even() {
        let quotient = |a, b, digits| Decimal::quotient(&decimal(a), &decimal(b), digits).map(|q| q.to_string());
        assert_eq!(quotient("1", "3", 4).unwrap(), "0.3333");
        assert_eq!(quotient("2", "3", 4).unwrap(), "0.6667");
        assert_eq!(quotient("1", "8", 2).unwrap(), "0.12");
        assert_eq!(quotient("3", "8", 2).unwrap(), "0.38");
        assert_eq!(quotient("-1", "8", 2).unwrap(), "-0.12");
        assert_eq!(quotient("9.99", "1", 2).unwrap(), "10");
        assert_eq!(quotient("12345", "1", 2).unwrap(), "12000");
        assert_eq!(quotient("0", "7", 3).unwrap(), "0");
        assert_eq!(quotient("1", "0", 3), None);
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(text in "[+-]?[0-9]{1,20}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,2})?") {
            if let Ok(number) = Decimal::parse(&text) {
                let again = decimal(&number.to_string());
                prop_assert_eq!(again.to_string(), number.to_string());
                prop_assert_eq!(again, number);
            }
        }

        #[test]
        fn sums_are_exact(a in any::<i32>(), b in any::<i32>()) {
            let (x, y) = (Decimal::from(i64::from(a)), Decimal::from(i64::from(b)));
            prop_assert_eq!(&(&x + &y) - &y, x.clone());
            prop_assert_eq!(&x * &y, Decimal::from(i64::from(a) * i64::from(b)));
            prop_assert_eq!(-&x, &Decimal::zero() - &x);
        }
    }
}
