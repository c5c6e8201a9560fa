//! What a text looks like when only what is said counts: one form for each character, whichever way it was typed.
//!
//! Compatibility forms become plain ones (Unicode NFKD: `５` is `5`, `ﬁ` is `fi`, `㎜` is `mm`), accents of Latin, Greek
//! and Cyrillic letters fall away, so does the case of letters, and so do characters that only steer how others are
//! shown. The sign of micro is `u`, as it is written where no key has it. Each character is folded by itself: so a part
//! of a text is folded like the same part of a longer one.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// The sign of micro when its compatibility form is plain: the letter mu.
const MICRO: char = '\u{3bc}';

/// A folded text that remembers where each of its characters came from.
pub struct Folded {
    pub(super) text: String,
    /// For every byte of the folded text, the bytes of the original character it came from.
    origins: Vec<(u32, u32)>,
}

impl Folded {
    /// The text when only what is said counts.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
        for (start, character) in text.char_indices() {
            let origin = (start as u32, (start + character.len_utf8()) as u32);
            if character.is_ascii() || is_unified_ideograph(character) {
                folded.push(character.to_ascii_lowercase(), origin);
                continue;
            }
            let plain = std::iter::once(character).nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
            // Upper case first: `ß` is then `ss`, and `ς` is `σ`.
            for character in plain.filter(|character| !is_dropped(*character)) {
                folded.push(if character == MICRO { 'u' } else { character }, origin);
            }
        }
        folded
    }

    fn push(&mut self, character: char, origin: (u32, u32)) {
        self.text.push(character);
        self.origins.resize(self.text.len(), origin);
    }

    /// The bytes of the original text that these bytes of the folded one came from.
    pub(super) fn origin(&self, folded: Range<usize>) -> Range<usize> {
        let first = self.origins[folded.start].0;
        let last = self.origins[folded.end - 1].1;
        first as usize..last as usize
    }
}

/// The usual Chinese characters, all of one form.
pub(super) fn is_unified_ideograph(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}')
}

/// Accents, and characters without a look of their own: joiners, marks of direction, selectors of a variant.
fn is_dropped(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_counts() {
        for (text, expected) in [
            ("ＡＢＣ５", "abc5"),
            ("ﬁ ㎜ ℃ ½", "fi mm °c 1⁄2"),
            ("Étalon Ångström naïve", "etalon angstrom naive"),
            ("e\u{301}talon", "etalon"),
            ("STRASSE straße", "strasse strasse"),
            ("Σίσυφος", "σισυφοσ"),
            ("\u{b5}m \u{3bc}m ㎛ Ω", "um um um ω"),
            ("计\u{200b}量\u{fe00}", "计量"),
            ("\u{202e}abc\u{202c}", "abc"),
            ("\u{0}", "\u{0}"),
        ] {
            assert_eq!(Folded::of(text).text, expected, "{text}");
        }
    }

    #[test]
    fn unified_ideographs_have_one_form() {
        let all: String = ('\u{4e00}'..='\u{9fff}').collect();
        assert!(all.chars().nfkd().eq(all.chars()), "no compatibility forms");
        assert_eq!(all.to_uppercase(), all, "no case");
    }

    #[test]
    fn a_folded_character_knows_where_it_came_from() {
        let text = "aﬁ校";
        let folded = Folded::of(text);
        assert_eq!(folded.text, "afi校");
        assert_eq!(&text[folded.origin(1..2)], "ﬁ");
        assert_eq!(&text[folded.origin(2..6)], "ﬁ校");
    }
}
