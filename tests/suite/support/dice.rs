//! Numbers that look random and are the same each time (xorshift64).

/// Throws dice of so many sides: from 0.
pub fn dice(mut seed: u64) -> impl FnMut(u64) -> u64 + Send {
    move |sides| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % sides
    }
}
