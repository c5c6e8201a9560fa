//! What a text is about, to tell which others are like it.

use std::ops::Range;

use crate::search::fold::Folded;
use crate::search::grammar::is_grammar;
use crate::search::word::{Sequence, Word, term_of, words};

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
            [first, second, ..] if first.is_joined_to(second) => &rest[..2],
            [first, ..] if !first.is_ideograph && first.key.chars().filter(|c| c.is_alphabetic()).count() > 1 => {
                &rest[..1]
            }
            _ => return None,
        };
        (!is_grammar(about)).then(|| topic(about))
    });
    (Sequence::of(&words), topics.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::word::terms;

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
    fn no_pair_is_told_across_what_parts_it() {
        let (sequence, topics) = topics("厚度无法测量，具体要求");
        let terms: Vec<_> = topics.iter().map(|topic| topic.term.as_str()).collect();
        assert!(terms.contains(&"测量") && terms.contains(&"具体") && !terms.contains(&"量具"), "{terms:?}");
        assert!(topics.iter().all(|topic| sequence.count(&topic.sequence) > 0));
    }
}
