//! How the log proves itself: bytes to hashes. Pure, and imports nothing of the house.

pub mod entry;
pub mod tree;
