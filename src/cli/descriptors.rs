//! File descriptors: every connection takes one, and what a shell gives a process at first is far less than a server may need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Settings;
use crate::telemetry::causes::with_causes;

/// What a server has open besides the connections to it: databases, keys, webhooks under way.
const OTHERS: u64 = 256;

/// Takes as many as the system lets the process have, and tells whoever looks after it where those are fewer than the settings promise.
pub fn take(settings: &Settings) {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, most) {
        tracing::warn!(error = %with_causes(&error), "the process keeps the file descriptors that it was given");
    }
    let wanted = settings.connections.connections + settings.streams.connections as u64 + OTHERS;
    if let Some(given) = getrlimit(Resource::Nofile).current.filter(|given| *given < wanted) {
        tracing::warn!(
            given,
            wanted,
            "file descriptors are fewer than `connections` and `streaming_connections` may need: raise the system's limit (ulimit -n, LimitNOFILE), or lower these"
        );
    }
}
