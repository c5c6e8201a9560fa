//! 活动, the campaign: a dated programme of service with a jurisdiction and a reporting deadline.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

mod decide;
mod evolve;

#[cfg(test)]
mod tests;

use crate::domain::aggregate::aggregate;
use crate::domain::campaign::command::CampaignCommand;
use crate::domain::campaign::event::CampaignFact;
pub use crate::domain::campaign::state::Campaign;

aggregate!(Campaign, "Campaign", CampaignCommand, CampaignFact);
