//! The settings of streams: WebSockets and server-sent events.

use serde::Deserialize;

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
    /// Origins, besides the server's own, whose pages may open a WebSocket. Default: none.
    pub allowed_origins: Vec<String>,
}

/// Origins, as a list or as a text with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "ListOrText")]
pub(super) struct Origins(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum ListOrText {
    List(Vec<String>),
    Text(String),
}

impl TryFrom<ListOrText> for Origins {
    type Error = String;

    fn try_from(given: ListOrText) -> Result<Self, Self::Error> {
        let origins: Vec<String> = match given {
            ListOrText::List(origins) => origins,
            ListOrText::Text(text) => text.split(',').map(|origin| origin.trim().to_owned()).collect(),
        };
        let is_origin = |text: &str| {
            let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            authority.is_some_and(|authority| !authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' ']))
        };
        match origins.iter().find(|origin| !is_origin(origin)) {
            Some(other) => Err(format!("`{other}` is no origin such as https://console.example")),
            None => Ok(Self(origins)),
        }
    }
}
