//! What the process tells of itself: figures for Prometheus, traces for a collector of OpenTelemetry, and how failures
//! are told in the log.
//!
//! Names and numbers of the program's own, and positions of the log. Nothing here is ever given a name, a text or an id
//! of anybody's.

pub mod causes;
pub mod metrics;
pub mod process;
pub mod traces;
