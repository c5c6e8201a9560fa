//! What the data files say, read through the door that users go through: the values of the demonstration are checked
//! like anybody's.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};

use crate::domain::value::measurement::MaximumPermissibleError;
use crate::domain::value::{
    Decimal, DecisionRule, ExpandedUncertainty, Interval, Measurand, MeasurementRequirement, MeasurementResult, Period,
    Quantity, Statement, Target, Unit, ValueError,
};

/// k of every uncertainty in the data files, and its p (JCGM 100:2008, G.6.6).
const COVERAGE: (&str, &str) = ("2", "0.95");

/// A data file that is compiled in, so that every build has tested it.
pub(super) fn sound<T: DeserializeOwned>(name: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("{name} is sound: {error}"))
}

/// A value written as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said<T>(pub(super) T);

impl<'de, T: FromStr<Err = ValueError>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<T>().map(Self).map_err(|error| de::Error::custom(format!("{}: {error}", error.code.name())))
    }
}

/// The values themselves.
pub(super) fn all<T: Clone>(said: &[Said<T>]) -> Vec<T> {
    said.iter().map(|said| said.0.clone()).collect()
}

/// The value itself, if anything was said.
pub(super) fn some<T: Clone>(said: &Option<Said<T>>) -> Option<T> {
    said.as_ref().map(|said| said.0.clone())
}

/// From a day on, in force until now.
pub(super) fn since(day: Date) -> Period {
    Period::new(day, None).expect("a period without an end is not empty")
}

/// What has to be measured: a required uncertainty, or an error limit with its decision rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Required")]
pub(super) struct Requirement(pub(super) MeasurementRequirement);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    measurand: Said<Measurand>,
    low: Said<Decimal>,
    high: Said<Decimal>,
    unit: Said<Unit>,
    u: Option<Said<Decimal>>,
    u_unit: Option<Said<Unit>>,
    mpe: Option<Said<Decimal>>,
    mpe_unit: Option<Said<Unit>>,
    ratio: Option<Said<Decimal>>,
    guard: Option<Said<Decimal>>,
    note: Option<Said<Statement>>,
}

impl TryFrom<Required> for Requirement {
    type Error = Unsound;

    fn try_from(said: Required) -> Result<Self, Unsound> {
        let unit = said.unit.0;
        let target = match (said.u, said.mpe, said.ratio, said.guard) {
            (Some(u), None, None, None) => {
                Target::Uncertainty(expanded(u.0, said.u_unit.map_or_else(|| unit.clone(), |unit| unit.0))?)
            }
            (None, Some(mpe), Some(ratio), Some(guard)) => {
                let rule = DecisionRule::new(ratio.0, guard.0)?;
                let mpe_unit = said.mpe_unit.map_or_else(|| unit.clone(), |unit| unit.0);
                Target::Mpe(MaximumPermissibleError::new(mpe.0, mpe_unit, rule)?)
            }
            _ => return Err(Unsound("state either u, or mpe with ratio and guard".to_owned())),
        };
        let interval = Interval::new(said.low.0, said.high.0, unit)?;
        let note = said.note.map(|note| note.0);
        Ok(Self(MeasurementRequirement::new(said.measurand.0, Some(interval), target, note)?))
    }
}

/// What was measured, with U for k = 2.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Measured")]
pub(super) struct Measurement(pub(super) MeasurementResult);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    measurand: Option<Said<Measurand>>,
    value: Said<Decimal>,
    unit: Said<Unit>,
    u: Said<Decimal>,
    u_unit: Option<Said<Unit>>,
    method: Said<Statement>,
    trace: Said<Statement>,
}

impl TryFrom<Measured> for Measurement {
    type Error = Unsound;

    fn try_from(said: Measured) -> Result<Self, Unsound> {
        let unit = said.unit.0;
        let uncertainty = expanded(said.u.0, said.u_unit.map_or_else(|| unit.clone(), |unit| unit.0))?;
        let result = MeasurementResult::new(Quantity::new(said.value.0, unit), Some(uncertainty))?
            .with_measurand(said.measurand.map(|measurand| measurand.0))
            .with_method(Some(said.method.0))
            .with_traceability(Some(said.trace.0));
        Ok(Self(result))
    }
}

fn expanded(value: Decimal, unit: Unit) -> Result<ExpandedUncertainty, ValueError> {
    let (k, p) = COVERAGE;
    ExpandedUncertainty::new(value, unit, Some(Decimal::parse(k)?), Some(Decimal::parse(p)?))
}

/// Why an entry of a data file makes no sense; shown by its reader with the line.
#[derive(Debug)]
pub(super) struct Unsound(String);

impl From<ValueError> for Unsound {
    fn from(error: ValueError) -> Self {
        Self(format!("{}: {error}", error.code.name()))
    }
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
