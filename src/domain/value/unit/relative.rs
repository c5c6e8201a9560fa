//! Which units say what share of a value an uncertainty is, and which values have shares.
//!
//! A relative uncertainty is the quotient of U and the magnitude of the value (VIM 2.32; JCGM 100:2008, 5.1.6). It is
//! written as a bare number (`%`, `[ppm]`), or as certificates have it, by a quotient of two units of one dimension
//! (`uV/V`, `mg/g`). Either may be the unit of a value, too, in which a U is then a difference of two such values: 5
//! `um/m` of a strain of 200 `um/m`. A U in `%` of that strain stays a share of it.

use octofhir_ucum::UnitExpr;

use crate::domain::value::unit::{Meaning, Unit};

/// The place of the plane angle in a dimension.
const PLANE_ANGLE: usize = 3;

impl Unit {
    /// Whether an uncertainty or a limit in this unit is relative to a value in that one. A quotient of two units is
    /// not relative to an angle: 0.1 `mm/m` of a slope in degrees may be an angle as well.
    pub fn is_relative_to(&self, of: &Unit) -> bool {
        match self.is_number() {
            true => !of.is_number(),
            false => self.is_quotient() && !of.is_number() && !of.is_quotient() && !of.is_angle(),
        }
    }

    /// Whether a share of a value in this unit says nothing, since the scale's 0 is not nothing of the quantity: 1 % of
    /// 20 `Cel` is another difference than 1 % of the same temperature in `[degF]`.
    pub fn has_arbitrary_zero(&self) -> bool {
        Meaning::of(&self.0).is_ok_and(|meaning| meaning.has_arbitrary_zero)
    }

    /// The unit that differences of values in this one are usually written in: `K` for `Cel`.
    pub fn of_differences(&self) -> Unit {
        let kelvin = Self("K".to_owned());
        if self.commensurable(&kelvin) { kelvin } else { self.clone() }
    }

    /// Whether it is a bare number, percent or parts per thousand to trillion.
    fn is_number(&self) -> bool {
        octofhir_ucum::parse_expression(&self.0).is_ok_and(|expression| is_number(&expression))
    }

    /// Whether it is a quotient of two units, neither of them a bare number, that comes to a number.
    fn is_quotient(&self) -> bool {
        let is_divided = |expression| sides(&expression) == Sides { above: true, below: true };
        octofhir_ucum::parse_expression(&self.0).is_ok_and(is_divided) && self.commensurable(&Self::one())
    }

    /// Whether it is of an angle, plane or solid.
    fn is_angle(&self) -> bool {
        let is_of_angles = |(place, exponent): (usize, &i8)| (place == PLANE_ANGLE) == (*exponent != 0);
        Meaning::of(&self.0).is_ok_and(|meaning| meaning.dimension.0.iter().enumerate().all(is_of_angles))
    }
}

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
