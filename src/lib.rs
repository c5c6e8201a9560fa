//! Etalon: an event-sourced tracker for measurement bottlenecks.

pub mod cli;
pub mod clock;
pub mod config;
pub mod identity;
