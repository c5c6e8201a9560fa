//! Amounts of money in renminbi yuan.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::{ValueError, quoted};

/// The currency of every amount (ISO 4217).
pub const CURRENCY: &str = "CNY";

/// An amount of 0 yuan or more, to the fen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(Decimal);

impl Money {
    /// No money.
    pub fn zero() -> Self {
        Self(Decimal::zero())
    }

    /// The amount in yuan, with at most 2 decimals.
    ///
    /// # Errors
    /// `MONEY_INVALID`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Decimal::parse(text).ok().filter(|yuan| !yuan.is_negative() && yuan.decimals() <= 2).map(Self).ok_or_else(
            || {
                ValueError::new(
                    Code::MoneyInvalid,
                    format!(
                        "{} is not an amount of money: write yuan of 0 or more with at most 2 decimals, like 1200.50",
                        quoted(text)
                    ),
                )
            },
        )
    }

    /// The amount in yuan.
    pub fn yuan(&self) -> &Decimal {
        &self.0
    }

    /// Whether nothing is owed.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl Add for &Money {
    type Output = Money;

    fn add(self, other: &Money) -> Money {
        Money(&self.0 + &other.0)
    }
}

impl<'a> Sum<&'a Money> for Money {
    fn sum<I: Iterator<Item = &'a Money>>(amounts: I) -> Money {
        amounts.fold(Money::zero(), |sum, amount| &sum + amount)
    }
}

impl fmt::Display for Money {
    /// The yuan without the currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_add_up_to_the_fen() {
        let amounts = ["0.10", "0.20", "1200"].map(|text| Money::parse(text).unwrap());
        let sum: Money = amounts.iter().sum();
        assert_eq!(sum.to_string(), "1200.30");
        assert_eq!(serde_json::to_string(&sum).unwrap(), "\"1200.30\"");
        assert!(Money::parse("0").unwrap().is_zero());
    }

    #[test]
    fn debts_and_fractions_of_a_fen_are_refused() {
        for text in ["-1", "1.005", "¥5", "", "1e-3"] {
            assert_eq!(Money::parse(text).unwrap_err().code, Code::MoneyInvalid, "{text}");
        }
    }
}
