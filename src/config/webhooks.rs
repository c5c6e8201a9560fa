//! The settings of webhooks.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

use super::list::ListOrText;

/// How webhooks are delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// `webhook_key_file`: what secrets are derived from. Default: `webhook-key` in the data folder.
    pub key_file: PathBuf,
    /// `webhook_networks`: networks that may be called although they are not public. Default: none.
    pub networks: Vec<IpNet>,
    /// `webhook_attempts`: how often an event is tried before it becomes a dead letter, 1 to 30. Default: 10.
    pub attempts: u32,
    /// `webhook_first_retry_ms`: the pause after the first failure, 10 ms to an hour; the others follow by factors of 4.
    /// Up to as much again is added to each at random, and none is longer than a day. Default: 5 s.
    pub first_retry: Duration,
    /// `webhook_timeout_ms`: how long an endpoint may take to answer, 100 ms to a minute. Default: 15 s.
    pub timeout: Duration,
}

/// Networks such as `10.1.0.0/16`, as a list or as a text with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "ListOrText")]
pub(super) struct NetworkList(pub(super) Vec<IpNet>);

impl TryFrom<ListOrText> for NetworkList {
    type Error = String;

    fn try_from(given: ListOrText) -> Result<Self, Self::Error> {
        let network = |name: String| name.parse().map_err(|_| format!("`{name}` is no network such as `10.1.0.0/16`"));
        given.list().into_iter().map(network).collect::<Result<_, _>>().map(Self)
    }
}
