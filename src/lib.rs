//! Etalon: an event-sourced tracker for measurement bottlenecks.

pub mod clock;
pub mod ledger;
pub mod store;
