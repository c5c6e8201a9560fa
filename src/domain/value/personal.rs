//! Personal data: the name, the telephone number, the address of a person.
//!
//! One type for all of it, so that there is one place where it is written to or read from
//! an event, and two shapes by which it is found there: `{"$p":{"v":"…"}}`, the text, and
//! `{"$p":{"k":"…","c":"…","h":"…"}}`, a reference in its place, which the domain keeps and
//! cannot look into. Nothing prints it by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::text::{Lines, checked};

/// The most characters of a personal text that somebody gives here.
const MOST_CHARACTERS: usize = 200;

/// A text about a person: of 1 to 200 characters where somebody gives it here, of any length where another tracker did.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Mark", into = "Mark")]
pub enum Personal {
    /// As somebody said it, on its way into the log or opened on its way out.
    Text(String),
    /// As the log has it: what it says is elsewhere, until the person is erased.
    Sealed(Box<Sealed>),
}

/// Stands for a personal text that is elsewhere.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    k: String,
    c: String,
    h: String,
}

/// The mark that tells personal data from any other text of an event.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    #[serde(rename = "$p")]
    personal: Shape,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Shape {
    Open(Open),
    Sealed(Box<Sealed>),
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
    /// `TEXT_EMPTY`, `TEXT_TOO_LONG`, `TEXT_CONTROL_CHARACTER`, `TEXT_BIDI_CONTROL`, without a word of the text.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        checked("personal text", text, MOST_CHARACTERS, Lines::One).map(Self::Text)
    }

    /// What the log of another tracker says, as it was written there: it has been said, and is not to be said otherwise.
    pub fn of_a_log(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// The text itself, unless it is sealed. Whoever calls this answers for who sees it.
    pub fn reveal(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl From<Personal> for Mark {
    fn from(personal: Personal) -> Self {
        let personal = match personal {
            Personal::Text(v) => Shape::Open(Open { v }),
            Personal::Sealed(sealed) => Shape::Sealed(sealed),
        };
        Self { personal }
    }
}

impl From<Mark> for Personal {
    fn from(mark: Mark) -> Self {
        match mark.personal {
            Shape::Open(open) => Self::Text(open.v),
            Shape::Sealed(sealed) => Self::Sealed(sealed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_not_printed() {
        let name = Personal::parse(" 王建国 ").unwrap();
        assert_eq!(name.reveal(), Some("王建国"));
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
    fn a_reference_stays_as_it_is() {
        let json = r#"{"$p":{"k":"01920000-0000-7000-8000-00000000000a","c":"AA==","h":"AQ=="}}"#;
        let name: Personal = serde_json::from_str(json).unwrap();
        assert_eq!((name.reveal(), format!("{name:?}")), (None, "[personal]".to_owned()));
        assert_eq!(serde_json::to_string(&name).unwrap(), json);
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
            r#"{"$p":{"k":"a","c":"b"}}"#,
            r#"{"$p":{"k":"a","c":"b","h":"d","v":"王建国"}}"#,
            "null",
        ] {
            assert!(serde_json::from_str::<Personal>(json).is_err(), "{json}");
        }
    }
}
