//! Etalon: an event-sourced tracker for measurement bottlenecks, problems that an enterprise cannot solve because it cannot measure something well enough.
//!
//! The house, from the door down. A command walks `http` → `graphql` → `app` → `domain` → `codec` and `projection` → `ledger` → `store`; no arrow runs back up.

pub mod config;
pub mod clock;

pub mod cli;
pub mod demo;
pub mod identity;
pub mod http;
pub mod graphql;
pub mod app;
pub mod interchange;
pub mod domain;
pub mod codec;
pub mod projection;
pub mod ledger;
pub mod store;
