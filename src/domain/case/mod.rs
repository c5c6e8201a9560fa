//! 难点问题, the case: one measurement difficulty of one enterprise, from the factory floor to its resolution.

pub mod command;
pub mod event;
pub mod gap;
pub mod number;
pub mod state;
pub mod values;
