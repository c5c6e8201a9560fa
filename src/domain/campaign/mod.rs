//! 活动, the campaign: a dated programme of service with a jurisdiction and a reporting deadline.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

