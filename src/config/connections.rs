//! The settings of connections, and of how much may be asked at once and in a row.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::list::ListOrText;
use super::{ConfigError, Given};

/// How many connections may be open where nothing else is said.
pub const DEFAULT_CONNECTIONS: u64 = 4_096;

/// What connections and those who ask are held to, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// The longest head of a request in bytes, 8 KiB to 1 MiB. Default: 32 KiB.
    pub header_limit_bytes: usize,
    /// How many fields it may have, 20 to 1,000. Default: 100.
    pub header_field_limit: usize,
    /// How long a connection may take for the head of a request, and for the next one, 100 ms to 10 min. Default: 15 s.
    pub header_timeout: Duration,
    /// How long a body may take to arrive, 100 ms to 10 min. Default: 30 s.
    pub body_timeout: Duration,
    /// How long a server that was told to end waits for whoever has not sent a request or taken an answer, and for queries
    /// that go on, 100 ms to 10 min. Default: 20 s.
    pub shutdown_timeout: Duration,
    /// How many connections may be open, those that carry streams aside, 1 to 1,000,000. Default: 4,096.
    pub connections: u64,
    /// How many of them may come from one address, 1 to 1,000,000. Default: all of them, since a proxy is one address.
    pub connections_per_address: u64,
    /// How many bytes of long bodies may be on their way, 8 MiB to 2 GiB, of which one actor's may be a quarter.
    /// Default: 256 MiB.
    pub arriving_limit_bytes: u64,
    /// How many bytes of answers may wait for their readers, 8 MiB to 2 GiB, of which one actor's may be a quarter.
    /// Default: 256 MiB.
    pub unsent_limit_bytes: u64,
    /// How many requests are answered at once, 1 to 100,000; more are refused. Default: 1,000.
    pub concurrent_requests: usize,
    /// How many reads may wait for a connection of the database, 1 to 100,000; while so many do, requests are refused.
    /// Default: 1,000.
    pub database_queue: u64,
    /// What an actor may ask for in a second, in the units of `cost_limit`, 100 to 1,000,000,000. Default: 50,000.
    pub actor_cost_per_second: u64,
    /// What an actor may ask for at once after a pause, 1,000 to 1,000,000,000. Default: 2,000,000.
    pub actor_cost_burst: u64,
    /// How many requests without a good token an address may send in a minute, 1 to 1,000,000. Default: 1,000.
    pub anonymous_requests_per_minute: u64,
    /// Origins, besides the server's own, whose pages may ask and read answers. Default: none.
    pub allowed_origins: Vec<String>,
    /// Names that the server answers to, besides those of this machine for itself. Default: none; any where it does not
    /// listen at loopback.
    pub hosts: Vec<String>,
    /// The certificate of the server. Default: none, plain HTTP is spoken.
    pub tls: Option<TlsFiles>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// `tls_certificate`: the chain in PEM, the server's own first.
    pub certificate: PathBuf,
    /// `tls_key`: the key in PEM.
    pub key: PathBuf,
}

impl Given {
    /// # Errors
    /// When there is a certificate without a key, or a key without a certificate.
    pub(super) fn connections(&self) -> Result<ConnectionSettings, ConfigError> {
        let tls = match (self.tls_certificate.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate: certificate.0, key: key.0 }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let both = "`tls_certificate` and `tls_key` belong together: the chain in PEM, and its key";
                return Err(ConfigError::Invalid(both.to_owned()));
            }
        };
        let connections = self.connections.map_or(DEFAULT_CONNECTIONS, |most| most.0);
        Ok(ConnectionSettings {
            header_field_limit: self.header_field_limit.map_or(100, |most| most.0 as usize),
            connections,
            connections_per_address: self.connections_per_address.map_or(connections, |most| most.0),
            arriving_limit_bytes: self.arriving_limit_bytes.map_or(256 << 20, |bytes| bytes.0),
            unsent_limit_bytes: self.unsent_limit_bytes.map_or(256 << 20, |bytes| bytes.0),
            header_limit_bytes: self.header_limit_bytes.map_or(32 << 10, |bytes| bytes.0 as usize),
            header_timeout: Duration::from_millis(self.header_timeout_ms.map_or(15_000, |time| time.0)),
            body_timeout: Duration::from_millis(self.body_timeout_ms.map_or(30_000, |time| time.0)),
            shutdown_timeout: Duration::from_millis(self.shutdown_timeout_ms.map_or(20_000, |time| time.0)),
            concurrent_requests: self.concurrent_requests.map_or(1_000, |most| most.0 as usize),
            database_queue: self.database_queue.map_or(1_000, |most| most.0),
            actor_cost_per_second: self.actor_cost_per_second.map_or(50_000, |cost| cost.0),
            actor_cost_burst: self.actor_cost_burst.map_or(2_000_000, |cost| cost.0),
            anonymous_requests_per_minute: self.anonymous_requests_per_minute.map_or(1_000, |most| most.0),
            allowed_origins: self.allowed_origins.as_ref().map_or_else(Vec::new, |origins| origins.0.clone()),
            hosts: self.hosts.as_ref().map_or_else(Vec::new, |hosts| hosts.0.clone()),
            tls,
        })
    }
}

/// Origins, as a list or as a text with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "ListOrText")]
pub(super) struct Origins(pub(super) Vec<String>);

impl TryFrom<ListOrText> for Origins {
    type Error = String;

    fn try_from(given: ListOrText) -> Result<Self, Self::Error> {
        let origins = given.list();
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

/// Names of hosts, as a list or as a text with commas between them.
#[derive(Deserialize)]
#[serde(try_from = "ListOrText")]
pub(super) struct HostList(pub(super) Vec<String>);

impl TryFrom<ListOrText> for HostList {
    type Error = String;

    fn try_from(given: ListOrText) -> Result<Self, Self::Error> {
        let bracketed = |host: String| if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host };
        let hosts: Vec<String> = given.list().into_iter().map(bracketed).collect();
        let is_address = |text: &str| {
            let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        };
        let is_name = |text: &str| {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            // The dot at the end says that the name is a whole one.
            let whole = text.strip_suffix('.').unwrap_or(text);
            text.bytes().all(is_of_name) && !whole.split('.').any(str::is_empty)
        };
        match hosts.iter().find(|host| !is_name(host) && !is_address(host)) {
            Some(other) => Err(format!("`{other}` is no name of a host such as etalon.example, without a port")),
            None => Ok(Self(hosts)),
        }
    }
}
