//! What XML can carry.

/// The character, or what stands for it where XML cannot carry it (XML 1.0, 2.2): the picture of a control, U+2400 on, or
/// U+FFFD.
pub(crate) fn carried(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => character,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other => other,
    }
}
