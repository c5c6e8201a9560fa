//! 视图, the saved view: a question about cases that somebody keeps, to ask it again by its name.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::view::command::ViewCommand;
use crate::domain::view::event::ViewFact;
pub use crate::domain::view::state::View;

aggregate!(View, "View", ViewCommand, ViewFact);
