//! 年度总结, the annual summary: a jurisdiction's report of a year, due on 31 October.

pub mod command;
pub mod event;
pub mod figure;
pub mod state;
pub mod year;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::annual_summary::command::AnnualSummaryCommand;
use crate::domain::annual_summary::event::AnnualSummaryFact;
pub use crate::domain::annual_summary::state::AnnualSummary;

aggregate!(AnnualSummary, "AnnualSummary", AnnualSummaryCommand, AnnualSummaryFact);
