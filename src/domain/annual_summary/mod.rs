//! 年度总结, the annual summary: a jurisdiction's report of a year, due on 31 October.

pub mod command;
pub mod event;
pub mod state;

