//! What a server tells of itself: figures, traces, and a log that tells nobody's secrets.

mod collector;
mod figures;
mod log;
mod traces;
