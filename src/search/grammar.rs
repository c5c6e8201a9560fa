//! Words that tell nothing of what a text is about: those of grammar, and numerals. They are in the index and are
//! found; only likeness passes over them.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::search::fold::Folded;
use crate::search::word::{Word, term_of, words};

/// The English numerals, which the list of words of grammar has not.
const NUMERALS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/// Characters of Chinese that are a word of grammar wherever they stand: with one of them a pair is no word.
const PARTICLES: [&str; 9] = ["的", "之", "了", "在", "是", "和", "与", "及", "或"];

/// The lists of NLTK, as keys: of English every part of a word, of Chinese every entry.
static GRAMMAR: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let listed = ["en", "zh"].into_iter().flat_map(stop_words::get).chain(&NUMERALS).copied();
    listed
        .flat_map(|entry| {
            let folded = Folded::of(entry);
            let words = words(&folded);
            match words.iter().all(|word| word.is_ideograph) {
                true => vec![term_of(&words)],
                false => words.into_iter().map(|word| word.key.into_owned()).collect(),
            }
        })
        .collect()
});

/// Whether these words in a row, one of English or a pair of Chinese characters, are grammar: all of them listed, one a
/// particle, or one listed and the pair as well. The pair alone is not enough: `确定` is listed, and `不确定度` is the
/// uncertainty of a measurement.
pub(super) fn is_grammar(words: &[Word<'_>]) -> bool {
    let listed = words.iter().filter(|word| GRAMMAR.contains(&*word.key)).count();
    listed == words.len()
        || words.iter().any(|word| PARTICLES.contains(&&*word.key))
        || listed > 0 && GRAMMAR.contains(&term_of(words))
}
