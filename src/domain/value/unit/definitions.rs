//! Definitions of the unit atoms whose factor has no end in decimal notation.
//!
//! octofhir-ucum keeps every factor as a decimal of 28 significant digits. That is exact for
//! most atoms, and rounded for these: a third, a sixtieth, a US survey foot (1200/3937 m),
//! whatever is defined by [pi]. Their definitions are taken from the tables of UCUM 2.2
//! (ucum-essence.xml, revision 2024-06-17) and evaluated as fractions instead. [pi] is the
//! decimal of 65 digits that UCUM defines it as, so that ratios of angles are exact.

/// The definition of an atom: `value` times `unit`.
pub(super) struct Definition {
    /// The atom's case-sensitive code.
    pub(super) code: &'static str,
    /// A decimal number.
    pub(super) value: &'static str,
    /// A UCUM expression; for a temperature, its corresponding proper unit.
    pub(super) unit: &'static str,
}

const fn definition(code: &'static str, value: &'static str, unit: &'static str) -> Definition {
    Definition { code, value, unit }
}

/// Sorted by code.
pub(super) const DEFINITIONS: [Definition; 48] = [
    definition("'", "1", "deg/60"),
    definition("''", "1", "'/60"),
    definition("Gb", "1", "Oe.cm"),
    definition("Lmb", "1", "cd/cm2/[pi]"),
    definition("Oe", "250", "/[pi].A/m"),
    definition("U", "1", "umol/min"),
    definition("[Ch]", "1", "mm/3"),
    definition("[MET]", "3.5", "mL/min/kg"),
    definition("[acr_us]", "160", "[rd_us]2"),
    definition("[car_Au]", "1", "/24"),
    definition("[ch_us]", "4", "[rd_us]"),
    definition("[cicero]", "12", "[didot]"),
    definition("[cml_i]", "1", "[pi]/4.[mil_i]2"),
    definition("[degF]", "5", "K/9"),
    definition("[degR]", "5", "K/9"),
    definition("[den]", "1", "g/9/km"),
    definition("[didot]", "1", "[ligne]/6"),
    definition("[ft_us]", "1200", "m/3937"),
    definition("[fth_us]", "6", "[ft_us]"),
    definition("[fur_us]", "40", "[rd_us]"),
    definition("[in_us]", "1", "[ft_us]/12"),
    definition("[kn_i]", "1", "[nmi_i]/h"),
    definition("[ligne]", "1", "[pouce]/12"),
    definition("[lk_us]", "1", "[ch_us]/100"),
    definition("[lne]", "1", "[in_i]/12"),
    definition("[mesh_i]", "1", "/[in_i]"),
    definition("[mi_us]", "8", "[fur_us]"),
    definition("[mil_us]", "1e-3", "[in_us]"),
    definition("[min_br]", "1", "[fdr_br]/60"),
    definition("[min_us]", "1", "[fdr_us]/60"),
    definition("[mu_0]", "1", "4.[pi].10*-7.N/A2"),
    definition("[pca]", "12", "[pnt]"),
    definition("[pi]", "3.1415926535897932384626433832795028841971693993751058209749445923", "1"),
    definition("[pnt]", "1", "[lne]/6"),
    definition("[pouce]", "1", "[pied]/12"),
    definition("[psi]", "1", "[lbf_av]/[in_i]2"),
    definition("[rch_us]", "100", "[ft_us]"),
    definition("[rd_us]", "16.5", "[ft_us]"),
    definition("[rlk_us]", "1", "[rch_us]/100"),
    definition("[sct]", "1", "[mi_us]2"),
    definition("[smi_us]", "1", "[mi_us]2"),
    definition("[srd_us]", "1", "[rd_us]2"),
    definition("[twp]", "36", "[sct]"),
    definition("[yd_us]", "3", "[ft_us]"),
    definition("circ", "2", "[pi].rad"),
    definition("deg", "2", "[pi].rad/360"),
    definition("gon", "0.9", "deg"),
    definition("sph", "4", "[pi].sr"),
];
