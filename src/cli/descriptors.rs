//! File descriptors: every connection takes one, and what a shell gives a process at first is far less than a server
//! may need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{DEFAULT_CONNECTIONS, DEFAULT_STREAMS, Settings};
use crate::telemetry::causes::with_causes;

/// What a server has open besides the connections to it: databases, keys, webhooks under way.
const OTHERS: u64 = 256;

/// Takes as many as the system lets the process have. Whoever looks after it is warned where those are fewer than the
/// settings promise, and where they do not even do for the requests that are answered at once; the defaults promise
/// nobody anything.
pub fn take(settings: &Settings) {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, most) {
        tracing::warn!(error = %with_causes(&error), "the process keeps the file descriptors that it was given");
    }
    let (connections, streams) = (settings.connections.connections, settings.streams.connections);
    let wanted = connections + streams as u64 + OTHERS;
    let is_promised = connections != DEFAULT_CONNECTIONS || streams != DEFAULT_STREAMS;
    let needed = if is_promised { wanted } else { settings.connections.concurrent_requests as u64 + OTHERS };
    match getrlimit(Resource::Nofile).current {
        Some(given) if given < needed => tracing::warn!(
            given,
            wanted,
            "file descriptors are fewer than `connections` and `streaming_connections` may need: raise the system's limit (ulimit -n, LimitNOFILE), or lower these"
        ),
        Some(given) if given < wanted => tracing::info!(given, "file descriptors, one for every connection and stream"),
        _ => {}
    }
}
