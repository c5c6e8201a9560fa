use super::*;

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
    assert_eq!(interval("5", "5.0", "mm").unwrap_err().code, "EMPTY_INTERVAL");
    assert_eq!(rule("0.9", "0").unwrap_err().code, "DECISION_RATIO_TOO_SMALL");
    assert_eq!(rule("4", "1.1").unwrap_err().code, "GUARD_BAND_OUT_OF_RANGE");
    assert_eq!(rule("4", "-0.1").unwrap_err().code, "GUARD_BAND_OUT_OF_RANGE");
    let no_error = MaximumPermissibleError::new(decimal("0"), unit("mm"), rule("3", "0").unwrap());
    assert_eq!(no_error.unwrap_err().code, "MPE_NOT_POSITIVE");
    let zero = requirement(None, Target::Uncertainty(uncertainty("0", "um")));
    assert_eq!(zero.unwrap_err().code, "UNCERTAINTY_NOT_POSITIVE");
}

#[test]
fn target_and_interval_are_of_one_kind() {
    let within = |in_unit| interval("0", "100", in_unit).ok();
    let target = |in_unit| Target::Uncertainty(uncertainty("0.1", in_unit));
    assert!(requirement(within("mm"), target("um")).is_ok());
    assert!(requirement(within("Cel"), target("mK")).is_ok());
    assert!(requirement(within("V"), target("ppm")).is_ok());
    let refused = requirement(within("mm"), target("g")).unwrap_err();
    assert_eq!(refused.code, "UNIT_INCOMMENSURABLE");
    let refused = MeasurementResult::new(Quantity::new(decimal("10.2"), unit("mm")), Some(uncertainty("0.1", "g")));
    assert_eq!(refused.unwrap_err().code, "UNIT_INCOMMENSURABLE");
}

#[test]
fn the_required_uncertainty_of_an_error_limit_is_exact() {
    let required = requirement(None, Target::Mpe(mpe("0.01", "mm", "3"))).unwrap().required_uncertainty();
    assert_eq!(required.value().to_string(), "1/300");
    assert_eq!(required.coverage_factor(), &decimal("2"));
    assert_eq!(required.standard().to_string(), "1/600");
    assert_eq!(required.unit(), &unit("mm"));
}

#[test]
fn test_uncertainty_ratio_and_acceptance_limit() {
    // A limit of ±10 µm tested with U = 2.5 µm: a ratio of 4, and ±7.5 µm with r = 1.
    let (limit, stated) = (mpe("0.010", "mm", "4"), uncertainty("2.5", "um"));
    let ratio = test_uncertainty_ratio(&limit, &stated).unwrap().unwrap();
    assert_eq!(ratio, Ratio::from(&decimal("4")));
    let accepted = acceptance_limit(&limit, &stated, limit.rule()).unwrap();
    assert_eq!(accepted, Ratio::from(&decimal("0.0075")));
    let simple = acceptance_limit(&limit, &stated, &rule("4", "0").unwrap()).unwrap();
    assert_eq!(simple, Ratio::from(&decimal("0.01")));
    assert!(acceptance_limit(&limit, &uncertainty("11", "um"), limit.rule()).unwrap().is_negative());
    assert_eq!(test_uncertainty_ratio(&limit, &uncertainty("0", "um")).unwrap(), None);
    assert!(test_uncertainty_ratio(&limit, &uncertainty("1", "g")).is_err());
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
