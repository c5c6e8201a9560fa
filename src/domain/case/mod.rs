//! 难点问题, the case: one measurement difficulty of one enterprise, from the factory floor to its resolution.

pub mod command;
pub mod event;
pub mod facts;
pub mod gap;
pub mod history;
pub mod number;
pub mod state;
pub mod values;

mod authority;
mod decide;
mod evolve;
mod questions;
mod room;
mod rules;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::event::CaseFact;
pub use crate::domain::case::questions::Misdated;
pub use crate::domain::case::state::Case;

aggregate!(Case, "Case", CaseCommand, CaseFact);
