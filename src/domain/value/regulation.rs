//! References to regulations and standards: 规程 JJG, 规范 JJF, 标准 GB and others.
//!
//! The number and the year of the edition are told apart where the reference has the usual
//! form `JJG 196-2006`, for it matters which edition was in force on a day. A reference in
//! another form is kept as it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::value::ValueError;
use crate::domain::value::text::Label;

/// A regulation or standard by its number, with its edition where one is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegulationRef(Label);

impl RegulationRef {
    /// The reference, in one way of writing: one space between words, `（粤）` as `(粤)`, a
    /// dash as `-`, and the letters of a Chinese number in upper case with a space before
    /// its digits (`jjg196—2006` is `JJG 196-2006`).
    ///
    /// # Errors
    /// As [`Label::parse`].
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let label = Label::parse(text)?;
        let plain: String = label
            .as_str()
            .chars()
            .map(|c| match c {
                '（' => '(',
                '）' => ')',
                '—' | '–' | '－' | '‐' | '‑' => '-',
                '／' => '/',
                '\u{3000}' => ' ',
                other => other,
            })
            .collect();
        let words: Vec<&str> = plain.split_whitespace().collect();
        let written = words.join(" ").replace(" - ", "-");
        let written = chinese(&written).unwrap_or(written);
        // The space set before the digits may make it one character too long.
        Label::parse(&written).map(Self)
    }

    /// The whole reference.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The number without the edition: `JJG 196` of `JJG 196-2006`.
    pub fn code(&self) -> &str {
        split_edition(self.as_str()).map_or(self.as_str(), |(code, _)| code)
    }

    /// The year of the edition: 2006 of `JJG 196-2006`, where one is named.
    pub fn edition(&self) -> Option<i16> {
        split_edition(self.as_str()).map(|(_, year)| year)
    }
}

impl fmt::Display for RegulationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What precedes the number in the designations that are set in order.
const CHINESE_PREFIXES: [&str; 6] = ["JJG", "JJF", "GB/T", "GB/Z", "GBZ", "GB"];

/// A Chinese designation in order; none for any other reference.
fn chinese(text: &str) -> Option<String> {
    CHINESE_PREFIXES.iter().find_map(|prefix| {
        let start = text.get(..prefix.len())?;
        let rest = &text[prefix.len()..];
        let number = rest.trim_start();
        // `JJG(粤) 011-2015` has the letters of a province between.
        let (region, number) = match number.strip_prefix('(').and_then(|n| n.split_once(')')) {
            Some((region, number)) => (format!("({})", region.trim()), number.trim_start()),
            None => (String::new(), number),
        };
        let numbered = number.starts_with(|c: char| c.is_ascii_digit());
        (start.eq_ignore_ascii_case(prefix) && numbered).then(|| format!("{prefix}{region} {number}"))
    })
}

/// The number and the year of a reference that ends in `-year` or `:year`.
fn split_edition(text: &str) -> Option<(&str, i16)> {
    let (code, year) = text.rsplit_once(['-', ':'])?;
    let digits = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    let year = year.parse().ok().filter(|year| digits && matches!(year, 1900..=2199))?;
    let code = code.trim_end();
    // `ISO 1101` alone has no edition, `GB-2003` no number.
    code.bytes().any(|b| b.is_ascii_digit()).then_some((code, year))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::refusal::Code;

    #[test]
    fn number_and_edition_are_told_apart() {
        for (text, code, edition) in [
            ("JJG 196-2006", "JJG 196", Some(2006)),
            ("JJF 1059.1-2012", "JJF 1059.1", Some(2012)),
            ("GB/T 19022-2003", "GB/T 19022", Some(2003)),
            ("JJG(粤) 011-2015", "JJG(粤) 011", Some(2015)),
            ("ISO/IEC 17025:2017", "ISO/IEC 17025", Some(2017)),
            ("OIML R 76-1:2006", "OIML R 76-1", Some(2006)),
            ("OIML R 76-1", "OIML R 76-1", None),
            ("JJG 196", "JJG 196", None),
            ("ISO 5725-2", "ISO 5725-2", None),
            ("EURAMET cg-18", "EURAMET cg-18", None),
        ] {
            let reference = RegulationRef::parse(text).unwrap();
            assert_eq!(reference.as_str(), text);
            assert_eq!((reference.code(), reference.edition()), (code, edition));
        }
    }

    #[test]
    fn one_regulation_is_written_in_one_way() {
        for text in ["jjg196-2006", "JJG 196—2006", "JJG  196 － 2006", " JJG　196-2006 "] {
            let reference = RegulationRef::parse(text).unwrap();
            assert_eq!(reference.as_str(), "JJG 196-2006", "{text}");
        }
        for text in ["JJG（粤）011-2015", "JJG (粤) 011-2015", "JJG(粤)011-2015"] {
            let reference = RegulationRef::parse(text).unwrap();
            assert_eq!(reference.as_str(), "JJG(粤) 011-2015", "{text}");
        }
        assert_eq!(RegulationRef::parse("gb/t19022-2003").unwrap().code(), "GB/T 19022");
        assert_eq!(RegulationRef::parse("").unwrap_err().code, Code::TextEmpty);
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(text in "(JJG|jjf|GB/T|ISO)?[ （(]?[a-z粤]{0,2}[)）]?[ —-]{0,3}[0-9.]{0,4}[-:— ]{0,3}[0-9]{0,4}") {
            if let Ok(reference) = RegulationRef::parse(&text) {
                prop_assert_eq!(RegulationRef::parse(&reference.to_string()).unwrap(), reference);
            }
        }
    }
}
