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
    /// `UNIT_INCOMMENSURABLE`; `RELATIVE_TO_ZERO` where either is relative and the value is 0.
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

    /// Refuses a U that is relative to a value of 0, for it says nothing.
    ///
    /// # Errors
    /// `RELATIVE_TO_ZERO`.
    pub(super) fn check_relation(&self) -> Result<(), ValueError> {
        match self.is_relation(self.uncertainty.unit()) && self.value.value().is_zero() {
            false => Ok(()),
            true => Err(relative_to_zero(&format!(
                "an uncertainty in {} of a value of {} says nothing: write U in {}",
                self.uncertainty.unit(),
                self.value,
                self.value.unit()
            ))),
        }
    }

    /// Whether a U in this unit is relative to the value. Where the value itself is in percent or parts per million, so
    /// is a U in such a unit: it is a difference of two such values.
    fn is_relation(&self, unit: &Unit) -> bool {
        unit.is_relative() && !self.value.unit().is_relative()
    }
}

fn relative_to_zero(message: &str) -> ValueError {
    ValueError::new("RELATIVE_TO_ZERO", message)
}
