//! Which units say what share of a value an uncertainty is, and which values have shares.
//!
//! A relative uncertainty is the quotient of U and the magnitude of the value (VIM 2.32; JCGM 100:2008, 5.1.6). It is
//! written as a bare number (`%`, `[ppm]`), or as certificates have it, by a quotient of two units of one dimension
//! (`uV/V`, `mg/g`). A value may be a ratio in such a unit itself, and then only how both are written tells a share of
//! it from a difference of two such values. It is a difference
//!
//! - in a quotient: 5 `um/m` of a strain of 200 `um/m`, or of one of 200 `[ppm]`;
//! - in a number below 1 that is no larger than the value's unit, which is below 1 as well: 2 `%` of a humidity of 50 `%`, 100 `[ppm]` of 1 `%`, 5
//!   `[ppm]` or 5000 `[ppb]` of 50 `umol/mol`;
//! - in a number from 1 up of a value in a number: 0.4 `{HRC}` of 60 `{HRC}`, 0.02 `1` of 50 `%`.
//!
//! Anything else is a share: nobody means a difference of 10 000 `[ppm]` by 1 `%` of 50 `[ppm]`, or one of 0.01 by 1 `%`
//! of a count of 12 000.

use std::mem::discriminant;

use octofhir_ucum::UnitExpr;

use crate::domain::value::ratio::Ratio;
use crate::domain::value::unit::{Meaning, Unit};

/// The place of the plane angle in a dimension.
const PLANE_ANGLE: usize = 3;

/// What a unit is where shares are concerned, with the size of one that comes to a number.
enum Kind {
    /// A bare number below 1: `%`, `[ppm]`, `10*-6`.
    Share(Ratio),
    /// A bare number from 1 up: `1`, `{HRC}`, `10*3`.
    Number(Ratio),
    /// A quotient of two units, neither of them a bare number, that comes to a number.
    Quotient(Ratio),
    /// Of anything else, the mole and the radian among them.
    Quantity,
}

impl Unit {
    /// Whether an uncertainty or a limit in this unit is relative to a value that is written in that one. A quotient of
    /// two units is not relative to an angle: 0.1 `mm/m` of a slope in degrees may be an angle as well.
    pub fn is_relative_to(&self, of: &Unit) -> bool {
        match self.kind() {
            Kind::Quantity => false,
            Kind::Quotient(_) => !of.is_ratio() && !of.is_angle(),
            Kind::Share(size) => match of.kind() {
                Kind::Share(of) => size > of,
                Kind::Quotient(of) => size > of || of >= Ratio::one(),
                Kind::Number(_) | Kind::Quantity => true,
            },
            Kind::Number(size) => match of.kind() {
                Kind::Number(_) | Kind::Share(_) => false,
                Kind::Quotient(of) => size > of,
                Kind::Quantity => true,
            },
        }
    }

    /// Whether an uncertainty or a limit in this unit is relative to values of which nothing is said but the quantity,
    /// that of `of`: of two units of one quantity it says the same. A share is relative whatever it is of (VIM 2.32), and
    /// any other number or quotient is unless the values are ratios themselves.
    pub fn is_relative_to_quantity_of(&self, of: &Unit) -> bool {
        match self.kind() {
            Kind::Quantity => false,
            Kind::Share(_) => true,
            Kind::Number(_) => !of.is_ratio(),
            Kind::Quotient(_) => !of.is_ratio() && !of.is_angle(),
        }
    }

    /// Whether an uncertainty or a limit in the other unit is relative to the same values as one in this.
    pub fn is_relative_as(&self, other: &Unit) -> bool {
        discriminant(&self.kind()) == discriminant(&other.kind())
    }

    /// Whether a share of a value in this unit says nothing, since the scale's 0 is not nothing of the quantity: 1 % of
    /// 20 `Cel` is another difference than 1 % of the same temperature in `[degF]`.
    pub fn has_arbitrary_zero(&self) -> bool {
        Meaning::of(&self.0).is_ok_and(|meaning| meaning.has_arbitrary_zero)
    }

    /// The unit that differences of values in this one are usually written in: `K` for `Cel`, `dB` for `dB[SPL]`.
    pub fn of_differences(&self) -> Unit {
        let usual = ["K", "dB"].map(|code| Self(code.to_owned()));
        usual.into_iter().find(|unit| self.factor_to(unit).is_ok()).unwrap_or_else(|| self.clone())
    }

    fn kind(&self) -> Kind {
        let Ok(expression) = octofhir_ucum::parse_expression(&self.0) else {
            return Kind::Quantity;
        };
        let size = || Meaning::of(&self.0).ok().filter(Meaning::is_number).map(|meaning| meaning.factor);
        let kind = match (is_number(&expression), sides(&expression)) {
            (true, _) => size().map(|size| if size < Ratio::one() { Kind::Share(size) } else { Kind::Number(size) }),
            (false, Sides { above: true, below: true }) => size().map(Kind::Quotient),
            (false, _) => None,
        };
        kind.unwrap_or(Kind::Quantity)
    }

    /// Whether values in this unit are ratios: bare numbers, or quotients that come to one.
    fn is_ratio(&self) -> bool {
        !matches!(self.kind(), Kind::Quantity)
    }

    /// Whether it is of an angle, plane or solid.
    fn is_angle(&self) -> bool {
        let is_of_angles = |(place, exponent): (usize, &i8)| (place == PLANE_ANGLE) == (*exponent != 0);
        Meaning::of(&self.0).is_ok_and(|meaning| meaning.dimension.0.iter().enumerate().all(is_of_angles))
    }
}

impl Meaning {
    /// Whether it has no dimension, and nothing in the place of one.
    fn is_number(&self) -> bool {
        self.dimension.is_dimensionless() && self.arbitrary.is_empty() && self.curved.is_none()
    }
}

/// Whether it is a bare number, percent or parts per thousand to trillion.
fn is_number(expression: &UnitExpr) -> bool {
    match expression {
        UnitExpr::Symbol(code) => {
            matches!(code.as_str(), "10*" | "10^" | "%" | "[ppth]" | "[ppm]" | "[ppb]" | "[pptr]")
        }
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => true,
        UnitExpr::Annotated(inner, _) | UnitExpr::Reciprocal(inner) => is_number(inner),
        UnitExpr::Power(base, _) => is_number(base),
        UnitExpr::Product(terms) => terms.iter().all(is_number),
        UnitExpr::Quotient(a, b) => is_number(a) && is_number(b),
    }
}

/// On which sides of the fraction units stand that are no bare numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sides {
    above: bool,
    below: bool,
}

impl Sides {
    fn turned(self) -> Self {
        Self { above: self.below, below: self.above }
    }

    fn and(self, other: Self) -> Self {
        Self { above: self.above || other.above, below: self.below || other.below }
    }
}

fn sides(expression: &UnitExpr) -> Sides {
    match expression {
        UnitExpr::Symbol(_) => Sides { above: !is_number(expression), below: false },
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => Sides::default(),
        UnitExpr::Annotated(inner, _) => sides(inner),
        UnitExpr::Reciprocal(inner) => sides(inner).turned(),
        UnitExpr::Power(base, exponent) if *exponent < 0 => sides(base).turned(),
        UnitExpr::Power(base, _) => sides(base),
        UnitExpr::Product(terms) => terms.iter().map(sides).fold(Sides::default(), Sides::and),
        UnitExpr::Quotient(a, b) => sides(a).and(sides(b).turned()),
    }
}
