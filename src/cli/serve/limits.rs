//! What the front holds requests and streams to.

use std::time::Duration;

use crate::config::Settings;
use crate::graphql::{Limits, StreamLimits};
use crate::http;

/// Those of the settings.
pub(super) fn of(settings: &Settings) -> http::Limits {
    let (requests, connections, streams) = (&settings.requests, &settings.connections, &settings.streams);
    http::Limits {
        requests: Limits {
            body_bytes: requests.body_limit_bytes,
            document_bytes: requests.document_limit_bytes,
            tokens: requests.token_limit,
            nesting: requests.nesting_limit,
            aliases: requests.alias_limit,
            directives: requests.directive_limit,
            root_fields: requests.root_field_limit,
            selection: requests.selection_limit,
            depth: requests.depth_limit,
            cost: requests.cost_limit,
            page: requests.page_limit,
            answer_bytes: requests.answer_limit_bytes,
            query_timeout: requests.query_timeout,
            statement_timeout: requests.statement_timeout,
            header_bytes: connections.header_limit_bytes,
            header_fields: connections.header_field_limit,
            header_timeout: connections.header_timeout,
            body_timeout: connections.body_timeout,
            connections: connections.connections,
            connections_per_address: connections.connections_per_address,
            arriving_bytes: connections.arriving_limit_bytes,
            unsent_bytes: connections.unsent_limit_bytes,
            concurrent_requests: connections.concurrent_requests,
            database_queue: connections.database_queue,
            actor_cost_per_second: connections.actor_cost_per_second,
            actor_cost_burst: connections.actor_cost_burst,
            anonymous_requests_per_minute: connections.anonymous_requests_per_minute,
        },
        streams: StreamLimits {
            connections: streams.connections,
            subscriptions_per_connection: streams.subscriptions_per_connection,
            operations_per_connection: streams.operations_per_connection,
            subscriptions_per_actor: streams.subscriptions_per_actor,
            init_timeout: Duration::from_millis(streams.connection_init_timeout_ms),
            heartbeat: Duration::from_millis(streams.heartbeat_ms),
            patience: Duration::from_millis(streams.slow_reader_timeout_ms),
        },
        allowed_origins: connections.allowed_origins.clone(),
        hosts: connections.hosts.clone(),
        shutdown_timeout: connections.shutdown_timeout,
    }
}
