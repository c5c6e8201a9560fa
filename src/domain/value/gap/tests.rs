use proptest::prelude::*;

use super::*;
use crate::domain::refusal::Code;
use crate::domain::value::measurement::{
    DecisionRule, Interval, MaximumPermissibleError, Measurand, MeasurementResult, Quantity, Target,
    test_uncertainty_ratio,
};
use crate::domain::value::uncertainty::{Coverage, ExpandedUncertainty};
use crate::domain::value::unit::Unit;

mod writing;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn unit(text: &str) -> Unit {
    Unit::parse(text).unwrap()
}

/// The p of k with many degrees of freedom.
fn probability(k: &str) -> &'static str {
    match k {
        "1" => "0.6827",
        "2" => "0.9545",
        _ => "0.9973",
    }
}

fn uncertainty(value: &str, in_unit: &str, k: &str) -> ExpandedUncertainty {
    stated(value, in_unit, k, probability(k))
}

fn stated(value: &str, in_unit: &str, k: &str, p: &str) -> ExpandedUncertainty {
    ExpandedUncertainty::new(decimal(value), unit(in_unit), Some(decimal(k)), Some(decimal(p))).unwrap()
}

fn requirement(target: Target) -> MeasurementRequirement {
    let measurand = Measurand::parse("temperature of a furnace").unwrap();
    MeasurementRequirement::new(measurand, None, target, None).unwrap()
}

fn limit(value: &str, in_unit: &str, ratio: &str) -> MaximumPermissibleError {
    let rule = DecisionRule::new(decimal(ratio), decimal("0")).unwrap();
    MaximumPermissibleError::new(decimal(value), unit(in_unit), rule).unwrap()
}

/// A value of 100 in this unit with that U.
fn hundred(in_unit: &str, uncertainty: ExpandedUncertainty) -> MeasurementResult {
    MeasurementResult::new(Quantity::new(decimal("100"), unit(in_unit)), Some(uncertainty)).unwrap()
}

fn between(best: &MeasurementResult, target: Target) -> Result<CapabilityGap, Code> {
    CapabilityGap::between(best.evaluated().unwrap(), &requirement(target)).map_err(|error| error.code)
}

/// The gap of a U to a required one, both in units of one kind.
fn gap(best: ExpandedUncertainty, required: ExpandedUncertainty) -> CapabilityGap {
    let in_unit = best.unit().to_string();
    between(&hundred(&in_unit, best), Target::Uncertainty(required)).unwrap()
}

fn ratio(dividend: &str, divisor: &str) -> Ratio {
    Ratio::of(&decimal(dividend), &decimal(divisor)).unwrap()
}

#[test]
fn units_are_brought_together_exactly() {
    let stands = gap(uncertainty("2.5", "um", "2"), uncertainty("0.001", "mm", "2"));
    assert_eq!(stands.to_decimal(3), decimal("2.5"));
    assert!(!stands.is_closed());
    // 9/5 °F is 1 K: exactly 1, which no quotient of rounded decimals gives.
    let closed = gap(uncertainty("1.8", "[degF]", "2"), uncertainty("1", "K", "2"));
    assert_eq!(closed.ratio(), &Ratio::one());
    assert!(closed.is_closed());
}

/// Four degrees of freedom give k = 2.87 at the p of k = 2 with many (JCGM 100:2008, table G.2), and k = 2 is of
/// approximately 95 percent (G.6.6): the same result has the same gap, whichever p was written.
#[test]
fn one_coverage_is_compared_as_stated_and_others_at_the_k_required() {
    for (best, required, expected) in [
        (("2", "0.95"), ("2", "0.95"), ("13", "10")),
        (("2", "0.9545"), ("2", "0.95"), ("13", "10")),
        (("2.87", "0.95"), ("2", "0.95"), ("13", "10")),
        (("2.87", "0.9545"), ("2", "0.95"), ("13", "10")),
        (("2.87", "0.95"), ("2", "0.9545"), ("13", "10")),
        (("2", "0.95"), ("2.5", "0.95"), ("13", "10")),
        // Of other probabilities u is compared at k = 2.
        (("3", "0.9973"), ("2", "0.95"), ("26", "30")),
        (("1", "0.6827"), ("2", "0.9545"), ("26", "10")),
        (("2.58", "0.99"), ("2", "0.95"), ("26", "25.8")),
        // And at k = 3.
        (("2", "0.9545"), ("3", "0.9973"), ("39", "20")),
        // 0.9973 is not 0.9999.
        (("3", "0.9973"), ("3.89", "0.9999"), ("5.057", "3")),
    ] {
        let found = gap(stated("1.3", "K", best.0, best.1), stated("1", "K", required.0, required.1));
        assert_eq!(found.ratio(), &ratio(expected.0, expected.1), "{best:?} of {required:?}");
    }
}

/// Few degrees of freedom make k so large that the one required is less: no U falls as p grows (JCGM 100:2008, 6.3.1, table G.2).
#[test]
fn no_coverage_makes_a_gap_smaller_than_what_is_stated() {
    for (best, required, expected) in [
        // 2 degrees of freedom: U95 is above 0.9 K by itself.
        (("1.0", "4.30", "0.95"), ("0.9", "3", "0.9973"), ("10", "9")),
        // 1 degree of freedom.
        (("1.5", "6.31", "0.90"), ("1", "2", "0.95"), ("15", "10")),
        (("1.5", "1.84", "0.6827"), ("1", "2", "0.95"), ("15", "10")),
        // 2 degrees of freedom: U95 is 2.01 K, and no more than U99.73 is all that is known.
        (("9", "19.21", "0.9973"), ("1", "2", "0.95"), ("9", "1")),
        // A rectangular distribution: U95 is no more than U99.
        (("1", "1.71", "0.99"), ("1", "2", "0.95"), ("1", "1")),
    ] {
        let best = stated(best.0, "K", best.1, best.2);
        let found = gap(best.clone(), stated(required.0, "K", required.1, required.2));
        assert_eq!(found.ratio(), &ratio(expected.0, expected.1), "{best} of {required:?}");
    }
    let limited = between(&hundred("Cel", stated("1.5", "K", "6.31", "0.90")), Target::Mpe(limit("3", "K", "3")));
    assert_eq!(limited.unwrap().ratio(), &ratio("3", "2"));
}

#[test]
fn an_error_limit_requires_its_part_at_95_percent() {
    for (best, expected) in [
        (stated("0.25", "K", "2", "0.95"), ("3", "4")),
        (stated("0.25", "K", "2.87", "0.9545"), ("3", "4")),
        (stated("0.375", "K", "3", "0.9973"), ("3", "4")),
        (stated("0.125", "Cel", "1", "0.6827"), ("3", "4")),
        (stated("1", "K", "2", "0.95"), ("3", "1")),
    ] {
        let found = between(&hundred("Cel", best.clone()), Target::Mpe(limit("1", "K", "3"))).unwrap();
        assert_eq!(found.ratio(), &ratio(expected.0, expected.1), "{best}");
    }
}

#[test]
fn a_gap_above_1_never_reads_1() {
    let required = || Target::Mpe(limit("1", "K", "3"));
    let of = |value| between(&hundred("Cel", uncertainty(value, "K", "2")), required()).unwrap();
    let closed = of("0.3333333333333333333333333333");
    assert!(closed.is_closed());
    assert_eq!((closed.to_decimal(6).to_string(), closed.parts_per_million()), ("1.00000".to_owned(), 1_000_000));
    assert_eq!(closed.to_decimals(6).to_string(), "1.000000");
    let stands = of("0.3333333333333333333333333334");
    assert!(!stands.is_closed());
    assert_eq!((stands.to_decimal(6).to_string(), stands.parts_per_million()), ("1.00001".to_owned(), 1_000_001));
    assert_eq!((stands.to_string(), stands.to_decimals(6).to_string()), ("1.001".to_owned(), "1.000001".to_owned()));
}

#[test]
fn relative_and_absolute_are_compared_through_the_value() {
    for (value, best, required, expected) in [
        (("100", "mm"), ("1", "%"), ("2", "mm"), Ok("0.5")),
        (("-100", "mm"), ("1", "%"), ("500", "um"), Ok("2")),
        (("100", "mm"), ("1", "mm"), ("1", "%"), Ok("1")),
        (("0.1", "m"), ("1000", "um"), ("4", "[ppth]"), Ok("2.5")),
        (("-0.1", "m"), ("1000", "um"), ("4", "[ppth]"), Ok("2.5")),
        (("100", "mm"), ("1", "%"), ("4000", "[ppm]"), Ok("2.5")),
        // What is relative is so to the value as stated.
        (("1000", "K"), ("0.1", "%"), ("2", "Cel"), Ok("0.5")),
        (("10", "deg"), ("1", "%"), ("0.2", "deg"), Ok("0.5")),
        // As certificates have it.
        (("10", "V"), ("5", "uV/V"), ("100", "uV"), Ok("0.5")),
        (("10", "V"), ("50", "uV"), ("5", "uV/V"), Ok("1")),
        (("10", "V"), ("5", "uV/V"), ("2", "[ppm]"), Ok("2.5")),
        (("-20", "kg"), ("1", "mg/g"), ("0.05", "%"), Ok("2")),
        (("2", "mol"), ("1", "mmol/mol"), ("4", "mmol"), Ok("0.5")),
        // Of a strain, so many micrometres per metre are a difference, and so many percent are not.
        (("200", "um/m"), ("5", "um/m"), ("2", "um/m"), Ok("2.5")),
        (("200", "um/m"), ("1", "%"), ("2", "um/m"), Ok("1")),
        (("200", "um/m"), ("5", "um/m"), ("10", "%"), Ok("0.25")),
        // Of a value in percent, so many percent are a difference; required of nobody knows what they are a share.
        (("10", "%"), ("0.1", "%"), ("0.2", "%"), Ok("5")),
        (("10", "%"), ("0.1", "%"), ("2", "mg/g"), Ok("0.5")),
        (("0", "mm"), ("1", "um"), ("1", "mm"), Ok("0.001")),
        (("0", "mm"), ("1", "um"), ("1", "%"), Err(Code::RelativeToZero)),
        (("0", "V"), ("1", "uV"), ("1", "uV/V"), Err(Code::RelativeToZero)),
        (("20", "Cel"), ("1", "K"), ("5", "%"), Err(Code::RelativeToArbitraryZero)),
        (("20", "Cel"), ("1", "K"), ("5", "mV/V"), Err(Code::RelativeToArbitraryZero)),
        (("0.5", "dB"), ("0.1", "dB"), ("5", "%"), Err(Code::RelativeToArbitraryZero)),
        (("100", "mm"), ("1", "mm"), ("1", "K"), Err(Code::UnitIncommensurable)),
        (("100", "mm"), ("1", "%"), ("1", "K"), Err(Code::UnitIncommensurable)),
        (("10", "%"), ("0.1", "%"), ("1", "K"), Err(Code::UnitIncommensurable)),
    ] {
        let quantity = Quantity::new(decimal(value.0), unit(value.1));
        let result = MeasurementResult::new(quantity, Some(uncertainty(best.0, best.1, "2"))).unwrap();
        let found = between(&result, Target::Uncertainty(uncertainty(required.0, required.1, "2")));
        let expected = expected.map(|gap| Ratio::from(&decimal(gap)));
        assert_eq!(found.map(|gap| gap.0), expected, "{value:?} with {best:?} of {required:?}");
        // An error limit is held against it in the same way.
        let limited = between(&result, Target::Mpe(limit(required.0, required.1, "1")));
        assert_eq!(limited.map(|gap| gap.0), expected, "{value:?} with {best:?} of a limit of {required:?}");
    }
}

/// Logs have them from when they were accepted.
#[test]
fn what_is_relative_on_a_scale_with_an_arbitrary_zero_has_no_gap() {
    for (value, in_unit, u, required, expected) in [
        ("20", "Cel", "1", ("1", "K"), Err(Code::RelativeToArbitraryZero)),
        ("68", "[degF]", "1", ("1", "K"), Err(Code::RelativeToArbitraryZero)),
        ("20", "Cel", "1", ("2", "%"), Err(Code::RelativeToArbitraryZero)),
        ("293.15", "K", "1", ("1", "K"), Ok("2.9315")),
        ("0.5", "dB", "5", ("0.1", "dB"), Err(Code::RelativeToArbitraryZero)),
    ] {
        let stored = format!(
            r#"{{"value":{{"value":"{value}","unit":"{in_unit}"}},
            "uncertainty":{{"value":"{u}","unit":"%","coverageFactor":"2","coverageProbability":"0.95"}}}}"#
        );
        let stored: MeasurementResult = serde_json::from_str(&stored).unwrap();
        let found = between(&stored, Target::Uncertainty(stated(required.0, required.1, "2", "0.95")));
        assert_eq!(found.map(|gap| gap.0), expected.map(|gap| Ratio::from(&decimal(gap))), "{value} {in_unit}");
    }
}

#[test]
fn of_two_results_at_the_end_of_an_interval_the_better_one_counts() {
    let required = Target::Uncertainty(stated("2", "[ppm]", "2", "0.95"));
    let interval = Interval::new(decimal("2.5"), decimal("10"), unit("V")).unwrap();
    let measurand = Measurand::parse("DC voltage").unwrap();
    let required = MeasurementRequirement::new(measurand, Some(interval), required, None).unwrap();
    let gaps: Vec<_> = [("10.000041", "5.2"), ("10.000035", "1.7")]
        .into_iter()
        .map(|(value, u)| {
            let quantity = Quantity::new(decimal(value), unit("V"));
            MeasurementResult::new(quantity, Some(stated(u, "[ppm]", "2", "0.95"))).unwrap()
        })
        .filter(|result| required.is_about(result.measurand(), result.value()))
        .map(|result| CapabilityGap::between(result.evaluated().unwrap(), &required).unwrap().to_string())
        .collect();
    assert_eq!(gaps, ["2.600", "0.8500"]);
}

#[test]
fn only_parts_per_million_saturate() {
    let huge = gap(uncertainty("1e30", "K", "2"), uncertainty("1e-30", "K", "2"));
    assert_eq!(huge.parts_per_million(), i64::MAX);
    assert_eq!(huge.to_decimals(6).to_string(), format!("1{}.000000", "0".repeat(60)));
    let tiny = gap(uncertainty("1e-30", "K", "2"), uncertainty("1", "K", "2"));
    assert_eq!((tiny.is_closed(), tiny.parts_per_million()), (true, 1));
}

proptest! {
    #[test]
    fn the_gap_is_closed_when_the_uncertainty_is_small_enough(
        best in 1i64..1000, k_best in 1i64..4, required in 1i64..1000, k_required in 1i64..4,
    ) {
        let best_uncertainty = uncertainty(&best.to_string(), "mm", &k_best.to_string());
        let gap = gap(best_uncertainty, uncertainty(&required.to_string(), "mm", &k_required.to_string()));
        prop_assert_eq!(gap.is_closed(), best * k_required <= required * k_best);
        let json = serde_json::to_string(&gap).unwrap();
        prop_assert_eq!(serde_json::from_str::<CapabilityGap>(&json).unwrap(), gap);
    }

    /// However it is rounded, an open gap is told as one.
    #[test]
    fn a_rounded_gap_is_above_1_when_the_gap_is(best in 1u64..u64::MAX, off in -2i64..3, digits in 1u32..12) {
        let required = best.saturating_add_signed(off).max(1);
        let gap = gap(uncertainty(&best.to_string(), "nm", "2"), uncertainty(&required.to_string(), "nm", "2"));
        let is_open = !gap.is_closed();
        prop_assert_eq!(is_open, best > required);
        prop_assert_eq!(gap.to_decimal(digits) > Decimal::one(), is_open);
        prop_assert_eq!(gap.to_decimals(digits) > Decimal::one(), is_open);
        prop_assert_eq!(gap.parts_per_million() > 1_000_000, is_open);
    }

    /// What Z540.3 calls sufficient closes the gap, at every coverage and in every unit, and nothing else does.
    #[test]
    fn the_test_uncertainty_ratio_is_enough_when_the_gap_is_closed(
        u in 1i64..400, limited in 1i64..400, tenths in 10i64..50,
        coverage in prop::sample::select(vec![
            ("2", "0.95"), ("2", "0.9545"), ("2.87", "0.95"), ("2.87", "0.9545"), ("3", "0.9973"), ("1", "0.6827"),
            ("6.31", "0.90"), ("1.71", "0.99"),
        ]),
        in_units in prop::sample::select(vec![("mm", "mm"), ("um", "mm"), ("%", "mm"), ("mm", "%"), ("[ppth]", "%"), ("um/m", "mm")]),
    ) {
        let least = format!("{}.{}", tenths / 10, tenths % 10);
        let limit = limit(&limited.to_string(), in_units.1, &least);
        let result = hundred("mm", stated(&u.to_string(), in_units.0, coverage.0, coverage.1));
        let gap = between(&result, Target::Mpe(limit.clone())).unwrap();
        let reached = requirement(Target::Mpe(limit.clone())).reached(result.evaluated().unwrap(), &Coverage::usual());
        let found = test_uncertainty_ratio(&limit, &reached.unwrap());
        prop_assert_eq!(found >= Ratio::from(&decimal(&least)), gap.is_closed());
    }
}
