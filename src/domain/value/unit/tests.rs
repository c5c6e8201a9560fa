//! Known conversions, by hand from the definitions of the units.

mod relative;

use proptest::prelude::*;

use super::everyday::MISREAD;
use super::*;

fn unit(text: &str) -> Unit {
    Unit::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn ratio(numerator: &str, denominator: &str) -> Ratio {
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    Ratio::of(&decimal(numerator), &decimal(denominator)).unwrap()
}

/// `1 from = numerator/denominator to`, exactly.
fn assert_factor(from: &str, to: &str, numerator: &str, denominator: &str) {
    let factor = unit(from).factor_to(&unit(to)).unwrap();
    assert_eq!(factor, ratio(numerator, denominator), "{from} to {to}");
}

#[test]
fn a_unit_is_kept_as_ucum() {
    assert_eq!(unit("°C").as_str(), "Cel");
    assert_eq!(serde_json::to_string(&unit("µm")).unwrap(), "\"um\"");
}

#[test]
fn what_is_no_unit_is_refused() {
    for text in [
        "",
        "µ",
        "µ/m",
        "xyz",
        "kWx",
        "m//s",
        "1.5",
        "1.5/m",
        "0",
        "mm Hg",
        "m2147483647",
        "m61",
        "[pi]40.[pi]-40",
        "12345678901234567890123456789.m",
        "长",
        "Cel/min",
        "Cel2",
        "dB.m",
        "pH",
        "PH",
        "pH{25Cel}",
        "C",
        "C{bath}",
        "mph",
        "Gs",
        "at",
        "ft",
    ] {
        assert_eq!(Unit::parse(text).unwrap_err().code, Code::UnitUnknown, "{text}");
    }
    let long = Unit::parse(&"m.".repeat(80)).unwrap_err();
    assert!(long.message.contains("at most 80"));
    for (text, advice) in [
        ("°C/min", "write K for its difference"),
        ("[degF].h", "write K for its difference"),
        ("dB/m", "write its unit alone"),
        ("Np/s", "write its unit alone"),
        ("%[slope]/m", "write its unit alone"),
        ("pH", "write [pH] for that, or 10*-12.H"),
        ("PH", "write [pH] for that, or 10*15.H"),
        ("C", "write Cel for that, or A.s"),
        ("mph", "write [mi_i]/h for that, or 10*1.lx"),
        ("Gs", "write G for that, or 10*9.s"),
        ("at", "write att for that, or 10*-18.t"),
        ("ft", "write [ft_i] for that, or 10*-15.t"),
        ("ct", "write [car_m] for that, or 10*-2.t"),
        ("kt", "write [kn_i] for that, or 10*3.t"),
        ("PS", "write 73549875.10*-5.W for that, or 10*15.S"),
        ("pt", "write [pt_us] for that, or 10*-12.t"),
    ] {
        let message = Unit::parse(text).unwrap_err().message;
        assert!(message.contains(advice), "{message}");
    }
}

/// Logs have them from when they were accepted; and what is said in their stead are units.
#[test]
fn what_was_stored_is_what_ucum_reads() {
    for (stored, (_, instead), _) in MISREAD {
        // A phot is 10⁴ lx, and UCUM has it as 10⁻⁴ lx.
        let read = match stored {
            "ph" => "10*-4.lx",
            "mph" => "10*-7.lx",
            _ => instead,
        };
        let stored: Unit = serde_json::from_str(&format!("{stored:?}")).unwrap();
        assert_eq!(stored.factor_to(&unit(read)).unwrap(), Ratio::one(), "{stored}");
    }
    assert_factor("[mi_i]/h", "km/h", "1.609344", "1");
    assert_factor("G", "uT", "100", "1");
    assert_factor("att", "Pa", "98066.5", "1");
    assert_factor("[ft_i]", "mm", "304.8", "1");
    assert_factor("[car_m]", "mg", "200", "1");
    assert_factor("[kn_i]", "km/h", "1.852", "1");
    assert_factor("73549875.10*-5.W", "W", "735.49875", "1");
    assert_factor("[pt_us]", "mL", "473.176473", "1");
    assert_factor("pH/m", "nH/m", "1", "1000");
    assert_factor("C/kg", "mC/g", "1", "1");
}

#[test]
fn factors_are_those_of_the_definitions() {
    // International yard and pound agreement, 1959.
    assert_factor("[in_i]", "mm", "25.4", "1");
    assert_factor("[lb_av]", "kg", "0.45359237", "1");
    // 0.45359237 kg · 9.80665 m/s² / (0.0254 m)²
    assert_factor("[psi]", "Pa", "4.4482216152605", "0.00064516");
    assert_factor("bar", "kPa", "100", "1");
    assert_factor("atm", "Pa", "101325", "1");
    assert_factor("kW.h", "MJ", "3.6", "1");
    // SI Brochure, 9th edition: e is exact.
    assert_factor("eV", "J", "1.602176634e-19", "1");
    assert_factor("km/h", "m/s", "5", "18");
    assert_factor("rpm", "Hz", "1", "60");
    assert_factor("[kn_i]", "km/h", "1.852", "1");
    assert_factor("[ft_us]", "m", "1200", "3937");
    assert_factor("deg", "'", "60", "1");
    assert_factor("circ", "deg", "360", "1");
    assert_factor("%", "[ppm]", "10000", "1");
    assert_factor("L", "cm3", "1000", "1");
    assert_factor("t", "kg", "1000", "1");
    assert_factor("dB", "B", "1", "10");
    // UCUM rounds the millimetre of mercury to 133.322 Pa; the conventional one has
    // 133.322387415 Pa, 2.9 parts per million more.
    assert_factor("mm[Hg]", "Pa", "133.322", "1");
}

#[test]
fn a_difference_has_no_offset() {
    assert_factor("Cel", "K", "1", "1");
    assert_factor("Cel", "[degF]", "9", "5");
    assert_factor("mCel", "K", "1", "1000");
    assert_factor("[degRe]", "K", "5", "4");
}

#[test]
fn a_point_on_a_temperature_scale_has_one() {
    let point = |value: &str, from: &str, to: &str| {
        unit(from).convert_point(&Decimal::parse(value).unwrap(), &unit(to)).unwrap()
    };
    assert_eq!(point("0", "Cel", "K"), ratio("273.15", "1"));
    assert_eq!(point("100", "Cel", "[degF]"), ratio("212", "1"));
    assert_eq!(point("-40", "[degF]", "Cel"), ratio("-40", "1"));
    assert_eq!(point("0", "K", "[degF]"), ratio("-459.67", "1"));
    assert_eq!(point("80", "[degRe]", "Cel"), ratio("100", "1"));
    assert_eq!(point("1", "[degF]", "K"), ratio("2303.35", "9"));
    assert_eq!(point("1", "[in_i]", "cm"), ratio("2.54", "1"));
}

#[test]
fn kinds_are_kept_apart_by_dimension() {
    for (a, b) in [("m", "[in_i]"), ("Cel", "K"), ("dB", "B"), ("N.m", "J"), ("%", "1")] {
        assert!(unit(a).commensurable(&unit(b)), "{a} {b}");
    }
    for (a, b) in [("m", "kg"), ("dB", "1"), ("dB", "Np"), ("dB[V]", "V"), ("[IU]", "1")] {
        assert!(!unit(a).commensurable(&unit(b)), "{a} {b}");
    }
    let refused = unit("mm").factor_to(&unit("kg")).unwrap_err();
    assert_eq!(refused.code, Code::UnitIncommensurable);
    assert!(refused.message.starts_with("mm (dimension L) and kg (dimension M)"));
}

#[test]
fn levels_of_different_references_are_not_alike() {
    let levels = ["dB", "dB[SPL]", "dB[V]", "dB[mV]", "dB[uV]", "dB[W]", "dB[kW]", "Np", "[pH]"];
    for (place, one) in levels.iter().enumerate() {
        for other in &levels[place + 1..] {
            assert!(!unit(one).commensurable(&unit(other)), "{one} {other}");
            let told = unit(one).convert_point(&Decimal::from(65), &unit(other));
            assert_eq!(told.unwrap_err().code, Code::UnitIncommensurable, "{one} {other}");
        }
    }
    assert_factor("dB[SPL]", "B[SPL]", "1", "10");
    let point = |from: &str, to: &str| {
        unit(from).convert_point(&Decimal::from(65), &unit(to)).map(drop).map_err(|error| error.code)
    };
    for (from, to) in [("dB{A}", "dB{A}"), ("dB{A}", "B{A}"), ("dB", "B"), ("m{x}", "mm{y}"), ("Cel{in}", "K")] {
        assert_eq!(point(from, to), Ok(()), "{from} {to}");
    }
    for (from, to) in [("dB{A}", "dB{C}"), ("dB{A}", "dB"), ("dB", "dB{re_1uPa}"), ("Np{U}", "Np")] {
        assert_eq!(point(from, to), Err(Code::UnitIncommensurable), "{from} {to}");
        // A difference of two levels is one, whatever both are levels of.
        assert_eq!(unit(from).factor_to(&unit(to)).unwrap(), Ratio::one(), "{from} {to}");
    }
}

/// 94.2 dB[SPL] is 0.2 dB more than 94 dB[SPL], and 200 mV is 6 dB more than 100 mV, whatever both are levels of.
#[test]
fn a_difference_of_levels_is_in_decibels_whatever_their_reference() {
    for level in ["dB[SPL]", "dB[V]", "dB[mV]", "dB[uV]", "dB[10.nV]", "dB[W]", "dB[kW]", "dB{A}"] {
        assert_factor("dB", level, "1", "1");
        assert_factor(level, "B", "1", "10");
    }
    assert_factor("dB[V]", "B[mV]", "1", "10");
    assert_factor("dB[W]", "dB[kW]", "1", "1");
    for (one, other) in [
        ("dB[SPL]", "dB[V]"),
        ("dB[V]", "dB[W]"),
        ("dB", "Np"),
        ("dB[V]", "Np"),
        ("dB", "[pH]"),
        ("dB", "1"),
        ("dB", "bit_s"),
        ("dB[V]", "V"),
    ] {
        assert_eq!(unit(one).factor_to(&unit(other)).unwrap_err().code, Code::UnitIncommensurable, "{one} {other}");
        assert_eq!(unit(other).factor_to(&unit(one)).unwrap_err().code, Code::UnitIncommensurable, "{other} {one}");
    }
}

#[test]
fn nothing_is_colder_than_absolute_zero() {
    for (value, in_unit, is_below) in [
        ("-273.15", "Cel", false),
        ("-273.150001", "Cel", true),
        ("-273151", "mCel", true),
        ("-459.67", "[degF]", false),
        ("-459.68", "°F", true),
        ("-218.53", "[degRe]", true),
        ("20", "Cel", false),
        // A difference.
        ("-300", "K", false),
        ("-500", "[degR]", false),
        ("-300", "m", false),
        ("-300", "dB", false),
    ] {
        assert_eq!(
            unit(in_unit).is_below_absolute_zero(&Decimal::parse(value).unwrap()),
            is_below,
            "{value} {in_unit}"
        );
    }
}

#[test]
fn a_scale_has_a_zero_or_an_arbitrary_one() {
    for (text, is_arbitrary, differences) in [
        ("Cel", true, "K"),
        ("mCel", true, "K"),
        ("[degF]", true, "K"),
        ("[degRe]", true, "K"),
        ("dB", true, "dB"),
        ("dB[SPL]", true, "dB"),
        ("dB{A}", true, "dB"),
        ("Np", true, "Np"),
        ("[pH]", true, "[pH]"),
        ("K", false, "K"),
        ("[degR]", false, "K"),
        ("V", false, "V"),
        ("%", false, "%"),
        // Not linear, and yet nothing at 0.
        ("%[slope]", false, "%[slope]"),
    ] {
        assert_eq!(unit(text).has_arbitrary_zero(), is_arbitrary, "{text}");
        assert_eq!(unit(text).of_differences(), unit(differences), "{text}");
    }
}

#[test]
fn a_unit_that_the_tables_lost_is_itself_alone() {
    let lost: Unit = serde_json::from_str("\"[lost]\"").unwrap();
    assert!(lost.commensurable(&lost));
    assert!(!lost.commensurable(&unit("m")));
    assert!(lost.factor_to(&unit("m")).is_err());
}

#[test]
fn every_rounded_factor_of_the_tables_has_a_definition() {
    assert!(DEFINITIONS.is_sorted_by(|a, b| a.code < b.code));
    for atom in octofhir_ucum::get_all_units() {
        let (digits, _) = atom.factor.to_integer_and_exponent();
        let rounded = digits.to_string().len() >= 25;
        let defined = DEFINITIONS.iter().any(|d| d.code == atom.code);
        assert_eq!(rounded, defined, "{} with factor {}", atom.code, atom.factor);
        // The definition is the atom's: both agree to the digits that the table has.
        let error = &(&atom_factor(atom) / &from_number(atom.factor)) - &Ratio::one();
        assert!(error.abs() < ratio("1e-26", "1"), "{}", atom.code);
    }
}

#[test]
fn no_atom_is_hidden_by_a_prefix() {
    for atom in octofhir_ucum::get_all_units() {
        let (prefix, found) = octofhir_ucum::lookup_unit(atom.code, Case::Sensitive).unwrap();
        assert!(prefix.is_none() && found.code == atom.code, "{}", atom.code);
    }
}

proptest! {
    #[test]
    fn there_and_back_is_the_same(
        value in -1_000_000i64..1_000_000,
        from in prop::sample::select(vec!["Cel", "K", "[degF]", "[degRe]", "[degR]", "mK"]),
        to in prop::sample::select(vec!["Cel", "K", "[degF]", "[degRe]", "[degR]", "mK"]),
    ) {
        let (from, to) = (unit(from), unit(to));
        let value = Decimal::from(value);
        let there = from.convert_point(&value, &to).unwrap();
        // By hand the other way, for the point there may have no end as a decimal.
        let zero = to.convert_point(&Decimal::zero(), &from).unwrap();
        let back = &(&there * &to.factor_to(&from).unwrap()) + &zero;
        prop_assert_eq!(back, Ratio::from(&value));
        prop_assert_eq!(
            &from.factor_to(&to).unwrap() * &to.factor_to(&from).unwrap(),
            Ratio::one()
        );
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        if let Ok(unit) = Unit::parse(&text) {
            prop_assert_eq!(Unit::parse(unit.as_str()).unwrap(), unit);
        }
    }
}
