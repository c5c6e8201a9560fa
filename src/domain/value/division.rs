//! Administrative divisions of China (GB/T 2260): the jurisdictions of the bureaus.
//!
//! A code has 2 digits for a province, 4 for a city, 6 for a county; a prefix is the
//! division above. The nation has the empty code.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::{ValueError, quoted};
use crate::domain::vocabulary::vocabulary;

/// A division, or the nation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Division {
    /// 0, 2, 4 or 6 digits.
    code: String,
}

vocabulary! {
    /// How wide a division is; a wider one is greater.
    Level {
        /// 县级: 6 digits.
        County = "COUNTY",
        /// 地级: 4 digits.
        City = "CITY",
        /// 省级: 2 digits.
        Province = "PROVINCE",
        /// 国家: no digits.
        Nation = "NATION",
    }
}

impl Level {
    /// The next wider level; none above the nation.
    pub fn up(self) -> Option<Level> {
        match self {
            Level::County => Some(Level::City),
            Level::City => Some(Level::Province),
            Level::Province => Some(Level::Nation),
            Level::Nation => None,
        }
    }
}

/// What the nation is written as.
const NATION: &str = "CN";

impl Division {
    /// The nation.
    pub fn nation() -> Self {
        Self { code: String::new() }
    }

    /// The division with this code. `440000` is `44` and `440300` is `4403`, unless the
    /// table has a county of that very code (`441900`); `CN` is the nation.
    ///
    /// # Errors
    /// `DIVISION_UNKNOWN` for a code that is not in the table.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let unknown = || {
            ValueError::new(
                Code::DivisionUnknown,
                format!(
                    "{} is not a division: write its 2, 4 or 6 digits of GB/T 2260 (44, 4403, 440305), or {NATION} for the nation",
                    quoted(text)
                ),
            )
        };
        let division = shaped(text).ok_or_else(unknown)?;
        if division.is_nation() || division.name().is_some() {
            return Ok(division);
        }
        let mut code = division.code.as_str();
        while let Some(shorter) = code.strip_suffix("00") {
            if let Some((known, _)) = find(shorter) {
                return Ok(Self { code: known.to_owned() });
            }
            code = shorter;
        }
        Err(unknown())
    }

    /// The division whose [`Division::code`] this is. Its shape is checked, not the table.
    ///
    /// # Errors
    /// `DIVISION_UNKNOWN` for what is no code.
    pub fn of_code(code: &str) -> Result<Self, ValueError> {
        if code.is_empty() { Ok(Self::nation()) } else { code.to_owned().try_into() }
    }

    /// The digits; empty for the nation. A division covers those whose code starts so.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// How wide the division is.
    pub fn level(&self) -> Level {
        match self.code.len() {
            0 => Level::Nation,
            2 => Level::Province,
            4 => Level::City,
            _ => Level::County,
        }
    }

    /// The province it is in; the nation for itself.
    #[must_use]
    pub fn province(&self) -> Division {
        Self { code: self.code.chars().take(2).collect() }
    }

    /// Whether `other` is this division or inside it.
    pub fn covers(&self, other: &Division) -> bool {
        other.code.starts_with(&self.code)
    }

    /// The division one level up; none above the nation.
    pub fn parent(&self) -> Option<Division> {
        let length = self.code.len().checked_sub(2)?;
        Some(Self { code: self.code[..length].to_owned() })
    }

    /// The Chinese name in today's table; a division that an old log names may have none.
    pub fn name(&self) -> Option<&'static str> {
        if self.is_nation() {
            return Some("中华人民共和国");
        }
        find(&self.code).map(|(_, name)| name)
    }

    /// The letters of the province (GB/T 2260: `GD` for 44), which case numbers start with;
    /// `CN` for the nation, and the two digits of a province without letters here.
    pub fn letters(&self) -> &str {
        let Some(province) = self.code.get(..2) else {
            return NATION;
        };
        PROVINCE_LETTERS.iter().find(|(code, _)| *code == province).map_or(province, |(_, letters)| letters)
    }

    fn is_nation(&self) -> bool {
        self.code.is_empty()
    }
}

impl fmt::Display for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_nation() { NATION } else { &self.code })
    }
}

impl From<Division> for String {
    fn from(division: Division) -> String {
        division.to_string()
    }
}

impl TryFrom<String> for Division {
    type Error = ValueError;

    /// Reads a code that was accepted before: its shape is checked, not the table.
    fn try_from(text: String) -> Result<Self, ValueError> {
        shaped(&text).ok_or_else(|| {
            ValueError::new(Code::DivisionUnknown, format!("{} does not have the shape of a division", quoted(&text)))
        })
    }
}

/// The division with this code, whether the table has it or not.
fn shaped(text: &str) -> Option<Division> {
    if text == NATION {
        return Some(Division::nation());
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    (digits && matches!(text.len(), 2 | 4 | 6)).then(|| Division { code: text.to_owned() })
}

/// The letter codes of GB/T 2260.
const PROVINCE_LETTERS: [(&str, &str); 34] = [
    ("11", "BJ"),
    ("12", "TJ"),
    ("13", "HE"),
    ("14", "SX"),
    ("15", "NM"),
    ("21", "LN"),
    ("22", "JL"),
    ("23", "HL"),
    ("31", "SH"),
    ("32", "JS"),
    ("33", "ZJ"),
    ("34", "AH"),
    ("35", "FJ"),
    ("36", "JX"),
    ("37", "SD"),
    ("41", "HA"),
    ("42", "HB"),
    ("43", "HN"),
    ("44", "GD"),
    ("45", "GX"),
    ("46", "HI"),
    ("50", "CQ"),
    ("51", "SC"),
    ("52", "GZ"),
    ("53", "YN"),
    ("54", "XZ"),
    ("61", "SN"),
    ("62", "GS"),
    ("63", "QH"),
    ("64", "NX"),
    ("65", "XJ"),
    ("71", "TW"),
    ("81", "HK"),
    ("82", "MO"),
];

/// Code and name, sorted by code.
static TABLE: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    include_str!("../data/divisions.csv")
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').expect("every line of divisions.csv has a code and a name"))
        .collect()
});

fn find(code: &str) -> Option<(&'static str, &'static str)> {
    TABLE.binary_search_by_key(&code, |(known, _)| known).ok().map(|place| TABLE[place])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn division(text: &str) -> Division {
        Division::parse(text).unwrap()
    }

    #[test]
    fn codes_are_shortened_to_their_level() {
        assert_eq!(division("440000").code(), "44");
        assert_eq!(division("440300").code(), "4403");
        assert_eq!(division("440305").level(), Level::County);
        assert_eq!(division("CN").code(), "");
        assert_eq!(division("CN").to_string(), "CN");
        // Dongguan is a city without counties, listed in the source as its own county.
        assert_eq!(division("441900").level(), Level::County);
        assert_eq!(division("4419").level(), Level::City);
    }

    #[test]
    fn names_and_letters() {
        assert_eq!(division("44").name(), Some("广东省"));
        assert_eq!(division("4403").name(), Some("深圳市"));
        assert_eq!(division("440305").name(), Some("南山区"));
        assert_eq!(division("440305").letters(), "GD");
        assert_eq!(division("CN").letters(), "CN");
        assert_eq!(division("81").letters(), "HK");
    }

    #[test]
    fn unknown_codes_are_refused_at_the_door_and_read_from_the_log() {
        for text in ["", "4", "449999", "99", "0000", "440305001", "GD", "４４"] {
            assert_eq!(Division::parse(text).unwrap_err().code, Code::DivisionUnknown, "{text}");
        }
        let abolished: Division = serde_json::from_str("\"449999\"").unwrap();
        assert_eq!(abolished.name(), None);
        assert_eq!(abolished.letters(), "GD");
        assert!(serde_json::from_str::<Division>("\"449\"").is_err());
        assert_eq!(serde_json::to_string(&Division::nation()).unwrap(), "\"CN\"");
    }

    #[test]
    fn levels_go_up_to_the_nation() {
        assert!(Level::County < Level::Nation);
        assert_eq!(Level::Province.up(), Some(Level::Nation));
        assert_eq!(Level::Nation.up(), None);
        assert_eq!(serde_json::to_string(&Level::City).unwrap(), "\"CITY\"");
    }

    #[test]
    fn the_table_is_sorted_whole_and_has_every_parent() {
        let count = |length| TABLE.iter().filter(|(code, _)| code.len() == length).count();
        assert_eq!((count(2), count(4), count(6)), (34, 342, 2978));
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (code, _) in TABLE.iter() {
            let parent = division(code).parent().unwrap();
            assert!(parent.name().is_some(), "{code}");
            assert!(!division(code).letters().starts_with(|c: char| c.is_ascii_digit()));
        }
    }

    proptest! {
        #[test]
        fn a_division_is_covered_by_all_above_it(place in 0..TABLE.len()) {
            let division = division(TABLE[place].0);
            prop_assert_eq!(&Division::parse(&division.to_string()).unwrap(), &division);
            let mut above = division.clone();
            while let Some(parent) = above.parent() {
                prop_assert!(parent.covers(&division));
                prop_assert!(!division.covers(&parent));
                prop_assert_eq!(above.level().up(), Some(parent.level()));
                above = parent;
            }
            prop_assert_eq!(above, Division::nation());
        }
    }
}
