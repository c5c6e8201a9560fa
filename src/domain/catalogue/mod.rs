//! 收费项目和技术法规目录, the catalogue of a province or of the nation: what may be charged, and which regulation edition is in
//! force, on a day.

pub mod command;
pub mod event;
pub mod state;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::event::CatalogueFact;
pub use crate::domain::catalogue::state::Catalogue;

aggregate!(Catalogue, "Catalogue", CatalogueCommand, CatalogueFact);
