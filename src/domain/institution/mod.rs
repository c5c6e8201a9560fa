//! 计量技术机构, the institution: a body that does the technical work.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::institution::command::InstitutionCommand;
use crate::domain::institution::event::InstitutionFact;
pub use crate::domain::institution::state::Institution;

aggregate!(Institution, "Institution", InstitutionCommand, InstitutionFact);
