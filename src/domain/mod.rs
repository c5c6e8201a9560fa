//! Decisions: values, commands, events and refusals.
//!
//! Pure: no input or output, no clock, no randomness, nothing asynchronous, and nothing
//! of the house but this module itself.

pub mod value;
