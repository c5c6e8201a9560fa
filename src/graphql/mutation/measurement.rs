//! What a requirement and a result of a measurement look like as inputs.

use async_graphql::{InputObject, OneofObject};
use serde::Serialize;

use crate::domain::refusal::Code;
use crate::domain::value::measurement::MaximumPermissibleError;
use crate::domain::value::{
    DecisionRule, ExpandedUncertainty, Interval, MeasurementRequirement, MeasurementResult, Quantity, Target,
};
use crate::graphql::door::Door;
use crate::graphql::scalars::Decimal;

/// The ratio of error limit to uncertainty where none is said: a third, as legal metrology has it (OIML D 16, JJF 1094).
const USUAL_RATIO: &str = "3";
/// The share of U that is kept off the limit where none is said: simple acceptance (JCGM 106:2012, 8.2).
const USUAL_GUARD_BAND: &str = "0";

/// 测量要求: what measurement would solve the case (VIM 4.7, 4.26).
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct MeasurementRequirementInput {
    /// 被测量: the quantity intended to be measured (VIM 2.3).
    pub(crate) measurand: String,
    /// 测量区间: from where to where. Results whose value is within it, or beyond an end by no more than a hundredth of its width, count for the capability gap. Its unit says whether a target in `%`, say, is relative.
    pub(crate) interval: Option<IntervalInput>,
    /// 目标: the uncertainty or the error limit that would do.
    pub(crate) target: TargetInput,
    /// 备注: conditions, environment, anything else.
    pub(crate) note: Option<String>,
}

impl MeasurementRequirementInput {
    /// The requirement, if every value of it is sound.
    pub(crate) fn read(&self, door: &mut Door) -> Option<MeasurementRequirement> {
        let measurand = door.text("measurand", &self.measurand);
        let interval = match &self.interval {
            None => Some(None),
            Some(interval) => door.within("interval", |door| interval.read(door)).map(Some),
        };
        let target = door.within("target", |door| self.target.read(door));
        let note = door.optional("note", self.note.as_deref());
        let requirement = MeasurementRequirement::new(measurand?, interval?, target?, note?);
        door.value("target", requirement)
    }
}

/// 测量区间: both ends in one unit.
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct IntervalInput {
    /// 下限: the lower end.
    pub(crate) low: Decimal,
    /// 上限: the upper end, above the lower.
    pub(crate) high: Decimal,
    /// 单位: in UCUM notation, such as `mm`, `Cel`, `kPa`; `[pH]` for a pH. Alone `pH`, `PH`, `ph`, `C`, `mph`, `Gs`, `at`, `ft`, `ct`, `kt`, `PS` and `pt` are refused (`UNIT_UNKNOWN`), with both ways of writing: they would be picohenry, petahenry, phot, coulomb, milliphot, gigasecond, attotonne, femtotonne, centitonne, kilotonne, petasiemens and picotonne.
    pub(crate) unit: String,
}

impl IntervalInput {
    fn read(&self, door: &mut Door) -> Option<Interval> {
        let low = door.number("low", &self.low);
        let high = door.number("high", &self.high);
        let unit = door.text("unit", &self.unit);
        let interval = Interval::new(low?, high?, unit?);
        door.value("low", interval)
    }
}

/// 目标: what is required. Exactly one.
#[derive(Clone, Debug, OneofObject, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TargetInput {
    /// 扩展不确定度: the largest expanded uncertainty that would do.
    Uncertainty(ExpandedUncertaintyInput),
    /// 最大允许误差: the error limit that has to be decided about.
    MaximumPermissibleError(MaximumPermissibleErrorInput),
}

impl TargetInput {
    fn read(&self, door: &mut Door) -> Option<Target> {
        match self {
            Self::Uncertainty(uncertainty) => {
                door.within("uncertainty", |door| uncertainty.read(door)).map(Target::Uncertainty)
            }
            Self::MaximumPermissibleError(limit) => {
                door.within("maximumPermissibleError", |door| limit.read(door)).map(Target::Mpe)
            }
        }
    }
}

/// 扩展不确定度 U = k·u (VIM 2.35; JCGM 100:2008, 6.2). A U without its k and p says nothing and is refused. So is a k that is too large for p (`COVERAGE_IMPLAUSIBLE`). That of a result is stated at the required p, which is 0.95 for an error limit: with another p it is refused where its k is by more than 5 % another than that of the normal distribution, and not the 3 of 0.99, as with few degrees of freedom or of a rectangular distribution (`COVERAGE_INCOMPARABLE`).
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct ExpandedUncertaintyInput {
    /// U, above 0: no measurement has an uncertainty of 0 (JCGM 100:2008, 3.3.1). Where U was not evaluated it is left out.
    pub(crate) value: Decimal,
    /// 单位: in UCUM notation, or relative to the value (VIM 2.32): a bare number such as `%` and `[ppm]`, or a quotient such as `uV/V` and `um/m`, which is relative to no angle. Of a value that is a ratio itself it is a difference, and not relative, in a quotient (5 `um/m` of 200 `[ppm]`), in a number below 1 that is no larger than the value's unit, which is below 1 as well (2 `%` of 50 `%`, 100 `[ppm]` of 1 `%`, 5000 `[ppb]` of 50 `umol/mol`), and in a number from 1 up of a value in a number (0.4 `{HRC}` of 60 `{HRC}`, 0.02 of 50 `%`); 1 `%` of 50 `[ppm]` or of 0.5 is relative. So it is in a requirement, where the interval's unit is in the place of the value's. A U relative to a value of 0 is refused (`RELATIVE_TO_ZERO`; JCGM 100:2008, 5.1.6), and so is one relative to a value in °C, °F or dB, the zero of which is arbitrary (`RELATIVE_TO_ARBITRARY_ZERO`): state it in K, or in dB, which is the unit of a difference of any levels, such as those in `dB[SPL]`.
    pub(crate) unit: String,
    /// 包含因子 k, at least 1 (VIM 2.38), and at most that of Student's t with one degree of freedom, tan(π·p/2), which is 12.71 at 0.95 (JCGM 100:2008, table G.2), with one percent of room for rounding. Required by the domain.
    pub(crate) coverage_factor: Option<Decimal>,
    /// 包含概率 p, between 0 and 1, such as `"0.95"` (VIM 2.37). Required by the domain.
    pub(crate) coverage_probability: Option<Decimal>,
}

impl ExpandedUncertaintyInput {
    fn read(&self, door: &mut Door) -> Option<ExpandedUncertainty> {
        let value = door.number("value", &self.value);
        let unit = door.text("unit", &self.unit);
        let factor = door.optional_number("coverageFactor", self.coverage_factor.as_ref());
        let probability = door.optional_number("coverageProbability", self.coverage_probability.as_ref());
        match ExpandedUncertainty::new(value?, unit?, factor?, probability?) {
            Ok(uncertainty) => Some(uncertainty),
            Err(error) => {
                let field = match error.code {
                    Code::CoverageFactorMissing | Code::CoverageFactorTooSmall | Code::CoverageImplausible => {
                        "coverageFactor"
                    }
                    Code::CoverageProbabilityMissing | Code::CoverageProbabilityOutOfRange => "coverageProbability",
                    _ => "value",
                };
                door.refuse(field, error);
                None
            }
        }
    }
}

/// 最大允许误差: symmetric limits around zero (VIM 4.26), and how the uncertainty enters the decision.
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct MaximumPermissibleErrorInput {
    /// The magnitude, above 0: `"0.1"` means ±0.1.
    pub(crate) value: Decimal,
    /// 单位: in UCUM notation, or relative to the value, as that of U (`ExpandedUncertaintyInput.unit`).
    pub(crate) unit: String,
    /// 判定规则: how many times the required uncertainty goes into the limit, such as `"3"`, `"4"` or `"10"`; `"3"` when left out.
    pub(crate) ratio: Option<Decimal>,
    /// 保护带: the share of U that is kept off the limit, from 0 to 1 (JCGM 106:2012, 8.3.2); `"0"` when left out.
    pub(crate) guard_band: Option<Decimal>,
}

impl MaximumPermissibleErrorInput {
    fn read(&self, door: &mut Door) -> Option<MaximumPermissibleError> {
        let value = door.number("value", &self.value);
        let unit = door.text("unit", &self.unit);
        let ratio = self.ratio.as_ref().map_or(USUAL_RATIO, |ratio| &ratio.0);
        let ratio = door.text("ratio", ratio);
        let guard_band = self.guard_band.as_ref().map_or(USUAL_GUARD_BAND, |band| &band.0);
        let guard_band = door.text("guardBand", guard_band);
        let rule = match DecisionRule::new(ratio?, guard_band?) {
            Ok(rule) => rule,
            Err(error) => {
                let field = if error.code == Code::GuardBandOutOfRange { "guardBand" } else { "ratio" };
                door.refuse(field, error);
                return None;
            }
        };
        door.value("value", MaximumPermissibleError::new(value?, unit?, rule))
    }
}

/// 测量结果: what was measured (VIM 2.9).
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct MeasurementResultInput {
    /// 被测量: the quantity measured, where it is not the one that is required now. A result of another quantity, or at a value outside of the required interval, goes on record whatever its unit and coverage, and counts for no gap to this requirement.
    pub(crate) measurand: Option<String>,
    /// 量值: the measured value.
    pub(crate) value: Decimal,
    /// 单位: in UCUM notation. Where an interval is required, and no other measurand is named, one of its quantity (`UNIT_INCOMMENSURABLE`).
    pub(crate) unit: String,
    /// 扩展不确定度: what the value's uncertainty is.
    pub(crate) uncertainty: Option<ExpandedUncertaintyInput>,
    /// 测量方法: how it was measured.
    pub(crate) method: Option<String>,
    /// 计量溯源性: the chain to national or international standards (VIM 2.41).
    pub(crate) traceability: Option<String>,
}

impl MeasurementResultInput {
    /// The result, if every value of it is sound.
    pub(crate) fn read(&self, door: &mut Door) -> Option<MeasurementResult> {
        let measurand = door.optional("measurand", self.measurand.as_deref());
        let value = door.number("value", &self.value);
        let unit = door.text("unit", &self.unit);
        let uncertainty = match &self.uncertainty {
            None => Some(None),
            Some(uncertainty) => door.within("uncertainty", |door| uncertainty.read(door)).map(Some),
        };
        let method = door.optional("method", self.method.as_deref());
        let traceability = door.optional("traceability", self.traceability.as_deref());
        let result = MeasurementResult::new(Quantity::new(value?, unit?), uncertainty?);
        let field = match &result {
            Err(error) if error.code == Code::BelowAbsoluteZero => "value",
            _ => "uncertainty.unit",
        };
        let result = door.value(field, result)?;
        Some(result.with_measurand(measurand?).with_method(method?).with_traceability(traceability?))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn uncertainty(factor: Option<&str>) -> ExpandedUncertaintyInput {
        ExpandedUncertaintyInput {
            value: Decimal::of("0.02"),
            unit: "mm".to_owned(),
            coverage_factor: factor.map(Decimal::of),
            coverage_probability: Some(Decimal::of("0.95")),
        }
    }

    fn refused(input: &MeasurementResultInput) -> Vec<(String, String)> {
        let mut door = Door::new(Uuid::nil());
        let read = door.within("result", |door| input.read(door));
        assert_eq!(read, None);
        door.into_refusals().into_iter().map(|refusal| (refusal.code.name().to_owned(), refusal.field)).collect()
    }

    fn result(unit: &str, factor: Option<&str>) -> MeasurementResultInput {
        MeasurementResultInput {
            measurand: None,
            value: Decimal::of("10.00"),
            unit: unit.to_owned(),
            uncertainty: Some(uncertainty(factor)),
            method: None,
            traceability: None,
        }
    }

    #[test]
    fn an_uncertainty_without_k_is_refused_at_its_field() {
        let expected = ("COVERAGE_FACTOR_MISSING".to_owned(), "result.uncertainty.coverageFactor".to_owned());
        assert_eq!(refused(&result("mm", None)), [expected]);
    }

    #[test]
    fn units_that_do_not_fit_are_refused() {
        let expected = ("UNIT_INCOMMENSURABLE".to_owned(), "result.uncertainty.unit".to_owned());
        assert_eq!(refused(&result("kg", Some("2"))), [expected]);
    }

    #[test]
    fn a_factor_that_its_probability_does_not_allow_is_refused_at_its_field() {
        let expected = ("COVERAGE_IMPLAUSIBLE".to_owned(), "result.uncertainty.coverageFactor".to_owned());
        assert_eq!(refused(&result("mm", Some("100"))), [expected]);
    }

    #[test]
    fn what_is_relative_to_nothing_is_refused_at_its_unit() {
        let relative = ExpandedUncertaintyInput { unit: "%".to_owned(), ..uncertainty(Some("2")) };
        let of_zero =
            MeasurementResultInput { value: Decimal::of("0.0"), uncertainty: Some(relative), ..result("mm", None) };
        let expected = ("RELATIVE_TO_ZERO".to_owned(), "result.uncertainty.unit".to_owned());
        assert_eq!(refused(&of_zero), [expected]);
    }

    #[test]
    fn what_is_relative_to_a_temperature_is_refused_at_its_unit() {
        let relative = || ExpandedUncertaintyInput { unit: "%".to_owned(), ..uncertainty(Some("2")) };
        let of_result = MeasurementResultInput { uncertainty: Some(relative()), ..result("Cel", None) };
        let expected = ("RELATIVE_TO_ARBITRARY_ZERO".to_owned(), "result.uncertainty.unit".to_owned());
        assert_eq!(refused(&of_result), [expected]);
        let interval = IntervalInput { low: Decimal::of("0"), high: Decimal::of("50"), unit: "°C".to_owned() };
        let required = MeasurementRequirementInput {
            measurand: "temperature of a bath".to_owned(),
            interval: Some(interval),
            target: TargetInput::Uncertainty(relative()),
            note: None,
        };
        let mut door = Door::new(Uuid::nil());
        assert_eq!(door.within("requirement", |door| required.read(door)), None);
        let refusals = door.into_refusals();
        let told: Vec<_> = refusals.iter().map(|refusal| (refusal.code.name(), refusal.field.as_str())).collect();
        assert_eq!(told, [("RELATIVE_TO_ARBITRARY_ZERO", "requirement.target")]);
    }

    #[test]
    fn a_sound_result_keeps_its_digits() {
        let mut door = Door::new(Uuid::nil());
        let read = result("mm", Some("2")).read(&mut door).expect("it is sound");
        assert_eq!(read.value().value().to_string(), "10.00");
    }
}
