//! Following the log: every position once and in order, whatever happens meanwhile.

mod ends;
mod heartbeat;
mod idle;
mod log;
mod protocol;
pub mod resuming;
mod rights;
pub mod subscriber;
