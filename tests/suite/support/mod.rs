//! What several tests need.

pub mod authority;
pub mod dice;
pub mod postgres;
pub mod server;
