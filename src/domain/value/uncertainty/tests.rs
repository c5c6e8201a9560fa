use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn stated(value: &str, k: Option<&str>, p: Option<&str>) -> Result<ExpandedUncertainty, Code> {
    let unit = Unit::parse("um").unwrap();
    ExpandedUncertainty::new(decimal(value), unit, k.map(decimal), p.map(decimal)).map_err(|error| error.code)
}

#[test]
fn the_standard_uncertainty_is_exact() {
    let uncertainty = stated("0.50", Some("3"), Some("0.9973")).unwrap();
    assert_eq!(uncertainty.standard().to_string(), "1/6");
    assert_eq!(uncertainty.to_string(), "U = 0.50 um (k = 3, p = 0.9973)");
}

#[test]
fn an_uncertainty_is_stated_whole() {
    for (value, k, p, code) in [
        ("-0.1", Some("2"), Some("0.95"), Code::UncertaintyNegative),
        ("0.00", Some("2"), Some("0.95"), Code::UncertaintyNotPositive),
        ("1", None, Some("0.95"), Code::CoverageFactorMissing),
        ("1", Some("2"), None, Code::CoverageProbabilityMissing),
        ("1", Some("0.99"), Some("0.95"), Code::CoverageFactorTooSmall),
        ("1", Some("2"), Some("0"), Code::CoverageProbabilityOutOfRange),
        ("1", Some("2"), Some("1"), Code::CoverageProbabilityOutOfRange),
        ("1", Some("2"), Some("95"), Code::CoverageProbabilityOutOfRange),
    ] {
        assert_eq!(stated(value, k, p), Err(code));
    }
}

#[test]
fn k_belongs_to_p() {
    for (k, p, is_plausible) in [
        ("2", "0.95", true),
        ("2", "0.9545", true),
        ("3", "0.9973", true),
        ("1", "0.6827", true),
        ("1.65", "0.95", true),
        ("2.87", "0.9545", true),
        // Table G.2 for one degree of freedom, as it is printed.
        ("12.71", "0.95", true),
        ("13.97", "0.9545", true),
        ("63.66", "0.99", true),
        ("235.80", "0.9973", true),
        ("1.84", "0.6827", true),
        ("1", "0.5", true),
        // Near 1 nearly every k is possible.
        ("1e20", "0.9999999999999999999999", true),
        ("12.9", "0.95", false),
        ("100", "0.95", false),
        ("3", "0.5", false),
        ("1", "0.4", false),
        ("1e60", "0.9999999999999999999999", false),
    ] {
        let expected = is_plausible.then_some(()).ok_or(Code::CoverageImplausible);
        assert_eq!(stated("1", Some(k), Some(p)).map(drop), expected, "k = {k}, p = {p}");
    }
    let unit = Unit::parse("um").unwrap();
    let refused = ExpandedUncertainty::new(decimal("1"), unit, Some(decimal("100")), Some(decimal("0.95")));
    assert!(refused.unwrap_err().message.contains("at most 12.71 "));
}

#[test]
fn a_k_below_those_of_the_usual_distributions_is_found() {
    for (k, p, least) in [
        ("1", "0.95", Some("1.41")),
        ("1.39", "0.95", Some("1.41")),
        // Of the arc sine, the rectangular and the normal distribution.
        ("1.41", "0.95", None),
        ("1.65", "0.95", None),
        ("1.96", "0.95", None),
        ("1", "0.99", Some("1.41")),
        ("1", "0.9", Some("1.40")),
        ("1", "0.6827", None),
    ] {
        let missed = stated("5", Some(k), Some(p)).unwrap().least_factor_missed();
        assert_eq!(missed.map(|least| format!("{least:.2}")).as_deref(), least, "k = {k}, p = {p}");
    }
}

#[test]
fn what_was_stored_is_read_whatever_its_k_and_u() {
    for (u, k) in [("1", "100"), ("0", "2")] {
        let json = format!(r#"{{"value":"{u}","unit":"um","coverageFactor":"{k}","coverageProbability":"0.95"}}"#);
        assert!(serde_json::from_str::<ExpandedUncertainty>(&json).is_ok(), "{json}");
    }
}

#[test]
fn it_is_told_at_another_coverage() {
    for (k, p, at_usual) in [
        ("2", "0.95", "6"),
        ("2", "0.9545", "6"),
        ("2.87", "0.95", "6"),
        ("2.87", "0.954", "6"),
        // Of k from 1.92 to 2.005 with a normal distribution, and then of one beyond.
        ("2.048", "0.955", "6"),
        ("1.92", "0.945", "6"),
        ("2.048", "0.956", "5.859375"),
        ("1.92", "0.943", "6.25"),
        ("3", "0.9973", "4"),
        ("1", "0.6827", "12"),
        // Of few degrees of freedom: U95 is above U90, whatever k is.
        ("6.31", "0.90", "6"),
        ("3", "0.943", "6"),
        // Of a rectangular distribution: U95 is below U99.
        ("1.71", "0.99", "6"),
        // Of 2 degrees of freedom, or of any other distribution: no more than U99.73 is all that is known.
        ("19.21", "0.9973", "6"),
        ("3", "0.956", "6"),
        ("1.5", "0.943", "6"),
    ] {
        let told = stated("6", Some(k), Some(p)).unwrap().at(&Coverage::usual());
        assert_eq!(told, Ratio::from(&decimal(at_usual)), "k = {k}, p = {p}");
    }
}

/// Whatever the distribution, a greater part of it is no narrower (JCGM 100:2008, 6.3.1).
#[test]
fn it_does_not_fall_as_p_grows() {
    let of = |k: &str, p: &str| stated("6", Some(k), Some(p)).unwrap();
    for (k, p) in [("2", "0.95"), ("4.30", "0.95"), ("1.65", "0.95"), ("12.71", "0.95")] {
        for (to_k, to_p, is_greater) in [
            ("1", "0.6827", false),
            ("1.18", "0.6827", false),
            ("1.64", "0.90", false),
            ("2.58", "0.99", true),
            ("9.92", "0.99", true),
            ("3", "0.9973", true),
        ] {
            let told = of(k, p).at(&of(to_k, to_p).coverage());
            let as_stated = Ratio::from(&decimal("6"));
            assert!(if is_greater { told >= as_stated } else { told <= as_stated }, "{k}, {p} at {to_k}, {to_p}");
        }
    }
}

#[test]
fn probabilities_are_the_same_where_a_normal_distribution_has_nearly_the_same_factor() {
    for (one, other, expected) in [
        ("0.95", "0.9545", Ordering::Equal),
        ("0.68", "0.6827", Ordering::Equal),
        ("0.997", "0.9973", Ordering::Equal),
        ("0.99", "0.9901", Ordering::Equal),
        ("0.9999", "0.9973", Ordering::Greater),
        ("0.9973", "0.995", Ordering::Greater),
        ("0.99", "0.995", Ordering::Less),
        ("0.95", "0.99", Ordering::Less),
        // Both leave out 0.02, to two decimals.
        ("0.975", "0.985", Ordering::Less),
        ("0.955", "0.96", Ordering::Equal),
        ("0.95", "0.96", Ordering::Less),
        ("0.999999", "0.9999994", Ordering::Equal),
        ("0.999999", "0.9999999", Ordering::Less),
        // Near 1, where a binary p would be 1.
        ("0.9999999999999999999999", "0.99999999999999999999999999", Ordering::Less),
    ] {
        let coverage = |p| Coverage { factor: decimal("2"), probability: decimal(p) };
        assert_eq!(coverage(one).compare_to(&decimal(other)), expected, "{one} {other}");
        assert_eq!(coverage(other).compare_to(&decimal(one)), expected.reverse(), "{other} {one}");
    }
}

#[test]
fn what_is_not_normal_is_told_at_its_own_p_alone() {
    let three = Coverage { factor: decimal("3"), probability: decimal("0.9973") };
    for (k, p, coverage, is_told) in [
        ("2", "0.95", &three, true),
        ("1.96", "0.95", &three, true),
        ("2", "0.9545", &three, true),
        // Of 30 degrees of freedom, and of 25.
        ("2.04", "0.95", &three, true),
        ("2.06", "0.95", &three, false),
        ("4.30", "0.95", &three, false),
        ("2.87", "0.9545", &three, false),
        // Of a rectangular distribution.
        ("1.65", "0.95", &three, false),
        ("1.65", "0.90", &three, true),
        ("1.71", "0.99", &Coverage::usual(), false),
        ("6.31", "0.90", &Coverage::usual(), false),
        ("1.84", "0.6827", &Coverage::usual(), false),
        ("1", "0.6827", &Coverage::usual(), true),
        ("1", "0.68", &Coverage::usual(), true),
        ("2.58", "0.99", &Coverage::usual(), true),
        ("3", "0.99", &Coverage::usual(), true),
        ("3.0", "0.990", &Coverage::usual(), true),
        ("3.01", "0.99", &Coverage::usual(), false),
        ("3", "0.9973", &Coverage::usual(), true),
        ("3.89", "0.9999", &Coverage::usual(), true),
        ("3", "0.9999", &Coverage::usual(), false),
        // Near 1, where a binary p would be 1.
        ("9.9", "0.9999999999999999999999", &Coverage::usual(), true),
        ("1e20", "0.9999999999999999999999", &Coverage::usual(), false),
        // At one p whatever it is.
        ("2.87", "0.95", &Coverage::usual(), true),
        ("1.65", "0.9545", &Coverage::usual(), true),
        ("19.21", "0.9973", &three, true),
    ] {
        let told = stated("6", Some(k), Some(p)).unwrap().check_told_at(coverage).map_err(|error| error.code);
        let expected = is_told.then_some(()).ok_or(Code::CoverageIncomparable);
        assert_eq!(told, expected, "k = {k}, p = {p} at {coverage:?}");
    }
    let refused = stated("6", Some("4.30"), Some("0.95")).unwrap().check_told_at(&three).unwrap_err();
    assert!(refused.message.contains("not the 1.96 of a normal distribution"), "{}", refused.message);
    assert!(refused.message.ends_with("state U at p = 0.9973, with its k there"), "{}", refused.message);
}

#[test]
fn what_is_not_normal_may_be_more_at_a_greater_p_alone() {
    for (k, p, may_be_more) in [
        ("6.31", "0.90", true),
        ("1.84", "0.6827", true),
        ("1", "0.6827", false),
        ("4.30", "0.95", false),
        ("2.87", "0.9545", false),
        ("19.21", "0.9973", false),
        ("1.71", "0.99", false),
    ] {
        let told = stated("6", Some(k), Some(p)).unwrap().may_be_more_at(&Coverage::usual());
        assert_eq!(told, may_be_more, "k = {k}, p = {p}");
    }
}

#[test]
fn it_is_an_object_in_json() {
    let uncertainty = stated("0.50", Some("2"), Some("0.95")).unwrap();
    let json = serde_json::to_string(&uncertainty).unwrap();
    assert_eq!(json, r#"{"value":"0.50","unit":"um","coverageFactor":"2","coverageProbability":"0.95"}"#);
    assert_eq!(serde_json::from_str::<ExpandedUncertainty>(&json).unwrap(), uncertainty);
}
