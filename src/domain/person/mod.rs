//! 人员, the person: an expert, a technician, a volunteer, an official, a contact. Its id is the actor's id in tokens.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::person::command::PersonCommand;
use crate::domain::person::event::PersonFact;
pub use crate::domain::person::state::Person;

aggregate!(Person, "Person", PersonCommand, PersonFact);
