//! Why settings are refused, in the words of a file of settings.

use figment::error::{Actual, Kind};
use figment::{Error, Metadata, Profile};

use super::{ConfigError, nearest};

/// Names the setting and where it was set; what was given, and what belongs there.
pub(super) fn describe(error: &Error) -> ConfigError {
    let path: Vec<&str> = error.path.iter().map(String::as_str).collect();
    let (setting, origin) = match &error.metadata {
        // A file calls its settings by their names; the other layers each have a spelling of their own.
        Some(Metadata { name, source: Some(source), .. }) => (path.join("."), format!("{name} {source}")),
        Some(layer) => (layer.interpolate(&Profile::Default, &path), layer.name.to_string()),
        None => (path.join("."), "unknown source".to_owned()),
    };
    match &error.kind {
        Kind::UnknownField(name, known) => {
            // The path ends with the name.
            let nearest = nearest(name, known.iter().copied());
            ConfigError::Unknown { name: path.join("."), origin, nearest }
        }
        kind if path.is_empty() => ConfigError::Invalid(format!("{origin}: {}", on_one_line(&kind.to_string()))),
        Kind::InvalidType(actual, expected) => {
            let (given, expected) = (given(actual), belonging(expected));
            ConfigError::Invalid(format!("`{setting}` ({origin}): {given} is given where {expected} belongs"))
        }
        kind => ConfigError::Invalid(format!("`{setting}` ({origin}): {kind}")),
    }
}

/// What is said of a file that is none, without the line of it that is drawn below: the place is told in words.
fn on_one_line(said: &str) -> String {
    let is_drawn = |line: &&str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    said.lines().filter(|line| !is_drawn(line)).collect::<Vec<_>>().join(": ")
}

/// What was given.
fn given(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(number) => number.to_string(),
        Actual::Signed(number) => number.to_string(),
        Actual::Float(number) => number.to_string(),
        Actual::Str(text) => format!("the text `{text}`"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// What belongs there: serde has words of its own for texts and tables; everything else is told by its type.
fn belonging(expected: &str) -> &str {
    match expected {
        "a string" => "a text in quotation marks",
        "a map" => "a table such as `{ name = \"value\" }`",
        other => other,
    }
}
