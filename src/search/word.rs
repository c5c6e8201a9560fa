//! A text as words.
//!
//! Words end where Unicode says (UAX #29). Chinese has no spaces: there every character is a word, and two that follow
//! one another are a term of the index besides, so that `校准` is as rare there as it is in the texts. English words are
//! cut to their stems (Porter's second algorithm): `calibrated` is found by `calibration`. Letters and digits part
//! (`50mm` is `50` and `mm`), and so do the whole of a decimal number and its fraction, which keeps its point: `1059.1` is
//! `1059` and `.1`, found by `1059` as well, while `0.8` is not what `0 8` is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::search::fold::{Folded, is_unified_ideograph};
use crate::search::grammar::is_grammar;
use crate::search::run::{LONGEST, is_ideograph, runs};
use crate::search::stem::stem;

/// What ends a word in a [`Sequence`].
const GAP: &str = " ";

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'f> {
    /// What it is compared by: folded, and cut to its stem. Most keys are a part of the folded text.
    pub key: Cow<'f, str>,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// Whether it is a character of a script without spaces.
    pub is_ideograph: bool,
}

/// The words of a text, in its order.
#[must_use]
pub fn words(folded: &Folded) -> Vec<Word<'_>> {
    let text = &*folded.text;
    let mut words = Vec::new();
    // A usual Chinese character is a word unless a mark is joined to it, and none is in ASCII. It parts what stands on
    // both sides of it, so that the tables of Unicode, which are most of the work, are asked about the rest alone.
    let mut cut_to = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let is_alone = |(_, next): &(usize, char)| next.is_ascii() || is_unified_ideograph(*next);
        if is_unified_ideograph(character) && characters.peek().is_none_or(is_alone) {
            cut(folded, cut_to..start, &mut words);
            cut_to = start + character.len_utf8();
            words.push(Word {
                is_ideograph: true,
                key: text[start..cut_to].into(),
                place: folded.origin(start..cut_to),
            });
        }
    }
    cut(folded, cut_to..text.len(), &mut words);
    words
}

/// Cuts a part of a text, which no word goes beyond. Nor does one go beyond a space, and most of what stands between two
/// is letters or digits of ASCII alone, with marks of ASCII before or behind them that join nothing there.
fn cut<'f>(folded: &'f Folded, part: Range<usize>, words: &mut Vec<Word<'f>>) {
    let mut start = part.start;
    for piece in folded.text[part].split(' ') {
        let end = start + piece.len();
        let bare = piece.trim_matches(is_mark);
        let is_one = (1..=LONGEST).contains(&bare.len())
            && (bare.bytes().all(|byte| byte.is_ascii_lowercase()) || bare.bytes().all(|byte| byte.is_ascii_digit()));
        if is_one {
            let start = end - piece.trim_start_matches(is_mark).len();
            let place = folded.origin(start..start + bare.len());
            words.push(Word { is_ideograph: false, key: stem(bare), place });
        } else {
            cut_by_tables(folded, start..end, words);
        }
        start = end + 1;
    }
}

/// What joins letters at most where it stands between two; an underscore does so at their ends, too.
fn is_mark(character: char) -> bool {
    character.is_ascii_punctuation() && character != '_'
}

/// Cuts a part of a text where the tables of Unicode say.
fn cut_by_tables<'f>(folded: &'f Folded, part: Range<usize>, words: &mut Vec<Word<'f>>) {
    for (start, segment) in folded.text[part.clone()].unicode_word_indices() {
        let start = part.start + start;
        for run in runs(segment) {
            let key = &segment[run.clone()];
            words.push(Word {
                is_ideograph: key.chars().next().is_some_and(is_ideograph),
                key: stem(key),
                place: folded.origin(start + run.start..start + run.end),
            });
        }
    }
}

/// What the index holds of a text with these words, or must hold for them to stand in it one after another: words, and
/// pairs of characters of Chinese.
#[must_use]
pub fn terms(words: &[Word<'_>]) -> BTreeSet<String> {
    joined_terms(Sequence::of(words).as_str()).split_terminator(GAP).map(str::to_owned).collect()
}

/// The same of a [`Sequence`] that is stored, as the index takes them: in the order of their bytes, with a gap between
/// them, which no term has in it.
#[must_use]
pub fn joined_terms(sequence: &str) -> String {
    // Without the gaps a pair of characters is a part of this.
    let mut keys = String::with_capacity(sequence.len());
    let mut words = Vec::with_capacity(sequence.len() / 2);
    for key in keys_of(sequence) {
        let start = keys.len();
        keys.push_str(key);
        words.push((start, key.chars().next().is_some_and(is_ideograph)));
    }
    let end = |index: usize| words.get(index + 1).map_or(keys.len(), |(start, _)| *start);
    let singles = (0..words.len()).map(|index| &keys[words[index].0..end(index)]);
    let is_pair = |index: &usize| words[index - 1].1 && words[*index].1;
    let pairs = (1..words.len()).filter(is_pair).map(|index| &keys[words[index - 1].0..end(index)]);
    // Most differ in their first bytes, which are compared as a number.
    let mut terms: Vec<(u64, &str)> = singles.chain(pairs).map(|term| (first_bytes(term), term)).collect();
    terms.sort_unstable();
    terms.dedup();
    let mut joined = String::with_capacity(2 * keys.len() + terms.len());
    for (_, term) in terms {
        if !joined.is_empty() {
            joined.push_str(GAP);
        }
        joined.push_str(term);
    }
    joined
}

/// The first bytes of a term as a number, which is in the same order as they are.
fn first_bytes(term: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = term.len().min(bytes.len());
    bytes[..length].copy_from_slice(&term.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

/// These words as one term, a pair of characters for instance.
pub(super) fn term_of(words: &[Word<'_>]) -> String {
    words.iter().map(|word| &*word.key).collect()
}

/// A word that tells what a text is about: no number and none of grammar, and in Chinese a pair of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The term of the index.
    pub term: String,
    /// Its words in a row.
    pub sequence: Sequence,
    /// As it is written in the text.
    pub written: String,
    /// Where, in bytes.
    pub place: Range<usize>,
}

impl Topic {
    /// What of it stands behind that place in the text.
    #[must_use]
    pub fn behind(&self, place: usize) -> &str {
        place.checked_sub(self.place.start).and_then(|length| self.written.get(length..)).unwrap_or("")
    }
}

/// A text's words in a row, and what it is about in the order of the text.
#[must_use]
pub fn topics(text: &str) -> (Sequence, Vec<Topic>) {
    let folded = Folded::of(text);
    let words = words(&folded);
    let topic = |words: &[Word<'_>]| {
        let place = words[0].place.start..words[words.len() - 1].place.end;
        Topic { term: term_of(words), sequence: Sequence::of(words), written: text[place.clone()].to_owned(), place }
    };
    let topics = (0..words.len()).filter_map(|start| {
        let rest = &words[start..];
        let about = match rest {
            [first, second, ..] if first.is_ideograph && second.is_ideograph => &rest[..2],
            [first, ..] if !first.is_ideograph && first.key.chars().filter(|c| c.is_alphabetic()).count() > 1 => {
                &rest[..1]
            }
            _ => return None,
        };
        (!is_grammar(about)).then(|| topic(about))
    });
    (Sequence::of(&words), topics.collect())
}

/// The keys of words in one text, each with a gap before and after it, to look for several in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence(String);

impl Sequence {
    /// Of these words.
    #[must_use]
    pub fn of(words: &[Word<'_>]) -> Self {
        let mut text = String::from(GAP);
        for word in words {
            text.push_str(&word.key);
            text.push_str(GAP);
        }
        Self(text)
    }

    /// One that was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// To be stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its words.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        keys_of(&self.0)
    }

    /// How often the other one stands in it.
    #[must_use]
    pub fn count(&self, other: &Self) -> u32 {
        let (mut found, mut from) = (0, 0);
        while let Some(place) = self.0[from..].find(&other.0) {
            found += 1;
            // The gap after it is the gap before the next one.
            from += place + other.0.len() - GAP.len();
        }
        found
    }

    /// How many words it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.matches(GAP).count() - 1
    }
}

fn keys_of(sequence: &str) -> impl Iterator<Item = &str> {
    sequence.split(GAP).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        words(&Folded::of(text)).into_iter().map(|word| word.key.into_owned()).collect()
    }

    #[test]
    fn a_text_is_cut_into_words() {
        for (text, expected) in [
            ("计量技术", &["计", "量", "技", "术"][..]),
            ("K型热电偶 calibration", &["k", "型", "热", "电", "偶", "calibr"]),
            ("50mm ± 0.02 mm", &["50", "mm", "0", ".02", "mm"]),
            ("5.", &["5"]),
            ("JJF1059.1, 10.5.3", &["jjf", "1059", ".1", "10", ".5", ".3"]),
            ("GB/T 18204.24—2014", &["gb", "t", "18204", ".24", "2014"]),
            ("manufacturer's gauges", &["manufactur", "s", "gaug"]),
            ("e.g. foo_bar", &["e", "g", "foo", "bar"]),
            ("ﬁlm ５㎜", &["film", "5", "mm"]),
            ("Étalonnage", &["etalonnag"]),
            ("メートル", &["メ", "ー", "ト", "ル"]),
            ("שלום 😀 — …", &["שלום"]),
            ("", &[]),
            ("!?\u{0}。，", &[]),
        ] {
            assert_eq!(keys(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_word_is_several() {
        let long = "ж".repeat(LONGEST * 2 + 1);
        assert_eq!(keys(&long).iter().map(|key| key.chars().count()).collect::<Vec<_>>(), [LONGEST, LONGEST, 1]);
    }

    #[test]
    fn the_index_holds_words_and_pairs() {
        let folded = Folded::of("K型热电 gauge gauges");
        let words = words(&folded);
        assert_eq!(joined_terms(Sequence::of(&words).as_str()), "gaug k 型 型热 热 热电 电");
        assert_eq!(terms(&words).len(), 7);
        assert_eq!(terms(&[]), BTreeSet::new());
    }

    #[test]
    fn a_text_is_about_words_and_pairs() {
        let (_, topics) = topics("热电偶 in 5 gauges");
        let found: Vec<_> = topics.iter().map(|topic| (topic.term.as_str(), topic.written.as_str())).collect();
        assert_eq!(found, [("热电", "热电"), ("电偶", "电偶"), ("gaug", "gauges")]);
        assert_eq!(topics[1].behind(topics[0].place.end), "偶");
    }

    #[test]
    fn no_text_is_about_its_grammar() {
        for (text, expected) in [
            ("Three of the gauges by the press, and one is off", &["gauges", "press"][..]),
            ("它们之间的偏差", &["偏差"]),
            ("在车间的一些温度", &["车间", "些温", "温度"]),
            ("能量计", &["能量", "量计"]),
            ("不确定度", &["不确", "确定", "定度"]),
        ] {
            let written: Vec<_> = topics(text).1.into_iter().map(|topic| topic.written).collect();
            assert_eq!(written, expected, "{text}");
        }
        // The index has them all the same.
        assert!(
            terms(&words(&Folded::of("of the 在的"))).is_superset(&["of", "the", "在的"].map(str::to_owned).into())
        );
    }

    #[test]
    fn words_in_a_row_are_counted() {
        let text = Sequence::of(&words(&Folded::of("能能能 能量 calibrate the gauge, calibrate")));
        let count = |wanted: &str| text.count(&Sequence::of(&words(&Folded::of(wanted))));
        assert_eq!((count("能"), count("能能"), count("能量"), count("calibration")), (4, 2, 1, 2));
        assert_eq!((count("the gauge"), count("gauge the"), count("gaug")), (1, 0, 1));
        assert_eq!(text.length(), 9);
    }

    proptest! {
        #[test]
        fn every_part_of_a_chinese_text_is_found(
            before in "[一-龥，。、a-z0-9 ]{0,20}",
            part in "[一-龥㐀-䶵豈-龎ぁ-んァ-ヺ]{1,12}",
            after in "[一-龥，。、A-Z0-9 ]{0,20}",
        ) {
            let (whole, part) = (Folded::of(&format!("{before}{part}{after}")), Folded::of(&part));
            let (whole, wanted) = (words(&whole), words(&part));
            prop_assert!(terms(&wanted).is_subset(&terms(&whole)));
            prop_assert!(Sequence::of(&whole).count(&Sequence::of(&wanted)) > 0);
        }

        #[test]
        fn a_text_is_cut_as_the_tables_of_unicode_cut_it(
            text in "([一-龥]|[a-z0-9 .,':_()%-]|[a-z]{1,6}[ .,;:!?)'\"-]|[0-9]{1,4}[ .,%]|[\r\n\t]|[\u{301}\u{200d}\u{ad}ーかカ㐀豈€é]|[\u{1f1e6}\u{1f600}]){0,30}"
        ) {
            let folded = Folded::of(&text);
            let mut expected = Vec::new();
            cut_by_tables(&folded, 0..folded.text.len(), &mut expected);
            prop_assert_eq!(words(&folded), expected);
        }

        #[test]
        fn terms_are_in_the_order_of_their_bytes(text in any::<String>()) {
            let folded = Folded::of(&text);
            let joined = joined_terms(Sequence::of(&words(&folded)).as_str());
            let found: Vec<_> = joined.split_terminator(GAP).collect();
            prop_assert!(found.is_sorted_by(|one, next| one < next), "{found:?}");
        }

        #[test]
        fn any_text_is_cut_where_its_characters_end(text in any::<String>()) {
            let mut last = 0;
            for word in words(&Folded::of(&text)) {
                prop_assert!(text.get(word.place.clone()).is_some(), "{word:?}");
                prop_assert!(word.place.end >= last);
                last = word.place.end;
                prop_assert!(!word.key.is_empty());
                // What an index may hold: no space, and of ASCII only small letters, digits and the decimal point.
                prop_assert!(word.key.chars().all(|c| !c.is_whitespace()
                    && (!c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.')), "{word:?}");
            }
        }
    }
}
