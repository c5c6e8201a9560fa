//! What is shown of a text: the piece where it says most of what was looked for, with the places to mark.
//!
//! A fragment is plain text and never markup: whoever shows it cuts it at the marks and escapes each piece as any other
//! text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::search::fold::Folded;
use crate::search::question::Part;
use crate::search::word::{keys_in_a_row, words};

/// About how many characters a fragment has, as people see characters.
const LENGTH: usize = 120;
/// How many of them stand before the first mark.
const LEAD: usize = 20;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The piece.
    pub text: String,
    /// What to mark in it, in UTF-16 code units, in order and apart from each other.
    pub marks: Vec<Range<u32>>,
    /// Whether the text goes on before it.
    pub is_cut_before: bool,
    /// Whether the text goes on after it.
    pub is_cut_after: bool,
}

impl Fragment {
    /// The piece of the text that has most of the parts; `None` where it has none.
    #[must_use]
    pub fn of(text: &str, parts: &[Part]) -> Option<Self> {
        let found = places(text, parts);
        if found.is_empty() {
            return None;
        }
        let characters: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
        let piece = window(text, &characters, &found);
        let within = found.iter().filter(|place| piece.start <= place.start && place.end <= piece.end);
        let marks = within.map(|place| units(&text[piece.start..place.start])..units(&text[piece.start..place.end]));
        Some(Self {
            marks: marks.collect(),
            is_cut_before: piece.start > 0,
            is_cut_after: piece.end < text.len(),
            text: text[piece].to_owned(),
        })
    }
}

/// Where the parts stand in the text, in bytes; places that meet are one.
fn places(text: &str, parts: &[Part]) -> Vec<Range<usize>> {
    let folded = Folded::of(text);
    let words = words(&folded);
    let mut found = Vec::new();
    for part in parts {
        let keys: Vec<&str> = part.sequence.keys().collect();
        for row in words.windows(part.sequence.length()) {
            if keys_in_a_row(row).eq(keys.iter().copied()) {
                found.push(row[0].place.start..row[row.len() - 1].place.end);
            }
        }
    }
    found.sort_by_key(|place: &Range<usize>| (place.start, place.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for place in found {
        match apart.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => apart.push(place),
        }
    }
    apart
}

/// The window over the most places; the first of several. It begins and ends between characters as people see them, and
/// holds its first place whole.
fn window(text: &str, characters: &[usize], places: &[Range<usize>]) -> Range<usize> {
    let (mut best, mut most) = (0..text.len(), 0);
    if characters.len() <= LENGTH {
        return best;
    }
    // Places are apart and in order, and so are the windows over them: what one holds begins and ends no earlier than
    // what the last did.
    let (mut from, mut to) = (0, 0);
    for place in places {
        let piece = window_at(text, characters, place);
        from += places[from..].iter().take_while(|other| other.start < piece.start).count();
        to += places[to..].iter().take_while(|other| other.end <= piece.end).count();
        if to - from > most {
            (best, most) = (piece, to - from);
        }
    }
    best
}

/// The window over a place and what follows it.
fn window_at(text: &str, characters: &[usize], place: &Range<usize>) -> Range<usize> {
    let index_of = |byte: usize| characters.partition_point(|start| *start <= byte) - 1;
    let byte_of = |index: usize| characters.get(index).copied().unwrap_or(text.len());
    let lead = index_of(place.start).saturating_sub(LEAD);
    let start = lead.min(characters.len() - LENGTH);
    let end = (start + LENGTH).max(index_of(place.end - 1) + 1);
    byte_of(start)..byte_of(end)
}

fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::question::Question;

    fn fragment(question: &str, text: &str) -> Option<Fragment> {
        Fragment::of(text, &Question::parse(question).expect("a question").wanted)
    }

    fn marked(fragment: &Fragment) -> Vec<String> {
        let units: Vec<u16> = fragment.text.encode_utf16().collect();
        let of = |mark: &Range<u32>| String::from_utf16(&units[mark.start as usize..mark.end as usize]).expect("whole");
        fragment.marks.iter().map(of).collect()
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        for (question, text, expected) in [
            ("计量技术", "提高计量技术水平", &["计量技术"][..]),
            ("能", "能源与智能", &["能", "能"]),
            ("calibration", "We Calibrated it; recalibrate!", &["Calibrated"]),
            ("计量 量技", "计量技术", &["计量技"]),
            ("film", "a ﬁlm 😀 ＦＩＬＭ", &["ﬁlm", "ＦＩＬＭ"]),
            ("\"计量 技术\"", "计量\n技术", &["计量\n技术"]),
            ("1059.1", "JJF 1059.1-2012", &["1059.1"]),
            ("JJF1059", "JJF 1059.1-2012", &["JJF 1059"]),
            ("um", "8 \u{b5}m, 8 \u{3bc}m, 8 ㎛", &["\u{b5}m", "\u{3bc}m", "㎛"]),
        ] {
            assert_eq!(marked(&fragment(question, text).expect("found")), expected, "{question}");
        }
        assert_eq!(fragment("能", "没有"), None);
        assert_eq!(fragment("量具", "厚度无法在线测量，具体要求见附件。"), None);
        assert_eq!(marked(&fragment("量具", "测量，具体，量具").expect("found")), ["量具"]);
    }

    #[test]
    fn marks_count_in_utf_16() {
        let found = fragment("能", "😀😀能").expect("found");
        assert_eq!(found.marks.first(), Some(&(4..5)));
    }

    #[test]
    fn a_long_text_is_cut_around_the_most_of_it() {
        let text = format!("校准{}校准、校准{}", "量".repeat(500), "长".repeat(500));
        let found = fragment("校准", &text).expect("found");
        assert!(found.is_cut_before && found.is_cut_after);
        assert_eq!(found.text.chars().count(), LENGTH);
        assert_eq!(found.marks, [20..22, 23..25]);
        let start: String = text.chars().take(300).collect();
        let start = fragment("校准", &start).expect("found");
        assert!(!start.is_cut_before && start.is_cut_after);
        let end = format!("{}校准", "量".repeat(500));
        let found = fragment("校准", &end).expect("found");
        assert_eq!((found.text.chars().count(), found.is_cut_after), (LENGTH, false));
    }

    #[test]
    fn a_mark_is_never_cut() {
        let long = "长".repeat(150);
        let text = format!("{}{long}{}", "量".repeat(300), "量".repeat(300));
        let found = fragment(&long, &text).expect("found");
        assert_eq!(marked(&found), [long]);
    }

    /// The window as it is defined: each place's is held against all places.
    fn plain_window(text: &str, characters: &[usize], places: &[Range<usize>]) -> Range<usize> {
        if characters.len() <= LENGTH {
            return 0..text.len();
        }
        let covered = |piece: &Range<usize>| {
            places.iter().filter(|place| piece.start <= place.start && place.end <= piece.end).count()
        };
        let pieces = places.iter().map(|place| window_at(text, characters, place));
        // Of several that hold as many, `max_by_key` takes the last.
        pieces.rev().max_by_key(covered).expect("a place")
    }

    proptest! {
        #[test]
        fn the_window_is_the_first_over_the_most_places(
            pieces in prop::collection::vec("能{1,140}|[a能量é\u{301} ]{1,40}", 1..12),
            question in "[a能]",
        ) {
            let text = pieces.concat();
            let characters: Vec<usize> = text.grapheme_indices(true).map(|(start, _)| start).collect();
            let places = places(&text, &Question::parse(&question).expect("a question").wanted);
            if !places.is_empty() {
                let expected = plain_window(&text, &characters, &places);
                prop_assert_eq!(window(&text, &characters, &places), expected);
            }
        }

        #[test]
        fn marks_are_in_order_and_within(text in "[a-c能量😀é\u{301} ]{0,300}", question in "[abc能量]{1,2}") {
            if let Some(fragment) = fragment(&question, &text) {
                prop_assert!(text.contains(&fragment.text));
                let whole = fragment.text.encode_utf16().count() as u32;
                let mut last = 0;
                for mark in &fragment.marks {
                    prop_assert!(last <= mark.start && mark.start < mark.end && mark.end <= whole);
                    last = mark.end + 1;
                }
                prop_assert!(!fragment.marks.is_empty());
            }
        }
    }
}
