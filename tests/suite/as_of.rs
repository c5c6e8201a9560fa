//! Any question as of any moment: what is answered about a moment is what was answered at it, and what the log says.

mod cursors;
mod fold;
pub(crate) mod house;
mod long;
mod moved;
mod named;
mod pages;
mod property;
mod questions;
mod real_log;
mod registers;
mod steps;
mod told;
mod visits;
