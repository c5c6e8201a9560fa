//! Units of measurement: case-sensitive UCUM (the Unified Code for Units of Measure, 2.2).
//!
//! octofhir-ucum parses an expression, tells its dimension and finds its atoms; the factor
//! is evaluated here as a fraction, because its own factors are rounded to 28 digits.
//!
//! Commensurable means: the same dimension and the same arbitrary units, as UCUM §17 has
//! it. UCUM counts the mole as a number and does not tell a becquerel from a hertz, a gray
//! from a sievert or a newton metre from a joule; neither does this. A logarithmic unit
//! (dB, dB[SPL], Np, [pH]) is commensurable with itself alone, whatever its prefix. What is
//! written behind it in braces, as in `dB{A}`, says what its zero is: points of two such
//! scales are not compared. A difference of two levels has no reference any more (IEC 60027-3):
//! it is in dB, whether they are in `dB{A}`, `dB[SPL]` or `dB[V]`.

use std::fmt;
use std::sync::LazyLock;

use bigdecimal::num_bigint::BigInt;
use octofhir_ucum::{Case, Dimension, Number, SpecialKind, UnitExpr, UnitRecord};
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::decimal::Decimal;
use crate::domain::value::ratio::Ratio;
use crate::domain::value::{ValueError, quoted};

use definitions::DEFINITIONS;
use everyday::{misread_alone, to_ucum};

mod definitions;
mod everyday;
mod relative;

/// The most characters of a unit.
const MOST_CHARACTERS: usize = 80;

/// The most that the powers of a unit add up to, signs aside: `10*-23` is a unit,
/// `m1000000` an attack.
const MOST_POWER: u32 = 60;

/// Numbers in a unit stay below this power of ten, up to which octofhir-ucum reads each digit.
const MOST_NUMBER_EXPONENT: i32 = 28;

/// A unit in UCUM.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(String);

impl Unit {
    /// The unit of numbers, which ratios such as `%` are parts of.
    pub fn one() -> Self {
        Self("1".to_owned())
    }

    /// The unit of a UCUM expression, or of one with the signs of everyday writing: `°C`
    /// for `Cel`, `µ` for `u`, `Ω` for `Ohm`, `ppm` for `[ppm]`, `kWh` for `kW.h`, `r/min`
    /// for `{rev}/min`, `m³` for `m3`.
    ///
    /// # Errors
    /// `UNIT_UNKNOWN`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let unknown = |why: &str| ValueError::new(Code::UnitUnknown, format!("{} is not a unit: {why}", quoted(text)));
        if text.chars().count() > MOST_CHARACTERS {
            return Err(unknown(&format!("write at most {MOST_CHARACTERS} characters")));
        }
        let code = to_ucum(text).ok_or_else(|| unknown("a micro sign stands before a unit"))?;
        if let Some(((read, as_read), (meant, as_meant))) = misread_alone(&code) {
            return Err(unknown(&format!(
                "UCUM reads it as {read}, and many write it for {meant}: write {as_meant} for that, or {as_read}"
            )));
        }
        match Meaning::of(&code) {
            Ok(_) => Ok(Self(code)),
            Err(Unreadable::TemperatureInAlgebra) => Err(unknown(
                "a scale with a zero of its own takes part in no product or quotient, write K for its difference",
            )),
            Err(Unreadable::CurvedInAlgebra) => Err(unknown(
                "a scale that is not linear takes part in no product or quotient, write its unit alone and say in words what it is per",
            )),
            Err(Unreadable::TooLarge) => Err(unknown(&format!(
                "write powers that add up to at most {MOST_POWER}, and numbers below 10*{MOST_NUMBER_EXPONENT}"
            ))),
            Err(Unreadable::DecimalFraction) => {
                Err(unknown("UCUM reads 1.5 as 1 times 5, write whole numbers and powers of ten like 15.10*-1"))
            }
            Err(Unreadable::NotUcum) => {
                Err(unknown("write its case-sensitive UCUM code, like mm, Cel, mm[Hg], kW.h or m/s2"))
            }
        }
    }

    /// The UCUM code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a value in this unit can be told in the other.
    pub fn commensurable(&self, other: &Unit) -> bool {
        match (Meaning::of(&self.0), Meaning::of(&other.0)) {
            (Ok(this), Ok(that)) => this.is_commensurable(&that),
            // An old log may name a unit that the tables have lost.
            _ => self == other,
        }
    }

    /// The exact factor from a *difference* in this unit to one in the other: an
    /// uncertainty of 1 `Cel` is one of 1 `K`, and of 9/5 `[degF]`; one of 1 `dB[SPL]` is one of 1 `dB`.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`.
    pub fn factor_to(&self, other: &Unit) -> Result<Ratio, ValueError> {
        let (this, that) = self.meanings(other, Meaning::has_differences_of)?;
        Ok(&this.factor / &that.factor)
    }

    /// The exact value in the other unit of a *point* on this unit's scale: 0 `Cel` is
    /// 273.15 `K`.
    ///
    /// # Errors
    /// `UNIT_INCOMMENSURABLE`.
    pub fn convert_point(&self, value: &Decimal, other: &Unit) -> Result<Ratio, ValueError> {
        let (this, that) = self.meanings(other, Meaning::is_commensurable)?;
        if this.reference != that.reference {
            return Err(ValueError::new(
                Code::UnitIncommensurable,
                format!("a level in {self} and one in {other} are not of one reference: write both in one unit"),
            ));
        }
        let base = &(&Ratio::from(value) * &this.factor) + &this.offset;
        Ok(&(&base - &that.offset) / &that.factor)
    }

    /// Whether a point on this unit's scale would be colder than anything can be: below -273.15 `Cel` or -459.67
    /// `[degF]`. Only a scale with a zero of its own tells: so many kelvins below 0 are a difference, such as an error
    /// or a correction.
    pub fn is_below_absolute_zero(&self, value: &Decimal) -> bool {
        let of_scale = Meaning::of(&self.0).ok().filter(|meaning| !meaning.offset.is_zero());
        of_scale.is_some_and(|scale| (&(&Ratio::from(value) * &scale.factor) + &scale.offset).is_negative())
    }

    /// Both meanings, if they are alike.
    fn meanings(
        &self,
        other: &Unit,
        are_alike: impl Fn(&Meaning, &Meaning) -> bool,
    ) -> Result<(Meaning, Meaning), ValueError> {
        let (this, that) = (Meaning::of(&self.0), Meaning::of(&other.0));
        let dimension = |meaning: &Result<Meaning, Unreadable>| match meaning {
            Ok(meaning) => meaning.to_string(),
            Err(_) => "unknown".to_owned(),
        };
        let (this_dimension, that_dimension) = (dimension(&this), dimension(&that));
        match (this, that) {
            (Ok(this), Ok(that)) if are_alike(&this, &that) => Ok((this, that)),
            _ => Err(ValueError::new(
                Code::UnitIncommensurable,
                format!(
                    "{self} (dimension {this_dimension}) and {other} (dimension {that_dimension}) do not measure the same kind of quantity: write a unit of one dimension"
                ),
            )),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a unit is in terms of the base units.
struct Meaning {
    /// The size of one step of the scale.
    factor: Ratio,
    /// What the scale's zero is: 273.15 kelvins for `Cel`, 0 for a proper unit.
    offset: Ratio,
    dimension: Dimension,
    /// Arbitrary units such as `[iU]` with their exponents: further base units, in effect.
    arbitrary: Vec<(&'static str, i32)>,
    /// The atom of a scale that is not linear, such as `B` or `[pH]`.
    curved: Option<&'static str>,
    /// Whether its steps are bels.
    is_level: bool,
    /// What is said of the zero of such a scale, such as `A` in `dB{A}`.
    reference: Option<String>,
    /// Whether the scale's 0 is something else than nothing of the quantity, as those of `Cel` and `dB` are.
    has_arbitrary_zero: bool,
}

/// Why an expression has no meaning.
enum Unreadable {
    NotUcum,
    TemperatureInAlgebra,
    CurvedInAlgebra,
    TooLarge,
    DecimalFraction,
}

impl Meaning {
    fn of(code: &str) -> Result<Self, Unreadable> {
        let expression = octofhir_ucum::parse_expression(code).map_err(|_| Unreadable::NotUcum)?;
        // Before anything is evaluated: a huge power is costly.
        judge(&expression)?;
        if total_power(&expression) > MOST_POWER {
            return Err(Unreadable::TooLarge);
        }
        let result = octofhir_ucum::evaluate(&expression).map_err(|error| match error.kind {
            octofhir_ucum::ErrorKind::SpecialUnitError { .. } if has_temperature(&expression) => {
                Unreadable::TemperatureInAlgebra
            }
            octofhir_ucum::ErrorKind::SpecialUnitError { .. } => Unreadable::CurvedInAlgebra,
            _ => Unreadable::NotUcum,
        })?;
        let special = result.special.map(|term| (term.unit, scale_zero(term.unit.special)));
        let (offset, curved) = match &special {
            None => (Ratio::zero(), None),
            Some((unit, Some(zero))) => (zero * &atom_factor(unit), None),
            Some((unit, None)) => (Ratio::zero(), Some(unit.code)),
        };
        let reference = curved.and_then(|_| annotation(&expression)).map(str::to_owned);
        let has_arbitrary_zero = special.as_ref().is_some_and(|(unit, _)| !starts_at_nothing(unit.special));
        let is_level = special.is_some_and(|(unit, _)| is_level(unit.special));
        let (factor, dimension, arbitrary) = (factor(&expression), result.dim, result.arbitrary);
        Ok(Self { factor, offset, dimension, arbitrary, curved, is_level, reference, has_arbitrary_zero })
    }

    fn is_commensurable(&self, other: &Meaning) -> bool {
        self.dimension == other.dimension && self.arbitrary == other.arbitrary && self.curved == other.curved
    }

    /// Whether a difference of two values on one scale is one on the other. Of levels it is in bels: those of one
    /// quantity share it whatever their reference, and the bel that names none is that of all.
    fn has_differences_of(&self, other: &Meaning) -> bool {
        let is_of_all = |meaning: &Meaning| meaning.curved == Some("B");
        let may_be_of_one = self.dimension == other.dimension || is_of_all(self) || is_of_all(other);
        self.is_commensurable(other) || (self.is_level && other.is_level && may_be_of_one)
    }
}

impl fmt::Display for Meaning {
    /// The dimension as UCUM writes it, with what else keeps units apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dimension)?;
        for (atom, exponent) in &self.arbitrary {
            write!(f, ".{atom}{exponent}")?;
        }
        match self.curved {
            Some(atom) => write!(f, " on the scale of {atom}"),
            None => Ok(()),
        }
    }
}

/// What stands in braces behind a unit that takes part in no product.
fn annotation(expression: &UnitExpr) -> Option<&str> {
    match expression {
        UnitExpr::Annotated(_, text) => Some(text),
        _ => None,
    }
}

/// The zero of a temperature scale in steps of that scale above absolute zero (UCUM table
/// of special units); none for a scale that is not linear.
fn scale_zero(kind: SpecialKind) -> Option<Ratio> {
    let hundredths = match kind {
        SpecialKind::Celsius => 27_315,
        SpecialKind::Fahrenheit => 45_967,
        SpecialKind::Reaumur => 21_852,
        _ => return None,
    };
    Ratio::of(&Decimal::from(hundredths), &Decimal::from(100))
}

/// Whether 0 on a scale that is not linear is nothing of the quantity: of a slope or a root it is, of a level never.
fn starts_at_nothing(kind: SpecialKind) -> bool {
    matches!(kind, SpecialKind::TanTimes100 | SpecialKind::Sqrt)
}

/// Whether a scale is that of a level in bels.
fn is_level(kind: SpecialKind) -> bool {
    matches!(kind, SpecialKind::Lg | SpecialKind::LgTimes2)
}

/// Whether a temperature scale is part of an expression.
fn has_temperature(expression: &UnitExpr) -> bool {
    match expression {
        UnitExpr::Symbol(code) => octofhir_ucum::lookup_unit(code, Case::Sensitive)
            .is_some_and(|(_, atom)| scale_zero(atom.special).is_some()),
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => false,
        UnitExpr::Annotated(inner, _) | UnitExpr::Reciprocal(inner) | UnitExpr::Power(inner, _) => {
            has_temperature(inner)
        }
        UnitExpr::Product(terms) => terms.iter().any(has_temperature),
        UnitExpr::Quotient(a, b) => has_temperature(a) || has_temperature(b),
    }
}

/// The size of an expression in base units; for a special unit, of one step of its scale.
///
/// # Panics
/// For a symbol that evaluation would not have accepted.
fn factor(expression: &UnitExpr) -> Ratio {
    match expression {
        UnitExpr::Symbol(code) => {
            let (prefix, atom) =
                octofhir_ucum::lookup_unit(code, Case::Sensitive).expect("an evaluated expression has known symbols");
            // The table has the reference of a level, which is no part of a step.
            let factor = if is_level(atom.special) { Ratio::one() } else { atom_factor(atom) };
            match prefix {
                Some(prefix) => &from_number(prefix.factor) * &factor,
                None => factor,
            }
        }
        UnitExpr::Numeric(number) => from_number(*number),
        UnitExpr::Annotation(_) => Ratio::one(),
        UnitExpr::Annotated(inner, _) => factor(inner),
        UnitExpr::Power(base, exponent) => factor(base).power(*exponent),
        UnitExpr::Product(terms) => terms.iter().fold(Ratio::one(), |product, term| &product * &factor(term)),
        UnitExpr::Quotient(numerator, denominator) => &factor(numerator) / &factor(denominator),
        UnitExpr::Reciprocal(inner) => &Ratio::one() / &factor(inner),
    }
}

/// The factors of [`DEFINITIONS`], in their order.
static DEFINED_FACTORS: LazyLock<Vec<Ratio>> = LazyLock::new(|| {
    DEFINITIONS.iter().map(|definition| defined_factor(definition.code).expect("it is the definition's code")).collect()
});

fn atom_factor(atom: &UnitRecord) -> Ratio {
    match DEFINITIONS.binary_search_by_key(&atom.code, |definition| definition.code) {
        Ok(place) => DEFINED_FACTORS[place].clone(),
        Err(_) => from_number(atom.factor),
    }
}

/// The factor of an atom by its definition, which may lean on other definitions.
fn defined_factor(code: &str) -> Option<Ratio> {
    let place = DEFINITIONS.binary_search_by_key(&code, |definition| definition.code).ok()?;
    let definition = &DEFINITIONS[place];
    let value = Decimal::try_from(definition.value.to_owned()).expect("a definition has a decimal value");
    let unit = octofhir_ucum::parse_expression(definition.unit).expect("a definition has a UCUM expression");
    Some(&Ratio::from(&value) * &defined_term(&unit))
}

/// As [`factor`], for the expressions that definitions are made of.
fn defined_term(expression: &UnitExpr) -> Ratio {
    match expression {
        UnitExpr::Symbol(code) => defined_factor(code).unwrap_or_else(|| factor(expression)),
        UnitExpr::Power(base, exponent) => defined_term(base).power(*exponent),
        UnitExpr::Product(terms) => terms.iter().fold(Ratio::one(), |product, term| &product * &defined_term(term)),
        UnitExpr::Quotient(numerator, denominator) => &defined_term(numerator) / &defined_term(denominator),
        UnitExpr::Reciprocal(inner) => &Ratio::one() / &defined_term(inner),
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) | UnitExpr::Annotated(..) => factor(expression),
    }
}

fn from_number(number: Number) -> Ratio {
    let (digits, exponent) = number.to_integer_and_exponent();
    let digits = Decimal::from(BigInt::from(digits));
    &Ratio::from(&digits) * &Ratio::from(&Decimal::from(10)).power(exponent)
}

/// Refuses numbers that UCUM allows and that would not be what was meant.
fn judge(expression: &UnitExpr) -> Result<(), Unreadable> {
    match expression {
        UnitExpr::Numeric(number) if *number >= Number::power_of_ten(MOST_NUMBER_EXPONENT) => Err(Unreadable::TooLarge),
        UnitExpr::Symbol(_) | UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => Ok(()),
        UnitExpr::Annotated(inner, _) | UnitExpr::Reciprocal(inner) | UnitExpr::Power(inner, _) => judge(inner),
        UnitExpr::Product(terms) => {
            let number = |term: &UnitExpr| matches!(term, UnitExpr::Numeric(_));
            if terms.windows(2).any(|pair| pair.iter().all(number)) {
                return Err(Unreadable::DecimalFraction);
            }
            terms.iter().try_for_each(judge)
        }
        UnitExpr::Quotient(a, b) => judge(a).and_then(|()| judge(b)),
    }
}

/// The powers of an expression, added up without their signs.
fn total_power(expression: &UnitExpr) -> u32 {
    match expression {
        UnitExpr::Symbol(_) => 1,
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => 0,
        UnitExpr::Annotated(inner, _) | UnitExpr::Reciprocal(inner) => total_power(inner),
        UnitExpr::Power(base, exponent) => total_power(base).saturating_mul(exponent.unsigned_abs()),
        UnitExpr::Product(terms) => terms.iter().fold(0, |sum, term| total_power(term).saturating_add(sum)),
        UnitExpr::Quotient(a, b) => total_power(a).saturating_add(total_power(b)),
    }
}

#[cfg(test)]
mod tests;
