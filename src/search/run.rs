//! The words in a segment that Unicode cuts out of a text: letters and digits part, a decimal number does before its
//! points, and every character of a script without spaces stands by itself.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// The most characters of a word; a longer one is several, which are found together.
pub(super) const LONGEST: usize = 64;

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Ideograph,
    Letter,
    Digit,
    Other,
}

/// The parts of a segment that are words by themselves.
pub(super) fn runs(segment: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let (mut last, mut length) = (Class::Other, 0);
    let mut characters = segment.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let end = start + character.len_utf8();
        let continues = is_combining_mark(character) && last != Class::Other;
        let is_point = character == '.'
            && last == Class::Digit
            && characters.peek().is_some_and(|(_, next)| class(*next) == Class::Digit);
        let found = if continues || is_point { last } else { class(character) };
        let joins = continues || found == last && found != Class::Ideograph && !is_point;
        if found != Class::Other {
            match runs.last_mut() {
                Some(run) if joins && length < LONGEST => {
                    run.end = end;
                    length += 1;
                }
                _ => {
                    runs.push(start..end);
                    length = 1;
                }
            }
        }
        last = found;
    }
    runs
}

fn class(character: char) -> Class {
    if is_ideograph(character) {
        Class::Ideograph
    } else if character.is_numeric() {
        Class::Digit
    } else if character.is_alphabetic() {
        Class::Letter
    } else {
        Class::Other
    }
}

/// Whether a number is written with it.
pub(super) fn is_digit(character: char) -> bool {
    class(character) == Class::Digit
}

/// Han characters and kana: scripts that are written without spaces between words.
pub(super) fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3fffd}'
    )
}
