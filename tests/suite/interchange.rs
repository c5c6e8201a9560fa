//! Logs come in and go out, on both databases: nothing dropped, nothing made up, nothing twice.

pub(crate) mod support;

mod exporting;
mod happened;
mod importing;
mod mending;
mod real_log;
mod rebuilding;
mod refusing;
mod values;
