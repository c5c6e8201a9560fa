//! The figures of this process, as Prometheus reads them.
//!
//! Every label is one of a closed list, so that their number does not grow with what clients send, and counting costs a
//! look-up and an addition. What is a state rather than a count is set when somebody asks: see
//! [`App::observe`](crate::app::App::observe).

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Codes that are counted from the start, so that the first of them is seen to be one more.
const REFUSALS: [&str; 10] = [
    "ACTOR_RATE_LIMIT_EXCEEDED",
    "ADDRESS_RATE_LIMIT_EXCEEDED",
    "BODY_TOO_LARGE",
    "COST_LIMIT_EXCEEDED",
    "DATABASE_BUSY",
    "HOST_UNKNOWN",
    "SERVER_BUSY",
    "TOO_MANY_CONNECTIONS",
    "TOO_MANY_SUBSCRIPTIONS",
    "TOO_MANY_UNSENT_ANSWERS",
];

/// What may come of an append.
const APPENDS: [&str; 7] = ["committed", "replayed", "conflict", "outdated", "key_reused", "overloaded", "failed"];

/// What may come of a delivery of a webhook.
const DELIVERIES: [&str; 3] = ["delivered", "failed", "given_up"];

/// The states of a connection of the pool.
const CONNECTIONS: [&str; 2] = ["in_use", "idle"];

type Seconds = Gauge<f64, AtomicU64>;
type Timed<L> = Family<L, Histogram, fn() -> Histogram>;
/// What is not told before it is known: 0 would be taken for a value.
type Known<M> = Family<[(&'static str, &'static str); 0], M>;

/// One of several outcomes, states or codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// Which.
    pub outcome: &'static str,
}

/// A command, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CommandLabels {
    /// The type of its aggregate.
    pub aggregate: &'static str,
    /// `recorded`, `replayed`, `refused`, `conflict` or `fault`.
    pub outcome: &'static str,
}

/// An operation of GraphQL, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OperationLabels {
    /// `query`, `mutation` or `subscription`.
    pub operation: &'static str,
    /// The code of its first error, all of which are the program's own; `OK` without one.
    pub code: Cow<'static, str>,
}

/// Which kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Operation {
    /// `query`, `mutation` or `subscription`.
    pub operation: &'static str,
}

/// A request, and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// One of the program's own.
    pub route: &'static str,
    /// Of the answer.
    pub status: u16,
}

/// Where requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    /// One of the program's own.
    pub route: &'static str,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refusal {
    /// The program's own.
    pub code: Cow<'static, str>,
}

/// Connections of the database's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Connections {
    /// `in_use` or `idle`.
    pub state: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// The figures.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// How long a transaction of the writer took, from its batch to its durable end.
    pub commit: Histogram,
    /// How many commands one transaction held.
    pub batch: Histogram,
    /// Events that were committed.
    pub events: Counter,
    /// Appends, by what came of them.
    pub appends: Family<Outcome, Counter>,
    /// Commands that wait for the writer.
    pub queue: Gauge,
    /// How many may.
    pub queue_limit: Gauge,
    /// Commands, by what came of them.
    pub commands: Family<CommandLabels, Counter>,
    /// Operations of GraphQL, by what came of them.
    pub operations: Family<OperationLabels, Counter>,
    /// How long they took.
    pub operation: Timed<Operation>,
    /// Requests, by what came of them.
    pub requests: Family<RequestLabels, Counter>,
    /// How long they took to their first byte.
    pub request: Timed<Route>,
    /// What the front or a limit refused, by code.
    pub refused: Family<Refusal, Counter>,
    /// Connections that are open, those of streams aside.
    pub connections: Gauge,
    /// Requests that are being answered.
    pub answering: Gauge,
    /// Requests that wait for a position.
    pub waiting: Gauge,
    /// Bytes of long bodies that are on their way.
    pub arriving: Gauge,
    /// Bytes of answers that are being made.
    pub making: Gauge,
    /// Bytes of answers that wait for their readers.
    pub unsent: Gauge,
    /// WebSockets and event streams that are open.
    pub streams: Gauge,
    /// Subscriptions that are open.
    pub subscriptions: Gauge,
    /// Streams that were ended, by why.
    pub streams_ended: Family<Refusal, Counter>,
    /// Followers of the log in this process.
    pub followers: Gauge,
    /// How far the last of them is behind.
    pub follower_lag: Gauge,
    /// Events of the log.
    pub log: Gauge,
    /// How far the time of the last of them is ahead of this process' clock.
    pub log_ahead: Seconds,
    /// How many of them are sealed.
    pub checkpoint: Gauge,
    /// How old the latest checkpoint is; where there is none, how old the log is.
    pub checkpoint_age: Seconds,
    /// Webhooks that are served.
    pub webhooks: Gauge,
    /// How far the last of them is behind.
    pub webhook_lag: Gauge,
    /// Deliveries that wait for another try.
    pub webhook_waiting: Gauge,
    /// Deliveries that were given up.
    pub webhook_dead: Gauge,
    /// Deliveries by this process, by what came of them.
    pub webhook_deliveries: Family<Outcome, Counter>,
    /// Whether the database answered when the figures were asked for.
    pub database_up: Gauge,
    /// Connections of the pool.
    pub database_connections: Family<Connections, Gauge>,
    /// How many it may have.
    pub database_connections_limit: Gauge,
    /// How long a read waited for a connection.
    pub database_acquire: Histogram,
    /// What the process has of the machine's memory.
    pub resident_memory: Gauge,
    /// When it started, in seconds since the Unix epoch.
    pub started: Seconds,
    /// Until when the notices of working days are known, in seconds since the Unix epoch.
    pub working_days_known_until: Seconds,
    /// When the certificate that it shows ends, in seconds since the Unix epoch; nothing where it shows none, or one that does
    /// not say so in any form that is known.
    pub certificate_expires: Known<Seconds>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The figures of this process.
pub fn metrics() -> &'static Metrics {
    &METRICS
}

impl Metrics {
    fn new() -> Self {
        let mut house = House(Registry::with_prefix("etalon"));
        let build = house.keep("build_info", "The version that runs", Family::<Build, Gauge>::default());
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        let metrics = Self {
            commit: house.keep("commit_seconds", "How long a group commit took", seconds()),
            batch: house.keep("commit_batch_commands", "Commands in a group commit", powers_of_two()),
            events: house.keep("committed_events", "Events that this process has committed", Counter::default()),
            appends: house.keep("appends", "Appends to the log, by outcome", Family::default()),
            queue: house.keep("writer_queue_commands", "Commands that wait for the writer", Gauge::default()),
            queue_limit: house.keep("writer_queue_limit_commands", "Commands that may wait", Gauge::default()),
            commands: house.keep("commands", "Commands, by aggregate and outcome", Family::default()),
            operations: house.keep("graphql_operations", "Operations of GraphQL, by code", Family::default()),
            operation: house.keep("graphql_operation_seconds", "How long an operation took", timed()),
            requests: house.keep("http_requests", "Requests, by route and status", Family::default()),
            request: house.keep("http_request_seconds", "How long a request took to its answer", timed()),
            refused: house.keep("refused", "What the front or a limit refused, by code", Family::default()),
            connections: house.keep("connections_open", "Connections that are open, without streams", Gauge::default()),
            answering: house.keep("answering_requests", "Requests that are being answered", Gauge::default()),
            waiting: house.keep("waiting_requests", "Requests that wait for a position", Gauge::default()),
            arriving: house.keep("arriving_body_bytes", "Long bodies of requests on their way", Gauge::default()),
            making: house.keep("making_answer_bytes", "Answers that are being made", Gauge::default()),
            unsent: house.keep("unsent_answer_bytes", "Answers that wait for their readers", Gauge::default()),
            streams: house.keep("streams_open", "WebSockets and event streams that are open", Gauge::default()),
            subscriptions: house.keep("subscriptions_open", "Subscriptions that are open", Gauge::default()),
            streams_ended: house.keep("streams_ended", "Streams that the server ended, by why", Family::default()),
            followers: house.keep("followers", "Followers of the log in this process", Gauge::default()),
            follower_lag: house.keep("follower_lag_events", "How far the last follower is behind", Gauge::default()),
            log: house.keep("log_events", "Events of the log", Gauge::default()),
            log_ahead: house.keep(
                "log_ahead_seconds",
                "How far the last event is ahead of the clock",
                Seconds::default(),
            ),
            checkpoint: house.keep("checkpoint_events", "Events that the latest checkpoint covers", Gauge::default()),
            checkpoint_age: house.keep(
                "checkpoint_age_seconds",
                "Age of the latest checkpoint, or of a log without one",
                Seconds::default(),
            ),
            webhooks: house.keep("webhooks_enabled", "Webhooks that are served", Gauge::default()),
            webhook_lag: house.keep(
                "webhook_lag_events",
                "How far the last webhook is behind, or was some seconds ago",
                Gauge::default(),
            ),
            webhook_waiting: house.keep("webhook_waiting", "Deliveries that wait for another try", Gauge::default()),
            webhook_dead: house.keep("webhook_dead_letters", "Deliveries that were given up", Gauge::default()),
            webhook_deliveries: house.keep("webhook_deliveries", "Deliveries, by outcome", Family::default()),
            database_up: house.keep("database_up", "Whether the database answered just now", Gauge::default()),
            database_connections: house.keep("database_connections", "Connections of the pool", Family::default()),
            database_connections_limit: house.keep(
                "database_connections_limit",
                "How many it may have",
                Gauge::default(),
            ),
            database_acquire: house.keep(
                "database_acquire_seconds",
                "How long a read waited for a connection",
                seconds(),
            ),
            resident_memory: house.keep("resident_memory_bytes", "Memory of the process", Gauge::default()),
            started: house.keep("start_time_seconds", "When the process started, Unix time", Seconds::default()),
            working_days_known_until: house.keep(
                "working_days_known_until_seconds",
                "Until when the notices of working days are known, Unix time",
                Seconds::default(),
            ),
            certificate_expires: house.keep(
                "tls_certificate_expires_seconds",
                "When the certificate ends, Unix time",
                Family::default(),
            ),
            registry: house.0,
        };
        metrics.begin_at_zero();
        metrics
    }

    /// What is counted by label is there before the first of it.
    fn begin_at_zero(&self) {
        for outcome in APPENDS {
            drop(self.appends.get_or_create(&Outcome { outcome }));
        }
        for outcome in DELIVERIES {
            drop(self.webhook_deliveries.get_or_create(&Outcome { outcome }));
        }
        for code in REFUSALS {
            drop(self.refused.get_or_create(&Refusal { code: code.into() }));
        }
        drop(self.streams_ended.get_or_create(&Refusal { code: "SLOW_READER".into() }));
        for operation in ["query", "mutation", "subscription"] {
            drop(self.operations.get_or_create(&OperationLabels { operation, code: "OK".into() }));
            drop(self.operation.get_or_create(&Operation { operation }));
        }
        for state in CONNECTIONS {
            drop(self.database_connections.get_or_create(&Connections { state }));
        }
    }

    /// All of them, in the text form of OpenMetrics.
    ///
    /// # Panics
    /// Never: a text takes whatever is written to it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut written = String::new();
        text::encode(&mut written, &self.registry).expect("a text takes everything");
        written
    }

    /// Counts appends with that outcome.
    pub fn count_appends(&self, outcome: &'static str, count: u64) {
        self.appends.get_or_create(&Outcome { outcome }).inc_by(count);
    }

    /// Counts a refusal.
    pub fn count_refusal(&self, code: impl Into<Cow<'static, str>>) {
        self.refused.get_or_create(&Refusal { code: code.into() }).inc();
    }

    /// Counts an operation that has ended with that code.
    pub fn count_operation(&self, operation: &'static str, code: Cow<'static, str>, took: Duration) {
        self.operations.get_or_create(&OperationLabels { operation, code }).inc();
        self.operation.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
    }

    /// Counts a request to one of the routes of this program.
    pub fn count_request(&self, route: &'static str, status: u16, took_seconds: f64) {
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
        self.request.get_or_create(&Route { route }).observe(took_seconds);
    }
}

/// The route that a path belongs to. What is asked for besides is one route, whatever it is.
#[must_use]
pub fn route(path: &str) -> &'static str {
    match path {
        "/graphql" => "/graphql",
        "/log/checkpoint" => "/log/checkpoint",
        "/healthz" => "/healthz",
        "/readyz" => "/readyz",
        path if path.starts_with("/log/tile/") => "/log/tile",
        _ => "other",
    }
}

/// Where figures are kept under their names.
struct House(Registry);

impl House {
    fn keep<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

/// From 100 µs to 26 s, by factors of 2.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 2.0, 19))
}

/// From 1 to 1,024.
fn powers_of_two() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 11))
}

fn timed<L: Clone + std::hash::Hash + Eq>() -> Timed<L> {
    Family::new_with_constructor(seconds)
}

#[cfg(test)]
mod tests;
