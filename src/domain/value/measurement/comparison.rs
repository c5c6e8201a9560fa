//! How the uncertainty of a result is told as what it is held against is: in its unit and at its coverage, as a share of
//! the value (VIM 2.32) where that is one, and as a difference where it is not.
//!
//! What a result says is a value and a U. Whether the target of a requirement is relative the requirement alone says, so
//! that a result is held against it in the same way in whatever unit of its quantity it is written.

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;
use crate::domain::value::measurement::{Interval, MeasurementRequirement, Quantity};
use crate::domain::value::ratio::Ratio;
use crate::domain::value::uncertainty::{Coverage, ExpandedUncertainty};
use crate::domain::value::unit::Unit;

/// A measured value with its U.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated<'a> {
    /// The measured value.
    pub(super) value: &'a Quantity,
    /// Its uncertainty, above 0.
    pub(super) uncertainty: &'a ExpandedUncertainty,
}

impl MeasurementRequirement {
    /// U of a result at this coverage in the unit of the target, exactly: where the target is relative `U / |value|`, with
    /// the value on the scale of the interval, where there is one, and otherwise as stated.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`; where the target or U is relative, `RELATIVE_TO_ZERO` if the value is 0 and
    /// `RELATIVE_TO_ARBITRARY_ZERO` if it is on a scale whose zero is arbitrary.
    pub fn reached(&self, result: Evaluated<'_>, coverage: &Coverage) -> Result<Ratio, ValueError> {
        let (unit, stated_in) = (self.target().unit(), result.value.unit());
        let interval = self.interval().map(Interval::unit);
        let is_relative = match interval {
            Some(interval) => unit.is_relative_to(interval),
            None => unit.is_relative_to_quantity_of(stated_in),
        };
        if !is_relative {
            return result.difference(coverage, unit);
        }
        // A result of another quantity is on no scale of the interval. It may go on record; the requirement is not about it.
        let scale = interval.filter(|interval| interval.commensurable(stated_in)).unwrap_or(stated_in);
        Ok(&result.share(coverage, scale)? * &Unit::one().factor_to(unit)?)
    }
}

impl Evaluated<'_> {
    /// The uncertainty, above 0.
    pub fn uncertainty(&self) -> &ExpandedUncertainty {
        self.uncertainty
    }

    /// U at this coverage as a difference of two values, in this unit.
    fn difference(&self, coverage: &Coverage, unit: &Unit) -> Result<Ratio, ValueError> {
        self.check_relation()?;
        let (of_value, stated_in) = (self.value.unit(), self.uncertainty.unit());
        let factor = match self.is_relation() {
            true => &stated_in.factor_to(&Unit::one())? * &Ratio::from(self.value.value()).abs(),
            false => stated_in.factor_to(of_value)?,
        };
        // By way of the unit of the value: a difference in dB may be one of levels of another quantity.
        Ok(&(&self.uncertainty.at(coverage) * &factor) * &of_value.factor_to(unit)?)
    }

    /// U at this coverage by the magnitude of the value on this scale: `U / |value|` (VIM 2.32; JCGM 100:2008, 5.1.6).
    fn share(&self, coverage: &Coverage, scale: &Unit) -> Result<Ratio, ValueError> {
        // Of units that do not fit it is told first: they are wrong whatever the value.
        let difference = self.difference(coverage, scale)?;
        check_zero(scale)?;
        let magnitude = self.value.unit().convert_point(self.value.value(), scale)?.abs();
        match magnitude.is_zero() {
            false => Ok(&difference / &magnitude),
            true => Err(relative_to_zero(&format!(
                "an uncertainty of a value of {} cannot be compared with a relative one: measure at a value other than 0",
                self.value
            ))),
        }
    }

    /// Refuses a U that is relative to a value that has no shares, for it says nothing.
    ///
    /// # Errors
    /// `RELATIVE_TO_ARBITRARY_ZERO`, `RELATIVE_TO_ZERO`.
    pub(super) fn check_relation(&self) -> Result<(), ValueError> {
        if !self.is_relation() {
            return Ok(());
        }
        check_zero(self.value.unit())?;
        match self.value.value().is_zero() {
            false => Ok(()),
            true => Err(relative_to_zero(&format!(
                "an uncertainty in {} of a value of {} says nothing: write U in {}",
                self.uncertainty.unit(),
                self.value,
                self.value.unit()
            ))),
        }
    }

    /// Whether U is relative to the value.
    fn is_relation(&self) -> bool {
        self.uncertainty.unit().is_relative_to(self.value.unit())
    }
}

/// Refuses what is relative to values of a scale on which they have no shares.
///
/// # Errors
/// `RELATIVE_TO_ARBITRARY_ZERO`.
pub(super) fn check_zero(scale: &Unit) -> Result<(), ValueError> {
    match scale.has_arbitrary_zero() {
        false => Ok(()),
        true => Err(ValueError::new(
            Code::RelativeToArbitraryZero,
            format!(
                "a share of a value in {scale} says nothing, for the zero of that scale is arbitrary: write the uncertainty or the limit in {}",
                scale.of_differences()
            ),
        )),
    }
}

fn relative_to_zero(message: &str) -> ValueError {
    ValueError::new(Code::RelativeToZero, message)
}
