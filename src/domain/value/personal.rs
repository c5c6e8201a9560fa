//! Personal data: the name, the telephone number, the address of a person.
//!
//! One type for all of it, so that there is one place where it is written to or read from
//! an event, and one shape by which it is found there: `{"$p":{"v":"…"}}`. Nothing prints
//! it by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::text::{Lines, checked};

/// The most characters of a personal text.
const MOST_CHARACTERS: usize = 200;

/// A text of 1 to 200 characters about a person.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Marked", into = "Marked")]
pub struct Personal(String);

/// The mark that tells personal data from any other text of an event.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    #[serde(rename = "$p")]
    personal: Open,
}

/// Personal data that can be read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    v: String,
}

impl Personal {
    /// The text, trimmed, on one line.
    ///
    /// # Errors
    /// `TEXT_EMPTY`, `TEXT_TOO_LONG`, `TEXT_CONTROL_CHARACTER`, without a word of the text.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        checked("personal text", text, MOST_CHARACTERS, Lines::One).map(Self)
    }

    /// The text itself. Whoever calls this answers for who sees it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl From<Personal> for Marked {
    fn from(personal: Personal) -> Self {
        Self { personal: Open { v: personal.0 } }
    }
}

impl From<Marked> for Personal {
    fn from(marked: Marked) -> Self {
        Self(marked.personal.v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_not_printed() {
        let name = Personal::parse(" 王建国 ").unwrap();
        assert_eq!(name.reveal(), "王建国");
        assert_eq!(format!("{name} {name:?}"), "[personal] [personal]");
        let refused = Personal::parse("王\u{7}建国").unwrap_err();
        assert!(!refused.message.contains('王'));
    }

    #[test]
    fn an_event_marks_personal_data() {
        let name = Personal::parse("王建国").unwrap();
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(json, r#"{"$p":{"v":"王建国"}}"#);
        assert_eq!(serde_json::from_str::<Personal>(&json).unwrap(), name);
    }

    #[test]
    fn no_other_shape_is_read() {
        for json in [
            r#""王建国""#,
            r#"{"v":"王建国"}"#,
            r#"{"$p":"王建国"}"#,
            r#"{"$p":{"v":"王建国","x":1}}"#,
            r#"{"$p":{"v":"王建国"},"x":1}"#,
            r#"{"$p":{"v":null}}"#,
            "null",
        ] {
            assert!(serde_json::from_str::<Personal>(json).is_err(), "{json}");
        }
    }
}
