//! How the log proves itself: bytes to hashes, proofs, checkpoints and their verification. Pure, and imports nothing of
//! the house: an auditor can take it out.

pub mod audit;
pub mod bounds;
pub mod checkpoint;
pub mod counted;
pub mod entry;
pub mod finding;
pub mod inclusion_file;
pub mod multiset;
pub mod names;
pub mod note;
pub mod parsed_entry;
pub mod proof;
pub mod signed;
pub mod tile;
pub mod timestamp;
pub mod tree;
pub mod witness;
