use super::*;
use crate::domain::value::Ratio;
use crate::domain::value::uncertainty::Coverage;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn unit(text: &str) -> Unit {
    Unit::parse(text).unwrap()
}

fn uncertainty(value: &str, in_unit: &str) -> ExpandedUncertainty {
    ExpandedUncertainty::new(decimal(value), unit(in_unit), Some(decimal("2")), Some(decimal("0.95"))).unwrap()
}

fn rule(ratio: &str, guard_band: &str) -> Result<DecisionRule, ValueError> {
    DecisionRule::new(decimal(ratio), decimal(guard_band))
}

fn mpe(value: &str, in_unit: &str, ratio: &str) -> MaximumPermissibleError {
    MaximumPermissibleError::new(decimal(value), unit(in_unit), rule(ratio, "1").unwrap()).unwrap()
}

fn interval(low: &str, high: &str, in_unit: &str) -> Result<Interval, ValueError> {
    Interval::new(decimal(low), decimal(high), unit(in_unit))
}

fn requirement(within: Option<Interval>, target: Target) -> Result<MeasurementRequirement, ValueError> {
    let measurand = Measurand::parse("pitch diameter of a thread gauge").unwrap();
    MeasurementRequirement::new(measurand, within, target, None)
}

#[test]
fn each_part_of_a_requirement_is_judged() {
    assert_eq!(interval("5", "5.0", "mm").unwrap_err().code, Code::EmptyInterval);
    assert_eq!(rule("0.9", "0").unwrap_err().code, Code::DecisionRatioTooSmall);
    assert_eq!(rule("4", "1.1").unwrap_err().code, Code::GuardBandOutOfRange);
    assert_eq!(rule("4", "-0.1").unwrap_err().code, Code::GuardBandOutOfRange);
    let no_error = MaximumPermissibleError::new(decimal("0"), unit("mm"), rule("3", "0").unwrap());
    assert_eq!(no_error.unwrap_err().code, Code::MpeNotPositive);
    assert_eq!(interval("-300", "20", "Cel").unwrap_err().code, Code::BelowAbsoluteZero);
    assert!(interval("-273.15", "20", "Cel").is_ok() && interval("-5", "5", "K").is_ok());
}

#[test]
fn target_and_interval_are_of_one_kind() {
    let within = |in_unit| interval("0", "100", in_unit).ok();
    let target = |in_unit| Target::Uncertainty(uncertainty("0.1", in_unit));
    assert!(requirement(within("mm"), target("um")).is_ok());
    assert!(requirement(within("Cel"), target("mK")).is_ok());
    for relative in ["ppm", "%", "uV/V", "mg/g"] {
        assert!(requirement(within("V"), target(relative)).is_ok(), "{relative}");
    }
    assert!(requirement(within("deg"), target("%")).is_ok());
    assert_eq!(requirement(within("deg"), target("mm/m")).unwrap_err().code, Code::UnitIncommensurable);
    // A difference of levels is in dB.
    for level in ["dB", "dB{A}", "dB[SPL]", "dB[V]", "dB[W]"] {
        assert!(requirement(within(level), target("dB")).is_ok(), "{level}");
        result(("94", level), uncertainty("0.2", "dB"));
    }
    assert_eq!(requirement(within("dB[V]"), target("dB[SPL]")).unwrap_err().code, Code::UnitIncommensurable);
    let refused = requirement(within("mm"), target("g")).unwrap_err();
    assert_eq!(refused.code, Code::UnitIncommensurable);
    let refused = MeasurementResult::new(Quantity::new(decimal("10.2"), unit("mm")), Some(uncertainty("0.1", "g")));
    assert_eq!(refused.unwrap_err().code, Code::UnitIncommensurable);
}

#[test]
fn the_required_uncertainty_of_an_error_limit_is_exact() {
    let required = requirement(None, Target::Mpe(mpe("0.01", "mm", "3"))).unwrap().required_uncertainty();
    assert_eq!(required.value().to_string(), "1/300");
    assert_eq!(required.coverage(), &Coverage::usual());
    assert_eq!(required.coverage().factor(), &decimal("2"));
    assert_eq!(required.unit(), &unit("mm"));
}

/// A value with this U.
fn result(value: (&str, &str), uncertainty: ExpandedUncertainty) -> MeasurementResult {
    MeasurementResult::new(Quantity::new(decimal(value.0), unit(value.1)), Some(uncertainty)).unwrap()
}

fn stated(value: &str, in_unit: &str, k: &str, p: &str) -> ExpandedUncertainty {
    ExpandedUncertainty::new(decimal(value), unit(in_unit), Some(decimal(k)), Some(decimal(p))).unwrap()
}

/// What the result reaches of that limit, at 95 percent.
fn reached(limit: &MaximumPermissibleError, result: &MeasurementResult) -> Result<Ratio, Code> {
    let required = requirement(None, Target::Mpe(limit.clone())).unwrap();
    required.reached(result.evaluated().unwrap(), &Coverage::usual()).map_err(|error| error.code)
}

#[test]
fn test_uncertainty_ratio_and_acceptance_limit() {
    // A limit of ±10 µm tested with U = 2.5 µm: a ratio of 4, and ±7.5 µm with r = 1.
    let limit = mpe("0.010", "mm", "4");
    let tested = |value, in_unit| reached(&limit, &result(("20", "mm"), uncertainty(value, in_unit))).unwrap();
    let good = tested("2.5", "um");
    assert_eq!(test_uncertainty_ratio(&limit, &good), Ratio::from(&decimal("4")));
    assert_eq!(acceptance_limit(&limit, &good, limit.rule()), Ratio::from(&decimal("0.0075")));
    let simple = rule("4", "0").unwrap();
    assert_eq!(acceptance_limit(&limit, &good, &simple), Ratio::from(&decimal("0.01")));
    assert!(acceptance_limit(&limit, &tested("11", "um"), limit.rule()).is_negative());
    let grams = result(("20", "g"), uncertainty("1", "g"));
    assert_eq!(reached(&limit, &grams), Err(Code::UnitIncommensurable));
}

/// What Z540.3 defines is the ratio at 95 percent: another coverage is brought there.
#[test]
fn conformity_is_told_at_95_percent() {
    let limit = mpe("10", "um", "4");
    for (stated, ratio, accepted) in [
        (stated("2.5", "um", "2", "0.95"), "4", "7.5"),
        (stated("2.5", "um", "2.87", "0.9545"), "4", "7.5"),
        (stated("3.75", "um", "3", "0.9973"), "4", "7.5"),
        (stated("1.25", "um", "1", "0.6827"), "4", "7.5"),
        // 0.025 % of 20 mm is 5 µm.
        (stated("0.025", "%", "2", "0.95"), "2", "5"),
    ] {
        let result = result(("-20", "mm"), stated);
        let reached = reached(&limit, &result).unwrap();
        assert_eq!(test_uncertainty_ratio(&limit, &reached), Ratio::from(&decimal(ratio)), "{result:?}");
        let found = acceptance_limit(&limit, &reached, limit.rule());
        assert_eq!(found, Ratio::from(&decimal(accepted)), "{result:?}");
    }
}

#[test]
fn an_uncertainty_relative_to_nothing_is_refused() {
    for (value, in_unit, u_unit, code) in [
        ("0", "mm", "%", Some(Code::RelativeToZero)),
        ("0.000", "K", "[ppm]", Some(Code::RelativeToZero)),
        ("0", "V", "uV/V", Some(Code::RelativeToZero)),
        ("0", "mm", "um", None),
        ("0.001", "mm", "%", None),
        // A share of 0 % with a U of so many percent: a difference, not a relation.
        ("0", "%", "[ppth]", None),
        // A share of a share.
        ("0", "[ppm]", "%", Some(Code::RelativeToZero)),
        ("0", "1", "%", Some(Code::RelativeToZero)),
        ("0", "um/m", "um/m", None),
    ] {
        let value = Quantity::new(decimal(value), unit(in_unit));
        let refused = MeasurementResult::new(value, Some(uncertainty("0.1", u_unit))).err();
        assert_eq!(refused.as_ref().map(|error| error.code), code, "{in_unit} {u_unit}");
        assert!(refused.is_none_or(|error| error.message.ends_with(&format!("write U in {in_unit}"))));
    }
    let json = r#"{"value":{"value":"0","unit":"mm"},
        "uncertainty":{"value":"0.1","unit":"%","coverageFactor":"2","coverageProbability":"0.95"}}"#;
    let old: MeasurementResult = serde_json::from_str(json).unwrap();
    for in_unit in ["%", "mm"] {
        assert_eq!(reached(&mpe("1", in_unit, "3"), &old), Err(Code::RelativeToZero), "{in_unit}");
    }
}

/// 1 % of one temperature is 0.2 K, 0.38 K or 2.93 K, as it is written in °C, °F or K.
#[test]
fn what_is_relative_on_a_scale_with_an_arbitrary_zero_is_refused() {
    for (value, in_unit, instead) in [
        ("20", "Cel", "K"),
        ("68", "[degF]", "K"),
        ("0", "Cel", "K"),
        ("0.5", "dB", "dB"),
        ("94", "dB[SPL]", "dB"),
        ("7", "[pH]", "[pH]"),
    ] {
        for relative in ["%", "[ppm]", "uV/V"] {
            let value = Quantity::new(decimal(value), unit(in_unit));
            let refused = MeasurementResult::new(value, Some(uncertainty("1", relative)));
            let target = Target::Mpe(mpe("1", relative, "3"));
            let limited = requirement(interval("0", "14", in_unit).ok(), target).map(drop);
            let codes = [Code::RelativeToArbitraryZero; 2];
            let told = [refused.map(drop), limited].map(Result::unwrap_err);
            assert_eq!(told.each_ref().map(|error| error.code), codes, "{relative} of {in_unit}");
            assert!(told.iter().all(|error| error.message.ends_with(&format!("in {instead}"))), "{told:?}");
        }
    }
    for (value, in_unit, u_unit) in [("293.15", "K", "%"), ("20", "Cel", "K"), ("20", "Cel", "mCel"), ("3", "dB", "dB")]
    {
        result((value, in_unit), uncertainty("1", u_unit));
    }
}

#[test]
fn no_result_is_colder_than_absolute_zero() {
    let measured = |value, in_unit| MeasurementResult::new(Quantity::new(decimal(value), unit(in_unit)), None);
    for (value, in_unit) in [("-273.16", "Cel"), ("-460", "[degF]"), ("-1e6", "mCel")] {
        assert_eq!(measured(value, in_unit).unwrap_err().code, Code::BelowAbsoluteZero, "{value} {in_unit}");
    }
    for (value, in_unit) in [("-273.15", "Cel"), ("-0.12", "K"), ("-196", "Cel"), ("-300", "mm")] {
        assert!(measured(value, in_unit).is_ok(), "{value} {in_unit}");
    }
    // So is an uncertainty or an error limit in kelvins no temperature.
    assert!(requirement(interval("0", "1", "Cel").ok(), Target::Mpe(mpe("300", "K", "3"))).is_ok());
    let old = r#"{"value":{"value":"-300","unit":"Cel"}}"#;
    assert!(serde_json::from_str::<MeasurementResult>(old).is_ok(), "what was recorded is read");
}

/// Logs have them; they were accepted once.
#[test]
fn a_result_that_is_said_to_be_certain_was_not_evaluated() {
    let stored = |u: &str| -> MeasurementResult {
        let uncertainty = format!(r#"{{"value":"{u}","unit":"um","coverageFactor":"2","coverageProbability":"0.95"}}"#);
        let json = format!(r#"{{"value":{{"value":"20","unit":"mm"}},"uncertainty":{uncertainty}}}"#);
        serde_json::from_str(&json).unwrap()
    };
    assert!(stored("0").uncertainty().is_some() && stored("0.00").evaluated().is_none());
    assert!(stored("0.001").evaluated().is_some());
}

/// What was written is kept, and compared by what it says.
#[test]
fn a_measurand_is_the_same_however_it_is_typed() {
    let named = |text| Measurand::parse(text).unwrap();
    for (one, other, is_same) in [
        ("Temperature ", "temperature", true),
        ("Ｔｅｍｐｅｒａｔｕｒｅ", "temperature", true),
        ("gauge  pressure", "Gauge\u{3000}Pressure", true),
        ("轴承 内径", "轴承内径", true),
        ("pitch\u{200b} diameter", "pitch diameter", true),
        ("STRASSE", "Straße", true),
        ("电压（直流）", "电压(直流)", true),
        ("temperature", "temperatures", false),
        ("内径", "外径", false),
        // An accent may be all that tells two words apart.
        ("côte", "cote", false),
    ] {
        assert_eq!(named(one).is_same_as(&named(other)), is_same, "{one} {other}");
        assert_eq!(named(other).is_same_as(&named(one)), is_same, "{other} {one}");
    }
    assert_eq!(named("Ｔemperature ").as_str(), "Ｔemperature");
    let required = requirement(None, Target::Uncertainty(uncertainty("2", "um"))).unwrap();
    let of = |measurand| result(("20", "mm"), uncertainty("1", "um")).with_measurand(Measurand::parse(measurand).ok());
    let is_about = |result: &MeasurementResult| required.is_about(result.measurand(), result.value());
    assert!(is_about(&of("Pitch diameter of a  thread gauge")));
    assert!(!is_about(&of("major diameter of a thread gauge")));
}

/// Where a value is has nothing to do with how well it was measured.
#[test]
fn a_result_is_about_the_interval_that_its_value_is_in() {
    for (value, in_unit, is_about) in [
        ("2.5", "V", true),
        ("10", "V", true),
        ("7000", "mV", true),
        ("10.000036", "V", true),
        // A hundredth of the width of 7.5 V is 75 mV.
        ("10.075", "V", true),
        ("10.0750001", "V", false),
        ("2.425", "V", true),
        ("2424.9", "mV", false),
        ("5", "A", false),
    ] {
        let required = Target::Uncertainty(uncertainty("2", "[ppm]"));
        let required = requirement(interval("2.5", "10", "V").ok(), required).unwrap();
        for u in ["0.001", "1.7", "900000"] {
            let result = result((value, in_unit), uncertainty(u, "[ppm]"));
            let found = required.is_about(result.measurand(), result.value());
            assert_eq!(found, is_about, "{value} {in_unit}, U = {u} ppm");
            // A current is no voltage outside of the interval: who names no other measurand has the unit wrong.
            assert_eq!(required.is_meant_by(&result), is_about || in_unit == "A", "{value} {in_unit}");
            let other = result.with_measurand(Measurand::parse("major diameter of a thread gauge").ok());
            assert!(!required.is_meant_by(&other), "{value} {in_unit}");
        }
    }
}

#[test]
fn requirements_and_results_are_objects_in_json() {
    let stated = requirement(interval("1", "6", "mm").ok(), Target::Mpe(mpe("0.010", "mm", "4")));
    let json = serde_json::to_string(stated.as_ref().unwrap()).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"measurand":"pitch diameter of a thread gauge","#,
            r#""interval":{"low":"1","high":"6","unit":"mm"},"#,
            r#""target":{"mpe":{"value":"0.010","unit":"mm","rule":{"ratio":"4","guardBand":"1"}}}}"#
        )
    );
    assert_eq!(serde_json::from_str::<MeasurementRequirement>(&json).unwrap(), stated.unwrap());
    let result = MeasurementResult::new(Quantity::new(decimal("5.3502"), unit("mm")), Some(uncertainty("2.5", "um")))
        .unwrap()
        .with_method(Statement::parse("three-wire method").ok());
    let json = serde_json::to_string(&result).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"value":{"value":"5.3502","unit":"mm"},"#,
            r#""uncertainty":{"value":"2.5","unit":"um","coverageFactor":"2","coverageProbability":"0.95"},"#,
            r#""method":"three-wire method"}"#
        )
    );
    assert_eq!(serde_json::from_str::<MeasurementResult>(&json).unwrap(), result);
}

#[test]
fn a_requirement_that_is_written_otherwise_asks_the_same() {
    let uncertainty_of = |value: &str, in_unit: &str| Target::Uncertainty(uncertainty(value, in_unit));
    let within = |low: &str, high: &str, in_unit: &str| Some(interval(low, high, in_unit).unwrap());
    for (one, other, is_same) in [
        ((None, uncertainty_of("1", "mm")), (None, uncertainty_of("1000", "um")), true),
        ((None, uncertainty_of("1", "mm")), (None, uncertainty_of("1", "um")), false),
        // 3 um by a ratio of 3 are 1 um at 95 percent.
        ((None, uncertainty_of("1", "um")), (None, Target::Mpe(mpe("3", "um", "3"))), true),
        ((None, uncertainty_of("1", "%")), (None, uncertainty_of("10000", "[ppm]")), true),
        // One is relative to ratios, the other a difference of them.
        ((None, uncertainty_of("1", "%")), (None, uncertainty_of("0.01", "1")), false),
        ((None, uncertainty_of("1", "%")), (None, uncertainty_of("1", "mm")), false),
        (
            (within("0", "100", "Cel"), uncertainty_of("1", "K")),
            (within("273.15", "373.15", "K"), uncertainty_of("1", "Cel")),
            true,
        ),
        (
            (within("0", "100", "Cel"), uncertainty_of("1", "K")),
            (within("0", "100", "K"), uncertainty_of("1", "K")),
            false,
        ),
        ((within("0", "100", "mm"), uncertainty_of("1", "um")), (None, uncertainty_of("1", "um")), false),
    ] {
        let [one, other] = [one, other].map(|(within, target)| requirement(within, target).unwrap());
        assert_eq!(one.asks_the_same_as(&other), is_same, "{one:?} {other:?}");
        assert_eq!(other.asks_the_same_as(&one), is_same, "{other:?} {one:?}");
    }
    let at_another_p =
        ExpandedUncertainty::new(decimal("1"), unit("mm"), Some(decimal("3")), Some(decimal("0.9973"))).unwrap();
    let [one, other] =
        [uncertainty("1", "mm"), at_another_p].map(|target| requirement(None, Target::Uncertainty(target)).unwrap());
    assert!(!one.asks_the_same_as(&other), "they are of different coverage");
    let said_otherwise = |measurand: &Measurand, note: Option<&str>| {
        let note = note.map(|note| Statement::parse(note).unwrap());
        MeasurementRequirement::new(measurand.clone(), None, one.target().clone(), note).unwrap()
    };
    assert!(said_otherwise(one.measurand(), Some("on the shop floor")).asks_the_same_as(&one));
    assert!(!said_otherwise(&Measurand::parse("lead").unwrap(), None).asks_the_same_as(&one));
}
