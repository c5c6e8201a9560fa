//! Etalon: an event-sourced tracker for measurement bottlenecks.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod ledger;
pub mod store;
