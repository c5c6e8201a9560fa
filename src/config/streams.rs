//! The settings of streams: WebSockets and server-sent events.

/// How many streams a server holds open where nothing else is said.
pub const DEFAULT_STREAMS: usize = 20_000;

/// What streams are held to, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// WebSockets and event streams that the server holds open, 1 to 1,000,000. Default: 20,000.
    pub connections: usize,
    /// Subscriptions on one WebSocket, 1 to 10,000. Default: 100.
    pub subscriptions_per_connection: usize,
    /// Queries and mutations under way on one WebSocket, 1 to 10,000. Default: 20.
    pub operations_per_connection: usize,
    /// Subscriptions of one actor, 1 to 1,000,000. Default: 1,000.
    pub subscriptions_per_actor: usize,
    /// How long a WebSocket may take to say who is asking, 100 ms to 10 min. Default: 5 s.
    pub connection_init_timeout_ms: u64,
    /// How often a subscription tells its position and a connection is checked, 100 ms to 10 min. Default: 15 s.
    pub heartbeat_ms: u64,
    /// How long an answer waits for a reader who does not read, 100 ms to 10 min. Default: 30 s.
    pub slow_reader_timeout_ms: u64,
}
