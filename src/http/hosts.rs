//! Which names the server answers to. A page whose name is made to lead to this server asks in its own name, and would
//! pass for one of the server's own: the browser tells that name in `Host`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Front;
use crate::http::answer::Refused;

/// The names that a server answers to.
pub(super) enum Hosts {
    /// Any: it listens where others reach it, and no names were given.
    Any,
    /// Those of this machine for itself, and these.
    Known(Vec<Host>),
}

impl Hosts {
    /// Those that the settings name, for a server that listens there.
    pub(super) fn new(named: Vec<String>, listens_at: Option<SocketAddr>) -> Self {
        let is_within = listens_at.is_some_and(|address| address.ip().to_canonical().is_loopback());
        let named: Vec<_> = named.iter().filter_map(|host| Host::parse(host)).collect();
        if named.is_empty() && !is_within { Self::Any } else { Self::Known(named) }
    }

    /// Whether everything that the request says of whom it asks is known. Without a word of it nothing is.
    fn know(&self, request: &Request) -> bool {
        let Self::Known(named) = self else { return true };
        // Whoever asks by way of a proxy says it in the request's target, too.
        let mut said =
            request.uri().authority().map(|authority| Some(authority.as_str())).into_iter().collect::<Vec<_>>();
        said.extend(request.headers().get_all(HOST).iter().map(|host| host.to_str().ok()));
        let is_known = |host: Host| host.is_loopback() || named.contains(&host);
        !said.is_empty() && said.into_iter().all(|host| host.and_then(Host::of_authority).is_some_and(is_known))
    }
}

/// Who is asked, whatever way it is written: names without regard to case and to the dot that says that one is whole,
/// addresses as what they stand for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// The host of `host` or `host:port`.
    fn of_authority(authority: &str) -> Option<Self> {
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Self::parse(host),
            _ => Self::parse(authority),
        }
    }

    /// A host without a port; `None` where it is none.
    fn parse(host: &str) -> Option<Self> {
        if let Some(address) = host.strip_prefix('[') {
            let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        if name.is_empty() {
            return None;
        }
        let address = name.parse().map(|address: Ipv4Addr| Self::Address(address.into()));
        Some(address.unwrap_or_else(|_| Self::Name(name.to_ascii_lowercase())))
    }

    /// No page of another site can have such a name.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::Address(address) => address.is_loopback(),
        }
    }
}

/// Refuses whoever asks another server than this one.
pub(super) async fn hold(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    if front.hosts.know(&request) {
        return next.run(request).await;
    }
    let message = "this server does not answer to that name: see the setting hosts";
    Refused::new(StatusCode::MISDIRECTED_REQUEST, "HOST_UNKNOWN", message).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http;

    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request {
        let request = hosts.iter().fold(http::Request::get(target), |request, host| request.header(HOST, *host));
        request.body(Body::empty()).expect("a request")
    }

    fn listening(address: &str, named: &[&str]) -> Hosts {
        let named = named.iter().map(|name| (*name).to_owned()).collect();
        Hosts::new(named, Some(address.parse().expect("an address")))
    }

    #[test]
    fn a_server_at_loopback_answers_to_the_names_of_this_machine() {
        let hosts = listening("127.0.0.1:8080", &[]);
        for known in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.:80",
            "127.0.0.1",
            "127.8.9.1:8080",
            "127.0.0.1.",
            "[::1]:8080",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(hosts.know(&request("/graphql", &[known])), "{known}");
        }
        for unknown in [
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "",
            ":80",
            ".",
            "[::1",
            "[localhost]",
        ] {
            assert!(!hosts.know(&request("/graphql", &[unknown])), "{unknown}");
        }
    }

    #[test]
    fn a_host_is_the_same_however_it_is_written() {
        let named = ["Etalon.Example.", "[2001:DB8::7]", "192.0.2.7"];
        let hosts = listening("0.0.0.0:8080", &named);
        for known in [
            "etalon.example",
            "etalon.example.:8080",
            "[2001:db8:0:0::7]",
            "[2001:0db8:0000:0000:0000:0000:0000:0007]:8080",
            "192.0.2.7",
            "192.0.2.7.",
            "[::ffff:192.0.2.7]",
            "[::ffff:c000:207]:8080",
        ] {
            assert!(hosts.know(&request("/graphql", &[known])), "{known}");
        }
        for unknown in ["etalon.example..", "www.etalon.example", "[2001:db8::8]", "2001:db8::7", "192.0.2.70"] {
            assert!(!hosts.know(&request("/graphql", &[unknown])), "{unknown}");
        }
    }

    #[test]
    fn all_that_is_said_has_to_be_known() {
        let hosts = listening("[::1]:8080", &["etalon.example"]);
        assert!(hosts.know(&request("/", &["Etalon.Example:443"])) && hosts.know(&request("/", &["localhost"])));
        assert!(!hosts.know(&request("/", &[])), "somebody has to be asked");
        assert!(!hosts.know(&request("/", &["localhost", "evil.example"])));
        assert!(!hosts.know(&request("http://evil.example/graphql", &["localhost"])));
        assert!(hosts.know(&request("http://etalon.example/graphql", &["localhost"])));
    }

    #[test]
    fn a_server_that_others_reach_answers_to_any_name_until_it_is_given_some() {
        assert!(listening("0.0.0.0:8080", &[]).know(&request("/", &["evil.example"])));
        let named = listening("0.0.0.0:8080", &["etalon.example"]);
        assert!(named.know(&request("/", &["etalon.example"])) && !named.know(&request("/", &["evil.example"])));
    }
}
