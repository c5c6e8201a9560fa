//! Aggregate → read rows: pure, so that a mutation, a rebuild and an auditor get the same rows from the same events.
//!
//! Knows the domain and the plain rows of the store; nothing of SQL, and no time but that of the events.

pub mod case;
pub mod figure;
pub mod register;
pub(crate) mod states;
pub mod text;
pub mod timeline;
