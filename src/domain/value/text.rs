//! Text that people write: titles, statements, labels, references.
//!
//! Text is trimmed and kept as it was written otherwise. No normalisation form is imposed:
//! the log holds what the user said. Copies share it: a case, which is copied for every command, has many long ones.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::domain::refusal::Code;
use crate::domain::value::ValueError;

/// Whether a text may run over several lines.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Lines {
    One,
    Many,
}

/// Trimmed text of 1 to `most` characters, or why it is not.
pub(super) fn checked(what: &str, text: &str, most: usize, lines: Lines) -> Result<String, ValueError> {
    // A client on Windows sends \r\n: the same line break, and \r alone is refused below.
    let text = text.trim().replace("\r\n", "\n");
    let has_hidden_control = || text.chars().any(|c| c.is_control() && !c.is_whitespace());
    if is_blank(&text) && !has_hidden_control() {
        return Err(ValueError::new(Code::TextEmpty, format!("the {what} is empty: write 1 to {most} characters")));
    }
    let length = text.chars().count();
    if length > most {
        return Err(ValueError::new(
            Code::TextTooLong,
            format!("the {what} has {length} characters: write at most {most}"),
        ));
    }
    let is_refused = |(_, c): &(usize, char)| match lines {
        Lines::One => c.is_control() || ends_a_line(*c),
        Lines::Many => c.is_control() && !matches!(c, '\n' | '\t'),
    };
    if let Some((place, found)) = (1..).zip(text.chars()).find(is_refused) {
        let kind = if ends_a_line(found) { "line separator" } else { "control character" };
        let allowed = match lines {
            Lines::One => "on one line, without control characters",
            Lines::Many => "without control characters besides line breaks and tabs",
        };
        return Err(ValueError::new(
            Code::TextControlCharacter,
            format!("the {what} has the {kind} U+{:04X} at place {place}: write it {allowed}", u32::from(found)),
        ));
    }
    // In a statement somebody may quote what is written from right to left; a title stands beside what others have
    // written.
    let turns = |(_, c): &(usize, char)| lines == Lines::One && is_bidi_control(*c);
    if let Some((place, found)) = (1..).zip(text.chars()).find(turns) {
        return Err(ValueError::new(
            Code::TextBidiControl,
            format!(
                "the {what} has the character U+{:04X} at place {place}, which makes it read in another order than it \
                 is written: leave it out",
                u32::from(found)
            ),
        ));
    }
    Ok(text)
}

/// Whether a text says nothing: white space, controls and what else has no shape of its own.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// Controls (Cc) and formats (Cf) by their general category; beside them the letters, marks and symbols of Unicode 16
/// that stand for nothing: those of `Default_Ignorable_Code_Point`
/// (<https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>), and the pattern of Braille without a dot.
pub(super) fn shows_nothing(c: char) -> bool {
    c.is_whitespace()
        || matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format)
        || matches!(
            c,
            '\u{34f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}'
                | '\u{e0100}'..='\u{e01ef}'
        )
}

/// The separators of lines and of paragraphs, which end a line and are no control characters (Unicode Standard, 5.8).
fn ends_a_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Embeddings, overrides and isolates, which change the order in which what comes behind them is read (Unicode Standard
/// Annex 9, 2). Marks such as U+200F, which turn nothing but themselves, are none.
pub(super) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $what:literal, $most:literal, $lines:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The most characters (Unicode scalar values) it may have.
            pub const MOST_CHARACTERS: usize = $most;

            /// The text, trimmed.
            ///
            /// # Errors
            /// `TEXT_EMPTY`, `TEXT_TOO_LONG`, `TEXT_CONTROL_CHARACTER`, and on one line `TEXT_BIDI_CONTROL`.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                checked($what, text, Self::MOST_CHARACTERS, $lines).map(|text| Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_value! {
    /// The title of a case, a campaign or a publication: one line of 1 to 200 characters.
    Title, "title", 200, Lines::One
}
text_value! {
    /// What somebody states: a problem, a reason, a lesson, a finding, a comment. 1 to
    /// 20,000 characters; may have line breaks and tabs.
    Statement, "statement", 20_000, Lines::Many
}
text_value! {
    /// The name of an organisation, a document, an instrument: one line of 1 to 200
    /// characters.
    Label, "name", 200, Lines::One
}
text_value! {
    /// A citation of a standard, a publication, a record: one line of 1 to 500 characters.
    Reference, "reference", 500, Lines::One
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_trimmed_and_counted_in_characters() {
        assert_eq!(Title::parse("  长度 \n").unwrap().as_str(), "长度");
        assert!(Title::parse(&"长".repeat(200)).is_ok());
        let refused = Title::parse(&"长".repeat(201)).unwrap_err();
        assert_eq!(refused.code, Code::TextTooLong);
        assert_eq!(refused.message, "the title has 201 characters: write at most 200");
        assert_eq!(Label::parse(" \t ").unwrap_err().code, Code::TextEmpty);
    }

    #[test]
    fn only_a_statement_has_lines() {
        assert_eq!(Statement::parse("one\r\ntwo\tthree").unwrap().as_str(), "one\ntwo\tthree");
        assert_eq!(Title::parse("one\ntwo").unwrap_err().code, Code::TextControlCharacter);
        for separator in ["one\u{2028}two", "one\u{2029}two"] {
            let refused = Title::parse(separator).unwrap_err();
            assert_eq!(refused.code, Code::TextControlCharacter);
            assert!(refused.message.contains("the line separator U+202"), "{}", refused.message);
            assert_eq!(Statement::parse(separator).unwrap().as_str(), separator);
        }
        let refused = Statement::parse("a\u{0}b").unwrap_err();
        assert_eq!(refused.code, Code::TextControlCharacter);
        assert!(refused.message.contains("U+0000 at place 2"));
        let refused = Label::parse(" \u{0} ").unwrap_err();
        assert_eq!(refused.code, Code::TextControlCharacter, "it is not empty");
        assert!(refused.message.contains("the name has the control character U+0000 at place 1"));
    }

    #[test]
    fn a_text_shows_something() {
        for nothing in
            ["\u{200b}", "\u{2060}", "\u{feff}", " \u{200d}\n\u{ad}", "\u{3164}", "\u{2800}", "\u{fe0f}", "\u{e0041}"]
        {
            assert_eq!(Statement::parse(nothing).unwrap_err().code, Code::TextEmpty, "{nothing:?}");
            assert_eq!(Label::parse(nothing).unwrap_err().code, Code::TextEmpty, "{nothing:?}");
        }
        // What has no shape of its own may belong to the writing.
        for something in ["👨\u{200d}🔬", "می\u{200c}خواهم", "葛\u{e0100}", "א\u{200f}", "-", "\u{ffa0}."]
        {
            assert_eq!(Title::parse(something).unwrap().as_str(), something);
        }
    }

    #[test]
    fn no_name_is_read_in_another_order_than_it_is_written() {
        for turned in ["\u{202e}fdp.exe", "a\u{2066}b", "a\u{202a}", "\u{2069}a"] {
            assert_eq!(Title::parse(turned).unwrap_err().code, Code::TextBidiControl, "{turned:?}");
            assert_eq!(Statement::parse(turned).unwrap().as_str(), turned);
            // What was recorded before stays readable.
            let json = serde_json::to_string(turned).unwrap();
            assert_eq!(serde_json::from_str::<Title>(&json).unwrap().as_str(), turned);
        }
        let message = Reference::parse("ab\u{202e}c").unwrap_err().message;
        assert!(message.contains("the reference has the character U+202E at place 3"), "{message}");
    }

    #[test]
    fn a_copy_shares_the_text() {
        let statement = Statement::parse("长度").unwrap();
        assert!(std::ptr::eq(statement.as_str(), statement.clone().as_str()));
    }

    #[test]
    fn text_is_a_plain_string_in_json() {
        let title = Title::parse("Thread gauge").unwrap();
        let json = serde_json::to_string(&title).unwrap();
        assert_eq!(json, "\"Thread gauge\"");
        assert_eq!(serde_json::from_str::<Title>(&json).unwrap(), title);
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(text in any::<String>()) {
            if let Ok(statement) = Statement::parse(&text) {
                prop_assert_eq!(Statement::parse(&statement.to_string()).unwrap(), statement);
            }
        }
    }
}
