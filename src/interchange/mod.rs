//! Logs of other trackers come in, logs of this one go out: XES 1.0 (IEEE 1849-2016), CSV, JSON Lines.
//!
//! Here formats are read and written and words are translated; only `import` and `export` know the application. A log
//! is read and written event by event, so that its size never matters.

pub mod format;

pub mod read;

pub mod mapping;
pub mod template;

pub mod report;

pub mod write;

pub(crate) mod cell;
pub(crate) mod xml;

pub mod export;
pub mod import;

#[cfg(test)]
mod tests;
