//! 计量技术机构, the institution: a body that does the technical work.

pub mod command;
pub mod event;
pub mod state;
pub mod values;

