//! What several tests need.

pub mod authority;
pub mod postgres;
pub mod server;
