//! Structured logs on standard error: for people, or a JSON object a line for programs.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

/// Starts the log of this process. The filter was checked with the settings.
pub fn start(settings: &Settings) {
    let filter = EnvFilter::new(&settings.log_level);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match settings.log_format {
        LogFormat::Text => log.with_target(false).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
