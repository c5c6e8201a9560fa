//! Decisions: what may be ordered, what then has happened, what is known from it.
//!
//! Pure: no clock, no randomness, no I/O, no async. What a decision needs stands in the order.

pub mod value;

pub mod actor;
pub mod aggregate;
pub mod authority;
pub mod change;
pub mod event;
pub mod event_types;
pub mod order;
pub mod refusal;
pub mod vocabulary;

pub mod annual_summary;
pub mod campaign;
pub mod case;
pub mod catalogue;
pub mod enterprise;
pub mod institution;
pub mod log;
pub mod person;
pub mod view;

#[cfg(test)]
pub(crate) mod fixtures;
