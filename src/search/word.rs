//! A text as words.
//!
//! Words end where Unicode says (UAX #29). Chinese has no spaces: there every character is a word, and two that follow
//! one another are a term of the index besides, so that `校准` is as rare there as it is in the texts. They do where
//! nothing but space lies between them: `量，具` is no `量具`, and a line may end within a word. English words are
//! cut to their stems (Porter's second algorithm): `calibrated` is found by `calibration`. Letters and digits part
//! (`50mm` is `50` and `mm`), and so do the whole of a decimal number and its fraction, which keeps its point: `1059.1` is
//! `1059` and `.1`, found by `1059` as well, while `0.8` is not what `0 8` is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::search::fold::{Folded, is_unified_ideograph};
use crate::search::run::{LONGEST, is_ideograph, runs};
use crate::search::stem::stem;

/// What ends a word in a [`Sequence`].
const GAP: &str = " ";
/// What stands there between two characters that are parted. No word is like it, and no index has it.
const BREAK: &str = "|";

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'f> {
    /// What it is compared by: folded, and cut to its stem. Most keys are a part of the folded text.
    pub key: Cow<'f, str>,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// Whether it is a character of a script without spaces.
    pub is_ideograph: bool,
    /// Whether it is one, the word before it is as well, and more than space parts the two.
    pub is_parted: bool,
}

impl Word<'_> {
    /// Whether it makes a pair with the word that follows it.
    pub(super) fn is_joined_to(&self, next: &Self) -> bool {
        self.is_ideograph && next.is_ideograph && !next.is_parted
    }
}

/// The words of a text, in its order.
#[must_use]
pub fn words(folded: &Folded) -> Vec<Word<'_>> {
    let text = &*folded.text;
    let mut words = Words::of(folded);
    // A usual Chinese character is a word unless a mark is joined to it, and none is in ASCII. It parts what stands on
    // both sides of it, so that the tables of Unicode, which are most of the work, are asked about the rest alone.
    let mut cut_to = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let is_alone = |(_, next): &(usize, char)| next.is_ascii() || is_unified_ideograph(*next);
        if is_unified_ideograph(character) && characters.peek().is_none_or(is_alone) {
            words.cut(cut_to..start);
            cut_to = start + character.len_utf8();
            words.push(start..cut_to, text[start..cut_to].into(), true);
        }
    }
    words.cut(cut_to..text.len());
    words.found
}

/// The words that were found in a text so far.
struct Words<'f> {
    folded: &'f Folded,
    found: Vec<Word<'f>>,
    /// Where the last of them ends in the folded text.
    end: usize,
}

impl<'f> Words<'f> {
    fn of(folded: &'f Folded) -> Self {
        Self { folded, found: Vec::new(), end: 0 }
    }

    /// Takes the next one up, which stands there in the folded text.
    fn push(&mut self, range: Range<usize>, key: Cow<'f, str>, is_ideograph: bool) {
        let follows_ideograph = self.found.last().is_some_and(|last| last.is_ideograph);
        let is_parted =
            is_ideograph && follows_ideograph && !self.folded.text[self.end..range.start].chars().all(is_space);
        self.end = range.end;
        self.found.push(Word { key, place: self.folded.origin(range), is_ideograph, is_parted });
    }

    /// Cuts a part of the text, which no word goes beyond. Nor does one go beyond a space, and most of what stands
    /// between two is letters or digits of ASCII alone, with marks of ASCII before or behind them that join nothing there.
    fn cut(&mut self, part: Range<usize>) {
        let mut start = part.start;
        for piece in self.folded.text[part].split(' ') {
            let end = start + piece.len();
            let bare = piece.trim_matches(is_mark);
            let is_one = (1..=LONGEST).contains(&bare.len())
                && (bare.bytes().all(|byte| byte.is_ascii_lowercase())
                    || bare.bytes().all(|byte| byte.is_ascii_digit()));
            if is_one {
                let start = end - piece.trim_start_matches(is_mark).len();
                self.push(start..start + bare.len(), stem(bare), false);
            } else {
                self.cut_by_tables(start..end);
            }
            start = end + 1;
        }
    }

    /// Cuts a part of the text where the tables of Unicode say.
    fn cut_by_tables(&mut self, part: Range<usize>) {
        for (start, segment) in self.folded.text[part.clone()].unicode_word_indices() {
            let start = part.start + start;
            for run in runs(segment) {
                let key = &segment[run.clone()];
                let is_ideograph = key.chars().next().is_some_and(is_ideograph);
                self.push(start + run.start..start + run.end, stem(key), is_ideograph);
            }
        }
    }
}

/// What joins letters at most where it stands between two; an underscore does so at their ends, too.
fn is_mark(character: char) -> bool {
    character.is_ascii_punctuation() && character != '_'
}

/// What parts no characters of a script without spaces: space, the ends of lines, and marks that have nothing to stand
/// on.
fn is_space(character: char) -> bool {
    character.is_whitespace() || is_combining_mark(character)
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
    // Where each word begins in it, and whether it is the second one of a pair.
    let mut words = Vec::with_capacity(sequence.len() / 2);
    let mut follows_ideograph = false;
    for key in keys_of(sequence) {
        let is_ideograph = key.chars().next().is_some_and(is_ideograph);
        if key != BREAK {
            words.push((keys.len(), is_ideograph && follows_ideograph));
            keys.push_str(key);
        }
        follows_ideograph = is_ideograph;
    }
    let end = |index: usize| words.get(index + 1).map_or(keys.len(), |(start, _)| *start);
    let singles = (0..words.len()).map(|index| &keys[words[index].0..end(index)]);
    let ends_pair = |index: &usize| words[*index].1;
    let pairs = (1..words.len()).filter(ends_pair).map(|index| &keys[words[index - 1].0..end(index)]);
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

/// The keys of words in one text, each with a gap before and after it, to look for several in a row. Between characters
/// that are parted there a break stands as if it were a word, so that nobody finds them in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence(String);

impl Sequence {
    /// Of these words.
    #[must_use]
    pub fn of(words: &[Word<'_>]) -> Self {
        let mut text = String::from(GAP);
        for key in keys_in_a_row(words) {
            text.push_str(key);
            text.push_str(GAP);
        }
        Self(text)
    }

    /// One that was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The words in a row that a term of the index is found by: itself, or the two characters of a pair.
    #[must_use]
    pub fn of_term(term: &str) -> Self {
        let mut text = String::from(GAP);
        for (start, character) in term.char_indices() {
            if start > 0 && is_ideograph(character) {
                text.push_str(GAP);
            }
            text.push(character);
        }
        Self(text + GAP)
    }

    /// Whether it stands in one that was stored.
    #[must_use]
    pub fn stands_in(&self, stored: &str) -> bool {
        stored.contains(&self.0)
    }

    /// To be stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its words, and the breaks between them.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
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
        self.words().count()
    }

    /// Whether both have the same words in a row, whatever parts them.
    #[must_use]
    pub fn is_worded_as(&self, other: &Self) -> bool {
        self.words().eq(other.words())
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.keys().filter(|key| *key != BREAK)
    }
}

/// As a [`Sequence`] of these words has them: what stands before the first of them does not part it from anything.
pub(super) fn keys_in_a_row<'w>(words: &'w [Word<'_>]) -> impl Iterator<Item = &'w str> {
    words.iter().enumerate().flat_map(|(place, word)| {
        let parting = (place > 0 && word.is_parted).then_some(BREAK);
        parting.into_iter().chain(std::iter::once(&*word.key))
    })
}

fn keys_of(sequence: &str) -> impl Iterator<Item = &str> {
    sequence.split(GAP).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests;
