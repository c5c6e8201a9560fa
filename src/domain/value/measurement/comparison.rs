//! How the uncertainty of a result is told in the unit and at the coverage of what it is compared with.

use crate::domain::value::ValueError;
use crate::domain::value::measurement::Quantity;
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

impl Evaluated<'_> {
    /// U at this coverage and in this unit, exactly. Between a relative unit and one of the value's dimension it is
    /// told through the magnitude of the value as stated: `U_rel = U / |value|` (VIM 2.32; JCGM 100:2008, 5.1.6).
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`; where either is relative, `RELATIVE_TO_ZERO` if the value is 0 and
    /// `RELATIVE_TO_ARBITRARY_ZERO` if it is on a scale whose zero is arbitrary.
    pub fn expanded(&self, coverage: &Coverage, unit: &Unit) -> Result<Ratio, ValueError> {
        let (expanded, stated_in) = (self.uncertainty.at(coverage), self.uncertainty.unit());
        self.check_relation()?;
        let magnitude = Ratio::from(self.value.value()).abs();
        let factor = match (self.is_relation(stated_in), self.is_relation(unit)) {
            (true, false) => {
                &(&stated_in.factor_to(&Unit::one())? * &magnitude) * &self.value.unit().factor_to(unit)?
            }
            (false, true) => {
                // Of units that do not fit it is told first: they are wrong whatever the value.
                let factor = &stated_in.factor_to(self.value.unit())? * &Unit::one().factor_to(unit)?;
                check_zero(self.value.unit())?;
                if magnitude.is_zero() {
                    return Err(relative_to_zero(&format!(
                        "an uncertainty of a value of {} cannot be compared with a relative one: measure at a value other than 0",
                        self.value
                    )));
                }
                &factor / &magnitude
            }
            (true, true) | (false, false) => stated_in.factor_to(unit)?,
        };
        Ok(&expanded * &factor)
    }

    /// Refuses a U that is relative to a value that has no shares, for it says nothing.
    ///
    /// # Errors
    /// `RELATIVE_TO_ARBITRARY_ZERO`, `RELATIVE_TO_ZERO`.
    pub(super) fn check_relation(&self) -> Result<(), ValueError> {
        if !self.is_relation(self.uncertainty.unit()) {
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

    /// Whether a U in this unit is relative to the value.
    fn is_relation(&self, unit: &Unit) -> bool {
        unit.is_relative_to(self.value.unit())
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
            "RELATIVE_TO_ARBITRARY_ZERO",
            format!(
                "a share of a value in {scale} says nothing, for the zero of that scale is arbitrary: write the uncertainty or the limit in {}",
                scale.of_differences()
            ),
        )),
    }
}

fn relative_to_zero(message: &str) -> ValueError {
    ValueError::new("RELATIVE_TO_ZERO", message)
}
