//! Etalon: an event-sourced tracker for measurement bottlenecks, problems that an enterprise cannot solve because it
//! cannot measure something well enough.
//!
//! The house, from the door down. A command walks `http` → `graphql` → `app` → `domain` → `codec` and `projection` →
//! `ledger` → `store`; no arrow runs back up.

pub mod blocking;
pub mod clock;
pub mod config;
pub mod small_file;
mod tally;
pub mod whole_file;

pub mod app;
pub mod audit;
pub mod cli;
pub mod codec;
pub mod console;
pub mod demo;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod interchange;
pub mod ledger;
pub mod outbound;
pub mod projection;
pub mod report;
pub mod search;
pub mod signer;
pub mod store;
pub mod telemetry;
pub mod vault;
