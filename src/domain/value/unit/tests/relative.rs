//! What is relative to a value, and what only looks like it.

use super::{assert_factor, unit};

#[test]
fn a_relative_unit_is_a_bare_number_or_a_quotient_within_a_dimension() {
    for (text, of, is_relative) in [
        ("1", "V", true),
        ("%", "V", true),
        ("ppm", "V", true),
        ("10*-6", "V", true),
        ("µV/V", "V", true),
        ("mV/V", "Ohm", true),
        ("um/m", "mm", true),
        ("mg/g", "kg", true),
        ("uV.V-1", "V", true),
        ("L/m3", "m3", true),
        ("s/d", "Hz", true),
        ("mmol/mol", "mol", true),
        ("urad/rad", "V", true),
        // Of something else than a number.
        ("mm/K", "mm", false),
        ("m.m", "m2", false),
        ("mol", "mol", false),
        ("1/mol", "mol", false),
        ("rad", "mm", false),
        ("deg", "V", false),
        ("dB", "V", false),
        ("[IU]/mg", "mg", false),
        // A millimetre per metre of an angle may be an angle as well; a percent of it is none.
        ("mm/m", "rad", false),
        ("mm/m", "deg", false),
        ("%", "deg", true),
        // Differences of two shares; but a percent of a strain is not 10 mm/m.
        ("%", "%", false),
        ("ppm", "%", false),
        ("10*-6", "%", false),
        ("10*-6", "[ppm]", false),
        ("um/m", "%", false),
        ("um/m", "1", false),
        ("um/m", "mm/m", false),
        ("%", "um/m", true),
        // The unit of the value by another name.
        ("ppm", "umol/mol", false),
        ("[ppth]", "mg/g", false),
        ("1", "mol/mol", false),
        ("1", "mg/g", true),
        ("ppm", "mg/g", false),
        ("%", "mg/g", true),
        ("[ppb]", "umol/mol", false),
        ("%", "mol/mol", true),
        ("[ppb]", "mol/mol", true),
        // Nobody means a difference of 10 000 ppm.
        ("%", "ppm", true),
        // Numbers are not shares, and have them.
        ("1", "1", false),
        ("1", "%", false),
        ("{HRC}", "{HRC}", false),
        ("1", "10*3", false),
        ("%", "1", true),
        ("%", "{HRC}", true),
        ("ppm", "10*3", true),
    ] {
        assert_eq!(unit(text).is_relative_to(&unit(of)), is_relative, "{text} of {of}");
    }
    // Where nothing is said but the quantity.
    for (text, of, is_relative) in [
        ("%", &["V", "mm", "%", "[ppm]", "umol/mol", "1", "{HRC}", "mol", "deg", "Cel"][..], true),
        ("uV/V", &["V", "mm", "mol", "Cel"], true),
        ("uV/V", &["%", "[ppm]", "umol/mol", "1", "deg", "sr"], false),
        ("1", &["V", "mol", "deg"], true),
        ("1", &["%", "[ppm]", "umol/mol", "1", "{HRC}"], false),
        ("V", &["V", "mm", "%", "1"], false),
        ("mol", &["mol", "1", "%"], false),
    ] {
        for of in of {
            assert_eq!(unit(text).is_relative_to_quantity_of(&unit(of)), is_relative, "{text} of {of}");
        }
    }
    assert_factor("uV/V", "1", "1e-6", "1");
    assert_factor("mg/g", "%", "0.1", "1");
    assert_factor("[ft_us]/m", "1", "1200", "3937");
}
