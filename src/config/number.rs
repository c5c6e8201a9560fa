//! Numbers that a setting may have.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A whole number from `LEAST` to `MOST`.
#[derive(Clone, Copy)]
pub(super) struct Between<const LEAST: u64, const MOST: u64>(pub(super) u64);

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Between<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Number::<LEAST, MOST>)
    }
}

struct Number<const LEAST: u64, const MOST: u64>;

impl<const LEAST: u64, const MOST: u64> Number<LEAST, MOST> {
    fn checked<E: Error>(number: impl TryInto<u64> + fmt::Display + Copy) -> Result<Between<LEAST, MOST>, E> {
        let within = number.try_into().ok().filter(|number| (LEAST..=MOST).contains(number));
        within.map(Between).ok_or_else(|| E::custom(format!("{number} is not from {LEAST} to {MOST}")))
    }
}

impl<const LEAST: u64, const MOST: u64> Visitor<'_> for Number<LEAST, MOST> {
    type Value = Between<LEAST, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {LEAST} to {MOST}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::checked(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::checked(number)
    }
}
