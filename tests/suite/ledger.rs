//! The log proves itself: over HTTP, by bundles, against those who would rewrite it.

mod anchored;
mod answers;
pub mod backup;
mod beside;
pub mod bundles;
mod contents;
mod evolution;
mod flips;
mod guards;
pub mod hostile;
mod keys;
mod outcomes;
mod parts;
mod processes;
mod renamed;
mod replays;
mod restoring;
mod rows;
pub mod serving;
mod signers;
mod stamps;
mod tables;
mod vectors;
