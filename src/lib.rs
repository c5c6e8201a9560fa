//! Etalon: an event-sourced tracker for measurement bottlenecks.

pub mod domain;
