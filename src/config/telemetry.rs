//! The settings of what the process tells of itself.

use std::net::SocketAddr;

use serde::Deserialize;

/// Whom the process tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// `metrics_listen`: where Prometheus finds `/metrics`, on a listener of its own. Default: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// `otlp_endpoint`: the collector that traces are sent to, OTLP over HTTP. Default: none, nothing is traced.
    pub otlp_endpoint: Option<String>,
}

/// The URL of a collector, to which `/v1/traces` is added.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Collector(pub(super) String);

impl TryFrom<String> for Collector {
    type Error = String;

    /// The text is not repeated in the error, since it may hold a password.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        match host.is_some_and(|host| !host.is_empty() && !host.contains(['@', '?', '#', ' '])) {
            true => Ok(Self(text)),
            false => Err("a collector is a URL such as http://127.0.0.1:4318, without user and password".to_owned()),
        }
    }
}
