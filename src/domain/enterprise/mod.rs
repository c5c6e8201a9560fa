//! 企业, the enterprise: enrolled in campaigns by its own consent, and visited on its production line.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

