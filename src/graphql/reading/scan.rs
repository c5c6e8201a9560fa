//! The first look at a document: how many tokens it has and how deep its brackets nest. One pass without recursion, so
//! that no text, however deep, reaches a parser that would run out of stack on it.

use crate::graphql::limits::{Limits, Measure, OverLimit};

/// Measures a text, and stops at the first limit that it is over.
///
/// # Errors
/// Over the limit of tokens or of nesting.
pub(crate) fn scan(text: &str, limits: &Limits) -> Result<(), OverLimit> {
    let mut rest = text.as_bytes();
    let (mut tokens, mut nesting) = (0_u64, 0_u64);
    while let [first, ..] = rest {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                rest = &rest[1..];
                continue;
            }
            b'#' => {
                rest = &rest[until(rest, |byte| matches!(byte, b'\n' | b'\r'))..];
                continue;
            }
            b'{' | b'[' | b'(' => {
                nesting += 1;
                limits.hold(Measure::Nesting, nesting)?;
                1
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                1
            }
            b'"' if rest.starts_with(b"\"\"\"") => block_string(rest),
            b'"' => string(rest),
            b'.' => until(rest, |byte| byte != b'.'),
            b'-' | b'0'..=b'9' => 1 + until(&rest[1..], |byte| !is_of_number(byte)),
            byte if is_of_word(*byte) => until(rest, |byte| !is_of_word(byte)),
            _ => 1,
        };
        tokens += 1;
        limits.hold(Measure::Tokens, tokens)?;
        rest = &rest[length..];
    }
    Ok(())
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Of the rest of a number, whether it is a sound one or not.
fn is_of_number(byte: u8) -> bool {
    is_of_word(byte) || matches!(byte, b'.' | b'+' | b'-')
}

/// How many bytes come before the first of that kind.
fn until(bytes: &[u8], is_end: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| is_end(*byte)).unwrap_or(bytes.len())
}

/// The length of the string that begins here; one that does not end reaches to the end of its line.
fn string(bytes: &[u8]) -> usize {
    let mut place = 1;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'"' => return place + 1,
            b'\n' | b'\r' => return place,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    bytes.len()
}

/// The length of the block string that begins here; one that does not end reaches to the end of the text.
fn block_string(bytes: &[u8]) -> usize {
    let mut place = 3;
    while place < bytes.len() {
        let rest = &bytes[place..];
        if rest.starts_with(b"\\\"\"\"") {
            place += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return place + 3;
        } else {
            place += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of a text: the least limit that lets it through.
    fn tokens(text: &str) -> u64 {
        let passes = |tokens| scan(text, &Limits { tokens, ..Limits::default() }).is_ok();
        (0..1_000).find(|tokens| passes(*tokens)).expect("a short text")
    }

    #[test]
    fn tokens_are_counted_as_the_language_has_them() {
        let table = [
            ("", 0),
            ("# a comment { { {\n  , ", 0),
            ("{ case(id: \"a } b \\\" c\") { id } }", 11),
            ("{ a(b: \"\"\"{ \\\"\"\" {\"\"\") }", 8),
            ("query($a: Int! = -5) @x { ...F }", 16),
            ("{ a(b: -1.5e+10, c: 0) }", 11),
            ("\"no end\n{", 2),
            ("\"\"\"no end {", 1),
            ("\"\\", 1),
        ];
        for (text, count) in table {
            assert_eq!(tokens(text), count, "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused_at_the_sixty_first() {
        for bracket in ["{a", "[", "("] {
            let over = scan(&bracket.repeat(100_000), &Limits::default()).unwrap_err();
            assert_eq!(over, OverLimit { measure: Measure::Nesting, found: 61, limit: 60 });
        }
    }

    #[test]
    fn three_megabytes_of_fields_are_refused_at_the_limit() {
        let over = scan(&"a ".repeat(1_500_000), &Limits::default()).unwrap_err();
        assert_eq!(over, OverLimit { measure: Measure::Tokens, found: 10_001, limit: 10_000 });
    }
}
