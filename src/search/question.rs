//! What somebody looks for: words with spaces between them, all of which have to be there, in any order.
//!
//! Chinese characters with neither space nor punctuation between them have to stand in a row, as `计量技术` does; so have words in
//! quotation marks, where punctuation parts characters as it does in a text.
//! What has a minus before it must not be there, but for a number: `-40` is a temperature, and `-"40"` leaves it out.

use std::collections::BTreeSet;

use crate::search::fold::Folded;
use crate::search::run::is_digit;
use crate::search::word::{Sequence, Word, terms, words};

/// The most characters of a question.
pub const MOST_CHARACTERS: usize = 200;
/// The most parts of a question, wanted and excluded ones together.
pub const MOST_PARTS: usize = 16;

/// Words that have to stand in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In a row.
    pub sequence: Sequence,
    /// What the index must hold of a text for it to be there.
    pub terms: BTreeSet<String>,
}

/// A question that can be answered: something is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Each of these.
    pub wanted: Vec<Part>,
    /// None of these.
    pub excluded: Vec<Part>,
}

/// Why a question cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoQuestion {
    /// It has no word, or only excluded ones.
    #[error("nothing to look for: write at least one word or character that has to be there")]
    Empty,
    /// It is too long.
    #[error("at most {MOST_CHARACTERS} characters in at most {MOST_PARTS} parts are looked for")]
    TooLong,
}

impl Question {
    /// Reads what somebody wrote. Whatever is no letter, digit or sign of the above only parts words.
    ///
    /// # Errors
    /// [`NoQuestion`].
    pub fn parse(text: &str) -> Result<Self, NoQuestion> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(NoQuestion::TooLong);
        }
        let mut question = Self { wanted: Vec::new(), excluded: Vec::new() };
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (piece, later) = next_piece(rest);
            let list = if piece.is_excluded { &mut question.excluded } else { &mut question.wanted };
            for part in piece.parts() {
                if !list.contains(&part) {
                    list.push(part);
                }
            }
            rest = later.trim_start();
        }
        if question.wanted.is_empty() {
            return Err(NoQuestion::Empty);
        }
        if question.wanted.len() + question.excluded.len() > MOST_PARTS {
            return Err(NoQuestion::TooLong);
        }
        Ok(question)
    }
}

impl Part {
    /// Of words in a row; `None` without any.
    #[must_use]
    pub fn of(words: &[Word<'_>]) -> Option<Self> {
        let mut terms = terms(words);
        // A character that is part of a pair is there when the pair is.
        for pair in words.windows(2).filter(|pair| pair[0].is_joined_to(&pair[1])) {
            for word in pair {
                terms.remove(&*word.key);
            }
        }
        (!words.is_empty()).then(|| Self { sequence: Sequence::of(words), terms })
    }
}

/// What stands between spaces, or in quotation marks.
struct Piece<'t> {
    text: &'t str,
    is_excluded: bool,
    is_quoted: bool,
}

impl Piece<'_> {
    /// Its words in a row, or in several where punctuation parts its characters: nobody writes that to look for it, but
    /// in quotation marks.
    fn parts(&self) -> Vec<Part> {
        let folded = Folded::of(self.text);
        let words = words(&folded);
        words.chunk_by(|_, next| self.is_quoted || !next.is_parted).filter_map(Part::of).collect()
    }
}

/// The first piece, and what follows it.
fn next_piece(text: &str) -> (Piece<'_>, &str) {
    let (is_excluded, text) = match text.strip_prefix(['-', '－', '−']) {
        Some(rest) if !begins_with_number(rest) => (true, rest),
        _ => (false, text),
    };
    let mut characters = text.chars();
    if let Some(closing) = characters.next().and_then(closing_of) {
        let within = characters.as_str();
        // A quotation that is not closed goes to the end.
        let (text, rest) = within.split_once(closing).unwrap_or((within, ""));
        return (Piece { text, is_excluded, is_quoted: true }, rest);
    }
    let end = text.find(|c: char| c.is_whitespace() || opens(c)).unwrap_or(text.len());
    (Piece { text: &text[..end], is_excluded, is_quoted: false }, &text[end..])
}

/// Whether a sign before it would be that of a quantity.
fn begins_with_number(text: &str) -> bool {
    text.strip_prefix(['.', '．']).unwrap_or(text).starts_with(is_digit)
}

fn closing_of(opening: char) -> Option<char> {
    match opening {
        '"' => Some('"'),
        '“' => Some('”'),
        '「' => Some('」'),
        '『' => Some('』'),
        '＂' => Some('＂'),
        _ => None,
    }
}

fn opens(character: char) -> bool {
    closing_of(character).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let question = Question::parse(text).expect("a question");
        let shown = |parts: Vec<Part>| parts.into_iter().map(|part| part.sequence.as_str().trim().to_owned()).collect();
        (shown(question.wanted), shown(question.excluded))
    }

    fn terms_of(text: &str) -> Vec<String> {
        Question::parse(text).expect("a question").wanted.remove(0).terms.into_iter().collect()
    }

    #[test]
    fn words_are_parted_by_spaces() {
        for (text, wanted, excluded) in [
            ("K型热电偶 calibration", &["k 型 热 电 偶", "calibr"][..], &[][..]),
            ("\"thermo couple\" -gauge", &["thermo coupl"], &["gaug"]),
            ("“计量 技术”　－能", &["计 量 技 术"], &["能"]),
            ("gauge GAUGES", &["gaug"], &[]),
            ("T-500 -\"a b", &["t 500"], &["a b"]),
            ("JJF1059 1059.1 -\"0.8\"", &["jjf 1059", "1059 .1"], &["0 .8"]),
            ("试验箱 -40℃", &["试 验 箱", "40 c"], &[]),
            ("－４０ −0.8 -.5 -½", &["40", "0 .8", "5", "1 2"], &[]),
            ("x -“40” -K40 -〇", &["x"], &["40", "k 40", "〇"]),
            ("a\"b c\"d", &["a", "b c", "d"], &[]),
            ("- 能 --x", &["能"], &["x"]),
            ("能\u{0}力 量、具", &["能", "力", "量", "具"], &[]),
            ("温度、湿度，温度 -压力：真空", &["温 度", "湿 度"], &["压 力", "真 空"]),
            ("\"温度、湿度\" -“压力：真空”", &["温 度 | 湿 度"], &["压 力 | 真 空"]),
        ] {
            let (got_wanted, got_excluded) = read(text);
            assert_eq!(got_wanted, wanted, "{text}");
            assert_eq!(got_excluded, excluded, "{text}");
        }
    }

    #[test]
    fn pairs_stand_for_their_characters() {
        assert_eq!(terms_of("能"), ["能"]);
        assert_eq!(terms_of("计量技术"), ["技术", "计量", "量技"]);
        assert_eq!(terms_of("测量，具体"), ["测量"]);
        assert_eq!(terms_of("\"测量，具体\""), ["具体", "测量"]);
        assert_eq!(terms_of("\"K型 gauge 能\""), ["gaug", "k", "型", "能"]);
    }

    #[test]
    fn a_question_wants_something_and_has_an_end() {
        for text in ["", "   ", "?!。", "😀", "-能", "\"\"", "\u{202e}"] {
            assert_eq!(Question::parse(text), Err(NoQuestion::Empty), "{text:?}");
        }
        assert!(Question::parse(&"长".repeat(MOST_CHARACTERS)).is_ok());
        assert_eq!(Question::parse(&"长".repeat(MOST_CHARACTERS + 1)), Err(NoQuestion::TooLong));
        let parts = |count: usize| (0..count).map(|part| format!("w{part}")).collect::<Vec<_>>().join(" ");
        assert_eq!(read(&parts(MOST_PARTS)).0.len(), MOST_PARTS);
        assert_eq!(Question::parse(&parts(MOST_PARTS + 1)), Err(NoQuestion::TooLong));
    }

    proptest! {
        #[test]
        fn the_words_of_a_text_tell_which_terms_it_has(
            text in "[计量能a-c0-2か\u{3099}㐀，。 .]{0,12}", question in "[计量能a-c0-2か\u{3099}㐀， .]{1,4}",
        ) {
            let folded = Folded::of(&text);
            let words = words(&folded);
            let stored = Sequence::of(&words);
            for part in Question::parse(&question).map(|question| question.wanted).unwrap_or_default() {
                let are_there = part.terms.iter().all(|term| Sequence::of_term(term).stands_in(stored.as_str()));
                prop_assert_eq!(are_there, part.terms.is_subset(&terms(&words)), "{:?}", part);
            }
        }

        #[test]
        fn whatever_is_written_is_read_or_refused(text in any::<String>()) {
            if let Ok(question) = Question::parse(&text) {
                let parts = question.wanted.iter().chain(&question.excluded);
                for term in parts.flat_map(|part| &part.terms) {
                    prop_assert!(!term.contains(['"', '\'', '\\', '*', ':', '&', '|', '!', '(', ')', '<', ' ']));
                }
            }
        }
    }
}
