//! 企业, the enterprise: enrolled in campaigns by its own consent, and visited on its production line.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

mod decide;
mod evolve;
mod room;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::enterprise::command::EnterpriseCommand;
use crate::domain::enterprise::event::EnterpriseFact;
pub use crate::domain::enterprise::state::Enterprise;

aggregate!(Enterprise, "Enterprise", EnterpriseCommand, EnterpriseFact);
