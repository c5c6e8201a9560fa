//! A result has one gap, in whatever units it is written.

use super::*;

/// A requirement on values in this unit, if one was said.
fn within(interval: Option<&str>, target: Target) -> MeasurementRequirement {
    let interval = interval.map(|of| Interval::new(decimal("0"), decimal("1000000"), unit(of)).unwrap());
    let measurand = Measurand::parse("amount fraction of a gas").unwrap();
    MeasurementRequirement::new(measurand, interval, target, None).unwrap()
}

/// One that requires so much in that unit.
fn required(interval: Option<&str>, value: &str, in_unit: &str) -> MeasurementRequirement {
    within(interval, Target::Uncertainty(uncertainty(value, in_unit, "2")))
}

fn measured(value: (&str, &str), u: (&str, &str)) -> MeasurementResult {
    let quantity = Quantity::new(decimal(value.0), unit(value.1));
    MeasurementResult::new(quantity, Some(uncertainty(u.0, u.1, "2"))).unwrap()
}

fn told(result: &MeasurementResult, requirement: &MeasurementRequirement) -> Result<String, Code> {
    let gap = CapabilityGap::between(result.evaluated().unwrap(), requirement);
    gap.map(|gap| gap.ratio().to_string()).map_err(|error| error.code)
}

/// 5 parts of 50 in a million are a tenth of the value: ten times a hundredth of it, and ten times half a part.
#[test]
fn what_is_required_the_requirement_says() {
    for (value, u) in [
        (("50", "umol/mol"), ("5", "umol/mol")),
        (("50", "umol/mol"), ("5", "[ppm]")),
        (("50", "umol/mol"), ("5000", "[ppb]")),
        (("50", "umol/mol"), ("10", "%")),
        (("50", "[ppm]"), ("5", "[ppm]")),
        (("50", "[ppm]"), ("5", "umol/mol")),
        (("50", "[ppm]"), ("5000", "[ppb]")),
        (("50", "[ppm]"), ("10", "%")),
        (("0.005", "%"), ("5", "umol/mol")),
        (("0.005", "%"), ("5", "[ppm]")),
        (("0.005", "%"), ("0.0005", "%")),
        (("0.00005", "1"), ("0.000005", "1")),
        (("0.00005", "1"), ("10", "%")),
    ] {
        let result = measured(value, u);
        for (interval, at_most, in_unit) in [
            (Some("umol/mol"), "1", "%"),
            (Some("[ppm]"), "1", "%"),
            (Some("1"), "1", "%"),
            (None, "1", "%"),
            (Some("[ppm]"), "0.5", "[ppm]"),
            (Some("umol/mol"), "0.5", "[ppm]"),
            (Some("umol/mol"), "500", "nmol/mol"),
            (Some("umol/mol"), "500", "[ppb]"),
            (Some("%"), "0.00005", "%"),
            (Some("%"), "0.5", "[ppm]"),
            (Some("1"), "0.0000005", "1"),
            (None, "0.5", "umol/mol"),
        ] {
            let required = required(interval, at_most, in_unit);
            let case = format!("{value:?} with {u:?} of {at_most} {in_unit} in {interval:?}");
            assert_eq!(told(&result, &required), Ok("10".to_owned()), "{case}");
            assert!(required.is_about(result.measurand(), result.value()), "{case}");
        }
    }
}

/// 0.3 mg/g are 0.03 %.
#[test]
fn an_error_limit_is_what_the_requirement_says() {
    let limited = within(Some("mg/g"), Target::Mpe(limit("3", "%", "3")));
    for (value, u) in [
        (("0.3", "mg/g"), ("0.03", "mg/g")),
        (("0.3", "mg/g"), ("10", "%")),
        (("0.03", "%"), ("0.003", "%")),
        (("0.03", "%"), ("30", "[ppm]")),
        (("300", "[ppm]"), ("10", "%")),
    ] {
        let result = measured(value, u);
        assert_eq!(told(&result, &limited), Ok("10".to_owned()), "{value:?} with {u:?}");
        let reached = limited.reached(result.evaluated().unwrap(), &Coverage::usual()).unwrap();
        let found = test_uncertainty_ratio(&limit("3", "%", "3"), &reached);
        assert_eq!(found, Ratio::from(&decimal("0.3")), "{value:?} with {u:?}");
    }
}

/// A humidity, a strain, a hardness, a ratio; and a temperature, of which 0.1 % in kelvins is one of 100 °C as well.
#[test]
fn the_interval_says_what_there_is_a_share_of() {
    for (interval, at_most, value, u, gap) in [
        (Some("%"), ("1.5", "%"), ("50", "%"), ("2", "%"), Ok("4/3")),
        (Some("%"), ("1.5", "%"), ("500", "mg/g"), ("20", "mg/g"), Ok("4/3")),
        (Some("%"), ("1", "%"), ("50", "%"), ("0.02", "1"), Ok("2")),
        (Some("um/m"), ("1", "%"), ("200", "[ppm]"), ("2", "um/m"), Ok("1")),
        (Some("um/m"), ("1", "%"), ("200", "um/m"), ("2", "um/m"), Ok("1")),
        (Some("um/m"), ("1", "um/m"), ("200", "[ppm]"), ("1", "%"), Ok("2")),
        (Some("{HRC}"), ("1", "%"), ("60", "{HRC}"), ("0.6", "{HRC}"), Ok("1")),
        (Some("{HRC}"), ("0.4", "{HRC}"), ("60", "{HRC}"), ("0.6", "{HRC}"), Ok("3/2")),
        (None, ("0.4", "{HRC}"), ("60", "{HRC}"), ("0.6", "{HRC}"), Ok("3/2")),
        (Some("1"), ("1", "%"), ("0.5", "1"), ("0.01", "1"), Ok("2")),
        (Some("1"), ("1", "%"), ("50", "%"), ("1", "%"), Ok("2")),
        (Some("K"), ("0.1", "%"), ("373.15", "K"), ("0.7463", "K"), Ok("2")),
        (Some("K"), ("0.1", "%"), ("100", "Cel"), ("0.7463", "K"), Ok("2")),
        (Some("mK"), ("0.1", "%"), ("212", "[degF]"), ("1.34334", "[degF]"), Ok("2")),
        // Without one nobody knows on which scale.
        (None, ("0.1", "%"), ("373.15", "K"), ("0.7463", "K"), Ok("2")),
        (None, ("0.1", "%"), ("100", "Cel"), ("0.7463", "K"), Err(Code::RelativeToArbitraryZero)),
        (Some("K"), ("0.1", "%"), ("-273.15", "Cel"), ("1", "K"), Err(Code::RelativeToZero)),
        // A difference is one of one quantity, and a share is one of any.
        (Some("um/m"), ("1", "um/m"), ("10", "V"), ("1", "uV/V"), Err(Code::UnitIncommensurable)),
        (Some("umol/mol"), ("1", "%"), ("10", "kPa"), ("0.2", "kPa"), Ok("2")),
    ] {
        let found = told(&measured(value, u), &required(interval, at_most.0, at_most.1));
        assert_eq!(found, gap.map(str::to_owned), "{value:?} with {u:?} of {at_most:?} in {interval:?}");
    }
}

/// Where a level is its reference tells; how well it is known is in decibels.
#[test]
fn levels_are_compared_in_decibels() {
    for (interval, in_unit, value, u, gap, is_about) in [
        (Some("dB[SPL]"), "dB", ("94", "dB[SPL]"), ("0.3", "dB"), Ok("3/2"), true),
        (Some("dB[SPL]"), "dB", ("94", "dB[SPL]"), ("0.3", "dB[SPL]"), Ok("3/2"), true),
        (Some("dB[SPL]"), "dB[SPL]", ("9.4", "B[SPL]"), ("0.03", "B"), Ok("3/2"), true),
        (Some("dB{A}"), "dB", ("94", "dB{A}"), ("0.3", "dB"), Ok("3/2"), true),
        (Some("dB{A}"), "dB", ("94", "dB{C}"), ("0.3", "dB"), Ok("3/2"), false),
        (Some("dB[V]"), "dB", ("20", "dB[mV]"), ("0.3", "dB"), Ok("3/2"), false),
        (None, "dB", ("20", "dB[mV]"), ("0.3", "dB"), Ok("3/2"), true),
        (None, "dB[SPL]", ("20", "dB[mV]"), ("0.3", "dB"), Err(Code::UnitIncommensurable), true),
        (None, "dB", ("1", "Np"), ("0.3", "Np"), Err(Code::UnitIncommensurable), true),
    ] {
        let (result, required) = (measured(value, u), required(interval, "0.2", in_unit));
        let case = format!("{value:?} with {u:?} of {in_unit} in {interval:?}");
        assert_eq!(told(&result, &required), gap.map(str::to_owned), "{case}");
        assert_eq!(required.is_about(result.measurand(), result.value()), is_about, "{case}");
    }
}

/// A unit that is ten to this power of another.
type Power = (&'static str, i32);

/// How values of a quantity are written, and what may be required of them.
#[derive(Debug)]
struct Family {
    /// The units of the quantity.
    units: &'static [Power],
    /// Other units that a U may be in.
    shares: &'static [Power],
    /// The unit of the interval, that of the target, and whether the target is relative.
    required: &'static [(Option<&'static str>, Power, bool)],
}

const RATIO: Family = Family {
    units: &[
        ("1", 0),
        ("mol/mol", 0),
        ("%", -2),
        ("cL/L", -2),
        ("[ppth]", -3),
        ("mg/g", -3),
        ("[ppm]", -6),
        ("10*-6", -6),
        ("umol/mol", -6),
        ("[ppb]", -9),
        ("nmol/mol", -9),
    ],
    shares: &[],
    required: &[
        (Some("umol/mol"), ("%", -2), true),
        (Some("mg/g"), ("%", -2), true),
        (Some("[ppm]"), ("%", -2), true),
        (Some("1"), ("%", -2), true),
        (Some("[ppm]"), ("1", 0), false),
        (None, ("%", -2), true),
        (None, ("[ppm]", -6), true),
        (Some("%"), ("%", -2), false),
        (Some("%"), ("[ppm]", -6), false),
        (Some("[ppm]"), ("[ppm]", -6), false),
        (Some("umol/mol"), ("10*-6", -6), false),
        (Some("[ppm]"), ("umol/mol", -6), false),
        (Some("1"), ("mg/g", -3), false),
        (Some("1"), ("1", 0), false),
        (None, ("1", 0), false),
        (None, ("mg/g", -3), false),
    ],
};

const VOLTAGE: Family = Family {
    units: &[("V", 0), ("mV", -3), ("uV", -6), ("10*-3.V", -3)],
    shares: &[("1", 0), ("%", -2), ("[ppm]", -6), ("uV/V", -6)],
    required: &[
        (Some("V"), ("uV", -6), false),
        (Some("mV"), ("V", 0), false),
        (None, ("mV", -3), false),
        (Some("V"), ("%", -2), true),
        (Some("uV"), ("uV/V", -6), true),
        (Some("mV"), ("1", 0), true),
        (None, ("[ppm]", -6), true),
        (None, ("uV/V", -6), true),
    ],
};

/// Which of the ratios say a share of a value in which of them.
const SHARES_OF_RATIOS: [(&str, &[&str]); 6] = [
    ("1", &["cL/L", "mg/g", "umol/mol", "nmol/mol"]),
    ("%", &["1", "mol/mol", "[ppth]", "mg/g", "[ppm]", "10*-6", "umol/mol", "[ppb]", "nmol/mol"]),
    ("[ppth]", &["1", "mol/mol", "[ppm]", "10*-6", "umol/mol", "[ppb]", "nmol/mol"]),
    ("[ppm]", &["1", "mol/mol", "[ppb]", "nmol/mol"]),
    ("10*-6", &["1", "mol/mol", "[ppb]", "nmol/mol"]),
    ("[ppb]", &["1", "mol/mol"]),
];

impl Family {
    fn is_share(&self, of_u: &str, of_value: &str) -> bool {
        self.shares.iter().any(|(share, _)| *share == of_u)
            || self.shares.is_empty()
                && SHARES_OF_RATIOS.iter().any(|(share, values)| *share == of_u && values.contains(&of_value))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The value is so many times 1e-8, and U so many percent of it.
    #[test]
    fn the_gap_is_the_same_in_whatever_units_the_result_is_written(
        magnitude in 1i64..1_000_000_000, sign in prop::sample::select(vec!["", "-"]), percent in 1i64..300,
        at_most in 1i64..1000,
        (family, which) in prop::sample::select(vec![&RATIO, &VOLTAGE])
            .prop_flat_map(|family| (Just(family), 0..family.required.len())),
    ) {
        let (interval, (in_unit, power), is_relative) = family.required[which];
        let at_most = at_most.to_string();
        let reached = match is_relative {
            true => format!("{percent}e-2"),
            false => format!("{}e-10", magnitude * percent),
        };
        let expected = ratio(&reached, &format!("{at_most}e{power}"));
        let stated = Target::Uncertainty(uncertainty(&at_most, in_unit, "2"));
        let targets = [stated, Target::Mpe(limit(&at_most, in_unit, "1"))].map(|target| within(interval, target));
        for (of_value, value_power) in family.units {
            let value = format!("{sign}{magnitude}e{}", -8 - value_power);
            for (of_u, u_power) in family.units.iter().chain(family.shares) {
                let u = match family.is_share(of_u, of_value) {
                    true => format!("{percent}e{}", -2 - u_power),
                    false => format!("{}e{}", magnitude * percent, -10 - u_power),
                };
                let result = measured((&value, of_value), (&u, of_u));
                for required in &targets {
                    let found = CapabilityGap::between(result.evaluated().unwrap(), required).unwrap();
                    prop_assert_eq!(found.ratio(), &expected, "{} {} with {} {}", value, of_value, u, of_u);
                }
            }
        }
    }
}
