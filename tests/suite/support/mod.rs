//! What several tests need.

pub mod dice;
pub mod postgres;
pub mod server;
